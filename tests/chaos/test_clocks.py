"""A clock that is set back an hour, or leaps 400 days: everything goes on, and nothing took less than no time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI

from api.worker import work_off
from models.database import Database
from tests.api.caller import Caller, done, moment
from tests.api.openapi import guarded
from tests.generated.everything import fill

pytestmark = pytest.mark.anyio

DURATION = re.compile(r"minutes|hours|days|seconds|waiting|elapsed|age|duration|overdue")
JUMPS = {"back an hour": timedelta(hours=-1), "on 400 days": timedelta(days=400)}


def negative_durations(found: Any, name: str = "") -> list[str]:
    """Give the fields that say that something took less than no time."""
    if isinstance(found, dict):
        return [problem for key, value in found.items() for problem in negative_durations(value, f"{name}/{key}")]
    if isinstance(found, list):
        return [problem for value in found for problem in negative_durations(value, name)]
    is_negative = isinstance(found, int | float) and not isinstance(found, bool) and found < 0
    return [f"{name}: {found}"] if is_negative and DURATION.search(name.rpartition("/")[2]) else []


async def everything_read(app: FastAPI, client: Caller, known: dict[str, str]) -> dict[str, Any]:
    """Read at every address that is read from; none may fail, and no duration may be negative."""
    answers = {}
    for route in guarded(app):
        if route.method != "GET":
            continue
        query = {"condition": "late"} if route.path.endswith("failure-rates") else {}
        answer = await client.get(route.address(known), **query)
        assert answer.status_code < 500, (str(route), answer.text)
        answers[str(route)] = answer.json()
    wrong = {route: found for route, answer in answers.items() if (found := negative_durations(answer))}
    assert wrong == {}
    return answers


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
async def test_everything_goes_on_when_the_clock_jumps(
    app: FastAPI, client: Caller, database: Database, jump: timedelta
) -> None:
    known = await fill(client)
    await work_off(database)
    with time_machine.travel(datetime.now(UTC) + jump, tick=True):
        await everything_read(app, client, known)
        assert (await client.put_customer("X-2", name="Bo"))["unchanged"] is False
        await client.put_case("X-2", "X-2", opened_at=(datetime.now(UTC) - timedelta(days=3)).isoformat())
        await client.promise("X-2", "P", made_at=(datetime.now(UTC) - timedelta(days=2)).isoformat())
        await client.respond("X-2", satisfaction=1)
        once = {"survey": "post_interaction", "case": "X-2", "answers": {"satisfaction": 2}}
        first = await client.post("/v1/responses", once, idempotency_key="k")
        again = await client.post("/v1/responses", once, idempotency_key="k")
        assert (done(first), again.headers["idempotent-replay"]) == (again.json(), "true")
        await work_off(database)
        await everything_read(app, client, known | {"reference": "X-2"})
    # The clock is right again: what was stored meanwhile is there, in a list read from its beginning and by itself.
    answers = await everything_read(app, client, known)
    assert {item["reference"] for item in answers["GET /v1/customers"]["items"]} == {"X-1", "X-2"}
    assert (await client.read("/v1/customers/X-2"))["name"] == "Bo"


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(hours=1), timedelta(days=400)])
async def test_what_is_said_of_now_is_the_newest_whatever_a_clock_said_before(client: Caller, back: timedelta) -> None:
    await client.put_customer("C-1", name="Ana")
    before = await client.read("/v1/customers/C-1")
    with time_machine.travel(datetime.now(UTC) - back, tick=True):
        await client.put_customer("C-1", name="Bo")
        after = await client.read("/v1/customers/C-1")
    assert after["name"] == "Bo"
    assert moment(after["occurred_at"]) >= moment(before["occurred_at"])


async def test_a_list_of_what_changed_since_leaves_nothing_out_when_the_clock_was_set_back(client: Caller) -> None:
    await client.put_customer("C-1", name="Ana")
    seen = (await client.read_all("/v1/customers"))[-1]["stored_at"]
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1), tick=True):
        await client.put_customer("C-2", name="Bo")
    changed = await client.read_all("/v1/customers", updated_since=seen)
    assert "C-2" in {item["reference"] for item in changed}
