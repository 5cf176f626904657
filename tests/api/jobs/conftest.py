"""What tests of jobs may ask for: a clock to set, workers that take jobs by it, and jobs to take."""

from collections.abc import Awaitable
from typing import Any, Protocol
from uuid import UUID

import pytest

from api.dependencies import Work, writing_as
from api.jobs import enqueue
from api.jobs import service as looking
from api.jobs.leases import Leases
from api.jobs.schemas import JobAnswer
from api.worker import worker_caller
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.jobs.clock import Clock


class Ask(Protocol):
    """Asks for a job."""

    def __call__(self, kind: str = "derive", **request: Any) -> Awaitable[UUID]:
        """Return the job's id."""


class Look(Protocol):
    """Looks at a job."""

    def __call__(self, job_id: UUID) -> Awaitable[JobAnswer]:
        """Return it as it stands."""


@pytest.fixture
def clock() -> Clock:
    """Give a clock to set."""
    return Clock()


@pytest.fixture
def leases(database: Database, clock: Clock) -> Leases:
    """Give one worker's side of the jobs."""
    return Leases(database, clock=clock)


@pytest.fixture
def others(database: Database, clock: Clock) -> Leases:
    """Give another worker's side of the same jobs."""
    return Leases(database, clock=clock)


@pytest.fixture
def ask(database: Database, workspace: WorkspaceSettings, clock: Clock) -> Ask:
    """Let a test ask for jobs: `await ask("score")`."""

    async def asking(kind: str = "derive", **request: Any) -> UUID:
        async with writing_as(database, worker_caller(workspace.id)) as work:
            work.now = clock.now
            return await enqueue(work, kind, request)

    return asking


@pytest.fixture
def look(database: Database, workspace: WorkspaceSettings, clock: Clock) -> Look:
    """Let a test look at a job."""

    async def looking_at(job_id: UUID) -> JobAnswer:
        async with database.read(workspace.id) as session:
            return await looking.read(Work(session, workspace.id, worker_caller(workspace.id), clock.now), job_id)

    return looking_at
