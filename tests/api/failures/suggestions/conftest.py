"""What tests of suggestions may ask for: comments, somebody who looks through them, and a worker that learns."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from api.dependencies import writing_as
from api.failures.suggestions import asking
from api.handlers import worker_caller
from api.jobs import SUGGEST, enqueue
from api.jobs.leases import Leases
from api.learner.learning import learning_here
from api.settings import settings
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.base import to_us
from models.database import Database
from tests.api.caller import Caller, ago

Look = Callable[[], Awaitable[list[Any]]]


class Say(Protocol):
    """Lets a customer write about a case of their own."""

    def __call__(self, comment: str, who: int | str = 1, **fields: Any) -> Awaitable[str]:
        """Return the response's id."""


@pytest.fixture
def worker(database: Database, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """Give a worker that learns in this process."""
    monkeypatch.setenv("STEADFAST_DATABASE_URL", migrated_url)
    settings.cache_clear()
    leases = Leases(database)
    return Worker(leases, learning_here(leases))


@pytest.fixture
def say(client: Caller) -> Say:
    """Let customers write: `await say("too late", 3)`."""

    async def saying(comment: str, who: int | str = 1, **fields: Any) -> str:
        await client.put_customer(f"C-{who}")
        await client.put_case(f"K-{who}", f"C-{who}", opened_at=ago(days=9), recorded_at=ago(days=9))
        answers = {"comment": comment, **fields.pop("answers", {})}
        return str((await client.respond(f"K-{who}", answers=answers, **fields))["id"])

    return saying


@pytest.fixture
def look(client: Caller, database: Database, workspace: WorkspaceSettings, worker: Worker) -> Look:
    """Let the worker look through all comments; give all suggestions."""

    async def looking() -> list[Any]:
        async with writing_as(database, worker_caller(workspace.id)) as work:
            until = datetime.now(UTC) + timedelta(minutes=1)
            await enqueue(work, SUGGEST, {asking.SINCE: 0, asking.UNTIL: to_us(until)})
        await worker.work_off()
        return list(await client.read_all("/v1/suggestions"))

    return looking
