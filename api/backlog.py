"""What waits: jobs and deliveries, told from the directory alone, so that no workspace has to be opened for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.outbox import JobClaim, OutboxClaim

job_claims = JobClaim.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
outbox_claims = OutboxClaim.__table__  # type: ignore[attr-defined] # same


@dataclass(frozen=True)
class Backlog:
    """What waits at a moment.

    Parameters
    ----------
    waiting, running, lost
        Jobs nobody holds, jobs a living worker holds, and jobs whose worker stopped saying that it lives.
    most_troubles
        How many attempts of a job, since it last got on, ended in an error or without a word: of the job with most.
    overdue
        Seconds since the longest waiting job that nobody works on was due.
    deliveries, deliveries_overdue
        Events still to be delivered, and seconds since the longest waiting one was due.
    """

    waiting: int
    running: int
    lost: int
    most_troubles: int
    overdue: float
    deliveries: int
    deliveries_overdue: float


async def backlog(session: AsyncSession, now: datetime) -> Backlog:
    """Return what waits now."""
    held = job_claims.c.leased_until
    free = held.is_(None)
    lost = and_(held.is_not(None), held < now)
    jobs = (
        await session.execute(
            select(
                func.count(case((free, 1))).label("waiting"),
                func.count(case((held >= now, 1))).label("running"),
                func.count(case((lost, 1))).label("lost"),
                func.max(job_claims.c.failures + job_claims.c.lost).label("troubles"),
                func.min(case((free | lost, job_claims.c.due_at)), type_=job_claims.c.due_at.type).label("oldest"),
            )
        )
    ).one()
    outbox = (
        await session.execute(
            select(func.count().label("waiting"), func.min(outbox_claims.c.due_at).label("oldest")).select_from(
                outbox_claims
            )
        )
    ).one()
    return Backlog(
        waiting=jobs.waiting,
        running=jobs.running,
        lost=jobs.lost,
        most_troubles=jobs.troubles or 0,
        overdue=_overdue(jobs.oldest, now),
        deliveries=outbox.waiting,
        deliveries_overdue=_overdue(outbox.oldest, now),
    )


def _overdue(due: datetime | None, now: datetime) -> float:
    return 0.0 if due is None else max(0.0, (now - due).total_seconds())
