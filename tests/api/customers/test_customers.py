"""What is said of customers: PUT merges, nothing is said twice, late news finds its place."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from api import kinds
from models.database import Database
from tests.api.caller import Caller, ago, done, moment, refusal

pytestmark = pytest.mark.anyio

WHOLE: dict[str, Any] = {
    "name": "Ana",
    "email": "ana@example.org",
    "segment": "family",
    "value": {"amount": 120_00, "currency": "EUR"},
    "since": "2020-05-04T09:30:00Z",
    "referred_by": "C-0",
    "terms_as_new": True,
    "waiting_as_new": False,
    "objects_to_scoring": False,
    "do_not_contact": True,
    "survey_opt_out": False,
    "attributes": {"floor": 3, "tags": ["a", "b"], "lift": None},
}


async def versions(database: Database, client: Caller) -> int:
    """Count the versions of customers there are."""
    workspace_id = UUID((await client.read("/v1/me"))["workspace_id"])
    async with database.read(workspace_id) as session:
        return int(await session.scalar(select(func.count()).select_from(kinds.CUSTOMER.version)) or 0)


async def test_a_customer_is_kept_whole(client: Caller) -> None:
    answer = await client.put("/v1/customers/C-1", WHOLE)
    assert (answer.status_code, answer.headers["etag"], answer.json()["unchanged"]) == (201, '"1"', False)
    found = await client.read("/v1/customers/C-1")
    kept = {**WHOLE, "attributes": {"floor": 3, "tags": ["a", "b"]}}
    assert {name: found[name] for name in WHOLE} == kept


async def test_absent_keeps_null_clears_and_attributes_merge(client: Caller) -> None:
    await client.put_customer("C-1", **WHOLE)
    await client.put_customer("C-1", segment=None, value=None, attributes={"floor": 4, "tags": None, "cat": {"n": 1}})
    found = await client.read("/v1/customers/C-1")
    assert (found["name"], found["segment"], found["value"]) == ("Ana", None, None)
    assert found["attributes"] == {"floor": 4, "cat": {"n": 1}}


async def test_null_clears_all_attributes_at_once_whatever_came_before(client: Caller) -> None:
    await client.put_customer("C-1", attributes={"floor": 3, "cat": True}, occurred_at=ago(days=9))
    await client.put_customer("C-1", attributes=None)
    assert (await client.read("/v1/customers/C-1"))["attributes"] == {}
    assert (await client.put_customer("C-1", attributes=None))["unchanged"] is True
    await client.put_customer("C-1", attributes={"late": 1}, occurred_at=ago(days=5))
    assert (await client.read("/v1/customers/C-1"))["attributes"] == {}
    await client.put_customer("C-1", attributes={"lift": 2})
    assert (await client.read("/v1/customers/C-1"))["attributes"] == {"lift": 2}


async def test_saying_the_same_again_writes_nothing(client: Caller, database: Database) -> None:
    first = await client.put_customer("C-1", **WHOLE)
    again = await client.put("/v1/customers/C-1", WHOLE)
    assert (again.status_code, again.json()["unchanged"], again.json()["version"]) == (200, True, first["version"])
    assert (await client.put_customer("C-1"))["unchanged"] is True
    assert (await client.put_customer("C-1", attributes={}))["unchanged"] is True
    assert await versions(database, client) == 1


async def test_late_news_finds_its_place(client: Caller) -> None:
    await client.put_customer("C-1", name="Ana", segment="family", occurred_at=ago(days=10))
    await client.put_customer("C-1", segment="business", occurred_at=ago(days=2))
    late = await client.put_customer("C-1", segment="student", name="Anna", occurred_at=ago(days=5))
    assert late["unchanged"] is False
    found = await client.read("/v1/customers/C-1")
    assert (found["segment"], found["name"]) == ("business", "Anna")
    again = await client.put_customer("C-1", segment="student", name="Anna", occurred_at=found["occurred_at"])
    assert again["unchanged"] is False
    assert (await client.read("/v1/customers/C-1"))["segment"] == "student"


async def test_late_news_reaches_a_record_that_was_first_told_of_without_a_word(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_customer("C-1", name="Ana", attributes={"floor": 3}, occurred_at=ago(days=4))
    found = await client.read("/v1/customers/C-1")
    assert (found["name"], found["attributes"]) == ("Ana", {"floor": 3})


async def test_an_import_run_again_writes_nothing(client: Caller, database: Database) -> None:
    days = [9, 3, 6, 1]
    rows = [
        {"reference": "C-1", "segment": f"s{day}", "attributes": {f"a{day}": day}}
        | {"occurred_at": ago(days=day), "recorded_at": ago(days=day)}
        for day in days
    ]
    assert done(await client.post("/v1/customers/bulk", rows))["accepted"] == 4
    before = await versions(database, client), await client.read("/v1/customers/C-1")
    assert before[1]["segment"] == "s1"
    assert before[1]["attributes"] == {f"a{day}": day for day in days}
    answer = done(await client.post("/v1/customers/bulk", rows))
    assert (answer["accepted"], answer["unchanged"]) == (0, 4)
    assert (await versions(database, client), await client.read("/v1/customers/C-1")) == before


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_times_that_cannot_be_are_refused(client: Caller) -> None:
    refused = {
        "occurred_at": ("in_the_future", {"occurred_at": ago(minutes=-10)}),
        "recorded_at": ("in_the_future", {"recorded_at": ago(minutes=-10)}),
        "recorded_at ": ("known_before", {"recorded_at": ago(days=2), "occurred_at": ago(days=1)}),
    }
    for field, (code, times) in refused.items():
        said = refusal(await client.put("/v1/customers/C-1", times), 422, code)
        assert [error["pointer"] for error in said["errors"]] == [f"/{field.strip()}"]
    refusal(await client.get("/v1/customers/C-1"), 404)


async def test_a_clock_a_little_ahead_is_taken_for_now(client: Caller) -> None:
    answer = await client.put_customer("C-1", occurred_at=ago(minutes=-3), recorded_at=ago(minutes=-4))
    assert moment(answer["occurred_at"]) <= moment(answer["recorded_at"]) <= moment(ago())


async def test_when_it_happened_is_when_it_was_recorded_unless_said(client: Caller) -> None:
    recorded = "2024-03-01T08:00:00.123456Z"
    answer = await client.put_customer("C-1", recorded_at=recorded)
    assert (answer["occurred_at"], answer["recorded_at"]) == (recorded, recorded)
    happened = await client.put_customer("C-2", recorded_at=recorded, occurred_at="2024-02-01T10:00:00+02:00")
    assert (happened["occurred_at"], happened["recorded_at"]) == ("2024-02-01T08:00:00Z", recorded)


async def test_bulk_takes_row_by_row_and_a_bad_row_harms_no_other(client: Caller) -> None:
    rows = [
        {"reference": "C-1", "name": "Ana"},
        {"reference": "C-2", "name": 7},
        {"name": "nobody"},
        "not a row",
        {"reference": "C-1", "name": "Ana"},
        {"reference": "C-3", "occurred_at": "2199-01-01T00:00:00Z"},
    ]
    answer = done(await client.post("/v1/customers/bulk", rows))
    statuses = [row["status"] for row in answer["results"]]
    assert statuses == ["accepted", "rejected", "rejected", "rejected", "unchanged", "rejected"]
    assert (answer["accepted"], answer["unchanged"], answer["rejected"]) == (1, 1, 4)
    assert [row["index"] for row in answer["results"]] == list(range(6))
    assert [row["reference"] for row in answer["results"]] == ["C-1", "C-2", None, None, "C-1", "C-3"]
    assert answer["results"][1]["problem"]["errors"][0]["pointer"] == "/name"
    assert answer["results"][5]["problem"]["code"] == "in_the_future"
    assert [customer["reference"] for customer in await client.read_all("/v1/customers")] == ["C-1"]


async def test_all_or_nothing_is_nothing_when_a_row_is_refused(client: Caller) -> None:
    rows = [{"reference": "C-1"}, {"reference": "C-2"}, {"reference": "C 3 "}]
    refused = refusal(await client.post("/v1/customers/bulk?atomic=true", rows), 422, "bulk_rejected")
    assert [error["pointer"] for error in refused["errors"]] == ["/2"]
    assert await client.read_all("/v1/customers") == []
    assert done(await client.post("/v1/customers/bulk?atomic=true", rows[:2]))["accepted"] == 2


async def test_two_writers_at_once_lose_nothing_of_each_other(client: Caller) -> None:
    puts = [client.put("/v1/customers/C-1", {"attributes": {f"a{number}": number}}) for number in range(8)]
    assert sorted(response.status_code for response in await asyncio.gather(*puts)) == [200] * 7 + [201]
    found = await client.read("/v1/customers/C-1")
    assert found["attributes"] == {f"a{number}": number for number in range(8)}
    assert found["version"] >= 8
