"""What an answer says of its times and its customer: who may say it, and what an invitation proves."""

from uuid import uuid4

import pytest
import time_machine

from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done, moment, refusal
from tests.api.conftest import MakeCaller
from tests.api.feedback.inviting import SURVEY, answer, invite
from tests.api.told import told

pytestmark = pytest.mark.anyio


async def test_who_can_only_claim_does_not_say_when_the_company_knew(
    asked: Caller, caller: MakeCaller, database: Database, workspace: WorkspaceSettings
) -> None:
    form = await caller("feedback:write")
    sent = answer((await invite(asked))["token"], id=str(uuid4()))
    for body in ({**sent, "recorded_at": ago(days=1)}, {**sent, "invitation": None, "recorded_at": ago(days=1)}):
        refused = refusal(await form.post("/v1/responses", body), 422, "not_yours_to_say")
        assert [error["pointer"] for error in refused["errors"]] == ["/recorded_at"]
    assert await asked.read_all("/v1/responses") == []
    done(await form.post("/v1/responses", sent))
    assert [kind for kind, _ in await told(database, workspace)] == ["response.received", "case.failed"]


async def test_nobody_answers_an_invitation_before_it_was_made(asked: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    made = await invite(asked)
    for who, times, pointer in (
        (form, {"answered_at": "2019-01-01T00:00:00Z"}, "/answered_at"),
        (form, {"asked_at": ago(minutes=6)}, "/asked_at"),
        (asked, {"answered_at": ago(hours=1), "recorded_at": ago(minutes=1)}, "/answered_at"),
        (asked, {"recorded_at": ago(days=1)}, "/recorded_at"),
    ):
        body = answer(made["token"], **times)
        refused = refusal(await who.post("/v1/responses", body), 422, "before_invitation")
        assert [error["pointer"] for error in refused["errors"]] == [pointer]
    # A clock that runs a little behind ours is no reason to lose an answer.
    late = answer(made["token"], asked_at=ago(minutes=2), answered_at=ago(minutes=1))
    stored = await asked.read(f"/v1/responses/{done(await form.post('/v1/responses', late))['id']}")
    created = (await asked.read(f"/v1/invitations/{made['id']}"))["created_at"]
    assert (stored["asked_at"], stored["answered_at"]) == (created, created)


async def test_a_proved_answer_lies_within_its_case_too(asked: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    made = await invite(asked)
    with time_machine.travel(moment(ago(hours=-2))):
        await asked.put_case("K-1", "C-1", opened_at=ago(minutes=30))
        for times, pointer in (
            ({"answered_at": ago(hours=1)}, "/answered_at"),
            ({"asked_at": ago(hours=1)}, "/asked_at"),
        ):
            refused = refusal(await form.post("/v1/responses", answer(made["token"], **times)), 422, "before_opened_at")
            assert [error["pointer"] for error in refused["errors"]] == [pointer]
        done(await form.post("/v1/responses", answer(made["token"])))


async def test_a_claim_just_proved_was_not_asked_before_its_invitation(asked: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    body = {"survey": SURVEY, "answers": {"satisfaction": 1}, "complete": False, "asked_at": "2019-01-01T00:00:00Z"}
    address = f"/v1/responses/{done(await form.post('/v1/responses', body))['id']}"
    made = await invite(asked)
    done(await form.patch(address, {"invitation": made["token"], "complete": True}))
    stored = await asked.read(address)
    assert (stored["failure"], stored["asked_at"]) == (
        True,
        (await asked.read(f"/v1/invitations/{made['id']}"))["created_at"],
    )


async def test_an_answer_is_the_customers_whose_case_it_is_known_to_be(asked: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    made = await invite(asked)
    begun = await invite(asked)
    half = done(await form.post("/v1/responses", answer(begun["token"], complete=False)))
    await asked.put_case("K-1", "C-2")
    refusal(await form.post("/v1/responses", answer(made["token"], customer="C-1")), 422, "invitation_mismatch")
    whole = done(await form.post("/v1/responses", answer(made["token"], customer="C-2")))
    done(await form.patch(f"/v1/responses/{half['id']}", {"complete": True}))
    done(await form.patch(f"/v1/responses/{half['id']}", {"complete": True}))
    for one in (whole, half):
        stored = await asked.read(f"/v1/responses/{one['id']}")
        assert (stored["customer"], stored["case"], stored["failure"]) == ("C-2", "K-1", True)
    assert await asked.read_all("/v1/responses", customer="C-1") == []
