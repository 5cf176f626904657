"""Discretionary outreach: flagged by what it costs and saves, within capacity, and held out at random where asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import update

from api import schedules
from api.schedules import tick
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.jobs.clock import Clock
from tests.api.risk.follow_ups.reaching import EUR, PATH, customer, declare, offer, reckon, said, score
from tests.api.told import told

pytestmark = pytest.mark.anyio


async def test_the_flag_comes_from_cost_value_and_the_chance_that_it_helps(client: Caller) -> None:
    await customer(client, "C-1", 1_000_000)
    before = await said(client, "C-1")
    assert (before["flagged"], before["flag_rule"], before["outreach_worth"]) == (False, "undeclared", None)
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.2}, if_match="*"))
    assert (await said(client, "C-1"))["flag_rule"] == "base_rate"
    await declare(client)
    flagged = await said(client, "C-1")
    assert (flagged["flagged"], flagged["flag_rule"]) == (True, "cost")
    assert flagged["threshold"] == pytest.approx(500 / (1_000_000 * 0.2))
    assert flagged["outreach_worth"] == round(flagged["risk"] * 1_000_000 * 0.2 - 500)
    assert flagged["uncertain"] == (flagged["low"] < flagged["threshold"] <= flagged["high"])
    await customer(client, "C-2", 2_500)
    never = await said(client, "C-2")
    assert (never["flagged"], never["flag_rule"], never["threshold"]) == (False, "never_pays", None)
    await customer(client, "C-3")
    unknown = await said(client, "C-3")
    assert (unknown["flagged"], unknown["flag_rule"], unknown["outreach_worth"]) == (False, "value_unknown", None)


async def test_an_unknown_value_is_the_median_once_a_worker_reckoned_it(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await declare(client)
    assert (await client.read("/v1/outreach/effect"))["computed_at"] is None
    for number, value in enumerate((10_000, 400_000, 90_000_000)):
        await client.put_customer(f"C-{number}", value={"amount": value, **EUR})
    await client.put_customer("C-9", value={"amount": 7, "currency": "USD"})
    await customer(client, "C-5")
    assert [await reckon(database, workspace) for _ in range(2)] == [True, False]
    found = await said(client, "C-5")
    assert (found["flag_rule"], found["threshold"]) == ("cost", pytest.approx(500 / (400_000 * 0.2)))
    known = await client.read("/v1/outreach/effect")
    assert (known["known"], known["uplift"], known["median_value"]) == ("not_yet_known", None, 400_000)
    assert (known["helps"], known["helps_alpha"], known["helps_beta"]) == (pytest.approx(0.2), 2, 8)
    await client.put_customer("C-0", value={"amount": 500_000, **EUR})
    assert await reckon(database, workspace) is True


async def test_who_wants_no_contact_is_not_flagged_and_has_not_recovered(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await declare(client)
    await customer(client, "C-1", 1_000_000)
    assert (await score(database, workspace))["flagged"] == 1
    await client.put_customer("C-1", do_not_contact=True)
    found = await said(client, "C-1")
    assert (found["flagged"], found["flag_rule"], found["outreach_worth"]) == (False, "do_not_contact", None)
    assert (await score(database, workspace))["flagged"] == 0
    assert [kind for kind, _ in await told(database, workspace)] == ["customer.at_risk"]
    assert await offer(database, workspace) == 0


async def test_outreach_is_begun_for_those_worth_most_and_no_more_than_a_week_holds(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await declare(client, capacity_a_week=2)
    for number, value in enumerate((300_000, 900_000, 600_000, 1_200)):
        await customer(client, f"C-{number}", value)
    await score(database, workspace)
    whole = await client.read_all("/v1/risk", flagged="true", order="worth", limit=1)
    assert [item["customer"] for item in whole] == ["C-1", "C-2", "C-0"]
    assert [item["outreach_worth"] for item in whole] == sorted((i["outreach_worth"] for i in whole), reverse=True)
    asked = {"flagged": "true", "order": "worth", "within_capacity": "true"}
    assert [item["customer"] for item in await client.read_all("/v1/risk", limit=1, **asked)] == ["C-1", "C-2"]
    assert await client.read_all("/v1/risk", **asked, updated_since=ago(days=-1)) == []
    refusal(await client.get("/v1/risk", flagged="true", within_capacity="true"), 422, "needs_worth")
    both = await asyncio.gather(*(offer(database, workspace) for _ in range(2)))
    assert sorted(both) == [0, 2]
    begun = await client.read_all(PATH)
    assert {(item["customer"], item["kind"], item["origin"]) for item in begun} == {
        ("C-1", "outreach", "flag"),
        ("C-2", "outreach", "flag"),
    }
    assert all(item["assessment"] and item["case"] is None for item in begun)
    assert await client.read_all("/v1/risk", **asked) == []
    with time_machine.travel(datetime.now(UTC) + timedelta(days=8)):
        assert [item["customer"] for item in await client.read_all("/v1/risk", **asked)] == ["C-0"]
        assert await offer(database, workspace) == 1
        assert await offer(database, workspace) == 0


async def test_whoever_waits_or_rests_is_left_alone(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await declare(client)
    for name in ("owed", "contacted", "asked", "free"):
        await customer(client, name, 1_000_000)
    done(await client.post(PATH, {"case": "K-owed-0"}))
    done(await client.post(PATH, {"case": "K-contacted-0", "reference": "F", "owed_at": ago(days=3)}))
    done(await client.post(f"{PATH}/F/close", {"outcome": "helped", "contacted_at": ago(days=2)}))
    done(await client.post("/v1/invitations", {"survey": "post_interaction", "customer": "asked"}))
    await score(database, workspace)
    asked = {"flagged": "true", "order": "worth", "within_capacity": "true"}
    assert {item["customer"] for item in await client.read_all("/v1/risk", **asked)} == {"asked", "free"}
    assert await offer(database, workspace) == 1
    begun = await client.read_all(PATH, kind="outreach")
    assert [item["customer"] for item in begun] == ["free"]
    done(await client.post(f"{PATH}/{begun[0]['reference']}/close", {"outcome": "not_reached"}))
    assert await offer(database, workspace) == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        assert await offer(database, workspace) == 3


async def test_without_a_cost_nothing_is_begun_by_itself(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.2}, if_match="*"))
    await customer(client, "C-1", 1_000_000)
    await score(database, workspace)
    assert await offer(database, workspace) == 0
    assert await client.read_all("/v1/risk", order="worth") == []


async def test_the_round_reckons_first_and_then_reaches_out(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    clock = Clock()
    await tick(database, clock)
    await declare(client)
    await customer(client, "C-1", 1_000_000)
    for _ in range(2):
        clock.move(minutes=2)
        await tick(database, clock)
        await work_off(database)
        async with database.write(workspace.id) as session:
            # What was stored carries our clock, which is behind the one that rounds go by here.
            await session.execute(update(schedules.schedules).values(seen_until=datetime.now(UTC)))
    assert (await client.read("/v1/outreach/effect"))["median_value"] == 1_000_000
    assert [item["customer"] for item in await client.read_all(PATH)] == ["C-1"]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("outreach", "code", "pointer"),
    [
        ({"contact_cost": {"amount": 0, **EUR}}, "malformed", "/outreach/contact_cost"),
        ({"contact_cost": {"amount": -1, **EUR}}, "malformed", "/outreach/contact_cost/amount"),
        ({"contact_cost": {"amount": 5, "currency": "BRL"}}, "currency_mismatch", "/outreach/contact_cost/currency"),
        ({"hold_out_share": 0.5}, "malformed", "/outreach/hold_out_share"),
        ({"hold_out_share": 0.01}, "malformed", "/outreach/hold_out_share"),
        ({"capacity_a_week": 0}, "malformed", "/outreach/capacity_a_week"),
        ({"capacity_a_week": True}, "malformed", "/outreach/capacity_a_week"),
        ({"goal": 3}, "malformed", "/outreach/goal"),
    ],
)
async def test_what_outreach_cannot_be_reckoned_with_is_refused(
    client: Caller, outreach: dict[str, Any], code: str, pointer: str
) -> None:
    refused = refusal(await client.patch("/v1/workspace", {"outreach": outreach}, if_match="*"), 422, code)
    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    await declare(client, loss=None)
