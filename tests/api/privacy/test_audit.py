"""Who did what: one row for each deed, whoever did it and however."""

from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.routing import StrictRoute
from tests.api.caller import Caller, a_proposal, ago, done, refusal
from tests.api.conftest import MakeCaller, MakeWorkspace

pytestmark = pytest.mark.anyio


async def deeds(client: Caller, **params: object) -> list[tuple[str, dict[str, object]]]:
    """Give what the audit lists: action and details."""
    return [(row["action"], row["details"]) for row in await client.read_all("/v1/audit", **params)]


async def test_every_change_is_one_row_and_what_changes_nothing_is_none(client: Caller) -> None:
    await client.put_customer("C-1", name="Ana")
    await client.put_customer("C-1", name="Ana")
    await client.put_case("K-1", "C-1")
    await client.read("/v1/customers/C-1/risk")
    refusal(await client.put("/v1/customers/C-1", {"name": 7}), 422)
    done(await client.post("/v1/customers/bulk", [{"reference": f"B-{n}"} for n in range(3)]))
    assert await deeds(client) == [
        ("put_customer", {"customers": 1, "customer_versions": 1}),
        ("put_case", {"cases": 1, "case_versions": 1}),
        ("put_customers", {"customers": 3, "customer_versions": 3}),
    ]


async def test_a_service_that_says_more_is_the_one_row(client: Caller) -> None:
    await client.catalogue("late", rule={"all": [{"field": "handovers", "op": "ge", "value": 1}]})
    done(await client.post("/v1/role-proposals", a_proposal("P-1")))
    assert [action for action, _ in await deeds(client)] == ["condition.stored", "role_proposal.stored"]


async def test_a_repeated_request_is_noted_once(client: Caller) -> None:
    await client.put_customer("C-1")
    body = {"customer": "C-1", "kind": "closed", "at": ago(days=1)}
    for _ in range(2):
        done(await client.post("/v1/departures", body, idempotency_key="k"))
    assert [action for action, _ in await deeds(client)].count("store_departure") == 1


async def test_the_audit_is_found_by_who_what_whom_and_when(client: Caller, caller: MakeCaller) -> None:
    other = await caller("records:write")
    await client.put_customer("C-1")
    await other.put_customer("C-2")
    await other.put_case("K-1", "C-2")
    await client.promise("K-1", "visit")
    me = f"key:{(await client.read('/v1/me'))['key_id']}"
    assert len(await deeds(client, actor=me)) == 2
    assert len(await deeds(client, action="put_customer")) == 2
    assert [row["actor"] == me for row in await client.read_all("/v1/audit", customer="C-1")] == [True]
    assert [action for action, _ in await deeds(client, case="K-1")] == ["put_case", "put_promise"]
    assert await deeds(client, since=ago(hours=-1)) == []
    assert await deeds(client, since=ago(hours=1), updated_since=ago(hours=-1)) == []
    assert len(await deeds(client, until=datetime.now(UTC).isoformat(), limit=1)) == 4
    rows = await client.read_all("/v1/audit")
    assert all(row["subject"].startswith("/v1/") and "#" in row["subject"] for row in rows)
    assert not any(name in str(rows) for name in ("C-1", "C-2", "K-1", "visit"))


async def test_one_workspaces_audit_is_not_anothers(
    client: Caller, caller: MakeCaller, make_workspace: MakeWorkspace
) -> None:
    other = await caller("admin", of=await make_workspace("Another"))
    await client.put_customer("C-1")
    assert await deeds(other) == []
    refusal(await (await caller("records:read")).get("/v1/audit"), 403, "missing_scope")


def test_every_route_that_stores_goes_through_the_one_that_notes(app: FastAPI) -> None:
    places = [
        route for place in app.routes for route in getattr(getattr(place, "original_router", None), "routes", [place])
    ]
    storing = [route for route in places if isinstance(route, APIRoute) and route.methods != {"GET"}]
    # What customers answer on a page stands in their response, and nobody else did it. When staff did, nothing may say.
    storing = [route for route in storing if not route.path.startswith(("/f/", "/i/", "/p/"))]
    assert [route.path for route in storing if not isinstance(route, StrictRoute)] == []
    assert len(storing) > 15
