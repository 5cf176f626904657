"""The worker's side of jobs: taken on a lease, kept by signs of life, and given up or ended by whoever holds it.

What a holder writes goes through its claim, named by holder and attempt: where that is gone or another's the write
fails with `LeaseLost`, and the transaction around it with it. So a worker that was thought dead, a portion done twice
and a job called off all come to the same end: nothing is stored.

A holder whose process ran on this machine and is gone is not waited for.

All moments are compared on one clock, the database's on PostgreSQL and the machine's on SQLite. A lease or a wait that
ends later than one begun now could was given before that clock went back: it is cut to what could be given now.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import BigInteger, ColumnElement, Select, and_, delete, exists, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.jobs.nearby import gone, worker_name
from api.jobs.queries import ENDED, claims, is_claim, is_job, jobs, store_clock
from models.database import Database, bind_workspace
from models.outbox import JobState

LOOK = timedelta(seconds=1)
"""Whoever has nothing to do looks so often for jobs that nobody holds any more."""
LEASE = timedelta(seconds=60) - LOOK
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))
LONGEST_WAIT = BACK_OFF[-1]
ATTEMPTS = 5
"""So many errors in a row, and a job is given up."""
LOST_LEASES = 25
"""A worker may be stopped for reasons of its own; a job that so many have not survived is given up too."""
LONGEST_PROBLEM = 2000

HOLDERS = select(claims.c.leased_by).where(claims.c.leased_by.is_not(None)).distinct()
Clock = Callable[[AsyncSession], Awaitable[datetime]]


class LeaseLost(Exception):  # noqa: N818 - a fact, not a fault
    """The job is no longer this holder's: taken over, or called off."""


@dataclass(frozen=True)
class Held:
    """A job this worker holds."""

    workspace_id: UUID
    id: UUID
    kind: str
    request: dict[str, JsonValue]
    checkpoint: dict[str, JsonValue] | None
    holder: str
    attempt: int


def lease_of(seconds: float) -> timedelta:
    """Return how long one sign of life holds a job that another is to have taken over after so many seconds without.

    >>> lease_of(60).total_seconds()
    59.0
    """
    return timedelta(seconds=seconds) - LOOK


