"""Countermeasures are told, corrected, withdrawn and listed like every record."""

import asyncio
from typing import Any

import pytest

from api.worker import work_off
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.failures.countermeasures.working import PATH, measure, put

pytestmark = pytest.mark.anyio

PRICE = {"amount": 120_000, "currency": "EUR"}


@pytest.fixture(autouse=True)
async def catalogued(client: Caller) -> None:
    """Catalogue what countermeasures are on."""
    await client.catalogue("handed")
    await client.catalogue("away")


async def test_a_countermeasure_is_told_and_read(client: Caller) -> None:
    answer = await client.post(PATH, measure(cost=PRICE, effectiveness=0.6, conditions=["handed", "away", "handed"]))
    told = done(answer)
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"{PATH}/{told['id']}"
    assert (told["status"], told["conditions"], told["cost"]) == ("planned", ["away", "handed"], PRICE)
    assert (told["running_cost"], told["effectiveness"], told["owner"], told["unchanged"]) == (None, 0.6, "Mia", False)
    read = await client.read(f"{PATH}/parts-list")
    assert read == {name: value for name, value in told.items() if name != "unchanged"}
    assert await client.read(f"{PATH}/{told['id']}") == read
    assert (await client.read(PATH))["items"] == [read]


async def test_the_same_reference_is_the_next_state(client: Caller) -> None:
    await put(client, team="north")
    again = await client.post(PATH, measure(team="north"))
    assert (again.status_code, done(again)["unchanged"], again.headers["etag"]) == (200, True, '"1"')
    later = await client.post(PATH, {"reference": "parts-list", "live_from": ago(days=1), "team": None})
    assert (done(later)["version"], done(later)["status"], done(later)["team"]) == (2, "live", None)
    ended = done(await client.post(PATH, {"reference": "parts-list", "retired_at": ago(minutes=1)}))
    assert (ended["status"], ended["title"]) == ("retired", "A list of parts at the desk")


async def test_without_a_reference_the_id_is_it(client: Caller) -> None:
    body = {name: value for name, value in measure().items() if name != "reference"}
    told = done(await client.post(PATH, body))
    assert told["reference"] == told["id"]
    assert done(await client.post(PATH, body))["id"] != told["id"]


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"conditions": ["unheard"]}, 409, "unknown_reference"),
    ({"conditions": []}, 422, "malformed"),
    ({"conditions": None}, 422, "malformed"),
    ({"title": None}, 422, "malformed"),
    ({"owner": None}, 422, "malformed"),
    ({"title": " "}, 422, "malformed"),
    ({"owner": "\t"}, 422, "malformed"),
    ({"kind": "luck"}, 422, "malformed"),
    ({"reference": "portfolio"}, 422, "reserved_reference"),
    ({"reference": "what-if"}, 422, "reserved_reference"),
    ({"effectiveness": 1.2}, 422, "malformed"),
    ({"effectiveness": True}, 422, "malformed"),
    ({"cost": {"amount": -1, "currency": "EUR"}}, 422, "malformed"),
    ({"cost": PRICE, "running_cost": {"amount": 1, "currency": "USD"}}, 422, "malformed"),
    ({"status": "verified"}, 422, "malformed"),
    ({"live_from": ago(days=1), "retired_at": ago(days=2)}, 422, "before_live_from"),
]


@pytest.mark.parametrize(("wrong", "status", "code"), WRONG)
async def test_what_cannot_be_is_refused(client: Caller, wrong: dict[str, Any], status: int, code: str) -> None:
    refusal(await client.post(PATH, measure(**wrong)), status, code)
    assert (await client.read(PATH))["items"] == []


async def test_a_cost_stays_in_one_currency(client: Caller) -> None:
    await put(client, cost=PRICE)
    other = {"reference": "parts-list", "running_cost": {"amount": 5, "currency": "USD"}}
    refusal(await client.post(PATH, other), 422, "two_currencies")
    both: dict[str, Any] = {"cost": {"amount": 7, "currency": "USD"}, "running_cost": {"amount": 5, "currency": "USD"}}
    told = await put(client, **both)
    assert (told["cost"], told["running_cost"]) == (both["cost"], both["running_cost"])
    assert (await put(client, cost=None, running_cost=None))["cost"] is None


async def test_a_change_says_what_it_was_made_from(client: Caller) -> None:
    told = await put(client)
    path = f"{PATH}/{told['id']}"
    refusal(await client.patch(path, {"owner": "Bo"}), 428, "precondition_required")
    refusal(await client.patch(path, {"owner": "Bo"}, if_match='"7"'), 412, "precondition_failed")
    refusal(await client.patch(f"{PATH}/unheard", {"owner": "Bo"}, if_match="*"), 404, "not_found")
    changed = await client.patch(path, {"owner": "Bo"}, if_match='"1"')
    assert (done(changed)["owner"], changed.headers["etag"]) == ("Bo", '"2"')
    refusal(await client.patch(path, {"owner": None}, if_match="*"), 422, "malformed")


