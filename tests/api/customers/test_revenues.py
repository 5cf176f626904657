"""What customers paid in a period: by the month or by days, in one currency, corrected by reference."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.customers.revenues import days_of, period_of
from tests.api.caller import Caller, ago, done, refusal

pytestmark = pytest.mark.anyio

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@given(st.dates(date(1970, 1, 1), date(2199, 1, 1)), st.integers(0, 800))
def test_a_period_is_called_what_names_its_days(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    assert days_of(period_of(first, last)) == (first, last)


async def test_a_revenue_is_kept_and_a_month_is_its_days(client: Caller) -> None:
    await client.put_customer("C-1")
    answer = await client.post(
        "/v1/revenues",
        {"reference": "R-1", "customer": "C-1", "period": "2024-02", "amount": 4990, "kind": "referred"},
    )
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    found = done(answer)
    assert (found["period"], found["first_day"], found["last_day"]) == ("2024-02", "2024-02-01", "2024-02-29")
    assert (found["amount"], found["currency"], found["kind"]) == (4990, "EUR", "referred")
    assert await client.read("/v1/revenues/R-1") == found


async def test_a_revenue_is_corrected_by_its_reference_and_its_money_may_come_in_one_piece(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.pay("C-1", 5000, reference="R-1")
    body = {"reference": "R-1", "customer": "C-1", "kind": "new", "period": "2026-05-04/2026-05-10"}
    again = await client.post("/v1/revenues", {**body, "amount": {"amount": -200, "currency": "USD"}})
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')
    [found] = await client.read_all("/v1/revenues")
    assert (found["amount"], found["currency"], found["kind"]) == (-200, "USD", "new")
    assert (found["period"], found["version"]) == ("2026-05-04/2026-05-10", 2)
    assert (await client.post("/v1/revenues", {**body, "amount": {"amount": -200, "currency": "USD"}})).headers[
        "etag"
    ] == '"2"'


@on_sqlite
async def test_a_period_that_is_none_and_money_that_is_none_are_refused(client: Caller) -> None:
    await client.put_customer("C-1")
    body = {"customer": "C-1", "period": "2026-05", "amount": 1, "kind": "new"}
    for period in (
        "2026",
        "2026-13",
        "2026-5",
        "2026-05-10/2026-05-04",
        "2026-02-30/2026-03-01",
        "2026-05-04",
        "x",
        5,
        "0001-01",
        "2200-01",
    ):
        refused = refusal(await client.post("/v1/revenues", {**body, "period": period}), 422, "malformed")
        assert [error["pointer"] for error in refused["errors"]] == ["/period"]
    ahead = ago(days=-40)[:7]
    refusal(await client.post("/v1/revenues", {**body, "period": ahead}), 422, "in_the_future")
    for fields in (
        {"amount": None},
        {"amount": 1.5},
        {"amount": {"amount": 1}},
        {"amount": {"amount": True, "currency": "EUR"}},
        {"amount": {"amount": 1, "currency": "EUR"}, "currency": "EUR"},
        {"currency": "euro"},
        {"kind": "old"},
    ):
        refusal(await client.post("/v1/revenues", {**body, **fields}), 422, "malformed")
    refusal(await client.post("/v1/revenues", {**body, "recorded_at": ago(hours=-2)}), 422, "in_the_future")
    refusal(await client.post("/v1/revenues", {**body, "customer": "C-9"}), 409, "unknown_reference")
    refusal(await client.get("/v1/revenues/R-9"), 404)
    assert await client.read_all("/v1/revenues") == []


async def test_revenues_are_taken_in_bulk_and_can_be_narrowed(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_customer("C-2")
    rows = [
        {"reference": f"R-{place}", "customer": customer, "period": "2026-05", "amount": place, "kind": kind}
        for place, (customer, kind) in enumerate([("C-1", "new"), ("C-2", "new"), ("C-2", "returning")])
    ]
    assert done(await client.post("/v1/revenues/bulk", rows))["accepted"] == 3
    assert done(await client.post("/v1/revenues/bulk", rows))["unchanged"] == 3
    assert [item["reference"] for item in await client.read_all("/v1/revenues", customer="C-2", kind="new")] == ["R-1"]
