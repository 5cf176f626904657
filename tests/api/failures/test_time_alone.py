"""What time alone brings about is seen: by an answer, by whoever reads, and by a pass that comes round."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select, update

from api import schedules
from api.jobs import DERIVE, RESCORE, jobs
from api.jobs.leases import Leases
from api.risk.touched import is_anything_stored
from api.schedules import tick
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.failure import RuleLook, RuleObservation
from tests.api.caller import Caller, ago, done, moment
from tests.api.jobs.clock import Clock

pytestmark = pytest.mark.anyio

LATE = {"all": [{"field": "promise_broken", "op": "eq", "value": True}]}
OPEN_LONG = {"all": [{"field": "hours_open", "op": "gt", "value": 48}]}
HANDED_OVER = {"all": [{"field": "handovers", "op": "ge", "value": 2}]}
looks = RuleLook.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
steps = RuleObservation.__table__  # type: ignore[attr-defined] # same


@contextmanager
def later(**span: float) -> Iterator[None]:
    """Let so much time have passed."""
    with time_machine.travel(datetime.now(UTC) + timedelta(**span), tick=True):
        yield


@pytest.fixture
def clock() -> Clock:
    """Give the clock that schedules go by."""
    return Clock()


@pytest.fixture(autouse=True)
def no_night(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only what comes round each minute come round, whatever the hour."""
    monkeypatch.setattr(schedules, "REGULAR", {kind: schedules.REGULAR[kind] for kind in (DERIVE, RESCORE)})


async def fill(client: Caller) -> str:
    """Promise something for an hour from now in an open case, and give when it is due."""
    await client.catalogue("late", rule=LATE)
    await client.catalogue("open_long", rule=OPEN_LONG)
    await client.catalogue("handed_over", rule=HANDED_OVER)
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=ago(hours=1), handovers=3)
    due = ago(hours=-1)
    await client.promise("K-1", "P", made_at=ago(minutes=5), due_at=due)
    return due


async def present(client: Caller) -> dict[str, Any]:
    """Give by condition since when it is present in what was stored."""
    seen = await client.read_all("/v1/observations")
    return {item["condition"]: moment(item["observed_at"]) for item in seen if item["state"] == "present"}


async def count(database: Database, workspace: WorkspaceSettings, table: Any) -> int:
    """Count the rows of a table."""
    async with database.read(workspace.id) as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def requests(database: Database, workspace: WorkspaceSettings) -> list[Any]:
    """Give what the jobs of the rules were asked."""
    async with database.read(workspace.id) as session:
        return list(await session.scalars(select(jobs.c.request).where(jobs.c.kind == DERIVE)))


async def pass_by(database: Database, clock: Clock) -> int:
    """Let what comes round each minute come round, and be done; return how many jobs were asked for."""
    clock.now = datetime.now(UTC) + timedelta(minutes=2)
    asked = await tick(database, clock)
    await Worker(Leases(database)).work_off()
    return asked


async def test_an_answer_meets_the_promise_that_was_broken_in_silence(client: Caller) -> None:
    due = await fill(client)
    with later(hours=2):
        answered = await client.respond("K-1", satisfaction=1)
        assert answered["conditions"] == ["handed_over", "late"]
        rates = await client.read("/v1/failure-rates", condition="late")
        assert {row["conditions"]["late"]: row["failures"] for row in rates["rows"]} == {False: 0, True: 1}
    assert (await present(client))["late"] == moment(due) + timedelta(microseconds=1)


async def test_a_promise_told_meets_what_time_has_brought_about(client: Caller) -> None:
    await fill(client)
    with later(hours=50):
        await client.promise("K-1", "Q", made_at=ago(hours=1), due_at=ago(hours=-9))
        assert set(await present(client)) == {"late", "open_long", "handed_over"}


async def test_a_pass_that_comes_round_finds_what_fell_due_and_asks_for_nothing_else(
    client: Caller, database: Database, workspace: WorkspaceSettings, clock: Clock
) -> None:
    due = await fill(client)
    await tick(database, clock)
    await pass_by(database, clock)
    assert set(await present(client)) == {"handed_over"}
    assert await requests(database, workspace) == []
    with later(hours=2):
        await pass_by(database, clock)
        assert await requests(database, workspace) == [{"overdue": True}]
        assert (await present(client))["late"] == moment(due) + timedelta(microseconds=1)
        before = datetime.now(UTC) - timedelta(minutes=1)
        async with database.read(workspace.id) as session:
            assert await is_anything_stored(session, workspace.id, before, datetime.now(UTC))
        await pass_by(database, clock)
        assert len(await requests(database, workspace)) == 1
    with later(hours=60):
        await pass_by(database, clock)
        assert set(await present(client)) == {"late", "open_long", "handed_over"}
    assert await count(database, workspace, looks) == 0


