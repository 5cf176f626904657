"""Cases, the promises made in them, and departures: told in any order, never from the future, never of nobody."""

from itertools import permutations
from typing import Any

import pytest

from tests.api.caller import Caller, ago, done, moment, refusal

pytestmark = pytest.mark.anyio


on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def test_late_news_from_before_all_that_was_told_need_not_say_it_all_again(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=ago(days=9))
    await client.promise("K-1", "P", made_at=ago(days=8), due_at=ago(days=-1))
    for _ in range(2):
        late = {"channel": "phone", "occurred_at": ago(days=5)}
        done(await client.put("/v1/cases/K-1", late))
        done(await client.put("/v1/cases/K-1/promises/P", {"kept_at": ago(days=2), "occurred_at": ago(days=5)}))
    case, promise = await client.read("/v1/cases/K-1"), await client.read("/v1/cases/K-1/promises/P")
    assert (case["channel"], case["need"], case["customer"]) == ("phone", "repair", "C-1")
    assert (promise["what"], promise["kept_at"] is not None) == ("an engineer calls", True)


CASE = {"customer": "C-1", "need": "repair", "opened_at": ago(days=9)}


async def test_a_case_of_an_unknown_customer_is_refused_for_now(client: Caller) -> None:
    refused = refusal(await client.put("/v1/cases/K-1", CASE), 409, "unknown_reference")
    assert refused["retryable"] is True
    rows = [{**CASE, "reference": "K-1"}, {**CASE, "reference": "K-2", "customer": "C-2"}]
    await client.put_customer("C-2")
    answer = done(await client.post("/v1/cases/bulk", rows))
    assert [row["status"] for row in answer["results"]] == ["rejected", "accepted"]
    problem = answer["results"][0]["problem"]
    assert (problem["code"], problem["retryable"], problem["errors"][0]["pointer"]) == (
        "unknown_reference",
        True,
        "/customer",
    )
    await client.put_customer("C-1")
    assert (await client.put("/v1/cases/K-1", CASE)).status_code == 201


@on_sqlite
async def test_a_case_needs_a_customer_a_need_and_an_opening_and_never_loses_them(client: Caller) -> None:
    await client.put_customer("C-1")
    for field in CASE:
        without = {name: value for name, value in CASE.items() if name != field}
        refused = refusal(await client.put("/v1/cases/K-1", without), 422, "malformed")
        assert [error["pointer"] for error in refused["errors"]] == [f"/{field}"]
    done(await client.put("/v1/cases/K-1", CASE))
    for field in CASE:
        refusal(await client.put("/v1/cases/K-1", {field: None}), 422, "malformed")
    assert done(await client.put("/v1/cases/K-1", {"team": "north"}))["version"] == 2


@on_sqlite
async def test_nothing_of_a_case_lies_in_the_future_or_before_its_opening(client: Caller) -> None:
    await client.put_customer("C-1")
    wrong = {
        "opened_at": ("in_the_future", ago(minutes=-9)),
        "done_at": ("in_the_future", ago(hours=-1)),
        "confirmed_at": ("in_the_future", ago(hours=-1)),
        "restored_at": ("before_opened_at", ago(days=10)),
        "needed_by": ("before_opened_at", ago(days=10)),
    }
    for field, (code, value) in wrong.items():
        refused = refusal(await client.put("/v1/cases/K-1", {**CASE, field: value}), 422, code)
        assert [error["pointer"] for error in refused["errors"]] == [f"/{field}"]
    done(await client.put("/v1/cases/K-1", {**CASE, "needed_by": ago(days=-30), "done_at": ago(days=9)}))
    assert await client.read_all("/v1/cases", customer="C-1") != []


async def test_a_day_means_its_end_where_the_workspace_is(client: Caller) -> None:
    done(await client.patch("/v1/workspace", {"zone": "America/Sao_Paulo"}, if_match="*"))
    await client.put_customer("C-1")
    done(await client.put("/v1/cases/K-1", {**CASE, "opened_at": "2026-01-01T00:00:00Z", "needed_by": "2026-05-04"}))
    assert (await client.read("/v1/cases/K-1"))["needed_by"] == "2026-05-05T02:59:59.999999Z"


async def test_bulk_rows_of_one_case_stand_on_each_other(client: Caller) -> None:
    await client.put_customer("C-1")
    rows = [{**CASE, "reference": "K-1"}, {"reference": "K-1", "team": "north"}, {"reference": "K-2", "team": "n"}]
    answer = done(await client.post("/v1/cases/bulk", rows))
    assert [row["status"] for row in answer["results"]] == ["accepted", "accepted", "rejected"]
    assert (await client.read("/v1/cases/K-1"))["team"] == "north"


async def due_in_force(client: Caller, promise: str = "P-1") -> tuple[str, bool]:
    """Give a promise's date as told, and whether the company is held to it: whether a rule sees it broken."""
    told = await client.read(f"/v1/cases/K-1/promises/{promise}")
    seen = await client.read_all("/v1/observations", case="K-1", condition="broken")
    return told["due_at"], bool(seen) and seen[0]["state"] == "present"


async def test_a_date_the_company_moved_leaves_the_old_one_in_force(client: Caller) -> None:
    await client.catalogue("broken", rule={"all": [{"field": "promise_broken", "op": "eq", "value": True}]})
    await client.put_customer("C-1")
    done(await client.put("/v1/cases/K-1", CASE))
    old, new = ago(days=1), ago(days=-5)
    await client.promise("K-1", "P-1", made_at=ago(days=3), due_at=old, recorded_at=ago(days=3))
    assert (await due_in_force(client))[1] is True
    await client.promise("K-1", "P-1", made_at=ago(days=3), due_at=new, moved_by="customer", recorded_at=ago(days=2))
    assert (await due_in_force(client))[1] is False
    await client.promise("K-1", "P-1", due_at=ago(days=-9), made_at=ago(days=3), moved_by="company")
    due, broken = await due_in_force(client)
    assert (moment(due) > moment(new), broken) == (True, False)


