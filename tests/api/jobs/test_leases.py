"""A job is one worker's at a time, whoever dies and whatever the clock says, and none is lost."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from api.dependencies import writing_as
from api.errors import Conflict, NoSuchThing
from api.jobs import cancel, claims, enqueue, jobs
from api.jobs.leases import ATTEMPTS, BACK_OFF, LEASE, LOST_LEASES, Held, LeaseLost, Leases
from api.jobs.queries import store_clock
from api.worker import worker_caller
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.ids import uuid7
from models.outbox import JobState
from tests.api.conftest import MakeWorkspace
from tests.api.jobs.clock import Clock
from tests.api.jobs.conftest import Ask, Look

pytestmark = pytest.mark.anyio

LATER = {"seconds": LEASE.total_seconds() + 1}


async def take(leases: Leases, *kinds: str) -> Held:
    """Take a job that must be there."""
    held = await leases.claim(kinds or ("derive",))
    assert held is not None
    return held


async def end(leases: Leases, held: Held, **result: Any) -> None:
    """Say that a job is done."""
    async with leases.database.write(held.workspace_id) as session:
        await leases.done(session, held, result)


async def fail(leases: Leases, held: Held, problem: str = "RuntimeError: no") -> bool:
    """Say that an attempt failed."""
    async with leases.database.write(held.workspace_id) as session:
        return await leases.failed(session, held, problem)


async def count(database: Database) -> int:
    """Count what is still to be done."""
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(claims)) or 0)


async def test_a_job_is_taken_once_and_done_once(leases: Leases, others: Leases, ask: Ask, look: Look) -> None:
    job_id = await ask(why="because")
    held = await take(leases)
    assert (held.id, held.request, held.checkpoint, held.attempt) == (job_id, {"why": "because"}, None, 1)
    assert await others.claim(["derive"]) is None
    assert (await look(job_id)).state == JobState.RUNNING
    await end(leases, held, cases=3)
    found = await look(job_id)
    assert (found.state, found.progress, found.result, found.problem) == (JobState.DONE, 1.0, {"cases": 3}, None)
    assert found.finished_at is not None
    assert await count(leases.database) == 0
    with pytest.raises(LeaseLost):
        await end(leases, held)


async def test_of_many_workers_each_gets_another_job(database: Database, ask: Ask, clock: Clock) -> None:
    wanted = {await ask("derive", number=number) for number in range(6)}
    workers = [Leases(database, clock=clock) for _ in range(8)]
    assert len({worker.name for worker in workers}) == 8
    taken = [held.id for held in await asyncio.gather(*[worker.claim(["derive"]) for worker in workers]) if held]
    for worker in workers:
        held = await worker.claim(["derive"])
        taken += [] if held is None else [held.id]
    assert (len(taken), set(taken)) == (6, wanted)


async def test_a_dead_workers_job_is_taken_over_after_its_lease_and_the_dead_one_stores_nothing(
    leases: Leases, others: Leases, ask: Ask, look: Look, clock: Clock
) -> None:
    job_id = await ask()
    lost = await take(leases)
    clock.move(seconds=LEASE.total_seconds() - 1)
    assert await others.claim(["derive"]) is None
    clock.move(seconds=1)
    held = await take(others)
    assert (held.id, held.attempt, held.holder) == (job_id, 2, others.name)
    for saying in (end(leases, lost), fail(leases, lost), leases.hand_back(lost), leases.beat(lost, 0.5, "x")):
        with pytest.raises(LeaseLost):
            await saying
    with pytest.raises(LeaseLost):
        async with leases.database.write(lost.workspace_id) as session:
            await leases.get_on(session, lost, {"after": "x"}, 0.5, "x")
    assert ((await look(job_id)).state, (await look(job_id)).progress) == (JobState.RUNNING, 0.0)
    await end(others, held)
    assert (await look(job_id)).state == JobState.DONE


async def test_the_same_worker_coming_back_to_a_job_is_not_its_former_self(
    leases: Leases, ask: Ask, clock: Clock
) -> None:
    await ask()
    before = await take(leases)
    clock.move(**LATER)
    now = await take(leases)
    with pytest.raises(LeaseLost):
        await end(leases, before)
    await end(leases, now)


async def test_signs_of_life_keep_a_job_however_long_it_takes(
    leases: Leases, others: Leases, ask: Ask, look: Look, clock: Clock
) -> None:
    job_id = await ask()
    held = await take(leases)
    for step in range(10):
        clock.move(seconds=LEASE.total_seconds() / 2)
        await leases.beat(held, step / 10, "searching")
        assert await others.claim(["derive"]) is None
    assert ((await look(job_id)).progress, (await look(job_id)).phase) == (0.9, "searching")
    await leases.beat(held)
    assert (await look(job_id)).progress == 0.9


async def test_a_failed_attempt_waits_longer_each_time_and_is_given_up_with_its_reason(
    leases: Leases, ask: Ask, look: Look, clock: Clock
) -> None:
    job_id = await ask()
    for attempt in range(ATTEMPTS):
        held = await take(leases)
        given_up = await fail(leases, held, f"RuntimeError: {attempt}")
        assert given_up == (attempt == ATTEMPTS - 1)
        if not given_up:
            found = await look(job_id)
            assert (found.state, found.failures) == (JobState.QUEUED, attempt + 1)
            assert found.problem is not None
            assert (found.problem.code, found.problem.detail) == ("tried_again", f"RuntimeError: {attempt}")
            clock.move(seconds=BACK_OFF[attempt].total_seconds() - 1)
            assert await leases.claim(["derive"]) is None
            clock.move(seconds=1)
    found = await look(job_id)
    assert found.state == JobState.FAILED
    assert found.problem is not None
    assert (found.problem.code, found.problem.detail) == ("gave_up", "RuntimeError: 4")
    assert await count(leases.database) == 0


async def test_a_job_that_gets_on_is_never_given_up(leases: Leases, ask: Ask, look: Look, clock: Clock) -> None:
    job_id = await ask()
    for portion in range(2 * ATTEMPTS):
        held = await take(leases)
        assert held.checkpoint == (None if portion == 0 else {"after": portion - 1})
        async with leases.database.write(held.workspace_id) as session:
            await leases.get_on(session, held, {"after": portion}, portion / 10, "on the way")
        assert not await fail(leases, held)
        clock.move(seconds=BACK_OFF[0].total_seconds())
    assert (await look(job_id)).state == JobState.RUNNING


async def test_a_job_that_no_worker_survives_is_given_up_late(
    leases: Leases, ask: Ask, look: Look, clock: Clock
) -> None:
    job_id = await ask()
    for _ in range(LOST_LEASES):
        await take(leases)
        clock.move(**LATER)
    assert await leases.claim(["derive"]) is None
    found = await look(job_id)
    assert found.state == JobState.FAILED
    assert found.problem is not None
    assert found.problem.code == "gave_up"


async def test_what_is_given_back_is_there_for_others_at_once(
    leases: Leases, others: Leases, ask: Ask, look: Look
) -> None:
    job_id = await ask()
    held = await take(leases)
    await leases.hand_back(held)
    assert (await look(job_id)).state == JobState.QUEUED
    assert (await take(others)).attempt == 2
    assert (await look(job_id)).failures == 0


@pytest.mark.parametrize("span", [{"hours": -1}, {"days": 400}, {"days": -400}, {"seconds": -30}])
async def test_a_clock_that_jumps_neither_stalls_jobs_nor_lets_two_do_one(
    leases: Leases, others: Leases, ask: Ask, look: Look, clock: Clock, span: dict[str, float]
) -> None:
    dead, waiting = await ask(number=1), await ask(number=2)
    held = await take(leases)
    clock.move(**span)
    second = await others.claim(["derive"])
    if second is not None and second.id == held.id:  # the clock says that the holder was silent for 400 days
        with pytest.raises(LeaseLost):
            await leases.beat(held)
        second = await others.claim(["derive"])
    else:
        await leases.beat(held)
    # Nobody lives any more: within a lease everything is there to be taken.
    clock.move(**LATER)
    taken = {held.id for held in [await others.claim(["derive"]), await others.claim(["derive"])] if held}
    assert taken == {dead, waiting}
    for job_id in taken:
        assert (await look(job_id)).state == JobState.RUNNING


async def test_what_waits_for_its_back_off_is_not_kept_by_a_clock_that_went_back(
    leases: Leases, ask: Ask, clock: Clock
) -> None:
    await ask()
    await fail(leases, await take(leases))
    clock.move(days=-400)
    assert await leases.claim(["derive"]) is not None


async def test_a_job_called_off_is_nobodys_and_its_holder_notices(
    leases: Leases, database: Database, workspace: WorkspaceSettings, ask: Ask, look: Look
) -> None:
    job_id = await ask()
    held = await take(leases)
    for first in (True, False):
        async with writing_as(database, worker_caller(workspace.id)) as work:
            assert await cancel(work, job_id) is first
    with pytest.raises(LeaseLost):
        await leases.beat(held)
    with pytest.raises(LeaseLost):
        await end(leases, held)
    assert (await look(job_id)).state == JobState.CANCELED
    assert await leases.claim(["derive"]) is None
    assert not await leases.has_ended(held)


async def test_what_has_ended_cannot_be_called_off(
    leases: Leases, database: Database, workspace: WorkspaceSettings, ask: Ask
) -> None:
    job_id = await ask()
    held = await take(leases)
    await end(leases, held)
    assert await leases.has_ended(held)
    with pytest.raises(Conflict, match="ended already"):
        async with writing_as(database, worker_caller(workspace.id)) as work:
            await cancel(work, job_id)
    with pytest.raises(NoSuchThing):
        async with writing_as(database, worker_caller(workspace.id)) as work:
            await cancel(work, uuid7())


async def test_a_claim_without_a_job_to_do_is_swept_away(
    leases: Leases, workspace: WorkspaceSettings, ask: Ask
) -> None:
    job_id = await ask()
    async with leases.database.write(workspace.id) as session:
        await session.execute(update(jobs).where(jobs.c.id == job_id).values(state=JobState.CANCELED))
    assert await leases.claim(["derive"]) is None
    assert await count(leases.database) == 0


async def test_the_same_asked_for_at_once_is_one_job_and_another_is_another(
    database: Database, workspace: WorkspaceSettings, ask: Ask, leases: Leases
) -> None:
    assert len(set(await asyncio.gather(*[ask("score") for _ in range(6)]))) == 1
    assert await ask("score", other=True) != await ask("score")
    begun = await ask("score")
    held = await take(leases, "score")
    assert held.id == begun
    async with database.write(workspace.id) as session:
        await leases.get_on(session, held, {"after": 1}, 0.5, "on the way")
    await leases.hand_back(held)
    assert await ask("score") != begun, "what was begun may have passed what is asked for now"


async def test_what_reads_what_rules_saw_waits_for_them(
    leases: Leases, ask: Ask, make_workspace: MakeWorkspace, database: Database, clock: Clock
) -> None:
    leases.after_rules = ("score",)
    looking = await ask("derive")
    scoring = await ask("score")
    other = await make_workspace("Another")
    async with writing_as(database, worker_caller(other.id)) as work:
        work.now = clock.now
        elsewhere: UUID = await enqueue(work, "score", {})
    assert (await take(leases, "score")).id == elsewhere
    assert await leases.claim(["score"]) is None
    held = await take(leases, "derive")
    assert held.id == looking
    assert await leases.claim(["score"]) is None
    await end(leases, held)
    assert (await take(leases, "score")).id == scoring


async def test_a_clock_of_the_store_tells_the_time(database: Database) -> None:
    async with database.read() as session:
        told = await store_clock(session)
        if not database.sqlite:
            theirs: Any = await session.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
            assert abs(told.timestamp() - float(theirs)) < 5
    assert abs(told - Clock().now) < timedelta(minutes=1)
