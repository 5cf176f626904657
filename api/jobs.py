"""Jobs: work no request may do itself, leased so that a dead worker's job is taken over.

A job is a row of its workspace; its claim is a directory row, because a worker looks for work before it knows whose
it is. A claim is deleted when its job is done.
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.dependencies import Work
from models.database import Database, bind_workspace
from models.ids import uuid7
from models.outbox import Job, JobClaim, JobState

jobs = Job.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
claims = JobClaim.__table__  # type: ignore[attr-defined] # same

DERIVE = "derive"
COMPACT = "compact"
FORGET = "forget"
LEASE = timedelta(seconds=60)
ATTEMPTS = 5
LONGEST_PROBLEM = 2000


@dataclass(frozen=True)
class ClaimedJob:
    """A job this worker holds."""

    workspace_id: UUID
    id: UUID
    kind: str
    request: dict[str, JsonValue]
    attempt: int


def worker_name() -> str:
    """Return who this process is among the workers."""
    return f"{socket.gethostname()}/{os.getpid()}"


async def enqueue(work: Work, kind: str, request: dict[str, JsonValue]) -> UUID:
    """Ask for a job in the transaction of its cause; one waiting already for the same is enough."""
    statement = select(jobs.c.id).where(
        jobs.c.workspace_id == work.workspace_id, jobs.c.kind == kind, jobs.c.state == JobState.QUEUED
    )
    waiting: UUID | None = await work.session.scalar(statement.limit(1))
    return waiting or await enqueue_another(work, kind, request)


async def enqueue_another(work: Work, kind: str, request: dict[str, JsonValue]) -> UUID:
    """Ask for a job of its own, whatever waits already."""
    job_id = uuid7()
    row = {"workspace_id": work.workspace_id, "id": job_id, "kind": kind, "request": request}
    await work.session.execute(insert(jobs).values({**row, "state": JobState.QUEUED, "created_at": work.now}))
    await work.session.execute(
        insert(claims).values(workspace_id=work.workspace_id, job_id=job_id, kind=kind, due_at=work.now, attempts=0)
    )
    return job_id


async def claim(
    database: Database, kinds: Sequence[str], now: datetime, workspace_id: UUID | None = None
) -> ClaimedJob | None:
    """Take the next job of some kinds that is due and that no living worker holds."""
    async with database.write() as session:
        free = or_(claims.c.leased_until.is_(None), claims.c.leased_until < now)
        statement = select(claims).where(claims.c.due_at <= now, free, claims.c.kind.in_(kinds))
        if workspace_id is not None:
            statement = statement.where(claims.c.workspace_id == workspace_id)
        statement = statement.order_by(claims.c.due_at).limit(1).with_for_update(skip_locked=True)
        row = (await session.execute(statement)).one_or_none()
        if row is None:
            return None
        held = {"leased_by": worker_name(), "leased_until": now + LEASE, "attempts": row.attempts + 1}
        await session.execute(update(claims).where(_claim_of(row.workspace_id, row.job_id)).values(held))
        await bind_workspace(session, row.workspace_id)
        mine = and_(jobs.c.workspace_id == row.workspace_id, jobs.c.id == row.job_id)
        await session.execute(update(jobs).where(mine).values(state=JobState.RUNNING))
        request = await session.scalar(select(jobs.c.request).where(mine))
        return ClaimedJob(row.workspace_id, row.job_id, row.kind, request or {}, row.attempts + 1)


async def extend(session: AsyncSession, job: ClaimedJob, now: datetime) -> None:
    """Say that this worker still lives."""
    await session.execute(update(claims).where(_claim_of(job.workspace_id, job.id)).values(leased_until=now + LEASE))


async def finish(
    session: AsyncSession,
    job: ClaimedJob,
    now: datetime,
    *,
    result: dict[str, JsonValue] | None,
    problem: str | None = None,
) -> None:
    """Say what became of a job and give up its claim."""
    state = JobState.DONE if problem is None else JobState.FAILED
    await session.execute(
        update(jobs)
        .where(jobs.c.workspace_id == job.workspace_id, jobs.c.id == job.id)
        .values(state=state, result=result, problem=problem, finished_at=now)
    )
    await session.execute(delete(claims).where(_claim_of(job.workspace_id, job.id)))


def _claim_of(workspace_id: UUID, job_id: UUID) -> ColumnElement[bool]:
    return and_(claims.c.workspace_id == workspace_id, claims.c.job_id == job_id)
