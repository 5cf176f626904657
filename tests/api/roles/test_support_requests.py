"""Knowledge, tools and authority that teams ask for: owed by a date, by whoever supports the team."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio

WEDNESDAY = datetime(2026, 5, 6, 9, tzinfo=UTC)
PATH = "/v1/support-requests"


async def ask(client: Caller, reference: str | None = "S-1", **fields: Any) -> Any:
    """Ask for support."""
    body = {"reference": reference, "team": "north", "kind": "tool", "what": "a torque wrench", **fields}
    return done(await client.post(PATH, {name: value for name, value in body.items() if value is not None}))


async def test_a_request_is_owed_in_the_days_the_workspace_allows(client: Caller) -> None:
    with time_machine.travel(WEDNESDAY):
        asked = await ask(client, asked_by="Ana")
        assert (asked["due_at"], asked["status"], asked["overdue"]) == ("2026-05-20T23:59:59.999999Z", "open", False)
        done(
            await client.patch(
                "/v1/workspace", {"support_request_due_days": 1, "zone": "America/Sao_Paulo"}, if_match="*"
            )
        )
        assert (await ask(client, "S-2"))["due_at"] == "2026-05-08T02:59:59.999999Z"
    assert asked.pop("unchanged") is False
    found = await client.get(f"{PATH}/S-1")
    assert (found.json(), found.headers["etag"]) == ({**asked, "overdue": True}, '"1"')


async def test_the_same_again_says_that_it_was_met(client: Caller) -> None:
    asked = await ask(client, asked_at=ago(days=3))
    again = await ask(client, asked_at=asked["asked_at"])
    assert (again["unchanged"], again["version"]) == (True, 1)
    met = done(await client.post(PATH, {"reference": "S-1", "met_at": ago(hours=1)}))
    assert (met["status"], met["due_at"], met["owed_by"]) == ("met", asked["due_at"], [])
    assert await client.support_owed() == []
    reopened = done(await client.post(PATH, {"reference": "S-1", "met_at": None}))
    assert (reopened["status"], reopened["asked_at"]) == ("open", asked["asked_at"])
    moved = done(await client.post(PATH, {"reference": "S-1", "asked_at": ago(days=40)}))
    assert (moved["overdue"], moved["version"]) == (True, 4)


async def test_a_manager_says_that_it_was_met(client: Caller, caller: MakeCaller) -> None:
    await ask(client)
    manager = await caller("roles:support")
    met = done(await manager.post(f"{PATH}/S-1/met"))
    assert (met["status"], met["unchanged"]) == ("met", False)
    again = done(await manager.post(f"{PATH}/S-1/met", {}))
    assert (again["met_at"], again["unchanged"]) == (met["met_at"], True)
    refusal(await manager.post(f"{PATH}/S-9/met"), 404, "not_found")
    refusal(await manager.post(f"{PATH}/S-1/met", {"met_at": ago(days=9)}), 422, "before_asked_at")
    refusal(await manager.post(f"{PATH}/S-1/met", {"met_at": ago(days=-9)}), 422, "in_the_future")
    refusal(await manager.post(PATH, {"reference": "S-1"}), 403, "missing_scope")


async def test_a_request_withdrawn_is_owed_no_longer(client: Caller) -> None:
    await ask(client)
    withdrawn = done(await client.post(f"{PATH}/S-1/void", {"reason": "we had one"}))
    assert (withdrawn["status"], withdrawn["unchanged"]) == ("withdrawn", False)
    assert done(await client.post(f"{PATH}/S-1/void", {"reason": "we had one"}))["unchanged"] is True
    assert await client.support_owed() == []
    refusal(await client.post(f"{PATH}/S-1/met"), 409, "answer_refused")
    refusal(await client.post(f"{PATH}/S-9/void", {"reason": "r"}), 404, "not_found")
    assert (await ask(client))["status"] == "open"


async def test_requests_are_listed_by_team_and_whether_they_were_met(client: Caller) -> None:
    await ask(client, "S-1")
    await ask(client, "S-2", team="south", met_at=ago(minutes=0), asked_at=ago(days=2))
    await ask(client, "S-3", team="south")
    done(await client.post(f"{PATH}/S-3/void", {"reason": "mistake"}))

    async def listed(**params: Any) -> list[str]:
        return [item["reference"] for item in await client.read_all(PATH, limit=1, **params)]

    assert await listed() == ["S-1", "S-2", "S-3"]
    assert await listed(met=True) == ["S-2"]
    assert await listed(met=False) == ["S-1"]
    assert await listed(team="south") == ["S-2", "S-3"]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_new_request_says_what_and_of_which_kind_for_which_team(client: Caller) -> None:
    refused = refusal(await client.post(PATH, {"reference": "S-1"}), 422, "malformed")
    assert [error["pointer"] for error in refused["errors"]] == ["/team", "/kind", "/what"]
    body = {"team": "north", "kind": "money", "what": "more"}
    refusal(await client.post(PATH, body), 422, "malformed")
    late = {"team": "north", "kind": "tool", "what": "w", "asked_at": ago(days=-1)}
    refusal(await client.post(PATH, late), 422, "in_the_future")
    ahead = await ask(client, None, asked_at=ago(minutes=-3))
    assert ahead["reference"] == ahead["id"]
    done(await client.post(f"{PATH}/{ahead['id']}/met"))


async def test_requests_and_proposals_wait_in_one_list(client: Caller) -> None:
    for number in range(4):
        with time_machine.travel(WEDNESDAY + timedelta(days=7 * number)):
            await ask(client, f"S-{number}", asked_by="Ana")
            await client.offer_role(f"P-{number}", team="north")
    owed = await client.support_owed(limit=3)
    assert {item["reference"] for item in owed} == {f"{kind}-{number}" for kind in "SP" for number in range(4)}
    assert len(owed) == 8
    assert [item["due_at"] for item in owed] == sorted(item["due_at"] for item in owed)
    (request,) = [item for item in owed if item["reference"] == "S-0"]
    assert (request["about"], request["author"], request["what"]) == ("support_request", "Ana", "a torque wrench")
    assert request["overdue"] is True
    (proposal,) = [item for item in owed if item["reference"] == "P-0"]
    assert (proposal["about"], proposal["what"]) == ("role_proposal", proposal["proposed_change"])


async def test_support_is_owed_by_those_who_support_the_team(client: Caller) -> None:
    north = {"name": "North", "former_names": ["polar"], "supported_by": ["ops", "Mia"]}
    done(await client.put("/v1/teams/north", north))
    done(await client.put("/v1/teams/ops", {"name": "Ops", "supported_by": ["board"]}))
    await client.offer_role("P-1", team="polar")
    await client.offer_role("P-2", team="south")
    await client.offer_role("P-3")
    await ask(client)

    async def owed(supporter: str) -> dict[str, list[str]]:
        return {item["reference"]: item["owed_by"] for item in await client.support_owed(supporter=supporter)}

    assert await owed("ops") == {"P-1": ["ops", "Mia"], "S-1": ["ops", "Mia"]}
    assert await owed("Mia") == await owed("ops")
    assert await owed("board") == {}
    assert (await client.read("/v1/role-proposals/P-1"))["owed_by"] == ["ops", "Mia"]
    unowed = {item["reference"]: item["owed_by"] for item in await client.support_owed()}
    assert (unowed["P-2"], unowed["P-3"]) == ([], [])


async def test_taken_to_somebody_it_is_owed_by_them(client: Caller) -> None:
    done(await client.put("/v1/teams/north", {"name": "North", "supported_by": ["ops"]}))
    done(await client.put("/v1/teams/ops", {"name": "Ops", "supported_by": ["board"]}))
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    for reference, whom in (("P-1", {"taken_to": "Jo"}), ("P-2", {})):
        await client.offer_role(reference, team="north")
        await client.answer_role(reference, "taken_to", by_when=day, **whom)

    async def owed(supporter: str) -> list[str]:
        return [item["reference"] for item in await client.support_owed(supporter=supporter)]

    assert (await owed("ops"), await owed("Jo"), await owed("board")) == ([], ["P-1"], ["P-2"])
    answered = await client.answer_role("P-1", "ask", reason="how often?")
    assert [answer["taken_to"] for answer in answered["answers"]] == ["Jo", None]
    assert answered["owed_by"] == []
    replied = await client.go_on("P-1", "reply", reply="twice a week")
    assert replied["owed_by"] == ["Jo"]
    await client.go_on("P-2", "withdraw")
    assert await owed("board") == []


async def test_only_who_takes_it_to_somebody_says_to_whom(client: Caller) -> None:
    await client.offer_role("P-1")
    body = {"verdict": "support", "taken_to": "Jo"}
    refusal(await client.post("/v1/role-proposals/P-1/answer", body), 422, "malformed")
