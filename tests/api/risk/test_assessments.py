"""Assessments as they were stored: listed, kept, and answered by people who know the customer."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine

from api.dependencies import Caller as KeyHolder
from api.dependencies import writing_as
from api.risk import queries, service
from api.workspaces.service import WorkspaceSettings
from models.access import Scope
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.told import told

pytestmark = pytest.mark.anyio
SAID = {"verdict": "wrong_reason", "conditions": ["passed_on"], "note": "The lift was out of order."}


async def score(database: Database, workspace: WorkspaceSettings) -> int:
    """Assess every customer as `steadfast score` does; give how many assessments changed."""
    operator = KeyHolder(workspace.id, UUID(int=0), frozenset({Scope.ADMIN.value}))
    async with writing_as(database, operator) as work:
        known = dict(await queries.customers_after(work.session, work.workspace_id, None, 100))
        answers = await service.assess(work, known)
        return await service.store_assessments(work, dict(zip(known, answers, strict=True)))


async def upset(client: Caller, customer: str, *, team: str | None = None) -> None:
    """Report a customer who was failed again and again."""
    await client.put_customer(customer, value={"amount": 50_000, "currency": "EUR"})
    for number in range(4):
        case = f"{customer}-{number}"
        opened = ago(days=9 - number)
        await client.put_case(case, customer, demand="failure", handovers=3, contacts=4, team=team, opened_at=opened)
        await client.respond(case, satisfaction=1)


async def company(client: Caller) -> None:
    """Report two customers at risk, of two teams, and one who is content."""
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.1}, if_match="*"))
    await upset(client, "C-1", team="north")
    await upset(client, "C-2", team="south")
    await client.put_case("C-2-9", "C-2", team="east", opened_at=ago(hours=5))
    await client.put_customer("C-3")


async def listed(client: Caller, **filters: Any) -> list[str]:
    """Give the customers of the risk list."""
    return [item["customer"] for item in await client.read_all("/v1/risk", **filters)]


async def test_what_was_last_stored_is_listed_by_flag_and_by_the_team_of_the_latest_case(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await company(client)
    assert await listed(client) == []
    assert await score(database, workspace) == 3
    await client.respond("C-1-0", satisfaction=1)
    await score(database, workspace)
    assert sorted(await listed(client, limit=1)) == ["C-1", "C-2", "C-3"]
    assert sorted(await listed(client, flagged=True)) == ["C-1", "C-2"]
    assert await listed(client, flagged=False) == ["C-3"]
    assert await listed(client, team="north") == ["C-1"]
    assert await listed(client, team="south") == []
    items = {item["customer"]: item for item in await client.read_all("/v1/risk")}
    assert (items["C-2"]["team"], items["C-3"]["team"]) == ("east", None)
    last = max(items.values(), key=lambda item: item["recorded_at"])
    assert last["customer"] in await listed(client, updated_since=last["recorded_at"])
    fresh = await client.read("/v1/customers/C-2/risk")
    same = ("risk", "low", "high", "level", "threshold", "horizon_days", "currency", "top_set", "reason_text")
    stored = await client.read_all("/v1/customers/C-2/risk/history")
    assert [stored[-1][name] for name in same] == [items["C-2"][name] for name in same]
    assert items["C-2"]["risk"] == pytest.approx(fresh["risk"], abs=0.01)


async def test_who_objects_or_left_since_is_listed_without_a_number(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await company(client)
    await score(database, workspace)
    await client.put_customer("C-1", objects_to_scoring=True)
    await client.leave("C-2")
    assert await listed(client, flagged=True) == []
    items = {item["customer"]: item for item in await client.read_all("/v1/risk")}
    assert [items[customer]["state"] for customer in ("C-1", "C-2", "C-3")] == ["objected", "left", "active"]
    for customer in ("C-1", "C-2"):
        figures = {"risk", "low", "high", "expected_loss", "threshold", "top_set", "reason_text"}
        assert {items[customer][name] for name in figures} == {None}
    (past,) = await client.read_all("/v1/customers/C-1/risk/history")
    assert (past["risk"], past["conditions"], past["state"], past["flagged"]) == (None, [], "objected", False)
    (left,) = await client.read_all("/v1/customers/C-2/risk/history")
    assert left["risk"] > 0


async def test_history_holds_each_change_oldest_first(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.catalogue("passed_on", rule={"all": [{"field": "handovers", "op": "ge", "value": 3}]})
    await company(client)
    await score(database, workspace)
    assert await score(database, workspace) == 0
    await client.leave("C-3")
    await score(database, workspace)
    entries = await client.read_all("/v1/customers/C-3/risk/history", limit=1)
    assert [entry["state"] for entry in entries] == ["active", "left"]
    assert entries[0]["recorded_at"] < entries[1]["recorded_at"]
    later = await client.read_all("/v1/customers/C-3/risk/history", updated_since=entries[1]["recorded_at"])
    assert [entry["id"] for entry in later] == [entries[1]["id"]]
    (upset_one,) = await client.read_all("/v1/customers/C-1/risk/history")
    assert [reason["code"] for reason in upset_one["conditions"]] == ["passed_on"]
    refusal(await client.get("/v1/customers/nobody/risk/history"), 404, "not_found")


async def test_another_value_or_currency_makes_another_assessment(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1", value={"amount": 1_000, "currency": "EUR"})
    assert (await score(database, workspace), await score(database, workspace)) == (1, 0)
    for value in ({"amount": 90_000, "currency": "EUR"}, {"amount": 90_000, "currency": "CHF"}, None):
        await client.put_customer("C-1", value=value)
        assert (await score(database, workspace), await score(database, workspace)) == (1, 0)
        [stored] = await client.read_all("/v1/risk")
        fresh = await client.read("/v1/customers/C-1/risk")
        assert [stored[name] for name in ("expected_loss", "currency")] == [fresh["expected_loss"], fresh["currency"]]


async def test_the_one_most_at_risk_is_so_by_their_last_assessment(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    async def most() -> str:
        async with database.read(workspace.id) as session:
            return await queries.most_at_risk(session, workspace.id)

    assert await most() == ""
    await company(client)
    await client.put_case("C-2-8", "C-2", demand="failure", handovers=5, contacts=9, opened_at=ago(hours=6))
    await score(database, workspace)
    assert await most() == "C-2"
    await client.put_customer("C-3", segment="new")
    await client.put_case("C-3-0", "C-3", demand="failure", opened_at=ago(hours=1))
    assert await score(database, workspace) >= 1  # assessed last, and at less risk
    assert await most() == "C-2"
    await client.leave("C-2")
    await score(database, workspace)
    assert await most() == "C-1"


async def test_two_who_score_at_once_tell_each_change_once(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await company(client)
    operator = KeyHolder(workspace.id, UUID(int=0), frozenset({Scope.ADMIN.value}))
    async with database.read(workspace.id) as session:
        known = dict(await queries.customers_after(session, workspace.id, None, 100))
    async with writing_as(database, operator) as work:
        first = dict(zip(known, await service.assess(work, known), strict=True))
    # The same answers, worked out by two before either stored them.
    for _ in range(2):
        async with writing_as(database, operator) as work:
            await service.store_assessments(work, first)
    types = [kind for kind, _ in await told(database, workspace)]
    assert types.count("customer.at_risk") == 2
    assert len(await client.read_all("/v1/customers/C-1/risk/history")) == 1


async def test_a_customer_at_risk_is_told_of_with_figures_and_a_reference(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await company(client)
    await score(database, workspace)
    payloads = [payload for kind, payload in await told(database, workspace) if kind == "customer.at_risk"]
    assert sorted(payload["customer"] for payload in payloads) == ["C-1", "C-2"]
    assert all(payload["low"] < payload["risk"] < payload["high"] for payload in payloads)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=400)):
        await score(database, workspace)
    recovered = [payload for kind, payload in await told(database, workspace) if kind == "customer.recovered"]
    assert sorted(payload["customer"] for payload in recovered) == ["C-1", "C-2"]


async def test_nobody_recovers_because_no_threshold_is_declared_any_more(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await company(client)
    await score(database, workspace)
    done(await client.patch("/v1/workspace", {"yearly_loss": None}, if_match="*"))
    assert await score(database, workspace) == 3
    types = [kind for kind, _ in await told(database, workspace)]
    assert (types.count("customer.at_risk"), types.count("customer.recovered")) == (2, 0)


async def test_what_people_say_is_kept_beside_the_assessment_it_is_about(client: Caller) -> None:
    await client.catalogue("passed_on")
    await company(client)
    path = "/v1/customers/C-1/risk/feedback"
    first = await client.post(path, {"reference": "F-1", **SAID})
    assert first.status_code == 201
    said = first.json()
    (assessed,) = await client.read_all("/v1/customers/C-1/risk/history")
    assert (said["assessment"], said["model"], said["customer"]) == (assessed["id"], "prior", "C-1")
    assert (said["verdict"], said["conditions"], said["note"]) == tuple(SAID.values())
    again = await client.post(path, {"reference": "F-1", **SAID})
    assert (again.status_code, again.json()) == (200, {**said, "unchanged": True})
    changed = done(await client.post(path, {"reference": "F-1", "verdict": "agree"}))
    assert (changed["version"], changed["assessment"], changed["conditions"]) == (2, assessed["id"], [])
    done(await client.post("/v1/customers/C-2/risk/feedback", {"reference": "F-1", "verdict": "not_at_risk"}))
    done(await client.post(path, {"verdict": "already_known"}))
    assert [item["verdict"] for item in await client.read_all("/v1/risk/feedback", limit=1)] == [
        "agree",
        "not_at_risk",
        "already_known",
    ]
    assert len(await client.read_all("/v1/risk/feedback", customer="C-1")) == 2
    (found,) = await client.read_all("/v1/risk/feedback", verdict="agree")
    assert await client.read(f"{path}/F-1") == found
    refusal(await client.get(f"{path}/F-9"), 404, "not_found")


async def test_a_word_on_nobody_or_on_an_unknown_condition_is_refused(client: Caller, caller: MakeCaller) -> None:
    await client.put_customer("C-1")
    path = "/v1/customers/C-1/risk/feedback"
    refused = refusal(await client.post(path, SAID), 409, "unknown_reference")
    assert refused["retryable"] is True
    refusal(await client.post("/v1/customers/nobody/risk/feedback", {"verdict": "agree"}), 404, "not_found")
    refusal(await client.post(path, {"verdict": "perhaps"}), 422, "malformed")
    await client.put_customer("C-1", objects_to_scoring=True)
    refusal(await client.post(path, {"verdict": "agree"}), 409, "not_assessed")
    assert await client.read_all("/v1/risk/feedback") == []
    reader = await caller("risk:read")
    refusal(await reader.post(path, {"verdict": "agree"}), 403, "missing_scope")
