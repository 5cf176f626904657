"""Figures the company steers by are told, corrected and withdrawn; of each it is said what is lacking to judge it."""

from typing import Any

import pytest

from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio

PATH = "/v1/measures-in-use"


async def use(client: Caller, reference: str = "aht", **fields: Any) -> Any:
    """Tell of a figure the company steers by."""
    return done(await client.post(PATH, {"reference": reference, "name": "Handling time", **fields}))


async def test_a_figure_is_told_with_who_steers_by_it(client: Caller) -> None:
    whole = {"used_by": "the service desk", "field": "handling_minutes", "metric_key": None}
    answer = await client.post(PATH, {"reference": "aht", "name": "Handling time", "used_since": ago(days=9), **whole})
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    told = done(answer)
    assert {name: told[name] for name in whole} == whole
    assert told.pop("unchanged") is False
    read = await client.get(f"{PATH}/aht")
    assert (read.json(), read.headers["etag"]) == (told, '"1"')
    again = await client.post(PATH, {"reference": "aht", "used_by": "nobody"})
    assert (again.status_code, again.json()["name"], again.json()["version"]) == (200, "Handling time", 2)
    assert again.json()["used_since"] == told["used_since"]
    assert done(await client.post(PATH, {"reference": "aht", "used_by": "nobody"}))["unchanged"] is True


async def test_the_same_key_tells_once(client: Caller) -> None:
    first = await client.post(PATH, {"name": "Calls an hour"}, idempotency_key="k")
    second = await client.post(PATH, {"name": "Calls an hour"}, idempotency_key="k")
    assert (second.json(), second.headers["idempotent-replay"]) == (first.json(), "true")
    assert first.json()["reference"] == first.json()["id"]
    assert len(await client.read_all(PATH)) == 1


async def test_nothing_is_known_of_what_nobody_can_find_and_it_says_what_to_give(client: Caller) -> None:
    told = (await use(client))["evidence"]
    assert (told["matters"], told["computed_at"], told["needs_met"], told["departures"]) == (
        "not_known",
        None,
        None,
        None,
    )
    assert "`field` (contacts, " in told["says"]
    assert "`metric_key`" in told["says"]
    found = (await use(client, field="contacts"))["evidence"]
    assert (found["matters"], found["says"][:13]) == ("not_known", "Not known yet")


async def test_what_is_withdrawn_is_marked_and_lives_again_when_told_again(client: Caller) -> None:
    await use(client)
    await use(client, "fcr", field="contacts")
    gone = done(await client.post(f"{PATH}/aht/void", {"reason": "told twice"}))
    assert (gone["voided"], gone["unchanged"]) == (True, False)
    listed = await client.read_all(PATH, limit=1)
    assert [(item["reference"], item["voided"]) for item in listed] == [("fcr", False), ("aht", True)]
    assert (await use(client, used_by="us"))["voided"] is False


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_what_cannot_be_is_refused(client: Caller) -> None:
    for body, pointer in (
        ({"used_by": "us"}, "/name"),
        ({"name": "  "}, "/name"),
        ({"name": "n", "field": "team"}, "/field"),
        ({"name": "n", "metric_key": "No Key"}, "/metric_key"),
        ({"name": "n", "field": "contacts", "metric_key": "satisfaction"}, "/metric_key"),
        ({"name": "n", "target": 3}, "/target"),
    ):
        refused = refusal(await client.post(PATH, body), 422, "malformed")
        assert [error["pointer"] for error in refused["errors"]] == [pointer]
    refusal(await client.post(PATH, {"name": "n", "used_since": ago(days=-1)}), 422, "in_the_future")
    await use(client, field="attributes.minutes")
    refusal(await client.post(PATH, {"reference": "aht", "metric_key": "satisfaction"}), 422, "malformed")
    assert (await use(client, field=None, metric_key="satisfaction"))["metric_key"] == "satisfaction"
    refusal(await client.get(f"{PATH}/nothing"), 404, "not_found")
    refusal(await client.post(f"{PATH}/nothing/void", {"reason": "r"}), 404, "not_found")


async def test_managers_read_and_staff_write(caller: MakeCaller) -> None:
    manager, staff = await caller("roles:support"), await caller("roles:write")
    await use(staff)
    assert [item["reference"] for item in await manager.read_all(PATH)] == ["aht"]
    refusal(await manager.post(PATH, {"name": "n"}), 403, "missing_scope")
