"""How loyal the company is to its customers: the facts as they are asked for."""

import asyncio
from collections.abc import Mapping, Sequence

from api.dependencies import Work
from api.measures.loyalty import answering, beside, facts, judging
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.beside import Beside
from api.measures.loyalty.counting import contacts
from api.measures.loyalty.counting.clocks import CLOCK, clocks
from api.measures.loyalty.counting.reading import Reading
from api.measures.loyalty.counting.rows import Rows
from api.measures.loyalty.counting.sums import Group, read, sums
from api.measures.loyalty.felt import service as felt
from api.measures.loyalty.schemas import (
    BesideAnswer,
    CapabilityAnswer,
    DemandAnswer,
    LinkAnswer,
    LoyaltyAnswer,
    PointAnswer,
    TimeAnswer,
)
from api.workspaces import service as workspaces
from models.base import from_us
from models.rules.agreement import cohens_kappa
from models.rules.loyalty.profile import FULL, PartSums
from models.rules.values import DAY_US, HOUR_US

LOOKED_BACK_US = 800 * DAY_US
"""How far before the window a case may have been opened for its nights to be told to the hour."""


async def read_loyalty(work: Work, asked: Question) -> LoyaltyAnswer:
    """Return the company's loyalty in a window; with `by` also of each group, with `interval` also in each period."""
    whole = asked.whole.together
    found = await _judged(work, whole)
    groups = {} if asked.by is None else await _judged(work, asked.whole)
    return LoyaltyAnswer(
        **{"from": from_us(asked.start_us), "to": from_us(asked.end_us)},
        zone=asked.zone,
        by=asked.by,
        interval=asked.interval,
        as_known_at=asked.known_at or from_us(asked.now_us),
        facts=answering.facts_of(found.get(None) or judging.Judged({}, judging.profile_of({}), None)),
        # Drawing small groups together takes a while with many of them: others are answered meanwhile.
        groups=await asyncio.to_thread(answering.groups_of, groups),
        points=[] if asked.interval is None else await _points(work, asked),
        beside=await _beside(work, asked.whole),
        felt=await felt.felt_of(work, asked.start_us, asked.end_us, known_at=asked.known_at),
        gap=await felt.gap_of(work, asked.start_us, asked.end_us, known_at=asked.known_at) or [],
    )


async def _judged(work: Work, asked: Question) -> Mapping[Group, judging.Judged]:
    rows = await facts.counted_rows(work, asked)
    counted = {group: parts for (group, _), parts in (await facts.cells_of(work, asked, rows)).items()}
    weights = (await workspaces.of(work)).loyalty_weights
    return await judging.judge(work, rows, counted, weights) if counted else {}


async def _points(work: Work, asked: Question) -> list[PointAnswer]:
    found = await facts.cells(work, asked)
    ordered = sorted(found, key=lambda cell: (cell[0] is None, cell[0] or "", cell[1]))
    return [
        PointAnswer(
            **{"from": from_us(asked.periods[place].start_us), "to": from_us(asked.periods[place].end_us)},
            group=group,
            provisional=asked.periods[place].is_provisional(asked.now_us),
            dimensions=answering.dimensions_of(found[group, place]),
        )
        for group, place in ordered
    ]


async def _beside(work: Work, asked: Question) -> BesideAnswer:
    """Return what is shown beside the dimensions, of all; capability by what is told apart, or else by need."""
    whole = asked.together
    reading = Reading(whole, beside.NAMES)
    shares = (await _shares(work, beside.shares(reading, clocks(reading)))).get(None, {})
    links = await work.session.execute(beside.links(reading))
    return BesideAnswer(
        flow_confirmed=answering.share_of(shares.get(Beside.CONFIRMED_IN_TIME)),
        unchallenged=answering.share_of(shares.get(Beside.UNCHALLENGED)),
        time=await _time(work, whole),
        capability=await _capability(work, asked),
        failure_demand=await _demand(work, whole, shares),
        caused=answering.share_of(shares.get(Beside.CAUSED)),
        links=[LinkAnswer(**row) for row in links.mappings()],
    )


async def _shares(work: Work, rows: Sequence[Rows]) -> Mapping[Group, dict[Beside, PartSums]]:
    found: dict[Group, dict[Beside, PartSums]] = {}
    shares = [Beside(part) for source in rows for part in source.parts]
    for row in (await work.session.execute(sums(rows, facts.MOST_CELLS))).mappings():
        found.setdefault(row["grp"], {}).update(read(row, shares))
    return found


async def _time(work: Work, asked: Question) -> TimeAnswer:
    told = clocks(Reading(asked, beside.NAMES))
    row = (await work.session.execute(beside.waits(asked, told, asked.start_us - LOOKED_BACK_US))).one()
    return TimeAnswer(
        cases=row.cases,
        nights=FULL * float(row.night_us) / float(row.elapsed_us) if row.elapsed_us else None,
        waiting_for_customer=FULL * float(row.waited_us) / float(row.known_us) if row.known_us else None,
        waiting_known=row.known,
    )


async def _capability(work: Work, asked: Question) -> list[CapabilityAnswer]:
    apart = asked.told_by(By.NEED) if asked.by is None else asked
    met = await _shares(work, [beside.met(Reading(apart))])
    rows = await work.session.execute(beside.capability(apart, clocks(Reading(apart, CLOCK))))
    times = {row.grp: row for row in rows}
    return [
        CapabilityAnswer(
            group=group,
            n=0 if row is None else row.n,
            customers=0 if row is None else row.customers,
            median_hours=None if row is None else row.median_us / HOUR_US,
            ninetieth_hours=None if row is None else row.ninetieth_us / HOUR_US,
            needs_met=answering.share_of(met.get(group, {}).get(Beside.NEEDS_MET)),
        )
        for group in sorted({*times, *met}, key=lambda group: (group is None, group or ""))
        for row in [times.get(group)]
    ]


async def _demand(work: Work, asked: Question, shares: Mapping[Beside, PartSums]) -> DemandAnswer:
    rows = await work.session.execute(contacts.agreement(Reading(asked, contacts.DEMAND)))
    both = {
        (row.by_customer, row.by_staff): row.contacts for row in rows if None not in {row.by_customer, row.by_staff}
    }
    found = cohens_kappa(both)
    return DemandAnswer(
        by_customer=answering.share_of(shares.get(Beside.FAILURE_BY_CUSTOMER)),
        by_staff=answering.share_of(shares.get(Beside.FAILURE_BY_STAFF)),
        kappa=found.kappa,
        kappa_low=found.low,
        kappa_high=found.high,
        judged_twice=found.n,
    )
