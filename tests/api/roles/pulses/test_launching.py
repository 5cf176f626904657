"""A pulse is launched on terms that stay, on a survey that asks staff and can be told without telling of anybody."""

from typing import Any

import pytest

from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.roles.pulses.answering import AHEAD, FREE, PATH, TOOLS, ask_staff, launch, links

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def test_a_pulse_is_launched_once_and_listed(client: Caller) -> None:
    await ask_staff(client)
    stored = await launch(client, teams=["north", "south"], cut_by=["since"], scores_from=4)
    assert (stored["survey"], stored["version"], stored["unchanged"], stored["ended"]) == ("crew", 1, False, False)
    assert [stored[name] for name in ("scores_from", "comments_from", "batch")] == [4, 10, 5]
    assert (stored["answers"], stored["released_on"], stored["opens_at"]) == (None, None, stored["launched_at"])
    again = await client.post(PATH, {"key": "spring", "survey": "crew", "scores_from": 4, **AHEAD})
    assert (again.status_code, done(again)["unchanged"]) == (200, True)
    [listed] = await client.read_all(PATH)
    assert listed == {name: value for name, value in stored.items() if name != "unchanged"}
    refusal(await client.get(f"{PATH}/autumn"), 404)
    refusal(await client.get(f"{PATH}/autumn/links"), 404)


@pytest.mark.parametrize("changed", [{"scores_from": 3}, {"comments_from": 11}, {"batch": 6}], ids=str)
async def test_thresholds_stay_as_they_were_launched(client: Caller, changed: dict[str, int]) -> None:
    await ask_staff(client)
    stored = await launch(client)
    found = refusal(
        await client.post(PATH, {"key": "spring", "survey": "crew", **AHEAD, **changed}), 409, "thresholds_fixed"
    )
    assert "Launch another pulse under another key" in found["detail"]
    assert refusal(await client.patch(f"{PATH}/spring", changed), 409, "thresholds_fixed")["detail"] == found["detail"]
    assert done(await client.patch(f"{PATH}/spring", dict.fromkeys(changed, stored[next(iter(changed))])))["unchanged"]
    refusal(await client.patch(f"{PATH}/autumn", changed), 404)
    assert (await client.read(PATH))["items"][0] == {name: stored[name] for name in stored if name != "unchanged"}


@pytest.mark.parametrize(
    "changed",
    [
        {"closes_at": ago(days=-31)},
        {"opens_at": ago(days=1)},
        {"teams": ["north"]},
        {"cut_by": ["free"]},
        {"version": 2},
    ],
    ids=["closes_at", "opens_at", "teams", "cut_by", "version"],
)
@on_sqlite
async def test_nothing_else_changes_either(client: Caller, changed: dict[str, Any]) -> None:
    await ask_staff(client)
    await launch(client, cut_by=["since"])
    refusal(await client.post(PATH, {"key": "spring", "survey": "crew", **AHEAD, **changed}), 409, "pulse_launched")
    refusal(await client.patch(f"{PATH}/spring", changed), 409, "pulse_launched")


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"survey": "nothing"}, "/survey", "unknown_survey"),
        ({"survey": "post_interaction"}, "/survey", "not_of_staff"),
        ({"survey": "dated"}, "/survey", "not_releasable"),
        ({"cut_by": ["tools"]}, "/cut_by/0", "not_a_cut"),
        ({"closes_at": ago(days=1)}, "/closes_at", "in_the_past"),
        ({"opens_at": ago(days=-40)}, "/closes_at", "before_opens_at"),
        ({"teams": ["north", "north"]}, "/teams", "repeated_key"),
        ({"scores_from": 2}, "/scores_from", "greater_than_equal"),
        ({"comments_from": 9}, "/comments_from", "greater_than_equal"),
        ({"batch": 4}, "/batch", "greater_than_equal"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@on_sqlite
async def test_what_cannot_be_told_of_nobody_is_not_launched(
    client: Caller, fields: dict[str, Any], pointer: str, code: str
) -> None:
    await ask_staff(client)
    await ask_staff(client, "dated", [TOOLS, {"key": "day", "kind": "date", "texts": {"en": "When?"}}])
    body = {"key": "spring", "survey": "crew", **AHEAD, **fields}
    found = refusal(await client.post(PATH, body), 422)
    assert (found["errors"][0]["pointer"], found["errors"][0]["code"]) == (pointer, code)
    assert await client.read_all(PATH) == []


async def test_staff_read_results_and_who_supports_them_launches(client: Caller, caller: MakeCaller) -> None:
    await ask_staff(client)
    staff, lead, other = await caller("roles:write"), await caller("roles:support"), await caller("records:read")
    body = {"key": "spring", "survey": "crew", **AHEAD}
    refusal(await staff.post(PATH, body), 403)
    done(await lead.post(PATH, body))
    assert (await staff.read(f"{PATH}/spring"))["key"] == "spring"
    assert set(await links(lead)) == {None}
    refusal(await staff.get(f"{PATH}/spring/links"), 403)
    refusal(await other.get(f"{PATH}/spring"), 403)


@on_sqlite
async def test_a_pulse_of_the_template_and_an_older_version(client: Caller) -> None:
    done(await client.post("/v1/surveys", {"key": "staff_pulse", "template": "staff_pulse"}))
    done(await client.post("/v1/surveys/staff_pulse/publish"))
    done(await client.post("/v1/surveys/staff_pulse/versions", {"questions": [TOOLS, FREE]}))
    done(await client.post("/v1/surveys/staff_pulse/publish"))
    done(await client.post(PATH, {"key": "first", "survey": "staff_pulse", "version": 1, **AHEAD}))
    done(await client.post(PATH, {"key": "second", "survey": "staff_pulse", **AHEAD}))
    asked = [len((await client.read(f"{PATH}/{key}"))["questions"]) for key in ("first", "second")]
    assert asked == [8, 2]