@dataclass
class Leases:
    """Taking and keeping jobs of one database under one name.

    Parameters
    ----------
    database
        Where the jobs are.
    lease
        After so long without a sign of life another may take a job over; the same for all workers of a database.
    clock
        Says what time it is.
    after_rules
        Kinds that wait until the rules have looked at all cases of their workspace.
    """

    database: Database
    lease: timedelta = LEASE
    clock: Clock = store_clock
    after_rules: tuple[str, ...] = ()
    rules: str = "derive"
    name: str = field(default_factory=worker_name)

    async def claim(
        self, kinds: Sequence[str], workspace_id: UUID | None = None, job_id: UUID | None = None
    ) -> Held | None:
        """Take the next job of some kinds that is due and that no living worker holds."""
        async with self.database.read() as session:
            left = gone(await session.scalars(HOLDERS))
            statement = self._takeable(kinds, workspace_id, job_id, await self.clock(session), left)
            if (await session.execute(statement)).first() is None:
                return None
        async with self.database.write() as session:
            now = await self.clock(session)
            takeable = self._takeable(kinds, workspace_id, job_id, now, left)
            statement = takeable.with_for_update(of=claims, skip_locked=True)
            while (row := (await session.execute(statement)).one_or_none()) is not None:
                held = await self._take(session, row, now)
                if held is not None:
                    return held
        return None

    def _takeable(
        self, kinds: Sequence[str], workspace_id: UUID | None, job_id: UUID | None, now: datetime, left: Sequence[str]
    ) -> Select[Any]:
        ends, due = claims.c.leased_until, claims.c.due_at
        unheld = or_(ends.is_(None), ends <= now, ends > now + self.lease, claims.c.leased_by.in_(left))
        statement = select(claims).where(claims.c.kind.in_(kinds), unheld, or_(due <= now, due > now + LONGEST_WAIT))
        looking = claims.alias()
        pending = exists().where(looking.c.workspace_id == claims.c.workspace_id, looking.c.kind == self.rules)
        statement = statement.where(or_(claims.c.kind.not_in(self.after_rules), ~pending))
        if workspace_id is not None:
            statement = statement.where(claims.c.workspace_id == workspace_id)
        if job_id is not None:
            statement = statement.where(claims.c.job_id == job_id)
        return statement.order_by(due, type_coerce(claims.c.attempts, BigInteger())).limit(1)

    async def _take(self, session: AsyncSession, row: Any, now: datetime) -> Held | None:
        """Take a claim, or put right what stands in the way and return None."""
        mine = is_claim(row.workspace_id, row.job_id)
        if row.leased_until is not None and row.leased_until > now + self.lease:
            await session.execute(update(claims).where(mine).values(leased_until=now + self.lease, due_at=now))
            return None
        await bind_workspace(session, row.workspace_id)
        job = (await session.execute(select(jobs).where(is_job(row.workspace_id, row.job_id)))).mappings().one_or_none()
        if job is None or job["state"] in ENDED:
            await session.execute(delete(claims).where(mine))
            return None
        lost = row.lost + (row.leased_by is not None)
        if lost >= LOST_LEASES:
            problem = f"{lost} workers that took this job were not heard of again."
            await _end(
                session, row.workspace_id, row.job_id, now, state=JobState.FAILED, code="gave_up", problem=problem
            )
            await session.execute(delete(claims).where(mine))
            return None
        taken = {"leased_by": self.name, "leased_until": now + self.lease, "due_at": min(row.due_at, now)}
        await session.execute(update(claims).where(mine).values(**taken, attempts=row.attempts + 1, lost=lost))
        await session.execute(update(jobs).where(is_job(row.workspace_id, row.job_id)).values(state=JobState.RUNNING))
        named = {"kind": row.kind, "request": job["request"], "checkpoint": job["checkpoint"]}
        return Held(row.workspace_id, row.job_id, **named, holder=self.name, attempt=row.attempts + 1)

    async def beat(self, held: Held, progress: float | None = None, phase: str | None = None) -> None:
        """Say that the holder still lives, and how far it is."""
        async with self.database.write(held.workspace_id) as session:
            await self.extend(session, held)
            if progress is not None:
                await _set(session, held, progress=progress, phase=phase)

    async def has_ended(self, held: Held) -> bool:
        """Return whether a job was ended, by its holder for one, and not called off."""
        async with self.database.read(held.workspace_id) as session:
            state = await session.scalar(select(jobs.c.state).where(is_job(held.workspace_id, held.id)))
        return state in {JobState.DONE, JobState.FAILED}

    async def extend(self, session: AsyncSession, held: Held, **values: Any) -> None:
        """Extend the lease within a transaction, which must not be committed where this says that it is lost."""
        until = await self.clock(session) + self.lease
        done: Any = await session.execute(update(claims).where(_fence(held)).values(leased_until=until, **values))
        if done.rowcount != 1:
            raise LeaseLost(str(held.id))

    async def get_on(
        self, session: AsyncSession, held: Held, checkpoint: dict[str, JsonValue], progress: float, phase: str
    ) -> None:
        """Say, in the transaction of a portion, where the next one begins: what failed before is forgotten."""
        await self.extend(session, held, failures=0, lost=0)
        await _set(session, held, checkpoint=checkpoint, progress=progress, phase=phase, problem=None)

    async def done(self, session: AsyncSession, held: Held, result: dict[str, JsonValue]) -> None:
        """Say, in the transaction of the last of its work, that a job is done."""
        await self._give_up_claim(session, held)
        ended = {"state": JobState.DONE, "result": result, "problem": None, "progress": 1.0}
        await _end(session, held.workspace_id, held.id, await self.clock(session), **ended)

    async def refused(self, session: AsyncSession, held: Held, code: str, problem: str) -> None:
        """Say that a job cannot be done, now or later."""
        await self._give_up_claim(session, held)
        ended = {"state": JobState.FAILED, "code": code, "problem": problem[:LONGEST_PROBLEM]}
        await _end(session, held.workspace_id, held.id, await self.clock(session), **ended)

    async def failed(self, session: AsyncSession, held: Held, problem: str) -> bool:
        """Say that an attempt ended in an error; return whether the job is given up for it."""
        failures = await session.scalar(select(claims.c.failures).where(_fence(held)))
        if failures is None:
            raise LeaseLost(str(held.id))
        if failures + 1 >= ATTEMPTS:
            await self.refused(session, held, "gave_up", problem)
            return True
        wait = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
        await self._release(session, held, failures=failures + 1, due_at=await self.clock(session) + wait)
        await _set(session, held, problem=problem[:LONGEST_PROBLEM])
        return False

    async def hand_back(self, held: Held, wait: timedelta = timedelta(0)) -> None:
        """Let others have a job, which is not this holder's fault nor the job's."""
        async with self.database.write(held.workspace_id) as session:
            await self._release(session, held, due_at=await self.clock(session) + wait)

    async def _release(self, session: AsyncSession, held: Held, **values: Any) -> None:
        freed = {"leased_by": None, "leased_until": None, **values}
        done: Any = await session.execute(update(claims).where(_fence(held)).values(freed))
        if done.rowcount != 1:
            raise LeaseLost(str(held.id))
        # What was begun stays begun: somebody may ask for the same anew, and must not be told that it waits already.
        unbegun = and_(is_job(held.workspace_id, held.id), jobs.c.checkpoint.is_(None))
        await session.execute(update(jobs).where(unbegun).values(state=JobState.QUEUED, progress=0.0))

    async def _give_up_claim(self, session: AsyncSession, held: Held) -> None:
        done: Any = await session.execute(delete(claims).where(_fence(held)))
        if done.rowcount != 1:
            raise LeaseLost(str(held.id))


def _fence(held: Held) -> ColumnElement[bool]:
    """Say that the claim is still this very holding's."""
    mine = is_claim(held.workspace_id, held.id)
    return and_(mine, claims.c.leased_by == held.holder, claims.c.attempts == held.attempt)


async def _set(session: AsyncSession, held: Held, **values: Any) -> None:
    await session.execute(update(jobs).where(is_job(held.workspace_id, held.id)).values(values))


async def _end(session: AsyncSession, workspace_id: UUID, job_id: UUID, now: datetime, **values: Any) -> None:
    await session.execute(update(jobs).where(is_job(workspace_id, job_id)).values(**values, finished_at=now))