async def test_a_promise_broken_and_moved_by_the_company_stays_broken_and_counts_in_risk(client: Caller) -> None:
    await client.put_customer("C-1")
    done(await client.put("/v1/cases/K-1", CASE))
    await client.promise("K-1", "P-1", made_at=ago(days=3), due_at=ago(days=1), recorded_at=ago(days=3))
    broken = (await client.read("/v1/customers/C-1/risk"))["risk"]
    await client.promise("K-1", "P-1", made_at=ago(days=3), due_at=ago(days=-5), moved_by="company")
    assert (await client.read("/v1/customers/C-1/risk"))["risk"] == pytest.approx(broken, abs=1e-6)
    await client.promise("K-1", "P-1", made_at=ago(days=3), due_at=ago(days=-6), moved_by="customer")
    assert (await client.read("/v1/customers/C-1/risk"))["risk"] < broken - 1e-4


@on_sqlite
async def test_promises_are_checked_against_their_case_and_against_time(client: Caller) -> None:
    promise: dict[str, Any] = {"what": "a call", "made_at": ago(days=1), "due_at": ago(days=-1)}
    assert refusal(await client.put("/v1/cases/K-1/promises/P-1", promise), 409, "unknown_reference")["retryable"]
    await client.put_customer("C-1")
    done(await client.put("/v1/cases/K-1", CASE))
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"made_at": ago(days=10)}, "before_opened_at", "/made_at"),
        ({"made_at": ago(hours=-1)}, "in_the_future", "/made_at"),
        ({"kept_at": ago(hours=-1)}, "in_the_future", "/kept_at"),
        ({"due_at": ago(days=2)}, "before_made_at", "/due_at"),
        ({"kept_at": ago(days=2)}, "before_made_at", "/kept_at"),
        ({"what": None}, "malformed", "/what"),
    ]
    for change, code, pointer in wrong:
        refused = refusal(await client.put("/v1/cases/K-1/promises/P-1", {**promise, **change}), 422, code)
        assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert (await client.put("/v1/cases/K-1/promises/P-1", promise)).status_code == 201
    assert [item["promise"] for item in (await client.read("/v1/cases/K-1/promises"))["items"]] == ["P-1"]
    rows = [{**promise, "case": "K-1", "promise": "P-2"}, {**promise, "case": "K-9", "promise": "P-2"}]
    assert done(await client.post("/v1/promises/bulk", rows))["rejected"] == 1


MADE, MOVED, KEPT, NEW_DUE = ago(days=8), ago(days=6), ago(days=2), ago(days=1)
TOLD: list[dict[str, Any]] = [
    {"what": "a call", "made_at": MADE, "due_at": ago(days=5), "occurred_at": MADE},
    {"what": "a call", "made_at": MADE, "due_at": NEW_DUE, "moved_by": "company", "occurred_at": MOVED},
    {"what": "a visit", "made_at": MADE, "due_at": NEW_DUE, "kept_at": KEPT, "occurred_at": KEPT},
]


@on_sqlite
async def test_the_date_in_force_does_not_depend_on_the_order_in_which_it_was_told(client: Caller) -> None:
    risks = set()
    for number, order in enumerate(permutations(TOLD)):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}", opened_at=ago(days=9))
        for body in order:
            done(await client.put(f"/v1/cases/K-{number}/promises/P-1", body))
        risks.add(round((await client.read(f"/v1/customers/C-{number}/risk"))["risk"], 6))
    assert len(risks) == 1


async def test_a_departure_is_known_from_when_it_happened(client: Caller) -> None:
    leaving = {"customer": "C-1", "kind": "cancelled", "at": ago(days=3), "reference": "D-1"}
    assert refusal(await client.post("/v1/departures", leaving), 409, "unknown_reference")["retryable"]
    await client.put_customer("C-1")
    first = done(await client.post("/v1/departures", leaving))
    assert (moment(first["at"]), first["kind"]) == (moment(leaving["at"]), "cancelled")
    assert done(await client.post("/v1/departures", leaving)) == first
    corrected = done(await client.post("/v1/departures", {**leaving, "kind": "closed"}))
    assert (corrected["id"], corrected["version"], corrected["kind"]) == (first["id"], 2, "closed")
    assert await client.read("/v1/departures/D-1") == corrected
    refusal(await client.post("/v1/departures", {**leaving, "at": ago(days=-1)}), 422, "in_the_future")
    unnamed = await client.leave("C-1")
    assert await client.read(f"/v1/departures/{unnamed['reference']}") == unnamed
    rows = [{**leaving, "reference": "D-2"}, {**leaving, "customer": "C-9"}]
    assert done(await client.post("/v1/departures/bulk", rows))["rejected"] == 1
    assert len(await client.read_all("/v1/departures")) == 3


@on_sqlite
async def test_a_departure_can_be_corrected_to_an_earlier_day(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.leave("C-1", at=ago(days=3), reference="D-1")
    earlier = ago(days=30)
    await client.leave("C-1", at=earlier, reference="D-1")
    assert moment((await client.read("/v1/departures/D-1"))["at"]) == moment(earlier)
