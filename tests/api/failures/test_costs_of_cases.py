"""What a failing case cost: work priced once, departures that failures bring on, and the customer's own time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from api.worker import Worker
from tests.api.caller import Caller, done
from tests.api.company import Told
from tests.api.failures.test_analyses import worker
from tests.api.failures.test_cost_of_failure import amounts, analysed, change, company, failing, parts, refund, spend
from tests.api.test_learner import many

pytestmark = pytest.mark.anyio

__all__ = ["worker"]


async def test_work_is_priced_by_the_workspaces_rates_and_never_twice(client: Caller, worker: Worker) -> None:
    told = many(failing=2)
    for row in told.cases:
        row["team"] = "night"
    cases = await company(client, told)
    one, two, three, four = cases[:4]
    opened = {row["reference"]: datetime.fromisoformat(row["opened_at"]) for row in told.cases}
    unpriced = {"source": "clock", "basis": "measured", "case": one, "kind": "handling", "minutes": 9}
    await spend(client, unpriced)
    bare = await analysed(client, worker)
    assert (bare["amount"], bare["not_counted"]) == (
        None,
        [{"reason": "no_rate", "currency": None, "entries": 1, "amount": None}],
    )
    euros = {"currency": "EUR"}
    rates = {"minute": {"amount": 100, **euros}, "contact": {"amount": 700, **euros}}
    await change(client, cost_rates={**rates, "minute_by_team": {"night": {"amount": 200, **euros}}})
    contacts: list[dict[str, Any]] = [{"handling_minutes": 30}, {}, {"handling_minutes": 2, "team": "day"}]
    for at, fields in enumerate(contacts):
        when = (opened[one] + timedelta(hours=at)).isoformat()
        await client.interact(one, reference=f"I-{at}", occurred_at=when, **fields)
    # The same customer comes again about the same need: once within the days, once for something of value, once late.
    whose = f"C-{two.removeprefix('K-')}"
    for days, demand in ((5, "failure"), (6, "value"), (40, "failure")):
        again = (opened[two] + timedelta(days=days)).isoformat()
        await client.put_case(f"A-{days}", whose, opened_at=again, demand=demand, contacts=2)
    later = (opened[two] + timedelta(days=8)).isoformat()
    await client.put_case("A-8", whose, opened_at=later)
    for demand in ("value", "failure"):
        await client.interact("A-8", occurred_at=later, demand=demand, handling_minutes=4, team="day")
    stub = {"case": "S", "customer": whose, "kind": "refund", "amount": 1, "basis": "measured", "source": "till"}
    done(await client.post("/v1/costs?stub=true", stub))
    await spend(
        client,
        {"case": three, "kind": "Inspections", "amount": 50, "basis": "measured", "source": "till"},
        {"case": three, "kind": "courier", "amount": 60, "basis": "assumed", "source": "till"},
        {"case": four, "kind": "repair", "minutes": 3, "basis": "assumed", "source": "till"},
    )
    await change(client, cost_rates={"components": {"courier": "rework"}})
    found = await analysed(client, worker)
    assert parts(found) == [
        ("handling", "assumed", 700, 1),
        ("handling", "measured", 6000 + 200, 1),
        ("repeat_contacts", "assumed", 1400, 1),
        ("repeat_contacts", "measured", 400, 1),
        ("rework", "assumed", 60 + 600, 2),
    ]
    assert [(part["component"], part["amount"], part["cases"]) for part in found["beside"]] == [("appraisal", 50, 1)]
    assert found["categories"] == {
        "prevention": None,
        "appraisal": 50,
        "internal_failure": 660,
        "external_failure": 8700,
    }
    # What only one customer's case says of its source is not told; nine minutes of handling were told twice.
    assert [part["sources"] for part in found["components"] if part["component"] == "rework"] == [[]]
    assert {"reason": "told_twice", "currency": "EUR", "entries": 1, "amount": 1800} in found["not_counted"]


def leaving(told: Told, failed: int, well: int) -> None:
    """Tell of customers who are worth something, and some of whom left within the horizon."""
    counts = {True: failed, False: well}
    bad = set(failing(told))
    for customer, case in zip(told.customers, told.cases, strict=True):
        customer |= {"value": {"amount": 12_000, "currency": "EUR"}, "segment": "home", "since": case["opened_at"]}
        is_bad = case["reference"] in bad
        if counts[is_bad] > 0:
            counts[is_bad] -= 1
            at = datetime.fromisoformat(case["opened_at"]) + timedelta(days=20)
            row = {"customer": customer["reference"], "kind": "cancelled", "at": at.isoformat()}
            told.departures.append({**row, "reference": f"D-{customer['reference']}", "recorded_at": at.isoformat()})


async def test_lost_value_follows_the_departures_that_failures_bring_on(client: Caller, worker: Worker) -> None:
    told = many(failing=2)
    leaving(told, 30, 10)
    cases = await company(client, told)
    await spend(client, refund(cases[0], 100, kind="customer acquisition"))
    found = await analysed(client, worker)
    excess = found["excess_departure"]
    assert (excess["basis"], excess["failed_customers"], excess["departures_failed"]) == ("measured", 74, 30)
    assert (excess["controls"], excess["departures_ok"], excess["unmatched"]) == (166, 10, 0)
    assert excess["value"] == pytest.approx(30 / 74 - 10 / 166, abs=0.05)
    assert excess["low"] < excess["value"] < excess["high"]
    [(component, basis, amount, counted)] = parts(found)
    assert (component, basis, counted) == ("lost_value", "measured", 74)
    assert amount == 74 * round(12_000 * excess["value"])
    assert found["low"] < amount < found["high"]
    # Winning another customer instead is the same loss: it is never counted beside the lost value.
    assert found["not_counted"][0] == {"reason": "lost_value_counted", "currency": "EUR", "entries": 1, "amount": 100}
    await change(client, cost_rates={"value_years": 2.0, "referral_share": 0.5, "excess_departure": 0.9})
    longer = await analysed(client, worker)
    assert [part[:2] for part in parts(longer)] == [("lost_value", "assumed"), ("referrals", "assumed")]
    assert longer["components"][0]["amount"] == 74 * round(24_000 * excess["value"])
    assert longer["components"][1]["amount"] == 74 * round(12_000 * excess["value"])
    assert longer["terms"]["value_years"] == 2.0
    assert longer["items"][0]["amount"] + longer["items"][1]["amount"] == longer["amount"]


async def test_where_too_few_left_the_excess_is_assumed_or_not_known(client: Caller, worker: Worker) -> None:
    told = many(failing=2)
    leaving(told, 4, 10)
    cases = await company(client, told)
    await spend(client, refund(cases[0], 100, kind="customer acquisition"))
    found = await analysed(client, worker)
    excess = found["excess_departure"]
    assert (excess["value"], excess["basis"], excess["departures_failed"]) == (None, None, 4)
    assert excess["needed"] == {"failed_customers": 50, "departures": 5}
    assert parts(found) == [("acquisition", "measured", 100, 1)]
    await change(client, cost_rates={"excess_departure": 0.05})
    assumed = await analysed(client, worker)
    assert (assumed["excess_departure"]["value"], assumed["excess_departure"]["basis"]) == (0.05, "assumed")
    assert assumed["excess_departure"]["low"] is None
    assert parts(assumed) == [("lost_value", "assumed", 74 * 600, 74)]


async def test_who_objects_or_was_erased_is_not_learnt_from(client: Caller, worker: Worker) -> None:
    told = many(failing=2)
    leaving(told, 30, 10)
    cases = await company(client, told)
    await spend(client, *(refund(case) for case in cases[:12]))
    await client.erase(f"C-{cases[0].removeprefix('K-')}")
    await client.put_customer(f"C-{cases[1].removeprefix('K-')}", objects_to_scoring=True)
    await worker.work_off()
    found = await analysed(client, worker)
    assert found["excess_departure"]["failed_customers"] == 72
    refunds = next(part for part in found["components"] if part["component"] == "refunds")
    assert (refunds["amount"], refunds["cases"], found["cases"]) == (12_000, 12, 74)
    lost = next(part for part in found["components"] if part["component"] == "lost_value")
    assert lost["cases"] == 73


async def test_a_merged_customer_is_one_customer(client: Caller, worker: Worker) -> None:
    told = many(failing=2)
    leaving(told, 0, 0)
    cases = await company(client, told)
    await change(client, cost_rates={"excess_departure": 0.1})
    one, other = (f"C-{case.removeprefix('K-')}" for case in cases[:2])
    assert parts(await analysed(client, worker)) == [("lost_value", "assumed", 74 * 1200, 74)]
    done(await client.post(f"/v1/customers/{one}/merge", {"into": other}))
    found = await analysed(client, worker)
    assert found["customers"] == 73
    assert parts(found) == [("lost_value", "assumed", 72 * 1200 + 2 * 600, 74)]


async def test_customers_own_time_is_told_in_hours_and_never_in_money(client: Caller, worker: Worker) -> None:
    told = many(failing=2)
    for row in told.responses:
        row["answers"]["minutes_spent"] = 90
    for row in told.cases:
        row["done_at"] = (datetime.fromisoformat(row["opened_at"]) + timedelta(hours=4)).isoformat()
    await company(client, told)
    found = await analysed(client, worker)
    assert found["amount"] is None
    whole = {"spent_hours": 74 * 1.5, "spent_cases": 74, "elapsed_hours": 74 * 4.0, "elapsed_cases": 74}
    assert found["customer_time"] == whole
    spent = [item["customer_time"]["spent_hours"] for item in found["items"]]
    assert sum(spent) == pytest.approx(74 * 1.5)
    assert spent[0] > spent[1] > 0


async def test_several_answers_about_one_case_are_one_case(client: Caller, worker: Worker) -> None:
    told = many(failing=2)
    again = [
        {**row, "reference": f"{row['reference']}-again"}
        for row in told.responses
        if row["answers"]["satisfaction"] == 1
    ]
    cases = await company(client, Told(told.customers, told.cases, responses=[*told.responses, *again]))
    await spend(client, *(refund(case) for case in cases[:20]))
    found = await analysed(client, worker)
    assert (found["cases"], found["amount"]) == (74, 20_000)
    assert sum(amounts(found).values()) == 20_000
