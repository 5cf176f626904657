"""Changes that come late: laid where they belong, and judged by what they make of the past."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.caller import Caller, done, moment, refusal

pytestmark = pytest.mark.anyio


def march(day: int) -> str:
    """Give a day of a past March."""
    return datetime(2026, 3, day, tzinfo=UTC).isoformat()


def told(day: int, known: int | None = None) -> dict[str, str]:
    """Give the times of a change."""
    return {"occurred_at": march(day), "recorded_at": march(known or day)}


async def test_a_late_change_that_makes_the_past_impossible_is_refused_and_nothing_of_it_is_stored(
    client: Caller,
) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=march(1), **told(1))
    done(await client.put("/v1/cases/K-1", {"done_at": march(5), **told(10)}))
    before = await client.read("/v1/cases/K-1")
    late = {"opened_at": march(6), "done_at": march(7), **told(8, known=10)}
    refused = refusal(await client.put("/v1/cases/K-1", late), 422, "before_opened_at")
    assert [error["pointer"] for error in refused["errors"]] == ["/done_at"]
    assert await client.read("/v1/cases/K-1") == before


async def test_a_late_change_is_not_held_against_what_stands_now(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=march(6), done_at=march(9), **told(10))
    done(await client.put("/v1/cases/K-1", {"opened_at": march(2), "done_at": march(4), **told(5)}))
    found = await client.read("/v1/cases/K-1")
    assert (moment(found["opened_at"]), moment(found["done_at"])) == (moment(march(6)), moment(march(9)))


async def test_late_promises_are_judged_in_the_past_too(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=march(1), **told(1))
    await client.promise("K-1", "P-1", made_at=march(2), due_at=march(8), **told(2))
    done(await client.put("/v1/cases/K-1/promises/P-1", {"due_at": march(20), **told(9)}))
    path = "/v1/cases/K-1/promises/P-1"
    refusal(await client.put(path, {"made_at": march(9), "due_at": march(10), **told(5), "kept_at": march(6)}), 422)
    done(await client.put(path, {"made_at": march(3), **told(5)}))
    assert moment((await client.read(path))["made_at"]) == moment(march(3))


async def test_of_late_rows_in_bulk_those_that_can_be_are_kept(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=march(5), done_at=march(9), **told(10))
    rows: list[dict[str, Any]] = [
        {"reference": "K-1", "team": "north", **told(6)},
        {"reference": "K-1", "opened_at": march(7), "done_at": march(6), **told(7)},
        {"reference": "K-1", "channel": "phone", **told(8)},
    ]
    taken = done(await client.post("/v1/cases/bulk", rows))
    assert [row["status"] for row in taken["results"]] == ["accepted", "rejected", "accepted"]
    found = await client.read("/v1/cases/K-1")
    assert (found["team"], found["channel"], moment(found["opened_at"])) == ("north", "phone", moment(march(5)))


@pytest.mark.parametrize("known", [False, True])
async def test_a_long_past_told_newest_first_takes_no_more_versions_than_it_has_changes(
    client: Caller, known: bool
) -> None:
    if known:
        await client.put_customer("C-1", name="Ana")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {
            "reference": "C-1",
            "occurred_at": (start - timedelta(hours=hours)).isoformat(),
            "recorded_at": start.isoformat(),
            "attributes": {f"hour_{hours}": hours},
        }
        for hours in range(200)
    ]
    assert done(await client.post("/v1/customers/bulk", rows))["accepted"] == 200
    found = await client.read("/v1/customers/C-1")
    assert found["attributes"] == {f"hour_{hours}": hours for hours in range(200)}
    assert found["version"] == (401 if known else 200)
    assert done(await client.post("/v1/customers/bulk", rows))["unchanged"] == 200


async def test_what_is_due_on_a_day_is_due_until_its_end_where_clocks_go_back_at_midnight(client: Caller) -> None:
    found = await client.get("/v1/workspace")
    done(await client.patch("/v1/workspace", {"zone": "America/Santiago"}, if_match=found.headers["etag"]))
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=march(1))
    await client.promise("K-1", "P-1", made_at=march(2), due_at="2026-04-04")
    assert (await client.read("/v1/cases/K-1/promises/P-1"))["due_at"] == "2026-04-05T03:59:59.999999Z"
