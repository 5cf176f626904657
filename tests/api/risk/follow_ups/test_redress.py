"""Redress is owed after every failure, whatever the customer's value, once a case, by the worker."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import delete, update

from api.dependencies import writing_as
from api.handlers import worker_caller
from api.outbox import events
from api.risk.follow_ups import owing
from api.schedules import tick
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.jobs.clock import Clock

pytestmark = pytest.mark.anyio

PATH = "/v1/follow-ups"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


async def fail(client: Caller, number: int, **fields: object) -> None:
    """Let a case of a customer's fail by their answer."""
    await client.put_customer(f"C-{number}", **fields)
    await client.put_case(f"K-{number}", f"C-{number}", team="north")
    await client.respond(f"K-{number}", satisfaction=1)


async def owe(database: Database, workspace: WorkspaceSettings, after: UUID | None = None) -> tuple[UUID | None, int]:
    """Owe redress for what was told, as the worker does."""
    async with writing_as(database, worker_caller(workspace.id)) as work:
        return await owing.owe_redress(work, BEGINNING, work.now, after)


async def test_the_poorest_customer_and_the_one_who_wants_no_contact_are_owed_it_alike(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await fail(client, 1, value={"amount": 0, "currency": "EUR"})
    await fail(client, 2, value={"amount": 9_000_000, "currency": "EUR"}, do_not_contact=True)
    await fail(client, 3, objects_to_scoring=True)
    await client.put_customer("C-4")
    await client.put_case("K-4", "C-4")
    await client.respond("K-4", satisfaction=5)
    assert await owe(database, workspace) == (None, 3)
    found = await client.read_all(PATH)
    assert {item["customer"] for item in found} == {"C-1", "C-2", "C-3"}
    for item in found:
        assert (item["kind"], item["origin"], item["status"], item["team"]) == ("redress", "failure", "open", "north")
        assert item["case"] == item["customer"].replace("C", "K")
        assert item["response"] is not None
        assert item["do_not_contact"] == (item["customer"] == "C-2")
    assert (await client.read("/v1/customers/C-3/risk"))["follow_up"]["case"] == "K-3"


async def test_once_a_case_however_often_it_is_looked_for(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await fail(client, 1)
    both = await asyncio.gather(*(owe(database, workspace) for _ in range(2)))
    assert sorted(made for _, made in both) == [0, 1]
    await client.respond("K-1", satisfaction=2)
    assert await owe(database, workspace) == (None, 0)
    [owed] = await client.read_all(PATH)
    done(await client.post(f"{PATH}/{owed['reference']}/close", {"outcome": "put_right"}))
    assert await owe(database, workspace) == (None, 0)
    done(await client.post(f"{PATH}/{owed['reference']}/void", {"reason": "mistake"}))
    assert await owe(database, workspace) == (None, 0)
    assert await client.read_all(PATH) == []


async def test_redress_that_somebody_owes_already_is_not_owed_twice(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await fail(client, 1)
    done(await client.post(PATH, {"case": "K-1", "reference": "F-1"}))
    assert await owe(database, workspace) == (None, 0)
    await fail(client, 2)
    await owe(database, workspace)
    refusal(await client.post(PATH, {"case": "K-2", "reference": "F-2"}), 409, "already_owed")
    outreach = done(await client.post(PATH, {"case": "K-2", "reference": "F-2", "kind": "outreach"}))
    assert outreach["kind"] == "outreach"


async def test_it_is_due_by_the_workspaces_working_days(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    done(await client.patch("/v1/workspace", {"follow_up_due_days": 1, "zone": "America/Sao_Paulo"}, if_match="*"))
    with time_machine.travel(datetime(2026, 5, 8, 15, tzinfo=UTC)):  # a Friday
        await fail(client, 1)
        await owe(database, workspace)
        [owed] = await client.read_all(PATH)
    assert owed["due_at"] == "2026-05-12T02:59:59.999999Z"
    assert owed["owed_at"][:10] == "2026-05-08"


async def test_nothing_is_owed_for_a_case_that_is_gone_or_for_what_is_history(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    for number in (1, 2, 3):
        await fail(client, number)
    await client.void("/v1/cases/K-1", "mistake")
    await client.erase("C-2")
    async with database.write(workspace.id) as session:
        old = datetime.now(UTC) - timedelta(days=8)
        await session.execute(update(events).where(events.c.once.is_not(None)).values(recorded_at=old))
    assert await owe(database, workspace) == (None, 0)
    async with database.write(workspace.id) as session:
        await session.execute(update(events).values(recorded_at=datetime.now(UTC) - timedelta(days=1)))
    assert await owe(database, workspace) == (None, 1)
    [owed] = await client.read_all(PATH)
    assert owed["customer"] == "C-3"


async def test_a_response_that_is_another_customers_by_now_is_not_named(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await fail(client, 1)
    [response] = await client.read_all("/v1/responses")
    await client.void(f"/v1/responses/{response['id']}", "mistake")
    async with database.write(workspace.id) as session:
        failed = events.c.type == "case.failed"
        [payload] = await session.scalars(events.select().with_only_columns(events.c.payload).where(failed))
        await session.execute(update(events).where(failed).values(payload={**payload, "response": None}))
    await owe(database, workspace)
    [owed] = await client.read_all(PATH)
    assert owed["response"] is None


async def test_many_failures_are_owed_a_portion_at_a_time(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owing, "FAILURES_AT_ONCE", 2)
    for number in range(3):
        await fail(client, number)
    after, made = await owe(database, workspace)
    assert (after is not None, made) == (True, 2)
    assert await owe(database, workspace, after) == (None, 1)


async def test_the_round_owes_it_within_a_minute_and_tells_when_it_is_overdue(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    clock = Clock()
    await tick(database, clock)
    await fail(client, 1)
    clock.move(minutes=2)
    await tick(database, clock)
    await work_off(database)
    [owed] = await client.read_all(PATH)
    assert owed["case"] == "K-1"
    moved = {"reference": owed["reference"], "owed_at": ago(days=3), "due_at": ago(days=1)}
    done(await client.post(PATH, moved))
    async with database.write(workspace.id) as session:
        await session.execute(delete(events).where(events.c.type == "follow_up.overdue"))
    clock.move(days=1, hours=1)
    await tick(database, clock)
    await work_off(database)
    assert (await client.read(f"{PATH}/{owed['reference']}"))["overdue"] is True
    async with database.read(workspace.id) as session:
        kinds = list(await session.scalars(events.select().with_only_columns(events.c.type)))
    assert kinds.count("follow_up.overdue") == 1