async def test_two_who_change_the_same_state_are_not_both_believed(client: Caller) -> None:
    await put(client)
    asked = [client.patch(f"{PATH}/parts-list", {"owner": name}, if_match='"1"') for name in ("Bo", "Kim")]
    assert sorted(answer.status_code for answer in await asyncio.gather(*asked)) == [200, 412]


async def test_two_who_tell_at_once_make_one(client: Caller) -> None:
    answers = await asyncio.gather(*(client.post(PATH, measure()) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len((await client.read(PATH))["items"]) == 1


async def test_what_was_told_by_mistake_is_withdrawn(client: Caller) -> None:
    await put(client, live_from=ago(days=3))
    gone = await client.void(f"{PATH}/parts-list")
    assert (gone["voided"], gone["unchanged"]) == (True, False)
    assert (await client.void(f"{PATH}/parts-list"))["unchanged"]
    assert (await client.read(PATH))["items"] == []
    assert [item["voided"] for item in (await client.read(PATH, voided=True))["items"]] == [True]
    await put(client, title="A better list")
    assert [item["title"] for item in (await client.read(PATH))["items"]] == ["A better list"]
    refusal(await client.post(f"{PATH}/unheard/void", {"reason": "r"}), 404, "not_found")


async def test_countermeasures_are_listed_by_team_and_kind(client: Caller) -> None:
    await put(client, "a", team="north")
    await put(client, "b", kind="policy")
    assert [item["reference"] for item in await client.read_all(PATH, limit=1)] == ["a", "b"]
    assert [item["reference"] for item in await client.read_all(PATH, team="north")] == ["a"]
    assert [item["reference"] for item in await client.read_all(PATH, kind="policy")] == ["b"]
    assert await client.read_all(PATH, updated_since=ago(hours=-1)) == []
    assert [item["reference"] for item in await client.stream(PATH)] == ["a", "b"]


async def test_whoever_analyses_reads_and_only_an_admin_changes(client: Caller, caller: MakeCaller) -> None:
    await put(client)
    reader = await caller("analysis:read")
    assert (await reader.read(f"{PATH}/parts-list"))["owner"] == "Mia"
    for asked in (
        reader.post(PATH, measure()),
        reader.patch(f"{PATH}/parts-list", {"owner": "Bo"}, if_match="*"),
        reader.post(f"{PATH}/parts-list/void", {"reason": "r"}),
    ):
        refusal(await asked, 403, "missing_scope")
    refusal(await (await caller("risk:read")).get(PATH), 403, "missing_scope")


async def test_another_workspace_sees_nothing(client: Caller, caller: MakeCaller, make_workspace: Any) -> None:
    told = await put(client)
    stranger = await caller("admin", of=await make_workspace("Cold Homes"))
    for path in (f"{PATH}/parts-list", f"{PATH}/{told['id']}", f"{PATH}/parts-list/effect"):
        refusal(await stranger.get(path), 404, "not_found")
    assert (await stranger.read(PATH))["items"] == []


async def test_who_is_named_in_a_title_is_erased_from_it(client: Caller, database: Database) -> None:
    await client.put_customer("C-77")
    await put(client, title="A list, as C-77 asked")
    await client.erase("C-77")
    await work_off(database)
    assert (await client.read(f"{PATH}/parts-list"))["title"] == "A list, as erased asked"


async def test_sets_show_their_cover_at_once_those_people_drew_too(client: Caller) -> None:
    drawn = done(await client.post("/v1/condition-sets", {"conditions": ["handed", "away"], "note": "n"}))
    assert (drawn["coverage"], drawn["redundancy"], drawn["countermeasures"]) == ("open", 0, [])
    await put(client, "planned", conditions=["away"])
    await put(client, "live", conditions=["handed"], live_from=ago(days=1))
    await put(client, "theirs", conditions=["away"], team="north", live_from=ago(days=1))
    path = f"/v1/condition-sets/{drawn['id']}"
    read = await client.read(path)
    assert (read["coverage"], read["redundancy"]) == ("point", 1)
    shown = {item["reference"]: (item["status"], item["owner"]) for item in read["countermeasures"]}
    assert shown == {"planned": ("planned", "Mia"), "live": ("live", "Mia"), "theirs": ("live", "Mia")}
    done(await client.post(PATH, {"reference": "planned", "live_from": ago(days=1)}))
    assert (await client.read(path))["coverage"] == "covered"
    done(await client.post(PATH, {"reference": "live", "retired_at": ago(minutes=1)}))
    read = (await client.read("/v1/condition-sets"))["items"][0]
    assert (read["coverage"], len(read["countermeasures"])) == ("point", 2)
