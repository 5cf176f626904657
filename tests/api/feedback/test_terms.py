"""The terms a survey is taken on: its times and quotas hold on every way in, and exactly."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

MOOD = {"key": "mood", "kind": "rating", "texts": {"en": "How was it?"}, "required": True}
WHY = {"key": "why", "kind": "text", "texts": {"en": "Why?"}}
LOW = {"all": [{"field": "answers.mood", "op": "le", "value": 2}]}


async def survey(client: Caller, **terms: Any) -> None:
    """Publish a survey on some terms, or a further version of it."""
    body = {"questions": [MOOD, WHY], **terms}
    if (await client.get("/v1/surveys/visit")).status_code == 404:
        done(await client.post("/v1/surveys", {"key": "visit", **body}))
    else:
        done(await client.post("/v1/surveys/visit/versions", body))
    done(await client.post("/v1/surveys/visit/publish"))


def said(mood: int = 4, **fields: Any) -> dict[str, Any]:
    """Give an answer."""
    return {"survey": "visit", "answers": {"mood": mood}, **fields}


async def test_terms_are_kept_and_told(client: Caller) -> None:
    terms = {
        "opens_at": "2026-01-01T00:00:00Z",
        "closes_at": "2027-01-01T00:00:00Z",
        "quotas": [{"key": "low", "when": LOW, "limit": 3}],
        "allowed_origins": ["https://shop.example", "http://localhost:5173"],
        "layout": "one",
        "min_fill_seconds": 3,
        "retention_days": 400,
        "sample_share": 0.5,
    }
    await survey(client, **terms)
    now = await client.read("/v1/surveys/visit")
    assert {name: now[name] for name in terms} == terms
    started = await client.read("/v1/surveys/post_interaction")
    nothing: dict[str, Any] = {
        "opens_at": None,
        "closes_at": None,
        "quotas": [],
        "allowed_origins": [],
        "layout": "all",
    }
    assert {name: started[name] for name in nothing} == nothing


@on_sqlite
@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2025-01-01T00:00:00Z"}, "/closes_at"),
        ({"quotas": [{"key": "a", "limit": 0}]}, "/quotas/0/limit"),
        (
            {"quotas": [{"key": "a", "limit": 1, "when": {"all": [{"field": "contacts", "op": "eq", "value": 1}]}}]},
            "/quotas/0/when",
        ),
        ({"allowed_origins": ["http://shop.example"]}, "/allowed_origins/0"),
        ({"layout": "two"}, "/layout"),
        ({"min_fill_seconds": 61}, "/min_fill_seconds"),
        ({"retention_days": 0}, "/retention_days"),
        ({"sample_share": 0}, "/sample_share"),
    ],
)
async def test_terms_that_cannot_be_meant_are_refused(client: Caller, terms: dict[str, Any], pointer: str) -> None:
    refused = refusal(await client.post("/v1/surveys", {"key": "visit", "questions": [MOOD], **terms}), 422)
    assert [error["pointer"] for error in refused["errors"]] == [pointer]


async def test_nothing_is_taken_before_opening_or_after_closing(client: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    await survey(client, opens_at=ago(days=10), closes_at=ago(days=5))
    refusal(await form.post("/v1/responses", said()), 409, "survey_closed")
    refusal(await form.post("/v1/responses", said(answered_at=ago(days=7))), 409, "survey_closed")
    refusal(await client.post("/v1/responses", said(answered_at=ago(days=11))), 409, "survey_not_open")
    past = said(reference="past", answered_at=ago(days=7), recorded_at=ago(days=7))
    rows = [past, said(reference="late"), said(reference="early", answered_at=ago(days=12))]
    results = done(await client.post("/v1/responses/bulk", rows))["results"]
    assert [row["problem"] and row["problem"]["code"] for row in results] == [None, "survey_closed", "survey_not_open"]
    await survey(client, opens_at=ago(days=-1))
    refusal(await form.post("/v1/responses", said(version=1)), 409, "survey_not_open")
    await survey(client)
    done(await form.post("/v1/responses", said(version=1)))


async def test_what_was_begun_in_time_may_be_completed_for_another_day(client: Caller) -> None:
    now = datetime.now(UTC)
    await survey(client, closes_at=(now + timedelta(hours=1)).isoformat())
    begun = [done(await client.post("/v1/responses", said(complete=False)))["id"] for _ in range(2)]
    with time_machine.travel(now + timedelta(hours=20)):
        refusal(await client.post("/v1/responses", said()), 409, "survey_closed")
        step = {"answers": {"why": "slow"}, "complete": True}
        assert done(await client.patch(f"/v1/responses/{begun[0]}", step))["status"] == "complete"
    with time_machine.travel(now + timedelta(hours=26)):
        assert done(await client.patch(f"/v1/responses/{begun[0]}", step))["status"] == "complete"
        refusal(await client.patch(f"/v1/responses/{begun[1]}", step), 409, "survey_closed")


async def test_a_quota_takes_so_many_and_a_withdrawn_one_frees_its_place(client: Caller) -> None:
    await survey(client, quotas=[{"key": "low", "when": LOW, "limit": 2}])
    first, second = [done(await client.post("/v1/responses", said(1, id=str(uuid4()))))["id"] for _ in range(2)]
    refusal(await client.post("/v1/responses", said(2)), 409, "quota_full")
    done(await client.post("/v1/responses", said(3)))
    again = await client.post("/v1/responses", said(1, id=first))
    assert (again.status_code, again.json()["id"]) == (200, first)
    begun = done(await client.post("/v1/responses", said(1, complete=False)))["id"]
    refusal(await client.patch(f"/v1/responses/{begun}", {"complete": True}), 409, "quota_full")
    await client.void(f"/v1/responses/{second}")
    await client.void(f"/v1/responses/{second}")
    assert done(await client.patch(f"/v1/responses/{begun}", {"complete": True}))["status"] == "complete"
    await client.void(f"/v1/responses/{first}")
    rows = [said(1, reference="a"), said(1, reference="b"), said(4, reference="c")]
    results = done(await client.post("/v1/responses/bulk", rows))["results"]
    assert [row["status"] for row in results] == ["accepted", "rejected", "accepted"]
    assert results[1]["problem"]["code"] == "quota_full"


async def test_quotas_hold_when_many_answer_at_once(client: Caller) -> None:
    await survey(client, quotas=[{"key": "all", "limit": 4}, {"key": "low", "when": LOW, "limit": 3}])
    sent = [said(1 + number % 4, id=str(uuid4())) for number in range(12)]
    answered = await asyncio.gather(*(client.post("/v1/responses", body) for body in [*sent, *sent]))
    codes = [answer.json().get("code") for answer in answered]
    assert set(codes) == {None, "quota_full"}
    stored = await client.read_all("/v1/responses")
    assert len(stored) == 4
    assert sum(response["answers"]["mood"] <= 2 for response in stored) <= 3
    # Whoever was taken is told so each time.
    taken = {response["id"] for response in stored}
    again = [await client.post("/v1/responses", body) for body in sent]
    assert {answer.json()["id"] for answer in again if answer.status_code == 200} == taken


async def test_a_lower_limit_takes_no_more_and_a_new_quota_begins_anew(client: Caller) -> None:
    await survey(client, quotas=[{"key": "all", "limit": 5}])
    for _ in range(3):
        done(await client.post("/v1/responses", said()))
    await survey(client, quotas=[{"key": "all", "limit": 2}])
    refusal(await client.post("/v1/responses", said(version=1)), 409, "quota_full")
    await survey(client, quotas=[{"key": "other", "limit": 1}])
    done(await client.post("/v1/responses", said()))
    refusal(await client.post("/v1/responses", said()), 409, "quota_full")
