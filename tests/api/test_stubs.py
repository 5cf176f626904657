"""A child may come before its parent: with `stub=true` the parent is made, and filled in when it is reported."""

import asyncio
from typing import Any

import pytest

from tests.api.caller import Caller, ago, done, refusal

pytestmark = pytest.mark.anyio

CONTACT: dict[str, Any] = {"case": "K-1", "customer": "C-1", "channel": "phone"}
CHILDREN: dict[str, dict[str, Any]] = {
    "interactions": {"channel": "phone", "occurred_at": ago(hours=1)},
    "observations": {"condition": "rude", "state": "present", "source": "staff", "observed_at": ago(hours=1)},
    "costs": {"kind": "travel", "minutes": 5, "basis": "assumed", "source": "estimate"},
    "responses": {"survey": "post_interaction", "answers": {"satisfaction": 1}},
    "promises": {"promise": "P-1", "what": "a call", "made_at": ago(hours=1), "due_at": ago(hours=-1)},
}


def contact(**fields: Any) -> dict[str, Any]:
    """Give the body of an interaction an hour ago."""
    return {**CONTACT, "occurred_at": ago(hours=1), **fields}


@pytest.mark.parametrize("kind", CHILDREN)
async def test_a_child_makes_its_case_and_its_customer(client: Caller, kind: str) -> None:
    await client.catalogue("rude")
    body = {**CHILDREN[kind], "case": "K-1", "customer": "C-1"}
    refused = done(await client.post(f"/v1/{kind}/bulk", [body]))
    assert refused["results"][0]["problem"]["code"] == "unknown_reference"
    without = {name: value for name, value in body.items() if name != "customer"}
    refused = done(await client.post(f"/v1/{kind}/bulk?stub=true", [without]))
    assert (refused["results"][0]["problem"]["code"], refused["rejected"]) == ("unknown_reference", 1)
    assert await client.read_all("/v1/cases") == await client.read_all("/v1/customers") == []
    assert done(await client.post(f"/v1/{kind}/bulk?stub=true", [body, without]))["accepted"] >= 1
    [case], [customer] = await client.read_all("/v1/cases"), await client.read_all("/v1/customers")
    assert (case["reference"], case["customer"], case["stub"], case["need"]) == ("K-1", "C-1", True, None)
    assert (case["opened_at"], customer["reference"], customer["stub"], customer["name"]) == (None, "C-1", True, None)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/cases/K-1", {"customer": "C-1", "need": "repair", "opened_at": ago(days=2)}),
        ("POST", "/v1/departures", {"customer": "C-1", "kind": "cancelled", "at": ago(hours=1)}),
        ("POST", "/v1/revenues", {"customer": "C-1", "period": "2026-05", "amount": 1, "kind": "new"}),
        ("POST", "/v1/responses", {"customer": "C-1", **CHILDREN["responses"]}),
    ],
)
async def test_a_child_of_a_customer_makes_the_customer(
    client: Caller, method: str, path: str, body: dict[str, Any]
) -> None:
    refusal(await client.ask(method, path, json=body), 409, "unknown_reference")
    assert (await client.ask(method, f"{path}?stub=true", json=body)).status_code == 201
    [customer] = await client.read_all("/v1/customers", stub="true")
    assert (customer["reference"], customer["stub"]) == ("C-1", True)
    assert (await client.read("/v1/customers/C-1/risk"))["state"] == ("left" if "departures" in path else "active")


async def test_the_real_record_fills_its_stub_in_whenever_it_happened(client: Caller) -> None:
    made = done(await client.post("/v1/interactions?stub=true", contact()))
    stub = await client.read("/v1/cases/K-1")
    refused = refusal(await client.put("/v1/cases/K-1", {"team": "north"}), 422, "malformed")
    assert {error["pointer"] for error in refused["errors"]} == {"/need", "/opened_at"}
    long_ago = {"occurred_at": ago(days=90), "recorded_at": ago(days=90)}
    await client.put_customer("C-1", name="Ana", **long_ago)
    await client.put_case("K-1", "C-1", **long_ago)
    customer, case = await client.read("/v1/customers/C-1"), await client.read("/v1/cases/K-1")
    assert (customer["stub"], customer["name"], case["stub"], case["need"]) == (False, "Ana", False, "repair")
    assert case["id"] == stub["id"]
    assert await client.read_all("/v1/cases", stub="true") == await client.read_all("/v1/customers", stub="true") == []
    assert len(await client.read_all("/v1/cases", stub="false")) == 1
    assert (await client.read(f"/v1/interactions/{made['reference']}"))["customer"] == "C-1"


async def test_a_customer_reported_with_nothing_but_the_reference_is_no_stub(client: Caller) -> None:
    done(await client.post("/v1/interactions?stub=true", contact()))
    assert (await client.put_customer("C-1"))["unchanged"] is False
    assert (await client.put_customer("C-1"))["unchanged"] is True
    assert (await client.read("/v1/customers/C-1"))["stub"] is False


async def test_what_is_refused_leaves_no_stub_behind(client: Caller) -> None:
    wrong = contact(occurred_at=ago(hours=-1))
    refusal(await client.post("/v1/interactions?stub=true", wrong), 422, "in_the_future")
    rows = [contact(case="K-2", customer="C-2"), wrong]
    refusal(await client.post("/v1/interactions/bulk?stub=true&atomic=true", rows), 422, "bulk_rejected")
    assert await client.read_all("/v1/customers") == await client.read_all("/v1/cases") == []
    assert done(await client.post("/v1/interactions/bulk?stub=true", rows))["rejected"] == 1
    assert [case["reference"] for case in await client.read_all("/v1/cases")] == ["K-2"]
    assert [customer["reference"] for customer in await client.read_all("/v1/customers")] == ["C-2"]


async def test_a_case_that_is_known_keeps_its_customer(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    refusal(await client.post("/v1/interactions?stub=true", contact(customer="C-2")), 422, "customer_mismatch")
    done(await client.post("/v1/interactions?stub=true", contact()))
    assert [customer["stub"] for customer in await client.read_all("/v1/customers")] == [False]


async def test_a_stub_counts_for_nothing_but_what_its_customer_said(client: Caller) -> None:
    await client.catalogue("rude")
    done(await client.post("/v1/responses?stub=true", {**CHILDREN["responses"], "case": "K-1", "customer": "C-1"}))
    done(await client.post("/v1/interactions?stub=true", contact(case="K-2")))
    rates = await client.read("/v1/failure-rates", condition="rude")
    assert (rates["cases"], rates["failures"]) == (1, 1)
    definition = {"all": [{"field": "done_at", "op": "missing"}], "as_of": "latest"}
    done(await client.patch("/v1/workspace", {"failure_definition": definition}, if_match="*"))
    assert (await client.read("/v1/failure-rates", condition="rude"))["cases"] == 0


async def test_many_who_name_the_same_stubs_at_once_make_them_once(client: Caller) -> None:
    posts = [client.post("/v1/interactions?stub=true", contact(reference=f"I-{number}")) for number in range(8)]
    reports = [client.put("/v1/customers/C-1", {"name": "Ana"})]
    answers = await asyncio.gather(*posts, *reports)
    assert {response.status_code for response in answers[:-1]} == {201}
    [customer], [case] = await client.read_all("/v1/customers"), await client.read_all("/v1/cases")
    assert (customer["stub"], customer["name"], case["stub"]) == (False, "Ana", True)
    assert len(await client.read_all("/v1/interactions", case="K-1", customer="C-1")) == 8
