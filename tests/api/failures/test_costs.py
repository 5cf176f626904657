"""What a case cost: money or minutes, measured or assumed, and what is unknown is null."""

import pytest

from tests.api.caller import Caller, ago, done, moment, refusal

pytestmark = pytest.mark.anyio

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
COST = {"case": "K-1", "kind": "travel", "basis": "measured", "source": "expense report"}


async def begin(client: Caller) -> None:
    """Report a customer with a case."""
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")


async def test_a_cost_is_an_amount_or_minutes_and_the_other_is_null(client: Caller) -> None:
    await begin(client)
    money = await client.post("/v1/costs", {**COST, "amount": 4990, "reference": "X-1"})
    assert (money.status_code, money.headers["etag"]) == (201, '"1"')
    found = done(money)
    assert (found["amount"], found["currency"], found["minutes"], found["occurred_at"]) == (4990, "EUR", None, None)
    assert {name: found[name] for name in COST} == COST
    assert await client.read("/v1/costs/X-1") == found
    at = ago(hours=1)
    work = await client.cost("K-1", minutes=0, occurred_at=at)
    assert (work["amount"], work["currency"], work["minutes"]) == (None, None, 0)
    assert moment(work["occurred_at"]) == moment(at)


async def test_a_cost_is_corrected_by_its_reference_from_money_to_minutes(client: Caller) -> None:
    await begin(client)
    for _ in range(2):
        await client.cost("K-1", amount={"amount": 100, "currency": "USD"}, reference="X-1")
    assert (await client.read("/v1/costs/X-1"))["version"] == 1
    await client.cost("K-1", minutes=30, reference="X-1", basis="assumed")
    [found] = await client.read_all("/v1/costs")
    assert (found["amount"], found["currency"], found["minutes"], found["basis"]) == (None, None, 30, "assumed")


@on_sqlite
async def test_what_cannot_be_of_a_cost_is_refused(client: Caller) -> None:
    await begin(client)
    await client.put_customer("C-2")
    for fields, code in (
        ({}, "amount_or_minutes"),
        ({"amount": None, "minutes": None}, "amount_or_minutes"),
        ({"amount": 1, "minutes": 1}, "amount_or_minutes"),
        ({"minutes": 1, "currency": "EUR"}, "currency_of_nothing"),
        ({"amount": -1}, "greater_than_equal"),
        ({"minutes": False}, "int_type"),
        ({"minutes": 1, "basis": "guessed"}, "enum"),
    ):
        refused = refusal(await client.post("/v1/costs", {**COST, **fields}), 422, "malformed")
        assert [error["code"] for error in refused["errors"]] == [code]
    for code, name, value in (
        ("customer_mismatch", "customer", "C-2"),
        ("before_opened_at", "occurred_at", ago(days=3)),
        ("in_the_future", "occurred_at", ago(hours=-1)),
        ("in_the_future", "recorded_at", ago(hours=-1)),
    ):
        refusal(await client.post("/v1/costs", {**COST, "minutes": 1, name: value}), 422, code)
    refusal(await client.post("/v1/costs", {**COST, "minutes": 1, "case": "K-9"}), 409, "unknown_reference")
    refusal(await client.get("/v1/costs/X-9"), 404)
    assert await client.read_all("/v1/costs") == []


async def test_costs_are_taken_in_bulk_and_can_be_narrowed(client: Caller) -> None:
    await begin(client)
    rows = [
        {**COST, "reference": f"X-{place}", "kind": kind, "basis": basis, "minutes": place}
        for place, (kind, basis) in enumerate([("travel", "measured"), ("travel", "assumed"), ("part", "measured")])
    ]
    assert done(await client.post("/v1/costs/bulk", rows))["accepted"] == 3
    assert done(await client.post("/v1/costs/bulk", rows))["unchanged"] == 3

    async def references(**params: str) -> set[str]:
        return {item["reference"] for item in await client.read_all("/v1/costs", **params)}

    assert await references(kind="travel", basis="assumed") == {"X-1"}
    assert await references(case="K-1") == {"X-0", "X-1", "X-2"}
    assert await references(case="K-9") == set()
