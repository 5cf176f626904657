"""What comes round is asked for once when it is due, whoever looks, however late, wherever the clock goes."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from api import schedules
from api.handlers import LIGHT, Step
from api.jobs import RESCORE, RETENTION, claims, jobs
from api.jobs.leases import Held, Leases
from api.schedules import tick
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.base import to_us
from models.database import Database
from tests.api.caller import Caller, done
from tests.api.conftest import MakeWorkspace
from tests.api.jobs.clock import Clock

pytestmark = pytest.mark.anyio

NIGHTLY = dict.fromkeys(("score", "prune", "retention", "sweep"), 1)
CAUGHT_UP = {"score": 1, "sweep": 1}
EACH_MINUTE = ("derive", "rescore", "suggest", "follow_up")
LEARNT = ("analyse", "judge", "train", "watch", "weigh", "felt", "learn_comments", "outreach", "release")
REGULAR_KINDS = {*EACH_MINUTE, *LEARNT, *NIGHTLY}
DAY = {"days": 1, "hours": 1}


async def asked(database: Database, workspace_id: UUID) -> Counter[str]:
    """Count the jobs of a workspace by kind."""
    async with database.read(workspace_id) as session:
        rows = await session.execute(select(jobs.c.kind).where(jobs.c.workspace_id == workspace_id))
        return Counter(rows.scalars())


async def leave_off(database: Database, workspace_id: UUID) -> None:
    """Let every job be as if it were done."""
    async with database.write(workspace_id) as session:
        await session.execute(claims.delete())
        await session.execute(jobs.delete())


async def rows(database: Database) -> list[Any]:
    """Give what is known of everything that comes round."""
    async with database.read() as session:
        return list((await session.execute(select(schedules.schedules))).all())


async def test_an_empty_workspace_is_left_alone_but_for_its_nights(
    database: Database, workspace: WorkspaceSettings, clock: Clock
) -> None:
    clock.now = clock.now.replace(hour=12)
    assert await tick(database, clock) == 0
    assert {row.kind for row in await rows(database)} == REGULAR_KINDS
    clock.move(minutes=2)
    assert await tick(database, clock) == 0
    clock.move(**DAY)
    assert await tick(database, clock) == len(NIGHTLY)
    assert await asked(database, workspace.id) == NIGHTLY
    assert await tick(database, clock) == 0


async def test_touched_customers_are_rescored_soon_and_only_they(
    client: Caller,
    database: Database,
    workspace: WorkspaceSettings,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only = {RESCORE: schedules.REGULAR[RESCORE]}  # whatever the hour, no night comes
    monkeypatch.setattr(schedules, "REGULAR", only)
    await client.catalogue("late")
    for number in range(3):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}")
    await tick(database, clock)
    clock.move(minutes=2)
    assert await tick(database, clock) == 1
    worker = Worker(Leases(database, clock=clock))
    assert await worker.work_off() == 1
    assert await results(database, workspace.id) == [{"customers": 3, "stored": 3, "flagged": 0}]
    await leave_off(database, workspace.id)
    clock.move(minutes=10)  # long enough that what was looked at need not be looked at again
    assert await tick(database, clock) == 0
    await catch_up(database, clock)
    await client.observe("K-1", "late")
    await client.put_case("K-2", "C-2", handovers=2)
    async with database.write(workspace.id) as session:
        await session.execute(update(schedules.schedules).values(seen_until=clock.now - timedelta(seconds=1)))
    await touch(database, workspace.id, clock)
    clock.move(minutes=2)
    assert await tick(database, clock) == 1
    await worker.work_off()
    [found] = await results(database, workspace.id)
    assert (found["customers"], found["stored"]) == (2, 2)


async def catch_up(database: Database, clock: Clock) -> None:
    """Let the schedules know that all up to now was looked at."""
    async with database.write() as session:
        await session.execute(update(schedules.schedules).values(seen_until=clock.now + timedelta(minutes=2)))


async def touch(database: Database, workspace_id: UUID, clock: Clock) -> None:
    """Let what was just stored about K-1 and K-2 be stored at the moment of the clock that was set, the rest before."""
    for name in ("cases", "observations", "customers"):
        table = schedules.known.metadata.tables[name]
        async with database.write(workspace_id) as session:
            old = clock.now - timedelta(hours=1)
            await session.execute(table.update().values(stored_at=old))
            fresh = {"cases": table.c.reference == "K-2", "observations": table.c.id.is_not(None)}
            if name in fresh:
                await session.execute(table.update().where(fresh[name]).values(stored_at=clock.now))


async def results(database: Database, workspace_id: UUID) -> list[Any]:
    """Give what came of all jobs of a workspace."""
    async with database.read(workspace_id) as session:
        return list(await session.scalars(select(jobs.c.result).where(jobs.c.workspace_id == workspace_id)))


async def test_news_are_analysed_at_night_and_learnt_from_once_a_week(
    client: Caller, database: Database, workspace: WorkspaceSettings, clock: Clock
) -> None:
    counted = await nights_with_news(client, database, workspace, clock, 7)
    assert (counted["analyse"], counted["score"], counted["prune"]) == (7, 7, 7)
    assert (counted["train"], counted["rescore"]) == (1, 7)


async def nights_with_news(
    client: Caller, database: Database, workspace: WorkspaceSettings, clock: Clock, nights: int
) -> Counter[str]:
    """Let nights pass with something told before each; count what was asked for."""
    await client.put_customer("C-1")
    await tick(database, clock)
    counted: Counter[str] = Counter()
    for _ in range(nights):
        clock.move(days=1)
        await client.put_customer("C-1", name=str(clock.now))
        async with database.write(workspace.id) as session:
            table = schedules.known.metadata.tables["customers"]
            await session.execute(table.update().values(stored_at=clock.now))
        await tick(database, clock)
        counted += await asked(database, workspace.id)
        await leave_off(database, workspace.id)
    return counted


@pytest.mark.parametrize(("every", "expected"), [(1, 9), (3, 3), (4, 3), (7, 2), (None, 0)])
@pytest.mark.parametrize("kind", ["analyse", "train"])
async def test_a_workspace_says_how_often_it_is_analysed_and_its_model_is_learnt_anew(
    client: Caller,
    database: Database,
    workspace: WorkspaceSettings,
    clock: Clock,
    kind: str,
    every: int | None,
    expected: int,
) -> None:
    done(await client.patch("/v1/workspace", {f"{kind}_every_days": every}, if_match="*"))
    counted = await nights_with_news(client, database, workspace, clock, 9)
    assert (counted[kind], counted["score"]) == (expected, 9)


async def test_news_of_nights_without_an_analysis_are_looked_at_in_the_next(
    client: Caller, database: Database, workspace: WorkspaceSettings, clock: Clock
) -> None:
    done(await client.patch("/v1/workspace", {"analyse_every_days": 4}, if_match="*"))
    counted = await nights_with_news(client, database, workspace, clock, 2)
    assert counted["analyse"] == 1
    for _ in range(4):
        clock.move(days=1)
        await tick(database, clock)
    assert (await asked(database, workspace.id))["analyse"] == 1
    await leave_off(database, workspace.id)
    done(await client.patch("/v1/workspace", {"analyse_every_days": None}, if_match="*"))
    assert (await nights_with_news(client, database, workspace, clock, 5))["analyse"] == 0
    done(await client.patch("/v1/workspace", {"analyse_every_days": 1}, if_match="*"))
    clock.move(days=1)
    await tick(database, clock)
    assert (await asked(database, workspace.id))["analyse"] == 1


async def test_a_training_that_comes_round_is_a_candidate(
    client: Caller, database: Database, workspace: WorkspaceSettings, clock: Clock
) -> None:
    await client.put_customer("C-1")
    await tick(database, clock)
    clock.move(days=8)
    await tick(database, clock)
    async with database.read(workspace.id) as session:
        request = await session.scalar(select(jobs.c.request).where(jobs.c.kind == "train"))
    assert request == {"promote": "never"}
    analysis = (await client.read("/v1/analyses"))["items"]
    assert [(item["state"], item["in_force"]) for item in analysis] == [("queued", False)]


async def test_never_two_of_a_kind_wait_for_one_workspace(
    database: Database, workspace: WorkspaceSettings, clock: Clock
) -> None:
    await tick(database, clock)
    for _ in range(4):
        clock.move(**DAY)
        await tick(database, clock)
    assert await asked(database, workspace.id) == NIGHTLY


@pytest.mark.parametrize("away", [{"days": 40}, {"days": 400}, {"days": 3000}])
async def test_after_a_long_stop_each_is_caught_up_with_once(
    database: Database, workspace: WorkspaceSettings, clock: Clock, away: dict[str, int]
) -> None:
    await tick(database, clock)
    clock.move(**away)
    await tick(database, clock)
    # What deletes does not trust a clock that went so far: it waits for its next night.
    assert await asked(database, workspace.id) == CAUGHT_UP
    await leave_off(database, workspace.id)
    clock.move(hours=2)
    await tick(database, clock)
    assert max((await asked(database, workspace.id)).values(), default=0) <= 1
    clock.move(**DAY)
    await tick(database, clock)
    assert (await asked(database, workspace.id))["prune"] == 1


@pytest.mark.parametrize("away", [{"hours": -1}, {"days": -400}])
async def test_a_clock_that_goes_back_stalls_nothing_and_asks_for_nothing(
    database: Database, workspace: WorkspaceSettings, clock: Clock, away: dict[str, int]
) -> None:
    await tick(database, clock)
    clock.move(**DAY)
    await tick(database, clock)
    await leave_off(database, workspace.id)
    clock.move(**away)
    assert await tick(database, clock) == 0
    assert all(row.due_at <= clock.now + schedules.REGULAR[row.kind].round.longest for row in await rows(database))
    clock.move(days=1, hours=3)
    await tick(database, clock)
    clock.move(days=1, hours=3)
    await tick(database, clock)
    assert await asked(database, workspace.id) == NIGHTLY


async def test_what_was_stored_while_the_clock_was_wrong_is_found(
    client: Caller, database: Database, workspace: WorkspaceSettings, clock: Clock
) -> None:
    await tick(database, clock)
    await client.put_customer("C-1")
    async with database.write(workspace.id) as session:
        await session.execute(update(schedules.schedules).values(seen_until=clock.now + timedelta(days=400)))
    clock.move(minutes=2)
    assert await tick(database, clock) == 1
    async with database.read(workspace.id) as session:
        request: Any = await session.scalar(select(jobs.c.request))
    assert request["until"] == to_us(clock.now)
    assert request["since"] < to_us(clock.now)


async def test_of_many_that_look_one_asks(database: Database, make_workspace: MakeWorkspace, clock: Clock) -> None:
    made = [await make_workspace(f"Company {number}") for number in range(3)]
    await asyncio.gather(*[tick(database, clock) for _ in range(4)])
    assert len(await rows(database)) == len(made) * len(REGULAR_KINDS)
    clock.move(**DAY)
    assert sum(await asyncio.gather(*[tick(database, clock) for _ in range(4)])) == len(made) * len(NIGHTLY)
    for workspace in made:
        assert await asked(database, workspace.id) == NIGHTLY
    due = {row.due_at for row in await rows(database) if row.kind == "score"}
    assert len(due) == 3


async def test_a_new_kind_is_one_line_here_and_comes_round(
    database: Database, workspace: WorkspaceSettings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[UUID] = []

    async def apply(work: Any, _held: Held) -> Step:
        kept.append(work.workspace_id)
        return Step(None, {"erased": 0}, "retaining")

    monkeypatch.setitem(LIGHT, RETENTION, apply)
    await tick(database, clock)
    clock.move(**DAY)
    await tick(database, clock)
    assert (await asked(database, workspace.id))["retention"] == 1
    await Worker(Leases(database, clock=clock)).work_off()
    assert kept == [workspace.id]


async def test_what_need_not_be_kept_is_pruned_a_portion_at_a_time(
    client: Caller, database: Database, workspace: WorkspaceSettings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.jobs.pruning.ROWS_AT_ONCE", 2)
    for number in range(5):
        done(await client.post("/v1/role-proposals", PROPOSAL, idempotency_key=f"k{number}"))
    tables = schedules.known.metadata.tables
    async with database.write(workspace.id) as session:
        await session.execute(tables["idempotent_answers"].update().values(stored_at=clock.now - timedelta(days=8)))
    done(await client.post("/v1/role-proposals", PROPOSAL, idempotency_key="young"))
    await tick(database, clock)
    clock.move(**DAY)
    for days in (0, 95):
        async with database.write(workspace.id) as session:
            before = clock.now - timedelta(days=days)
            await session.execute(jobs.update().values(created_at=before, finished_at=before))
        await tick(database, clock)
        await Worker(Leases(database)).work_off()
        clock.move(**DAY)
    async with database.read(workspace.id) as session:
        left = await session.scalar(select(func.count()).select_from(tables["idempotent_answers"]))
        kinds = sorted(await session.scalars(select(jobs.c.kind)))
    assert (left, kinds) == (1, sorted(NIGHTLY))


PROPOSAL = {"role": "r", "kind": "tool", "customer_need": "n", "proposed_change": "c"}
