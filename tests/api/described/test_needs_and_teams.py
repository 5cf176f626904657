"""The company describes its needs in customers' words, and its teams with who owes them support."""

import asyncio
from typing import Any

import pytest

from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio


async def test_a_need_is_described_in_customers_words(client: Caller) -> None:
    body = {"name": "Repair", "purpose": "My heating works again before night.", "customer_time": "PT26H"}
    answer = await client.put("/v1/needs/repair", body)
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    stored = done(answer)
    assert {name: stored[name] for name in body} == {**body, "customer_time": "P1DT2H"}
    assert (stored["described"], stored.pop("unchanged")) == (True, False)
    again = await client.put("/v1/needs/repair", body)
    assert (again.status_code, again.json()["unchanged"]) == (200, True)
    found = await client.get("/v1/needs/repair")
    assert (found.json(), found.headers["etag"]) == (stored, '"1"')


async def test_absent_keeps_and_null_clears(client: Caller) -> None:
    done(await client.put("/v1/needs/repair", {"name": "Repair", "purpose": "Warm", "customer_time": 90}))
    kept = done(await client.put("/v1/needs/repair", {"customer_time": None, "name": "Repairs"}))
    assert (kept["name"], kept["purpose"], kept["customer_time"]) == ("Repairs", "Warm", None)
    refusal(await client.put("/v1/needs/repair", {"name": None}), 422, "malformed")


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "time", ["", "P", "PT", "P1DT", "3D", "P1M", "P1Y", "P1.5D", "-P1D", "PT0M", 0, -5, 1.5, True, "P999999W", "PT1S"]
)
async def test_a_time_no_customer_could_mean_is_refused(client: Caller, time: Any) -> None:
    refused = refusal(await client.put("/v1/needs/repair", {"name": "Repair", "customer_time": time}), 422)
    assert [error["pointer"] for error in refused["errors"]] == ["/customer_time"]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("said", "shown"), [("P2W", "P14D"), ("PT90M", "PT1H30M"), (1440, "P1D"), ("P1DT1H1M", "P1DT1H1M")]
)
async def test_a_time_is_shown_in_one_form(client: Caller, said: Any, shown: str) -> None:
    stored = done(await client.put("/v1/needs/repair", {"name": "Repair", "customer_time": said}))
    assert stored["customer_time"] == shown


async def test_what_is_named_and_not_described_is_listed(client: Caller) -> None:
    await client.put_customer("C-1")
    for number, (need, team) in enumerate([("repair", "north"), ("move", "old north"), ("advice", "south")]):
        await client.put_case(f"K-{number}", "C-1", need=need, team=team)
    await client.offer_role("P-1", team="west")
    done(await client.put("/v1/needs/repair", {"name": "Repair"}))
    done(await client.put("/v1/teams/north", {"name": "North", "former_names": ["old north"]}))
    needs = await client.read_all("/v1/needs", undescribed=True, limit=1)
    assert [(need["key"], need["described"], need["name"]) for need in needs] == [
        ("advice", False, None),
        ("move", False, None),
    ]
    teams = await client.read_all("/v1/teams", undescribed=True, limit=1)
    assert [(team["reference"], team["supported_by"]) for team in teams] == [("south", []), ("west", [])]
    assert [need["key"] for need in await client.read_all("/v1/needs")] == ["repair"]
    assert [team["reference"] for team in await client.read_all("/v1/teams")] == ["north"]
    refusal(await client.get("/v1/needs/move"), 404, "not_found")
    refusal(await client.get("/v1/teams/south"), 404, "not_found")


async def test_none_is_missed_by_whoever_describes_what_is_not_described_page_by_page(client: Caller) -> None:
    await client.put_customer("C-1")
    needs = [f"need {letter}" for letter in "abcde"]
    for number, need in enumerate(needs):
        await client.put_case(f"K-{number}", "C-1", need=need)
    found: list[str] = []
    page: dict[str, Any] = {"next_cursor": None}
    while not found or page["next_cursor"] is not None:
        after = {} if page["next_cursor"] is None else {"cursor": page["next_cursor"]}
        page = await client.read("/v1/needs", undescribed=True, limit=2, **after)
        for item in page["items"]:
            found.append(item["key"])
            done(await client.put(f"/v1/needs/{item['key']}", {"name": item["key"]}))
    assert found == needs
    assert await client.stream("/v1/needs", undescribed=True) == []


async def test_a_list_tells_what_changed_since(client: Caller) -> None:
    done(await client.put("/v1/teams/north", {"name": "North"}))
    done(await client.put("/v1/teams/south", {"name": "South"}))
    last = done(await client.put("/v1/teams/north", {"name": "Far north"}))
    assert last["version"] == 2
    listed = await client.read_all("/v1/teams", updated_since=last["stored_at"])
    assert [team["reference"] for team in listed] == ["north"]


async def test_a_team_is_kept_whole(client: Caller) -> None:
    body = {"name": "North", "former_names": ["Upper", "Polar", "Upper"], "supported_by": ["ops", "Mia"]}
    stored = done(await client.put("/v1/teams/north", body))
    assert stored["former_names"] == ["Upper", "Polar"]
    assert stored["supported_by"] == ["ops", "Mia"]
    cleared = done(await client.put("/v1/teams/north", {"supported_by": None}))
    assert (cleared["supported_by"], cleared["former_names"]) == ([], ["Upper", "Polar"])


async def test_nobody_supports_those_who_support_them(client: Caller) -> None:
    done(await client.put("/v1/teams/north", {"name": "North", "supported_by": ["ops"]}))
    done(await client.put("/v1/teams/ops", {"name": "Ops", "former_names": ["back office"], "supported_by": ["board"]}))
    refusal(await client.put("/v1/teams/board", {"name": "Board", "supported_by": ["north"]}), 409, "support_circle")
    refusal(await client.get("/v1/teams/board"), 404)
    refusal(await client.put("/v1/teams/north", {"supported_by": ["north"]}), 409, "support_circle")
    hidden = {"name": "Board", "supported_by": ["back office"]}
    said = refusal(await client.put("/v1/teams/board", hidden), 409, "support_circle")
    assert "board is supported by ops" in said["detail"]
    assert (await client.read("/v1/teams/north"))["supported_by"] == ["ops"]


async def test_a_circle_cannot_be_closed_from_two_sides_at_once(client: Caller) -> None:
    for one, other in (("a", "b"), ("c", "d"), ("e", "f")):
        answers = await asyncio.gather(
            client.put(f"/v1/teams/{one}", {"name": one, "supported_by": [other]}),
            client.put(f"/v1/teams/{other}", {"name": other, "supported_by": [one]}),
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_late_news_of_a_team_finds_its_place(client: Caller) -> None:
    done(await client.put("/v1/teams/north", {"name": "North", "occurred_at": ago(days=9)}))
    done(await client.put("/v1/teams/north", {"name": "Far north", "occurred_at": ago(days=1)}))
    done(await client.put("/v1/teams/north", {"supported_by": ["ops"], "occurred_at": ago(days=5)}))
    found = await client.read("/v1/teams/north")
    assert (found["name"], found["supported_by"]) == ("Far north", ["ops"])


async def test_a_crm_key_describes_and_a_reading_key_reads(caller: MakeCaller) -> None:
    writer, reader = await caller("records:write"), await caller("records:read")
    done(await writer.put("/v1/needs/repair", {"name": "Repair"}))
    assert (await reader.read("/v1/needs/repair"))["name"] == "Repair"
    refusal(await reader.put("/v1/needs/repair", {"name": "R"}), 403, "missing_scope")
