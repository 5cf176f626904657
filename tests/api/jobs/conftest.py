"""What tests of jobs may ask for: a clock to set, workers that take jobs by it, and jobs to take."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID

import pytest

from api.dependencies import Work, writing_as
from api.handlers import LIGHT, Step
from api.jobs import enqueue
from api.jobs import service as looking
from api.jobs.leases import Held, Leases
from api.jobs.schemas import JobAnswer
from api.outbox import NewEvent, emit_all
from api.worker import worker_caller
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.jobs.clock import Clock

COUNT = "count"


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


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """Let there be jobs that write one event a portion, five portions in all; give what is done in each."""
    wishes: list[Callable[[], object]] = []

    async def count(work: Work, held: Held) -> Step:
        number = int(str((held.checkpoint or {}).get("number", 0))) + 1
        await emit_all(work, [NewEvent(f"counted.{number}", {})])
        for wish in wishes:
            done = wish()
            if isinstance(done, Awaitable):
                await done
        return Step({"number": number} if number < 5 else None, {"number": number}, "counting", number / 5)

    monkeypatch.setitem(LIGHT, COUNT, count)
    return wishes