async def test_risk_is_right_before_the_pass_and_reading_stores_nothing(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    due = await fill(client)
    with later(hours=2):
        stored = await count(database, workspace, steps)
        found = await client.read("/v1/customers/C-1/risk")
        seen = {item["code"]: item["last_seen"] for item in found["conditions"]}
        assert set(seen) == {"late", "handed_over"}
        assert moment(seen["late"]) == moment(due) + timedelta(microseconds=1)
        assert await count(database, workspace, steps) == stored
        past = await client.read("/v1/customers/C-1/risk", as_of=ago(hours=1.5))
        assert {item["code"] for item in past["conditions"]} == {"handed_over"}


async def test_what_was_kept_or_moved_meanwhile_is_looked_at_in_vain(
    client: Caller, database: Database, workspace: WorkspaceSettings, clock: Clock
) -> None:
    await fill(client)
    with later(minutes=30):
        await client.promise("K-1", "P", made_at=ago(minutes=20), due_at=ago(hours=-5), moved_by="customer")
    with later(hours=2):
        await tick(database, clock)
        await pass_by(database, clock)
        assert set(await present(client)) == {"handed_over"}
        assert await count(database, workspace, looks) == 1
        await client.promise("K-1", "P", made_at=ago(hours=1), due_at=ago(hours=-3), kept_at=ago(minutes=1))
    with later(hours=10):
        await pass_by(database, clock)
        assert set(await present(client)) == {"handed_over"}


async def test_whoever_reads_all_cases_waits_for_the_look(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await fill(client)
    done(await client.post("/v1/analyses", {"outcome": "failure"}))
    assert await requests(database, workspace) == []
    with later(hours=2):
        done(await client.post("/v1/models", {}))
        assert await requests(database, workspace) == [{"overdue": True}]
        assert await Leases(database, after_rules=("train", "analyse")).claim(["train", "analyse"]) is None


async def test_a_workspace_from_before_is_looked_at_once_as_a_whole(
    client: Caller, database: Database, workspace: WorkspaceSettings, clock: Clock
) -> None:
    await fill(client)
    await tick(database, clock)
    async with database.write(workspace.id) as session:
        await session.execute(looks.delete())
        begun = {"due_at": 0, "asked_at": None, "seen_until": None}
        await session.execute(update(schedules.schedules).where(schedules.schedules.c.kind == DERIVE).values(begun))
    with later(hours=2):
        await pass_by(database, clock)
        assert await requests(database, workspace) == [{}]
        assert set(await present(client)) == {"late", "handed_over"}


@pytest.mark.parametrize("away", [{"days": 4000}, {"days": -4000}])
async def test_a_schedule_whose_clock_jumped_and_came_back_loses_nothing(
    client: Caller, database: Database, clock: Clock, away: dict[str, int]
) -> None:
    due = await fill(client)
    await tick(database, clock)
    clock.move(**away)
    await tick(database, clock)
    with later(hours=2):
        await pass_by(database, clock)
    with later(hours=3):
        await pass_by(database, clock)
        assert (await present(client))["late"] == moment(due) + timedelta(microseconds=1)


async def test_what_was_seen_by_a_clock_that_ran_ahead_counts_when_its_moment_comes(
    client: Caller, database: Database, clock: Clock
) -> None:
    due = await fill(client)
    await tick(database, clock)
    with later(days=400):
        await pass_by(database, clock)
    assert {item["code"] for item in (await client.read("/v1/customers/C-1/risk"))["conditions"]} == {"handed_over"}
    await client.put_case("K-1", "C-1", contacts=2)
    with later(hours=2):
        seen = {item["code"]: item["last_seen"] for item in (await client.read("/v1/customers/C-1/risk"))["conditions"]}
        assert moment(seen["late"]) == moment(due) + timedelta(microseconds=1)


async def test_the_looks_at_an_erased_customers_cases_go(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await fill(client)
    assert await count(database, workspace, looks) == 1
    await client.erase("C-1")
    assert await count(database, workspace, looks) == 0
