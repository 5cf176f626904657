"""A worker does what it took, portion by portion, and lets go of it when it is told to, or has lost it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.exc import OperationalError

from api import handlers, outbox, worker
from api.dependencies import Work
from api.handlers import HEAVY, LIGHT, Step
from api.jobs import claims
from api.jobs.leases import ATTEMPTS, Held, Leases
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.outbox import JobState
from tests.api.jobs.clock import Clock
from tests.api.jobs.conftest import COUNT, Ask, Look
from tests.api.jobs.working import running, until

pytestmark = pytest.mark.anyio


async def counted(database: Database, workspace: WorkspaceSettings) -> list[str]:
    """Give the events written."""
    async with database.read(workspace.id) as session:
        return sorted(await session.scalars(select(outbox.events.c.type)))


FIVE = [f"counted.{number}" for number in range(1, 6)]


@pytest.mark.usefixtures("counting")
async def test_a_job_is_done_in_portions_each_once(
    database: Database, workspace: WorkspaceSettings, ask: Ask, look: Look
) -> None:
    job_id = await ask(COUNT)
    working = Worker(Leases(database))
    assert await working.work_off(workspace.id) == 1
    assert (await look(job_id)).result == {"number": 5}
    assert await counted(database, workspace) == FIVE
    assert working.counted == {"done": 1}
    assert await working.work_off() == 0


async def test_a_portion_that_fails_is_done_again_and_those_before_it_are_not(
    database: Database, workspace: WorkspaceSettings, counting: list[Any], ask: Ask, look: Look, clock: Clock
) -> None:
    failing = iter([False, False, True, True, False, True])

    def fail() -> None:
        if next(failing, False):
            raise RuntimeError("no")

    counting.append(fail)
    job_id = await ask(COUNT)
    working = Worker(Leases(database, clock=clock))
    while (await look(job_id)).state != JobState.DONE:
        await working.work_off()
        clock.move(minutes=5)
    assert await counted(database, workspace) == FIVE
    assert working.counted == {"failed": 3, "done": 1}


async def test_a_portion_that_always_fails_is_given_up_with_its_reason(
    database: Database, workspace: WorkspaceSettings, counting: list[Any], ask: Ask, look: Look, clock: Clock
) -> None:
    def fail() -> None:
        raise RuntimeError("the moon is full")

    counting.append(fail)
    job_id = await ask(COUNT)
    working = Worker(Leases(database, clock=clock))
    for _ in range(ATTEMPTS):
        assert await working.work_off() == 1
        clock.move(hours=1)
    found = await look(job_id)
    assert found.state == JobState.FAILED
    assert found.problem is not None
    assert (found.problem.code, found.problem.detail) == ("gave_up", "RuntimeError")
    assert working.counted == {"failed": ATTEMPTS - 1, "given_up": 1}
    assert await counted(database, workspace) == []


@pytest.mark.usefixtures("counting")
async def test_a_portion_whose_lease_was_lost_meanwhile_is_as_if_it_never_was(
    database: Database,
    workspace: WorkspaceSettings,
    ask: Ask,
    look: Look,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job_id = await ask(COUNT)

    async def taken_away(work: Work, held: Held) -> Step:
        step = await first(work, held)
        if step.result["number"] == 3:
            # Nobody else could on SQLite while the portion runs: its own transaction takes the claim away.
            await work.session.execute(delete(claims))
        return step

    first = LIGHT[COUNT]
    working = Worker(Leases(database, clock=clock))
    with monkeypatch.context() as meanwhile:
        meanwhile.setitem(LIGHT, COUNT, taken_away)
        held = await working.leases.claim([COUNT])
        assert held is not None
        assert await working.do(held) == "lost"
    assert await counted(database, workspace) == FIVE[:2]
    clock.move(minutes=2)
    assert await working.work_off() == 1
    assert await counted(database, workspace) == FIVE
    assert (await look(job_id)).state == JobState.DONE


async def test_told_to_stop_it_finishes_its_portion_and_gives_back_the_rest_at_once(
    database: Database, workspace: WorkspaceSettings, counting: list[Any], ask: Ask, look: Look
) -> None:
    working = Worker(Leases(database))
    counting.append(working.stop.set)
    job_id = await ask(COUNT)
    held = await working.leases.claim([COUNT])
    assert held is not None
    assert await working.do(held) == "turn"
    assert await working.work_off() == 0
    assert await counted(database, workspace) == FIVE[:1]
    assert (await look(job_id)).progress == pytest.approx(0.2)
    counting.clear()
    assert await Worker(Leases(database)).work_off() == 1
    assert await counted(database, workspace) == FIVE


@pytest.mark.usefixtures("counting")
async def test_a_long_job_lets_others_have_their_turn(
    database: Database, workspace: WorkspaceSettings, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TURN", timedelta(0))
    for number in range(2):
        await ask(COUNT, number=number)
    working = Worker(Leases(database))
    await working.work_off()
    assert working.counted == {"turn": 8, "done": 2}
    assert await counted(database, workspace) == sorted(FIVE * 2)


async def test_a_database_that_is_away_is_nobodys_fault(
    database: Database, workspace: WorkspaceSettings, counting: list[Any], ask: Ask, look: Look, clock: Clock
) -> None:
    away = iter([True])

    def gone() -> None:
        if next(away, False):
            raise OperationalError("SELECT 1", None, OSError("connection lost"))

    counting.append(gone)
    job_id = await ask(COUNT)
    working = Worker(Leases(database, clock=clock))
    await working.work_off()
    assert ((await look(job_id)).state, (await look(job_id)).failures) == (JobState.QUEUED, 0)
    clock.move(seconds=10)
    await working.work_off()
    assert working.counted == {"given_back": 1, "done": 1}
    assert await counted(database, workspace) == FIVE


@pytest.mark.usefixtures("counting")
async def test_a_worker_outlives_whatever_happens_in_its_lanes(
    database: Database, ask: Ask, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(worker, "TICK_SECONDS", 0.02)
    trouble, over = iter(range(6)), asyncio.Event()

    def away(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM job_claims" in statement or "FROM workspaces" in statement:
            if next(trouble, None) is not None:
                raise OperationalError(statement, None, OSError("connection lost"))
            over.set()

    job_id = await ask(COUNT)
    event.listen(database.reading.sync_engine, "before_cursor_execute", away)
    try:
        async with running(Worker(Leases(database))):
            await asyncio.wait_for(over.wait(), 20)
            await until(look, job_id, JobState.DONE)
    finally:
        event.remove(database.reading.sync_engine, "before_cursor_execute", away)


def test_every_kind_is_light_or_heavy_and_known_to_the_schedules() -> None:
    assert set(LIGHT).isdisjoint(HEAVY)
    assert set(handlers.AFTER_RULES) <= {*LIGHT, *HEAVY}
    assert handlers.CASES_AT_ONCE <= 500
