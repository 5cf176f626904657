"""What managers answer to a role proposal, and how its author goes on from there."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, a_proposal, done, refusal
from tests.api.told import told

pytestmark = pytest.mark.anyio

WEDNESDAY = datetime(2026, 5, 6, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("verdict", "status"),
    [("support", "supported"), ("support_changed", "support_changed"), ("ask", "asked"), ("set_aside", "set_aside")],
)
async def test_an_answer_moves_the_proposal_and_is_owed_no_longer(client: Caller, verdict: str, status: str) -> None:
    offered = await client.offer_role("P-1")
    answered = await client.answer_role("P-1", verdict, reason="the budget is there", answered_by="Mia")
    assert (answered["status"], answered["version"], answered["owed_since"]) == (status, 2, None)
    assert answered["due_at"] == offered["due_at"]
    (answer,) = answered["answers"]
    assert (answer["verdict"], answer["reason"], answer["answered_by"]) == (verdict, "the budget is there", "Mia")
    assert await client.support_owed() == []


async def test_a_proposal_taken_to_somebody_is_owed_its_answer_by_the_day_named(client: Caller) -> None:
    offered = await client.offer_role("P-1")
    day = datetime.now(UTC).date() + timedelta(days=40)
    answered = await client.answer_role("P-1", "taken_to", by_when=day.isoformat())
    assert answered["due_at"] == answered["answers"][0]["by_when"] == f"{day}T23:59:59.999999Z"
    assert answered["owed_since"] == offered["offered_at"]
    assert [item["status"] for item in await client.support_owed()] == ["taken_to"]


async def test_a_moment_to_answer_by_means_its_day(client: Caller) -> None:
    await client.offer_role("P-1")
    day = datetime.now(UTC).date() + timedelta(days=3)
    answered = await client.answer_role("P-1", "support", by_when=f"{day}T10:00:00Z")
    assert answered["answers"][0]["by_when"] == f"{day}T23:59:59.999999Z"


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"verdict": "set_aside"}, "answer_refused", "/reason"),
        ({"verdict": "set_aside", "reason": "  "}, "answer_refused", "/reason"),
        ({"verdict": "taken_to"}, "answer_refused", "/by_when"),
        ({"verdict": "taken_to", "by_when": "2020-01-01"}, "in_the_past", "/by_when"),
        ({"verdict": "maybe"}, "malformed", "/verdict"),
        ({"verdict": "support", "mark": 5}, "malformed", "/mark"),
    ],
)
async def test_an_answer_without_what_it_needs_is_refused(
    client: Caller, body: dict[str, Any], code: str, pointer: str
) -> None:
    await client.offer_role("P-1")
    refused = refusal(await client.post("/v1/role-proposals/P-1/answer", body), 422, code)
    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    unmoved = await client.read("/v1/role-proposals/P-1")
    assert (unmoved["status"], unmoved["answers"]) == ("offered", [])


async def test_a_no_may_become_a_yes_and_a_yes_is_not_taken_back(client: Caller) -> None:
    await client.offer_role("P-1")
    await client.answer_role("P-1", "set_aside", reason="not this year")
    answered = await client.answer_role("P-1", "support")
    assert [answer["verdict"] for answer in answered["answers"]] == ["set_aside", "support"]
    body = {"verdict": "set_aside", "reason": "after all"}
    refusal(await client.post("/v1/role-proposals/P-1/answer", body), 409, "answer_refused")


async def test_a_question_waits_for_the_author_and_the_reply_for_the_manager(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    with time_machine.travel(WEDNESDAY):
        await client.offer_role("P-1")
        await client.answer_role("P-1", "ask", reason="how often?")
    with time_machine.travel(WEDNESDAY + timedelta(days=7)):
        replied = await client.go_on("P-1", "reply", reply="twice a week")
        assert (replied["status"], replied["due_at"]) == ("offered", "2026-05-27T23:59:59.999999Z")
        (step,) = replied["steps"]
        assert (step["step"], step["said"]) == ("reply", "twice a week")
        assert replied["owed_since"] == step["at"]
    assert [kind for kind, _ in await told(database, workspace)] == [
        "role_proposal.offered",
        "role_proposal.answered",
        "role_proposal.offered",
    ]


async def test_a_new_wording_is_a_reply_too(client: Caller) -> None:
    await client.offer_role("P-1")
    await client.answer_role("P-1", "ask", reason="how often?")
    assert (await client.offer_role("P-1"))["status"] == "asked"
    reworded = await client.offer_role("P-1", situation="twice a week")
    assert (reworded["status"], reworded["steps"][0]["step"]) == ("offered", "reply")


async def test_what_was_answered_is_not_reworded(client: Caller) -> None:
    await client.offer_role("P-1")
    await client.answer_role("P-1", "support")
    body = a_proposal("P-1", proposed_change="I order anything myself")
    refusal(await client.post("/v1/role-proposals", body), 409, "answer_refused")
    again = await client.offer_role("P-1")
    assert (again["status"], again["unchanged"]) == ("supported", True)


async def test_what_was_supported_is_tried_and_adopted(client: Caller) -> None:
    await client.offer_role("P-1")
    await client.answer_role("P-1", "support")
    done(await client.post("/v1/role-proposals/P-1/try"))
    adopted = await client.go_on("P-1", "adopt", reason="eight of ten done in one visit")
    assert adopted["status"] == "adopted"
    assert [step["step"] for step in adopted["steps"]] == ["try", "adopt"]
    refusal(await client.post("/v1/role-proposals/P-1/withdraw", {}), 409, "answer_refused")


async def test_a_step_out_of_turn_is_refused(client: Caller) -> None:
    await client.offer_role("P-1")
    for step in ("try", "adopt"):
        refusal(await client.post(f"/v1/role-proposals/P-1/{step}"), 409, "answer_refused")
    assert (await client.go_on("P-1", "withdraw"))["status"] == "withdrawn"
    assert await client.support_owed() == []


async def test_an_answer_from_a_host_whose_clock_is_behind_still_counts(client: Caller) -> None:
    with time_machine.travel(WEDNESDAY):
        await client.offer_role("P-1")
    with time_machine.travel(WEDNESDAY - timedelta(minutes=1)):
        answered = await client.answer_role("P-1", "support")
    assert (answered["status"], answered["version"]) == ("supported", 2)


async def test_two_answers_at_once_are_one_after_the_other(client: Caller) -> None:
    await client.offer_role("P-1")
    body = {"verdict": "support"}
    both = await asyncio.gather(*(client.post("/v1/role-proposals/P-1/answer", body) for _ in range(2)))
    assert sorted(response.status_code for response in both) == [201, 409]
    assert len((await client.read("/v1/role-proposals/P-1"))["answers"]) == 1


async def test_an_answer_sent_again_with_its_key_is_given_once(client: Caller) -> None:
    await client.offer_role("P-1")
    sent = ("/v1/role-proposals/P-1/answer", {"verdict": "support"})
    first = done(await client.post(*sent, idempotency_key="k"))
    assert done(await client.post(*sent, idempotency_key="k")) == first
