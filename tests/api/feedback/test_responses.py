"""Responses: the same one twice is one, a claim proves nothing, and half an answer is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import func, select

from api import kinds
from models.database import Database
from tests.api.caller import Caller, ago, done, moment, refusal
from tests.api.conftest import MakeCaller
from tests.api.told import told

pytestmark = pytest.mark.anyio

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


def body(**fields: Any) -> dict[str, Any]:
    """Give a response to the survey every workspace has."""
    return {"survey": "post_interaction", "answers": {"satisfaction": 2}, **fields}


async def open_case(client: Caller) -> None:
    """Report a customer with one case."""
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=ago(days=5))


async def versions(database: Database, client: Caller) -> int:
    """Count the revisions of responses."""
    workspace_id = UUID((await client.read("/v1/me"))["workspace_id"])
    async with database.read(workspace_id) as session:
        return int(await session.scalar(select(func.count()).select_from(kinds.RESPONSE.version)) or 0)


async def test_the_same_response_again_is_the_same_response(client: Caller, database: Database) -> None:
    await open_case(client)
    sent = body(id=str(uuid4()), case="K-1")
    first = await client.post("/v1/responses", sent)
    kept = await client.read(f"/v1/responses/{sent['id']}")
    again = await client.post("/v1/responses", sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert first.json() == {"id": sent["id"], "status": "complete", "failure": True, "conditions": []}
    assert await client.read(f"/v1/responses/{sent['id']}") == kept
    assert await versions(database, client) == 1
    other = {**sent, "answers": {"satisfaction": 5}}
    refusal(await client.post("/v1/responses", other), 409, "response_exists")
    assert await client.read(f"/v1/responses/{sent['id']}") == kept


async def test_the_same_response_again_after_a_clock_went_back_is_the_same(client: Caller, database: Database) -> None:
    sent = body(id=str(uuid4()))
    first = done(await client.post("/v1/responses", sent))
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=1)):
        assert done(await client.post("/v1/responses", sent)) == first
        done(await client.patch(f"/v1/responses/{sent['id']}", {"complete": True}))
    assert await versions(database, client) == 1


async def test_a_step_after_a_clock_went_back_is_laid_all_the_same(client: Caller) -> None:
    begun = done(await client.post("/v1/responses", body(complete=False)))
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=1)):
        done(await client.patch(f"/v1/responses/{begun['id']}", {"answers": {"comment": "hm"}, "complete": True}))
    stored = await client.read(f"/v1/responses/{begun['id']}")
    assert (stored["status"], stored["answers"]) == ("complete", {"satisfaction": 2, "comment": "hm"})


async def test_the_same_response_in_one_bulk_and_in_the_next_is_one(client: Caller, database: Database) -> None:
    await open_case(client)
    rows = [
        body(reference="r-1", case="K-1"),
        body(reference="r-1", case="K-1"),
        body(reference="r-1", case="K-1", answers={"satisfaction": 1}),
    ]
    statuses = [row["status"] for row in done(await client.post("/v1/responses/bulk", rows))["results"]]
    assert statuses == ["accepted", "unchanged", "rejected"]
    again = done(await client.post("/v1/responses/bulk", rows))
    assert [row["status"] for row in again["results"]] == ["unchanged", "unchanged", "rejected"]
    assert again["results"][2]["problem"]["code"] == "response_exists"
    assert await versions(database, client) == 1


async def test_what_a_form_says_of_customer_and_case_is_a_claim(
    client: Caller, caller: MakeCaller, database: Database
) -> None:
    await client.catalogue("unhappy", rule={"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]})
    await open_case(client)
    risk = (await client.read("/v1/customers/C-1/risk"))["risk"]
    form = await caller("feedback:write")
    claimed = done(await form.post("/v1/responses", body(case="K-1", customer="C-1")))
    assert set(claimed) == {"id", "status"}
    invented = done(await form.post("/v1/responses", body(case="K-999", customer="nobody")))
    assert set(invented) == {"id", "status"}
    stored = await client.read(f"/v1/responses/{claimed['id']}")
    assert (stored["customer"], stored["case"]) == (None, None)
    assert (stored["claimed_customer"], stored["claimed_case"], stored["failure"]) == ("C-1", "K-1", None)
    assert (await client.read("/v1/customers/C-1/risk"))["risk"] == pytest.approx(risk, abs=1e-6)
    assert [seen for seen in await client.read_all("/v1/observations") if seen["state"] == "present"] == []
    both = await caller("feedback:write", "records:write")
    proved = done(await both.post("/v1/responses", body(case="K-1")))
    assert proved["conditions"] == ["unhappy"]
    workspace_id = UUID((await client.read("/v1/me"))["workspace_id"])
    async with database.read(workspace_id) as session:
        heads = kinds.RESPONSE.head
        assert await session.scalar(select(func.count()).select_from(heads)) == 3


async def test_a_failure_is_told_to_others_once(client: Caller, database: Database, workspace: Any) -> None:
    await open_case(client)
    sent = body(id=str(uuid4()), case="K-1")
    for _ in range(2):
        done(await client.post("/v1/responses", sent))
    await client.respond("K-1", satisfaction=5)
    await client.respond(satisfaction=1)
    types = [kind for kind, _ in await told(database, workspace)]
    assert types.count("case.failed") == 1
    assert types.count("response.received") == 3


async def test_half_an_answer_is_kept_and_a_whole_one_answers_what_must_be_answered(client: Caller) -> None:
    half = await client.post("/v1/responses", body(answers={"comment": "the lift"}, complete=False))
    assert (half.status_code, half.json()["status"], half.json()["failure"]) == (201, "partial", None)
    refused = refusal(await client.post("/v1/responses", body(answers={"comment": "the lift"})), 422, "malformed")
    assert [error["pointer"] for error in refused["errors"]] == ["/answers/satisfaction"]


@on_sqlite
async def test_answers_that_do_not_fit_their_questions_are_each_named(client: Caller) -> None:
    wrong = {"satisfaction": 6, "needs_met": "perhaps", "minutes_spent": "ten", "comment": 5, "mood": 1, "felt_1": True}
    refused = refusal(await client.post("/v1/responses", body(answers=wrong)), 422, "malformed")
    assert {error["pointer"] for error in refused["errors"]} == {f"/answers/{key}" for key in wrong}
    refusal(await client.post("/v1/responses", body(survey="nowhere")), 422, "unknown_survey")
    refusal(await client.post("/v1/responses", body(version=9)), 422, "unknown_survey")
    assert await client.read_all("/v1/responses") == []


@on_sqlite
async def test_a_response_lies_within_its_case_and_within_time(client: Caller) -> None:
    await open_case(client)
    await client.put_customer("C-2")
    wrong = [
        ({"answered_at": ago(minutes=-9)}, 422, "in_the_future", "/answered_at"),
        ({"recorded_at": ago(minutes=-9)}, 422, "in_the_future", "/recorded_at"),
        ({"asked_at": ago(minutes=-9)}, 422, "in_the_future", "/asked_at"),
        ({"answered_at": ago(days=1), "recorded_at": ago(days=2)}, 422, "known_before", "/recorded_at"),
        ({"asked_at": ago(days=1), "answered_at": ago(days=2)}, 422, "after_answered_at", "/asked_at"),
        ({"answered_at": ago(days=6)}, 422, "before_opened_at", "/answered_at"),
        ({"customer": "C-2"}, 422, "customer_mismatch", "/customer"),
    ]
    for fields, status, code, pointer in wrong:
        refused = refusal(await client.post("/v1/responses", body(case="K-1", **fields)), status, code)
        assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert refusal(await client.post("/v1/responses", body(case="K-9")), 409, "unknown_reference")["retryable"]
    assert refusal(await client.post("/v1/responses", body(customer="C-9")), 409, "unknown_reference")["retryable"]
    assert await client.read_all("/v1/responses") == []


async def test_a_response_keeps_when_it_was_asked_answered_and_recorded(client: Caller) -> None:
    await open_case(client)
    times: dict[str, Any] = {"asked_at": ago(days=3), "answered_at": ago(days=2), "recorded_at": ago(days=1)}
    stored = await client.read(f"/v1/responses/{(await client.respond('K-1', **times))['id']}")
    assert {name: moment(stored[name]) for name in times} == {name: moment(value) for name, value in times.items()}
    assert (stored["customer"], stored["case"], stored["survey_version"]) == ("C-1", "K-1", 1)


async def test_nobody_needs_to_be_named(client: Caller) -> None:
    stored = await client.read(f"/v1/responses/{(await client.respond(satisfaction=1))['id']}")
    assert (stored["customer"], stored["case"], stored["failure"]) == (None, None, True)
    survey = await client.read("/v1/surveys/post_interaction")
    assert survey["questions"][0]["key"] == "satisfaction"
