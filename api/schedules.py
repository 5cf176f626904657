"""What comes round: for each workspace and kind of work when it is due, and asking for it once when it is.

A tick is safe on any number of workers: each due row is taken by one of them, in a transaction that also asks for the
job. Time passed without a tick makes one turn due, not many. A row due later than one reckoned now could be was
reckoned before the clock went back: it is reckoned anew, without a turn. What deletes passes over its turn when more
time has passed than can be: after a long stop or a wrong clock it waits for the next.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from api import jobs
from api.dependencies import Work, writing_as
from api.failures import analyses, waking
from api.failures.countermeasures import effects
from api.failures.suggestions import asking
from api.failures.suggestions import training as comments
from api.handlers import HEAVY, LIGHT, worker_caller
from api.jobs.leases import Clock
from api.jobs.queries import is_wanted
from api.measures.loyalty.felt import service as felt
from api.risk import offering, reports, training
from api.risk.follow_ups import owing
from api.risk.scoring import is_anything_stored
from api.roles.pulses.releasing import is_anything_to_release
from api.roles.weighed import is_anything_to_weigh
from api.workspaces import service as workspaces
from models.base import from_us, to_us
from models.database import Database
from models.rules.rounds import Every, Nightly, Round, share_of
from models.schedule import Schedule
from models.workspace import Workspace

log = structlog.get_logger(__name__)
schedules = Schedule.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
known = Workspace.__table__  # type: ignore[attr-defined] # same
AT_ONCE = 50
OVERLAP = timedelta(seconds=60)
"""What is stored carries the moment its transaction began: so far back something may still have come to light."""
UNSURE = timedelta(days=1)
HALF_A_DAY = timedelta(hours=12)
BEGINNING = from_us(0)


@dataclass(frozen=True)
class Turn:
    """One time that a kind of work is due in a workspace: what was stored since the last is looked at."""

    since: datetime
    until: datetime


Ask = Callable[[Work, Turn], Awaitable[object]]
Reason = Callable[[Work, Turn], Awaitable[bool]]


@dataclass(frozen=True)
class Regular:
    """A kind of work that comes round.

    Parameters
    ----------
    round
        When.
    ask
        Asks for the job.
    reason
        Says whether there is any for a turn; without it there always is.
    deletes
        Whether a turn is passed over where the time since the last cannot be right.
    begins_seen
        Whether a workspace begins with all that was stored before it was known here seen.
    """

    round: Round
    ask: Ask
    reason: Reason | None = None
    deletes: bool = False
    begins_seen: bool = False


def plainly(kind: str) -> Ask:
    """Return the asking for a job that needs no more than its kind."""

    async def ask(work: Work, _turn: Turn) -> object:
        return await jobs.enqueue(work, kind, {})

    return ask


async def _is_any_news(work: Work, turn: Turn) -> bool:
    """Return whether anything was stored of any customer since the last turn."""
    return await is_anything_stored(work.session, work.workspace_id, turn.since, turn.until)


async def _is_time_to_analyse(work: Work, turn: Turn) -> bool:
    """Return whether the workspace wants an analysis tonight, and there is news for one."""
    every = (await workspaces.of(work)).analyse_every_days
    if every is None:
        return False
    return not _is_early(turn, every) and await _is_any_news(work, turn)


def _is_early(turn: Turn, every: int) -> bool:
    """Return whether the last turn is not so many days ago; nights are not all equally long."""
    return turn.since != BEGINNING and turn.until - (turn.since + OVERLAP) < timedelta(days=every) - HALF_A_DAY


async def _is_time_to_train(work: Work, turn: Turn) -> bool:
    """Return whether the workspace wants a training this night, and there is news for one."""
    every = (await workspaces.of(work)).train_every_days
    return every is not None and not _is_early(turn, every) and await _is_any_news(work, turn)


async def _is_time_to_look(work: Work, turn: Turn) -> bool:
    return turn.since == BEGINNING or await waking.is_any_overdue(work)


async def _look(work: Work, turn: Turn) -> object:
    # Nothing seen at all: cases were stored before anybody kept when to look at them again.
    return await (jobs.enqueue(work, jobs.DERIVE, {}) if turn.since == BEGINNING else waking.ask(work))


async def _score(work: Work, _turn: Turn) -> object:
    await waking.ask_where_overdue(work)
    return await jobs.enqueue(work, jobs.SCORE, {})


async def _rescore(work: Work, turn: Turn) -> object:
    return await jobs.enqueue(work, jobs.RESCORE, {"since": to_us(turn.since), "until": to_us(turn.until)})


async def _analyse(work: Work, _turn: Turn) -> object:
    return await analyses.ask(work, analyses.REGULAR)


async def _train(work: Work, _turn: Turn) -> object:
    return await training.ask(work, promote=training.NEVER)


async def _is_any_comment(work: Work, turn: Turn) -> bool:
    return await comments.is_any_new(work, turn.since, turn.until)


async def _suggest(work: Work, turn: Turn) -> object:
    times = {asking.SINCE: to_us(turn.since), asking.UNTIL: to_us(turn.until)}
    return await jobs.enqueue(work, jobs.SUGGEST, {**times})


async def _is_anything_to_learn(work: Work, turn: Turn) -> bool:
    return await comments.is_reason(work, turn.since, turn.until)


async def _is_any_in_use(work: Work, _turn: Turn) -> bool:
    return await reports.is_any_in_use(work)


async def _is_any_answer(work: Work, turn: Turn) -> bool:
    return await felt.is_any_answer(work, turn.since, turn.until)


async def _is_any_live(work: Work, _turn: Turn) -> bool:
    return await effects.is_any_live(work)


async def _is_anything_owed(work: Work, turn: Turn) -> bool:
    """Return whether a failure was told since the last turn, or a flag raised that asks for outreach."""
    window = (work, turn.since, turn.until)
    return await owing.is_any(*window) or await offering.is_any(*window)


async def _reaches_out(work: Work, _turn: Turn) -> bool:
    return await offering.is_wanted(work)


async def _follow_up(work: Work, turn: Turn) -> object:
    return await jobs.enqueue(work, jobs.FOLLOW_UP, {"since": to_us(turn.since), "until": to_us(turn.until)})


REGULAR: dict[str, Regular] = {
    jobs.DERIVE: Regular(Every(timedelta(minutes=1)), _look, _is_time_to_look, begins_seen=True),
    jobs.RESCORE: Regular(Every(timedelta(minutes=1)), _rescore, _is_any_news),
    jobs.SWEEP: Regular(Nightly(hour=0), plainly(jobs.SWEEP)),
    jobs.ANALYSE: Regular(Nightly(hour=1), _analyse, _is_time_to_analyse),
    jobs.JUDGE: Regular(Nightly(hour=2), plainly(jobs.JUDGE), _is_any_live),
    jobs.TRAIN: Regular(Nightly(hour=3), _train, _is_time_to_train),
    jobs.WATCH: Regular(Nightly(hour=4, weekly=True), plainly(jobs.WATCH), _is_any_in_use),
    jobs.FELT: Regular(Nightly(hour=4), plainly(jobs.FELT), _is_any_answer),
    jobs.RELEASE: Regular(Nightly(hour=2), plainly(jobs.RELEASE), is_anything_to_release),
    jobs.WEIGH: Regular(Nightly(hour=2), plainly(jobs.WEIGH), is_anything_to_weigh),
    jobs.SUGGEST: Regular(Every(timedelta(minutes=1)), _suggest, _is_any_comment),
    jobs.LEARN_COMMENTS: Regular(Nightly(hour=3), plainly(jobs.LEARN_COMMENTS), _is_anything_to_learn),
    jobs.FOLLOW_UP: Regular(Every(timedelta(minutes=1)), _follow_up, _is_anything_owed),
    jobs.SCORE: Regular(Nightly(hour=5, hours=1), _score),
    jobs.OUTREACH: Regular(Nightly(hour=6, hours=1), plainly(jobs.OUTREACH), _reaches_out),
    jobs.RETENTION: Regular(Nightly(hour=2), plainly(jobs.RETENTION), deletes=True),
    jobs.PRUNE: Regular(Nightly(hour=4), plainly(jobs.PRUNE), deletes=True),
}


def regular() -> dict[str, Regular]:
    """Return what comes round and somebody can do."""
    return {kind: found for kind, found in REGULAR.items() if kind in LIGHT or kind in HEAVY}


async def tick(database: Database, clock: Clock) -> int:
    """Ask for everything that is due, once each; return how many jobs that were."""
    await _make_missing(database, clock)
    asked, looked_at = 0, set[tuple[UUID, str]]()
    while found := set(await _due(database, clock)) - looked_at:
        for workspace_id, kind in found:
            asked += await _turn(database, clock, workspace_id, kind)
        looked_at |= found
    return asked


async def _make_missing(database: Database, clock: Clock) -> None:
    """Give each new workspace its rows; what is not regular any more stays, and is not looked at."""
    for kind, found in regular().items():
        missing = select(known.c.id).where(
            ~exists().where(schedules.c.workspace_id == known.c.id, schedules.c.kind == kind)
        )
        async with database.read() as session:
            ids = list(await session.scalars(missing.limit(AT_ONCE)))
            now = await clock(session)
        if not ids:
            continue
        async with database.write() as session:
            dialect = session.get_bind().dialect.name
            into = postgresql.insert(schedules) if dialect == "postgresql" else sqlite.insert(schedules)
            rows = [_first(workspace_id, kind, found, now) for workspace_id in ids]
            await session.execute(into.on_conflict_do_nothing(), rows)


def _first(workspace_id: UUID, kind: str, found: Regular, now: datetime) -> dict[str, Any]:
    # Reckoned in UTC: the workspace's zone is behind its door, and counts from the first turn on.
    due = found.round.after(now, "UTC", share_of(workspace_id, kind))
    seen_until = now if found.begins_seen else None
    return {"workspace_id": workspace_id, "kind": kind, "due_at": due, "asked_at": now, "seen_until": seen_until}


def _is_due(now: datetime) -> Any:
    ways = [
        and_(
            schedules.c.kind == kind,
            or_(schedules.c.due_at <= now, schedules.c.due_at > now + found.round.longest),
        )
        for kind, found in regular().items()
    ]
    return or_(*ways)


async def _due(database: Database, clock: Clock) -> list[tuple[UUID, str]]:
    async with database.read() as session:
        now = await clock(session)
        statement = select(schedules.c.workspace_id, schedules.c.kind).where(_is_due(now))
        rows = await session.execute(statement.order_by(schedules.c.due_at).limit(AT_ONCE))
        return [(row.workspace_id, row.kind) for row in rows]


async def _turn(database: Database, clock: Clock, workspace_id: UUID, kind: str) -> bool:
    """Take one row that is due, reckon when it is due again, and ask for the job where there is reason to."""
    found = regular()[kind]
    mine = and_(schedules.c.workspace_id == workspace_id, schedules.c.kind == kind)
    async with writing_as(database, worker_caller(workspace_id)) as work:
        now = await clock(work.session)
        statement = select(schedules).where(mine, _is_due(now)).with_for_update(skip_locked=True)
        row = (await work.session.execute(statement)).one_or_none()
        if row is None:
            return False
        zone = (await workspaces.of(work)).zone
        again = {"due_at": found.round.after(now, zone, share_of(workspace_id, kind))}
        turn = Turn(_since(row, now), now)
        asks = row.due_at <= now and await _has_reason(work, kind, found, row, turn)
        if asks:
            await found.ask(work, turn)
            again["seen_until"] = now
        await work.session.execute(update(schedules).where(mine).values(**again, asked_at=now))
        return asks


def _since(row: Any, now: datetime) -> datetime:
    """Return from where on what was stored has not been looked at."""
    if row.seen_until is None:
        return BEGINNING
    # Later than now: the clock went back, and nobody knows how long ago.
    return max(row.seen_until - OVERLAP if row.seen_until <= now else now - UNSURE, BEGINNING)


async def _has_reason(work: Work, kind: str, found: Regular, row: Any, turn: Turn) -> bool:
    if await is_wanted(work.session, work.workspace_id, kind):
        return False
    if found.deletes and row.asked_at is not None and not _plausible(row.asked_at, turn.until, found):
        log.warning("turn_passed_over", kind=kind, workspace=str(work.workspace_id), last=str(row.asked_at))
        return False
    return found.reason is None or await found.reason(work, turn)


def _plausible(last: datetime, now: datetime, found: Regular) -> bool:
    return last <= now <= last + 2 * found.round.longest
