"""What was stored lately, and from which moment on it touches what was counted of loyalty.

Facts are appended, and a head says when something of its record was stored last: an index finds those since a moment.
From each the earliest moment is read at which anything that any of its versions told could count. What is not about
single cases, customers or departures touches everything: a need that is described anew, a merge, an erasure, retention.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, case, func, or_, select, type_coerce

from api import kinds
from api.audit import entries
from api.dependencies import Work
from api.measures.answers import as_they_stood, by_start
from api.measures.loyalty.asking import Question
from models.base import UTCDateTime, to_us
from models.ids import in_portions
from models.recording import RecordKind
from models.rules.loyalty.cases import UNCHALLENGED_US

MOST_LOOKED_AT = 2_000
"""So many rows stored of one kind, and all is counted anew: to follow each would take as long."""
NEVER = 1 << 62
DEEDS = ("customer.merged", "personal_data.erased", "personal_data.erased_again", "retention.applied")
"""What the audit calls deeds that change or take away rows without storing a version of each."""
DEED = "deed"
COUNTED = (
    *(kinds.CASE, kinds.PROMISE, kinds.INTERACTION, kinds.RESPONSE),
    *(kinds.CUSTOMER, kinds.DEPARTURE, kinds.NEED),
)
Row = tuple[str, UUID, int, int]
"""Something that was stored: of which kind, which, its current version, and when."""
Pair = tuple[UUID, str]
"""A customer and a need."""


@dataclass(frozen=True)
class Touched:
    """From which moment on counts may have changed, UTC microseconds; `NEVER` where they have not.

    Parameters
    ----------
    cases_us
        Counts of cases, of their promises and of contacts; and of customers, as far as cases say which count.
    customers_us
        Counts of customers: by what is known of themselves, and whether they left.
    segments
        Whether a customer may be of another segment than before: all their cases with them.
    """

    cases_us: int = NEVER
    customers_us: int = NEVER
    segments: bool = False


EVERYTHING = Touched(0, 0, segments=True)


async def stored_since(work: Work, since: datetime) -> frozenset[Row] | None:
    """Return what was stored after a moment of all that loyalty is counted of; None where it is too much."""
    found: set[Row] = set()
    for kind in COUNTED:
        head = kind.head.c
        stored = select(head.id, head.version, _us(head.stored_at)).where(
            head.workspace_id == work.workspace_id, head.stored_at > since
        )
        rows = (await work.session.execute(stored.limit(MOST_LOOKED_AT + 1))).all()
        if len(rows) > MOST_LOOKED_AT:
            return None
        found |= {(kind.name, *row) for row in rows}
    mine = (entries.c.workspace_id == work.workspace_id, entries.c.recorded_at > since, entries.c.action.in_(DEEDS))
    deeds = await work.session.execute(select(entries.c.id, _us(entries.c.recorded_at)).where(*mine))
    return frozenset(found | {(DEED, row[0], 0, row[1]) for row in deeds})


async def touched_by(work: Work, news: Collection[Row], since: datetime) -> Touched:
    """Return what is touched by something that was stored after a moment."""
    ids: defaultdict[str, set[UUID]] = defaultdict(set)
    for name, identity, _, _ in news:
        ids[name].add(identity)
    if ids[kinds.NEED.name] or ids[DEED]:
        return EVERYTHING
    cases = set(ids[kinds.CASE.name])
    for kind in (kinds.PROMISE, kinds.INTERACTION, kinds.RESPONSE):
        cases |= {row.case_id for row in await _versions(work, kind, "id", ids[kind.name], "case_id")} - {None}
    left = [row.left_at for row in await _versions(work, kinds.DEPARTURE, "id", ids[kinds.DEPARTURE.name], "left_at")]
    customers_us, segments = await _from_customers(work, ids[kinds.CUSTOMER.name], since)
    return Touched(await _from_cases(work, cases), min([customers_us, *left]), segments)


async def _from_cases(work: Work, cases: Collection[UUID]) -> int:
    """Return the earliest moment at which anything counts of some cases, or of others that they challenge."""
    moments = ("opened_at", "needed_by", "done_at", "confirmed_at")
    told = await _versions(work, kinds.CASE, "id", cases, "id", "customer_id", "need", *moments)
    contacts = await _versions(work, kinds.INTERACTION, "case_id", cases, "case_id", "happened_at")
    found = [moment for row in told for moment in row[3:]] + [row.happened_at for row in contacts]
    for kind, name in ((kinds.RESPONSE, "answered_at"), (kinds.PROMISE, "due_in_force_at")):
        found += [row[0] for row in await _versions(work, kind, "case_id", cases, name)]
    return min([NEVER, *_known(found), *await _challenged(work, _heard(told, contacts))])


def _heard(told: Iterable[Any], contacts: Iterable[Any]) -> Mapping[Pair, tuple[int, int]]:
    """Return when customers were heard about a need, first and last, in any version of some cases."""
    moments: defaultdict[UUID, list[int]] = defaultdict(list)
    about: defaultdict[UUID, set[Pair]] = defaultdict(set)
    for row in told:
        moments[row.id] += _known([row.opened_at])
        if row.need is not None:
            about[row.id].add((row.customer_id, row.need))
    for row in contacts:
        moments[row.case_id].append(row.happened_at)
    spans: dict[Pair, tuple[int, int]] = {}
    for identity, pairs in about.items():
        for pair in pairs if moments[identity] else ():
            first, last = spans.get(pair, (NEVER, 0))
            spans[pair] = min(first, *moments[identity]), max(last, *moments[identity])
    return spans


async def _challenged(work: Work, heard: Mapping[Pair, tuple[int, int]]) -> Sequence[int]:
    """Return the moments of cases called done so shortly before their customer was heard that it may challenge it."""
    names = ("customer_id", "need", "done_at", "opened_at", "needed_by")
    found: list[int] = []
    for row in await _versions(work, kinds.CASE, "customer_id", {pair[0] for pair in heard}, *names):
        first, last = heard.get((row.customer_id, row.need), (NEVER, 0))
        if row.done_at is not None and first - UNCHALLENGED_US <= row.done_at <= last:
            found += _known(row[2:])
    return found


async def _from_customers(work: Work, customers: Collection[UUID], since: datetime) -> tuple[int, bool]:
    """Return from when on another state of some customers counts, and whether their segment may be another."""
    versions: defaultdict[UUID, list[Any]] = defaultdict(list)
    names = ("id", "occurred_at", "since", "stored_at", "segment")
    for row in await _versions(work, kinds.CUSTOMER, "id", customers, *names):
        versions[row.id].append(row)
    earliest, segments = NEVER, False
    for rows in versions.values():
        new = min((row.occurred_at for row in rows if row.stored_at > to_us(since)), default=NEVER)
        if new <= min(row.occurred_at for row in rows):
            # The first state holds since they are a customer, and what was the first before may have too.
            new = min([new, *_known(row.since for row in rows)])
        earliest = min(earliest, new)
        segments |= len({row.segment for row in rows}) > 1
    return earliest, segments


async def _versions(work: Work, kind: RecordKind, by: str, ids: Collection[UUID], *names: str) -> list[Any]:
    """Return columns of every version that has one of some ids, moments as microseconds."""
    version, found = kind.version, list[Any]()
    columns = [_us(version.c[name]) if _is_moment(version.c[name]) else version.c[name] for name in names]
    for some in in_portions(ids):
        mine = (version.c.workspace_id == work.workspace_id, version.c[by].in_(some))
        found += (await work.session.execute(select(*columns).where(*mine))).all()
    return found


async def changing_by_time(work: Work, asked: Question) -> Mapping[int, int]:
    """Return when time alone will change what is counted of periods, by their numbers: UTC microseconds.

    A case opened in one may have been called done lately, and is unchallenged 14 days later; or the date may still be
    ahead by which its customer is to be put back where they were.
    """
    told = as_they_stood(kinds.CASE, asked, "opened_at", "done_at", "restore_due_at", "voided")
    opened, done, due = (_us(told.c[name]) for name in ("opened_at", "done_at", "restore_due_at"))
    starts = [period.start_us for period in asked.periods]
    may_yet, owed = done > asked.now_us - UNCHALLENGED_US, due >= asked.now_us
    rows = (
        select(
            by_start(opened, starts, range(len(starts))).label("period"),
            case((may_yet, done + UNCHALLENGED_US)).label("unchallenged_us"),
            case((owed, due + 1)).label("overdue_us"),
        )
        .where(opened >= starts[0], opened < asked.periods[-1].end_us, told.c.voided.is_(False), or_(may_yet, owed))
        .subquery("moving")
    ).c
    first = select(rows.period, func.min(rows.unchallenged_us), func.min(rows.overdue_us)).group_by(rows.period)
    return {row[0]: min(_known(row[1:])) for row in await work.session.execute(first)}


def _is_moment(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, UTCDateTime)


def _us(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(column, BigInteger).label(column.name)


def _known(moments: Iterable[int | None]) -> list[int]:
    return [moment for moment in moments if moment is not None]
