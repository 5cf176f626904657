"""Invitations: a right to answer that proves whose answer it is, and completes once."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from api.feedback.queries import completions, invitations, routes
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.workspace import RouteKind
from tests.api.caller import Caller, ago, done, moment, refusal
from tests.api.conftest import MakeCaller, MakeWorkspace
from tests.api.feedback.inviting import SURVEY, answer, invite

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def test_an_invitation_proves_whose_answer_it_is_and_about_which_case(asked: Caller, caller: MakeCaller) -> None:
    made = await invite(asked, language="pt")
    assert made["url"] == f"http://127.0.0.1:8000/i/{made['token']}"
    assert len(made["token"]) == 32
    form = await caller("feedback:write")
    answered = done(await form.post("/v1/responses", answer(made["token"])))
    assert set(answered) == {"id", "status"}
    stored = await asked.read(f"/v1/responses/{answered['id']}")
    assert (stored["customer"], stored["case"], stored["claimed_case"]) == ("C-1", "K-1", None)
    assert (stored["failure"], stored["language"]) == (True, "pt")
    now = await asked.read(f"/v1/invitations/{made['id']}")
    assert (now["state"], now["response"], now["customer"]) == ("completed", answered["id"], "C-1")
    assert moment(stored["asked_at"]) == moment(now["created_at"])


async def test_a_token_is_kept_nowhere(asked: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    made = await invite(asked)
    async with database.read(workspace.id) as session:
        rows = (await session.execute(select(invitations))).all()
        ways = (await session.execute(select(routes).where(routes.c.kind == RouteKind.TOKEN))).all()
    assert (len(rows), len(ways)) == (1, 1)
    assert made["token"] not in repr(rows) + repr(ways)
    assert made["token"] not in str(await asked.read(f"/v1/invitations/{made['id']}"))


async def test_it_completes_once_and_the_same_answer_again_is_the_same(asked: Caller) -> None:
    token = (await invite(asked))["token"]
    sent = answer(token, id=str(uuid4()))
    first = await asked.post("/v1/responses", sent)
    again = await asked.post("/v1/responses", sent)
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    refusal(await asked.post("/v1/responses", answer(token)), 409, "invitation_completed")
    refusal(await asked.post("/v1/responses", answer(token, id=str(uuid4()))), 409, "invitation_completed")
    rows = [answer(token, reference="a"), answer("nobody-knows", reference="b")]
    results = done(await asked.post("/v1/responses/bulk", rows))["results"]
    assert [row["problem"]["code"] for row in results] == ["invitation_completed", "unknown_invitation"]
    assert len(await asked.read_all("/v1/responses")) == 1


async def test_of_those_who_complete_one_at_once_one_does(asked: Caller) -> None:
    token = (await invite(asked))["token"]
    sent = [asked.post("/v1/responses", answer(token, id=str(uuid4()))) for _ in range(6)]
    answers = await asyncio.gather(*sent)
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"invitation_completed"}
    assert len(await asked.read_all("/v1/responses")) == 1


async def test_one_answer_sent_twice_at_once_by_one_invitation_is_one(asked: Caller) -> None:
    sent = answer((await invite(asked))["token"], id=str(uuid4()))
    answers = await asyncio.gather(*[asked.post("/v1/responses", sent) for _ in range(4)])
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]


async def test_two_rows_of_one_request_cannot_both_complete_it(asked: Caller) -> None:
    token = (await invite(asked))["token"]
    results = done(
        await asked.post("/v1/responses/bulk", [answer(token, reference="a"), answer(token, reference="b")])
    )["results"]
    assert [row["status"] for row in results] == ["accepted", "rejected"]
    assert results[1]["problem"]["code"] == "invitation_completed"


async def test_the_database_itself_lets_no_invitation_complete_twice(
    asked: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    made = await invite(asked)
    done(await asked.post("/v1/responses", answer(made["token"])))
    async with database.read(workspace.id) as session:
        row = dict((await session.execute(select(completions))).mappings().one())
    with pytest.raises(IntegrityError):
        async with database.write(workspace.id) as session:
            await session.execute(insert(completions).values(row))


async def test_an_answer_in_steps_is_begun_and_completed_by_its_invitation(asked: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    made = await invite(asked)
    begun = done(await form.post("/v1/responses", answer(made["token"], complete=False)))
    state = await asked.read(f"/v1/invitations/{made['id']}")
    assert (state["state"], state["response"]) == ("started", begun["id"])
    address = f"/v1/responses/{begun['id']}"
    done(await form.patch(address, {"answers": {"comment": "hm"}}))
    done(await form.patch(address, {"complete": True}))
    assert (await asked.read(f"/v1/invitations/{made['id']}"))["state"] == "completed"
    assert (await asked.read(address))["failure"] is True
    refusal(await form.post("/v1/responses", answer(made["token"])), 409, "invitation_completed")


async def test_of_two_answers_begun_by_one_invitation_one_is_completed(asked: Caller) -> None:
    token = (await invite(asked))["token"]
    halves = [done(await asked.post("/v1/responses", answer(token, complete=False)))["id"] for _ in range(2)]
    ends = [asked.patch(f"/v1/responses/{half}", {"complete": True}) for half in halves]
    answers = await asyncio.gather(*ends)
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert [one.json()["code"] for one in answers if one.status_code == 409] == ["invitation_completed"]
    assert sorted(item["status"] for item in await asked.read_all("/v1/responses")) == ["complete", "partial"]


async def test_a_claim_is_proved_by_a_later_step(asked: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    body = {"survey": SURVEY, "case": "K-1", "answers": {"satisfaction": 1}, "complete": False}
    address = f"/v1/responses/{done(await form.post('/v1/responses', body))['id']}"
    made = await invite(asked)
    done(await form.patch(address, {"invitation": made["token"], "complete": True}))
    stored = await asked.read(address)
    assert (stored["case"], stored["claimed_case"], stored["failure"]) == ("K-1", None, True)
    assert (await asked.read(f"/v1/invitations/{made['id']}"))["state"] == "completed"
    other = await invite(asked)
    refused = refusal(await form.patch(address, {"invitation": other["token"]}), 422, "invitation_mismatch")
    assert refused["errors"][0]["pointer"] == "/invitation"
    refusal(await form.patch(address, {"invitation": "nobody"}), 422, "unknown_invitation")


async def test_an_invitation_withdrawn_or_over_is_refused(asked: Caller) -> None:
    made = await invite(asked)
    withdrawn = done(await asked.post(f"/v1/invitations/{made['id']}/revoke"))
    assert withdrawn["state"] == "revoked"
    assert done(await asked.post(f"/v1/invitations/{made['id']}/revoke")) == withdrawn
    refusal(await asked.post("/v1/responses", answer(made["token"])), 409, "invitation_revoked")
    short = await invite(asked, expires_at=ago(hours=-1))
    begun = done(await asked.post("/v1/responses", answer(short["token"], complete=False)))
    with time_machine.travel(moment(short["expires_at"]) + timedelta(seconds=1)):
        assert (await asked.read(f"/v1/invitations/{short['id']}"))["state"] == "expired"
        refusal(await asked.patch(f"/v1/responses/{begun['id']}", {"complete": True}), 409, "invitation_expired")
        refusal(await asked.post("/v1/responses", answer(short["token"])), 409, "invitation_expired")
    used = await invite(asked)
    done(await asked.post("/v1/responses", answer(used["token"])))
    refusal(await asked.post(f"/v1/invitations/{used['id']}/revoke"), 409, "invitation_completed")
    refusal(await asked.post(f"/v1/invitations/{uuid4()}/revoke"), 404, "not_found")


async def test_whoever_does_not_want_to_be_asked_is_not_invited(asked: Caller) -> None:
    await asked.put_customer("C-1", do_not_contact=True)
    await asked.put_customer("C-2", survey_opt_out=True)
    refusal(await asked.post("/v1/invitations", {"survey": SURVEY, "case": "K-1"}), 409, "do_not_contact")
    refusal(await asked.post("/v1/invitations", {"survey": SURVEY, "customer": "C-2"}), 409, "survey_opt_out")
    rows = [{"survey": SURVEY, "case": "K-1"}, {"survey": SURVEY, "customer": "C-2"}, {"survey": SURVEY}]
    results = done(await asked.post("/v1/invitations/bulk", rows))["results"]
    codes = [row["problem"] and row["problem"]["code"] for row in results]
    assert codes == ["do_not_contact", "survey_opt_out", None]
    await asked.put_customer("C-1", do_not_contact=False)
    assert (await invite(asked))["token"]


async def test_many_are_made_at_once_each_with_its_own_address(asked: Caller) -> None:
    rows: list[Any] = [
        {"reference": "i-1", "survey": SURVEY, "customer": "C-1"},
        {"reference": "i-2", "survey": SURVEY, "customer": "nobody"},
        {"reference": "i-1", "survey": SURVEY, "customer": "C-2"},
        {"reference": "i-3", "survey": SURVEY, "case": "K-1", "expires_at": ago(hours=-1)},
        {"reference": "i-4"},
    ]
    answered = done(await asked.post("/v1/invitations/bulk", rows))
    assert [row["status"] for row in answered["results"]] == [
        "accepted",
        "rejected",
        "unchanged",
        "accepted",
        "rejected",
    ]
    assert (answered["accepted"], answered["unchanged"], answered["rejected"]) == (2, 1, 2)
    tokens = [row["token"] for row in answered["results"]]
    assert [bool(token) for token in tokens] == [True, False, False, True, False]
    assert answered["results"][0]["url"].endswith(tokens[0])
    assert answered["results"][3]["expires_at"] is not None
    again = await asked.post("/v1/invitations", rows[0])
    assert (again.status_code, again.json()["token"]) == (200, None)
    refusal(await asked.post("/v1/invitations/bulk?atomic=true", rows), 422, "bulk_rejected")
    listed = await asked.read_all("/v1/invitations", limit=1)
    assert [item["reference"] for item in listed] == ["i-1", "i-3"]
    assert [item["reference"] for item in await asked.read_all("/v1/invitations", case="K-1")] == ["i-3"]
    assert len(await asked.read_all("/v1/invitations", customer="C-1")) == 2
    assert await asked.read_all("/v1/invitations", updated_since=ago(hours=-1)) == []


async def test_one_reference_sent_at_once_makes_one_invitation(asked: Caller) -> None:
    body = {"reference": "i-1", "survey": SURVEY, "case": "K-1"}
    answers = await asyncio.gather(*[asked.post("/v1/invitations", body) for _ in range(4)])
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    assert sum(one.json()["token"] is not None for one in answers) == 1


async def test_the_answer_to_a_repeated_request_carries_the_token_again(asked: Caller) -> None:
    body = {"survey": SURVEY, "case": "K-1"}
    first = done(await asked.post("/v1/invitations", body, idempotency_key="k"))
    assert done(await asked.post("/v1/invitations", body, idempotency_key="k")) == first
    assert len(await asked.read_all("/v1/invitations")) == 1


@on_sqlite
async def test_what_cannot_be_invited_is_refused(asked: Caller) -> None:
    for fields, status, code in (
        ({"survey": "nowhere"}, 422, "unknown_survey"),
        ({"customer": "nobody"}, 409, "unknown_reference"),
        ({"case": "nobody"}, 409, "unknown_reference"),
        ({"customer": "C-2"}, 422, "customer_mismatch"),
        ({"expires_at": ago(hours=1)}, 422, "in_the_past"),
        ({"odd": 1}, 422, "malformed"),
    ):
        refusal(await asked.post("/v1/invitations", {"survey": SURVEY, "case": "K-1", **fields}), status, code)
    assert await asked.read_all("/v1/invitations") == []


@on_sqlite
async def test_an_answer_about_something_else_than_its_invitation_is_refused(
    asked: Caller, caller: MakeCaller, make_workspace: MakeWorkspace
) -> None:
    token = (await invite(asked))["token"]
    await asked.put_case("K-2", "C-1")
    done(
        await asked.post(
            "/v1/surveys",
            {"key": "other", "questions": [{"key": "satisfaction", "kind": "rating", "texts": {"en": "?"}}]},
        )
    )
    done(await asked.post("/v1/surveys/other/publish"))
    for fields, pointer in (
        ({"survey": "other"}, "/survey"),
        ({"case": "K-2"}, "/case"),
        ({"customer": "C-2"}, "/customer"),
    ):
        refused = refusal(await asked.post("/v1/responses", answer(token, **fields)), 422, "invitation_mismatch")
        assert refused["errors"][0]["pointer"] == pointer
    half = {"survey": "other", "answers": {}, "complete": False}
    begun = done(await asked.post("/v1/responses", half))["id"]
    refusal(await asked.patch(f"/v1/responses/{begun}", {"invitation": token}), 422, "invitation_mismatch")
    elsewhere = await caller("admin", of=await make_workspace("Another"))
    refusal(await elsewhere.post("/v1/responses", answer(token)), 422, "unknown_invitation")
    done(await asked.post("/v1/responses", answer(token, case="K-1", customer="C-1")))


async def test_what_an_invitation_leaves_open_is_vouched_for_or_claimed(asked: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")

    async def about(made: dict[str, Any], who: Caller, **fields: Any) -> tuple[Any, ...]:
        stored = done(await who.post("/v1/responses", answer(made["token"], **fields)))
        found = await asked.read(f"/v1/responses/{stored['id']}")
        return found["customer"], found["case"], found["claimed_customer"], found["claimed_case"]

    whose = {"customer": "C-1", "case": None}
    assert await about(await invite(asked, **whose), form, case="K-1") == ("C-1", None, None, "K-1")
    assert await about(await invite(asked, **whose), asked, case="K-1") == ("C-1", "K-1", None, None)
    assert await about(await invite(asked, **whose), asked) == ("C-1", None, None, None)
    assert await about(await invite(asked, case=None), form, customer="C-2") == (None, None, "C-2", None)
    other = await invite(asked, customer="C-2", case=None)
    refusal(await asked.post("/v1/responses", answer(other["token"], case="K-1")), 422, "customer_mismatch")


async def test_the_link_of_an_erased_customers_invitation_leads_nowhere(client: Caller) -> None:
    tokens = {}
    for name in ("C-1", "C-2"):
        await client.put_customer(name)
        invited = done(await client.post("/v1/invitations", {"survey": "post_interaction", "customer": name}))
        tokens[name] = invited["token"]
    assert (await client.erase("C-1"))["removed"]["invitations"] == 1
    answer = {"survey": "post_interaction", "answers": {"satisfaction": 1}}
    refusal(await client.post("/v1/responses", {**answer, "invitation": tokens["C-1"]}), 422, "unknown_invitation")
    assert (await client.get(f"/i/{tokens['C-1']}")).status_code == 404
    done(await client.post("/v1/responses", {**answer, "invitation": tokens["C-2"]}))
