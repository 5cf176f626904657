"""Every statement about jobs as a workspace sees them, by name."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api.dependencies import utc_now
from models.base import from_us
from models.outbox import Job, JobClaim, JobState

jobs = Job.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
claims = JobClaim.__table__  # type: ignore[attr-defined] # same

ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELED)


def is_job(workspace_id: UUID, job_id: UUID) -> ColumnElement[bool]:
    """Say that a row of `jobs` is this job."""
    return and_(jobs.c.workspace_id == workspace_id, jobs.c.id == job_id)


def is_claim(workspace_id: UUID, job_id: UUID) -> ColumnElement[bool]:
    """Say that a row of `job_claims` is the claim of this job."""
    return and_(claims.c.workspace_id == workspace_id, claims.c.job_id == job_id)


async def waiting(session: AsyncSession, workspace_id: UUID, kind: str) -> list[Any]:
    """Return the jobs of a kind that nobody has begun, oldest first."""
    statement = select(jobs.c.id, jobs.c.request).where(
        jobs.c.workspace_id == workspace_id, jobs.c.kind == kind, jobs.c.state == JobState.QUEUED
    )
    return list((await session.execute(statement.order_by(jobs.c.created_at, jobs.c.id))).all())


async def is_wanted(session: AsyncSession, workspace_id: UUID, kind: str) -> bool:
    """Return whether a job of a kind waits or runs."""
    statement = select(func.count()).where(claims.c.workspace_id == workspace_id, claims.c.kind == kind)
    return bool(await session.scalar(statement))


def all_jobs(workspace_id: UUID) -> Select[Any]:
    """Select a workspace's jobs, each with the errors it met in a row while it has not ended."""
    failures = func.coalesce(claims.c.failures, 0).label("failures")
    joined = jobs.outerjoin(claims, is_claim(jobs.c.workspace_id, jobs.c.id))
    return select(jobs, failures).select_from(joined).where(jobs.c.workspace_id == workspace_id)


async def store_clock(session: AsyncSession) -> datetime:
    """Return the moment all workers of a database agree on."""
    if session.get_bind().dialect.name != "postgresql":
        return utc_now()
    us = await session.scalar(text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"))
    return from_us(int(us))
