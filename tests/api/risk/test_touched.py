"""Who is assessed: whoever something was stored of, however much was stored, and nobody who is not there any more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api import kinds
from api.dependencies import writing_as
from api.handlers import worker_caller
from api.jobs import RESCORE, SCORE, enqueue, jobs
from api.outbox import events
from api.risk import touched
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.base import to_us
from models.database import Database
from tests.api.caller import Caller, ago, done
from tests.api.risk.test_assessments import listed, upset
from tests.api.told import told

pytestmark = pytest.mark.anyio

RISK_EVENTS = {"customer.at_risk", "customer.recovered"}


async def assess(database: Database, workspace: WorkspaceSettings, since: datetime | None = None) -> Any:
    """Let the worker assess all, or whom something was stored of since a moment; give what came of it."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    window: dict[str, Any] = {} if since is None else {"since": to_us(since), "until": to_us(now)}
    async with writing_as(database, worker_caller(workspace.id)) as work:
        job_id = await enqueue(work, SCORE if since is None else RESCORE, window)
    await work_off(database)
    async with database.read(workspace.id) as session:
        return await session.scalar(select(jobs.c.result).where(jobs.c.id == job_id))


@pytest.mark.parametrize("much", [1, touched.MUCH])
async def test_whoever_something_was_stored_of_is_found_however_much_it_was(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch, much: int
) -> None:
    monkeypatch.setattr(touched, "MUCH", much)
    await client.catalogue("rude")
    await client.catalogue("passed_on", rule={"all": [{"field": "handovers", "op": "ge", "value": 2}]})
    for number in range(7):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}", opened_at=ago(days=2), recorded_at=ago(days=2))
    since = datetime.now(UTC)
    await client.put_customer("C-1", segment="home")
    await client.put_case("K-2", "C-2", contacts=4)
    await client.promise("K-3", "P", made_at=ago(days=1), due_at=ago(hours=1))
    await client.respond("K-4", satisfaction=2)
    await client.observe("K-5", "rude")
    await client.leave("C-6")
    assert (await assess(database, workspace, since))["customers"] == 6
    assert sorted(await listed(client)) == [f"C-{number}" for number in range(1, 7)]
    assert (await assess(database, workspace, datetime.now(UTC)))["customers"] == 0


@pytest.mark.parametrize("much", [1, touched.MUCH])
async def test_many_are_assessed_a_portion_at_a_time_and_each_once(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch, much: int
) -> None:
    monkeypatch.setattr(touched, "MUCH", much)
    many = [{"reference": f"C-{number}"} for number in range(120)]
    done(await client.post("/v1/customers/bulk", many))
    done(await client.post("/v1/cases/bulk", [_a_case(row["reference"]) for row in many]))
    found = await assess(database, workspace, datetime.now(UTC) - timedelta(minutes=5))
    assert (found["customers"], found["stored"]) == (120, 120)


def _a_case(customer: str) -> dict[str, Any]:
    return {"reference": f"K-{customer}", "customer": customer, "need": "repair", "opened_at": ago(days=1)}


async def test_whoever_was_merged_into_another_is_neither_listed_nor_said_to_have_recovered(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.1}, if_match="*"))
    await upset(client, "C-1")
    await upset(client, "C-2")
    await assess(database, workspace)
    assert sorted(await listed(client, flagged=True)) == ["C-1", "C-2"]
    since = datetime.now(UTC)
    done(await client.post("/v1/customers/C-1/merge", {"into": "C-2"}))
    assert await listed(client, flagged=True) == ["C-2"]
    assert (await assess(database, workspace, since))["customers"] == 1
    assert (await assess(database, workspace))["customers"] == 1
    assert await listed(client) == ["C-2"]
    assert {kind for kind, _ in await told(database, workspace)} & RISK_EVENTS == {"customer.at_risk"}


async def test_whoever_was_erased_is_assessed_no_more_and_not_told_of(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.1}, if_match="*"))
    await client.catalogue("rude")
    await upset(client, "C-1")
    await client.observe("C-1-0", "rude")
    drawn = done(await client.post("/v1/condition-sets", {"conditions": ["rude"], "note": "often"}))
    since = datetime.now(UTC) - timedelta(minutes=5)
    await client.erase("C-1")
    await work_off(database)
    async with database.read(workspace.id) as session:
        assert await session.scalar(select(kinds.CUSTOMER.head.c.id).limit(1)) is not None
    assert (await assess(database, workspace, since))["customers"] == 0
    assert (await assess(database, workspace))["customers"] == 0
    assert await listed(client) == []
    assert await client.read_all(f"/v1/condition-sets/{drawn['id']}/customers") == []
    async with database.read(workspace.id) as session:
        assert await session.scalar(select(events.c.id).where(events.c.type.in_(RISK_EVENTS))) is None
