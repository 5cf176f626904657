"""A worker does what it took, portion by portion, and lets go of it when it is told to, or has lost it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, select, update
from sqlalchemy.exc import OperationalError

from api import handlers, outbox, worker
from api.dependencies import Work, writing_as
from api.handlers import HEAVY, LIGHT, Step
from api.jobs import ANALYSE, cancel, claims
from api.jobs.leases import ATTEMPTS, Held, Leases
from api.outbox import NewEvent, emit_all
from api.worker import News, Refused, Stopped, Worker, worker_caller
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.outbox import JobState
from tests.api.jobs.clock import Clock
from tests.api.jobs.conftest import Ask, Look

pytestmark = pytest.mark.anyio

COUNT = "count"
QUICK = timedelta(seconds=0.4)


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


async def counted(database: Database, workspace: WorkspaceSettings) -> list[str]:
    """Give the events written."""
    async with database.read(workspace.id) as session:
        return sorted(await session.scalars(select(outbox.events.c.type)))


FIVE = [f"counted.{number}" for number in range(1, 6)]


@asynccontextmanager
async def running(working: Worker) -> AsyncIterator[asyncio.Task[None]]:
    """Let a worker work until the test is through."""
    task = asyncio.create_task(working.run())
    try:
        yield task
    finally:
        working.stop.set()
        await asyncio.wait_for(task, 10)


async def until(look: Look, job_id: Any, *states: JobState) -> Any:
    """Wait until a job stands where it should."""
    async with asyncio.timeout(20):
        while (found := await look(job_id)).state not in states:
            await asyncio.sleep(0.05)
    return found


async def test_a_job_is_done_in_portions_each_once(
    database: Database, workspace: WorkspaceSettings, counting: list[Any], ask: Ask, look: Look
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
    assert (found.state, found.problem) == (
        JobState.FAILED,
        type(found.problem)(code="gave_up", detail="RuntimeError: the moon is full"),
    )
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


async def test_a_long_job_lets_others_have_their_turn(
    database: Database, workspace: WorkspaceSettings, counting: list[Any], ask: Ask, monkeypatch: pytest.MonkeyPatch
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


class Learner:
    """Somebody who does heavy jobs as a test wishes, until it is stopped."""

    def __init__(self, leases: Leases) -> None:
        self.leases = leases
        self.begun = asyncio.Event()
        self.stopped = False
        self.problem: Exception | None = None
        self.enough = asyncio.Event()

    async def __call__(self, held: Held, news: News, stop: asyncio.Event) -> None:
        """Do a heavy job."""
        news.tell(0.5, "searching")
        self.begun.set()
        if self.problem is not None:
            raise self.problem
        try:
            waiting = [asyncio.create_task(event.wait()) for event in (self.enough, stop)]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                raise Stopped
        except asyncio.CancelledError:
            self.stopped = True
            raise
        async with self.leases.database.write(held.workspace_id) as session:
            await self.leases.done(session, held, {"found": 1})


@pytest.fixture
def learner(database: Database) -> Learner:
    """Give somebody who does heavy jobs on a short lease."""
    return Learner(Leases(database, lease=QUICK))


async def test_a_heavy_job_is_kept_alive_while_light_ones_go_on(
    database: Database, counting: list[Any], ask: Ask, look: Look, learner: Learner
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
        async with asyncio.timeout(10):
            while not learner.stopped:
                await asyncio.sleep(0.02)
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
    assert learner.stopped


async def test_a_worker_outlives_whatever_happens_in_its_lanes(
    database: Database, counting: list[Any], ask: Ask, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(worker, "TICK_SECONDS", 0.02)
    trouble = iter(range(6))

    def away(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if ("FROM job_claims" in statement or "FROM workspaces" in statement) and next(trouble, None) is not None:
            raise OperationalError(statement, None, OSError("connection lost"))

    job_id = await ask(COUNT)
    event.listen(database.reading.sync_engine, "before_cursor_execute", away)
    try:
        async with running(Worker(Leases(database))):
            async with asyncio.timeout(20):
                while next(trouble, None) is not None:
                    await asyncio.sleep(0.05)
            await until(look, job_id, JobState.DONE)
    finally:
        event.remove(database.reading.sync_engine, "before_cursor_execute", away)


def test_every_kind_is_light_or_heavy_and_known_to_the_schedules() -> None:
    assert set(LIGHT).isdisjoint(HEAVY)
    assert set(handlers.AFTER_RULES) <= {*LIGHT, *HEAVY}
    assert handlers.CASES_AT_ONCE <= 500
