"""A heavy job is somebody else's to do: kept alive meanwhile, stopped when it is lost, given back when all stops."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.exc import OperationalError

from api.dependencies import writing_as
from api.handlers import HEAVY
from api.jobs import ANALYSE, cancel, claims
from api.jobs.leases import Leases
from api.worker import Refused, Stopped, Worker, worker_caller
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.outbox import JobState
from tests.api.jobs.conftest import COUNT, Ask, Look
from tests.api.jobs.working import QUICK, Learner, running, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def learner(database: Database) -> Learner:
    """Give somebody who does heavy jobs on a short lease."""
    return Learner(Leases(database, lease=QUICK))


@pytest.mark.usefixtures("counting")
async def test_a_heavy_job_is_kept_alive_while_light_ones_go_on(
    database: Database, ask: Ask, look: Look, learner: Learner
) -> None:
    heavy = await ask(ANALYSE)
    light = await ask(COUNT)
    working = Worker(learner.leases, learner)
    async with running(working):
        await until(look, light, JobState.DONE)
        await asyncio.sleep(3 * QUICK.total_seconds())
        assert await Leases(database, lease=QUICK).claim(HEAVY) is None
        found = await look(heavy)
        assert (found.state, found.progress, found.phase) == (JobState.RUNNING, 0.5, "searching")
        learner.enough.set()
        await until(look, heavy, JobState.DONE)
    assert working.counted == {"done": 2}


async def test_a_heavy_job_that_was_called_off_is_stopped(
    database: Database, workspace: WorkspaceSettings, ask: Ask, look: Look, learner: Learner
) -> None:
    job_id = await ask(ANALYSE)
    working = Worker(learner.leases, learner)
    async with running(working):
        await asyncio.wait_for(learner.begun.wait(), 10)
        async with writing_as(database, worker_caller(workspace.id)) as work:
            await cancel(work, job_id)
        await asyncio.wait_for(learner.stopped.wait(), 10)
    assert working.counted == {"lost": 1}
    assert (await look(job_id)).state == JobState.CANCELED


async def test_told_to_stop_it_gives_back_a_heavy_job_at_once(
    database: Database, ask: Ask, look: Look, learner: Learner
) -> None:
    job_id = await ask(ANALYSE)
    working = Worker(learner.leases, learner)
    async with running(working):
        await asyncio.wait_for(learner.begun.wait(), 10)
    assert working.counted == {"given_back": 1}
    assert (await look(job_id)).state == JobState.QUEUED
    assert await Leases(database).claim(HEAVY) is not None


async def test_what_cannot_be_done_is_not_tried_again(ask: Ask, look: Look, learner: Learner) -> None:
    job_id = await ask("train")
    learner.problem = Refused("nothing_to_learn_from", "No departure is known.")
    working = Worker(learner.leases, learner)
    assert await working.work_off() == 1
    found = await look(job_id)
    assert found.state == JobState.FAILED
    assert found.problem is not None
    assert found.problem.code == "nothing_to_learn_from"
    assert working.counted == {"refused": 1}


async def test_heavy_jobs_are_left_to_those_who_can(database: Database, ask: Ask) -> None:
    await ask(ANALYSE)
    assert await Worker(Leases(database)).work_off() == 0
    with_nobody = Worker(Leases(database))
    held = await with_nobody.leases.claim(HEAVY)
    assert held is not None
    assert await with_nobody.do(held) == "given_back"


async def test_a_job_lost_while_it_failed_is_left_to_whoever_has_it(
    database: Database, ask: Ask, learner: Learner
) -> None:
    await ask(ANALYSE)
    learner.problem = RuntimeError("no")
    working = Worker(learner.leases, learner)
    held = await working.leases.claim(HEAVY)
    assert held is not None
    async with database.write() as session:
        await session.execute(update(claims).values(leased_by="another"))
    assert await working.do(held) == "lost"
    learner.problem = Stopped()
    assert await working.do(held) == "given_back"


async def test_unheard_of_for_a_whole_lease_a_worker_takes_its_job_for_lost(
    database: Database, ask: Ask, learner: Learner
) -> None:
    await ask(ANALYSE)
    working = Worker(learner.leases, learner)
    held = await working.leases.claim(HEAVY)
    assert held is not None

    def deaf(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE job_claims"):
            raise OperationalError(statement, None, OSError("connection lost"))

    event.listen(database.writing.sync_engine, "before_cursor_execute", deaf)
    try:
        assert await asyncio.wait_for(working.do(held), 10) == "lost"
    finally:
        event.remove(database.writing.sync_engine, "before_cursor_execute", deaf)
    assert learner.stopped.is_set()
