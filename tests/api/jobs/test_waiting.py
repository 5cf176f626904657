"""Who waits for a heavy job waits until it is done or given up, not until it meets its first error."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from api.dependencies import writing_as
from api.failures import analyses
from api.handlers import worker_caller
from api.jobs import claims
from api.jobs.leases import Held, Leases
from api.learner import analyse
from api.worker import News, Worker
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.test_learner import learner_settings, refused

pytestmark = pytest.mark.anyio

__all__ = ["learner_settings"]


async def stumble(_held: Held, _news: News, _stop: asyncio.Event) -> None:
    """Fail for a reason that passes."""
    raise RuntimeError


async def test_a_job_that_failed_before_is_waited_for_while_it_is_tried_again(
    database: Database, workspace: WorkspaceSettings
) -> None:
    async with writing_as(database, worker_caller(workspace.id)) as work:
        await analyses.ask(work, analyses.REGULAR)
    worker = Worker(Leases(database), stumble)
    await worker.work_off()
    assert worker.counted == {"failed": 1}
    async with database.write() as session:
        soon = datetime.now(UTC) + timedelta(seconds=1)
        await session.execute(update(claims).values(due_at=soon))
    assert "No case has a known outcome" in await refused(analyse, "nothing_to_learn_from")
