"""Whether to ask: the first reason against it, in a fixed order, and nothing is recorded."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
MOOD = {"key": "mood", "kind": "rating", "texts": {"en": "How was it?"}}


async def may(client: Caller, **body: Any) -> tuple[bool, str, dict[str, Any]]:
    """Ask whether to ask."""
    answer = done(await client.post("/v1/eligibility", {"survey": "post_interaction", **body}))
    assert set(answer) == {"ask", "reason", "details"}
    assert answer["ask"] is (answer["reason"] == "ask")
    return answer["ask"], answer["reason"], answer["details"]


async def reason(client: Caller, **body: Any) -> str:
    """Give the reason."""
    return (await may(client, **body))[1]


async def publish(client: Caller, **terms: Any) -> None:
    """Publish a version of the survey `visit`."""
    new = (await client.get("/v1/surveys/visit")).status_code == 404
    body = {"questions": [MOOD], **terms, **({"key": "visit"} if new else {})}
    done(await client.post("/v1/surveys" if new else "/v1/surveys/visit/versions", body))
    done(await client.post("/v1/surveys/visit/publish"))


async def settle(client: Caller, **settings: Any) -> None:
    """Let the workspace work otherwise."""
    now = await client.get("/v1/workspace")
    done(await client.patch("/v1/workspace", settings, if_match=now.headers["etag"]))


async def test_somebody_known_is_asked_and_nothing_is_recorded(asked: Caller, caller: MakeCaller) -> None:
    assert await may(asked, customer="C-1") == (True, "ask", {})
    assert await may(asked, case="K-1") == (True, "ask", {})
    assert await may(asked) == (True, "ask", {})
    assert await asked.read_all("/v1/invitations") == []
    reader = await caller("records:read")
    assert await reason(reader, customer="C-1", case="K-1") == "ask"
    refusal(await (await caller("records:write")).post("/v1/eligibility", {"survey": "post_interaction"}), 403)
    refusal(await asked.post("/v1/eligibility", {"survey": "nothing"}), 422, "unknown_survey")
    refusal(await asked.post("/v1/eligibility", {"survey": "post_interaction", "customer": "C-2", "case": "K-1"}), 422)


async def test_nobody_unknown_or_erased_is_asked(asked: Caller) -> None:
    assert await reason(asked, customer="C-9") == "unknown_customer"
    assert await reason(asked, customer="C-1", case="K-9") == "unknown_case"
    await asked.erase("C-1")
    assert await reason(asked, customer="C-1") == "unknown_customer"
    assert await reason(asked, case="K-1") == "unknown_case"


@on_sqlite
@pytest.mark.parametrize("wish", ["do_not_contact", "survey_opt_out"])
async def test_who_does_not_want_to_be_asked_is_not(asked: Caller, wish: str) -> None:
    await asked.put_customer("C-1", **{wish: True})
    assert await may(asked, case="K-1") == (False, "opted_out", {"wish": wish})
    await asked.put_customer("C-1", **{wish: False}, objects_to_scoring=True)
    assert await reason(asked, case="K-1") == "ask"


async def test_whose_failure_is_open_is_owed_something_and_not_asked(asked: Caller) -> None:
    await asked.respond("K-1", satisfaction=1)
    told = await may(asked, customer="C-1")
    assert (told[1], told[2]["case"]) == ("open_failure", "K-1")
    await asked.put_case("K-1", "C-1", restored_at=ago(hours=1))
    assert await reason(asked, customer="C-1") == "open_failure"  # put right before the customer said so: not yet
    await asked.put_case("K-1", "C-1", put_back=True)
    assert await reason(asked, customer="C-1") == "ask"
    await asked.put_case("K-2", "C-1")
    bad = await asked.respond("K-2", satisfaction=2)
    assert await reason(asked, customer="C-1") == "open_failure"
    await asked.put_case("K-2", "C-1", restored_at=datetime.now(UTC).isoformat())
    assert await reason(asked, customer="C-1") == "ask"
    await asked.put_case("K-3", "C-1")
    await asked.respond("K-3", satisfaction=1)
    await asked.respond("K-3", satisfaction=5)  # asked again about it, all is well
    assert await reason(asked, customer="C-1") == "ask"
    await asked.void(f"/v1/responses/{bad['id']}")
    assert await reason(asked, customer="C-2") == "ask"
    await asked.put_case("K-4", "C-2", opened_at=ago(days=200))
    await asked.respond("K-4", satisfaction=1)
    assert await reason(asked, customer="C-2") == "ask"  # too long ago to wait for


async def test_failures_by_facts_are_owed_too(asked: Caller) -> None:
    await settle(asked, failure_definition={"all": [{"field": "handovers", "op": "ge", "value": 3}]})
    assert await reason(asked, customer="C-1") == "ask"
    await asked.put_case("K-1", "C-1", handovers=3)
    assert (await may(asked, customer="C-1"))[1:] == (
        "open_failure",
        {"case": "K-1", "since": (await asked.read("/v1/cases/K-1"))["opened_at"]},
    )
    await asked.put_case("K-1", "C-1", restored_at=ago(hours=1))
    assert await reason(asked, customer="C-1") == "ask"


async def test_a_customer_rests_between_two_questions_whichever_surveys_ask(asked: Caller) -> None:
    await publish(asked)
    made = done(await asked.post("/v1/invitations", {"survey": "visit", "customer": "C-1"}))
    told = await may(asked, case="K-1")
    assert (told[1], told[2]["survey"]) == ("contact_rest", "visit")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        assert await reason(asked, case="K-1") == "ask"
    await settle(asked, contact_rest_days=0)
    assert await reason(asked, case="K-1") == "ask"
    await settle(asked, contact_rest_days=10)
    done(await asked.post(f"/v1/invitations/{made['id']}/revoke"))
    assert await reason(asked, case="K-1") == "ask"
    done(await asked.post("/v1/invitations", {"survey": "visit", "customer": "C-2"}))
    done(await asked.post("/v1/customers/C-2/merge", {"into": "C-1"}))
    assert await reason(asked, customer="C-2") == "contact_rest"


async def test_a_customer_rests_after_outreach_and_is_heard_after_redress(asked: Caller) -> None:
    owed = {"customer": "C-1", "owed_at": ago(days=4)}
    done(await asked.post("/v1/follow-ups", {**owed, "reference": "R-1", "contacted_at": ago(days=1)}))
    assert await reason(asked, customer="C-1") == "ask"
    outreach = {**owed, "reference": "O-1", "kind": "outreach"}
    done(await asked.post("/v1/follow-ups", outreach))
    assert await reason(asked, customer="C-1") == "ask"  # nobody was reached yet
    reached = done(await asked.post("/v1/follow-ups", {**outreach, "contacted_at": ago(days=2)}))
    told = await may(asked, customer="C-1")
    contacted_at = (await asked.read("/v1/follow-ups/O-1"))["contacted_at"]
    assert (told[1], reached["reference"]) == ("contact_rest", "O-1")
    assert (told[2]["follow_up"], told[2]["contacted_at"]) == ("O-1", contacted_at)
    assert told[2]["until"] > datetime.now(UTC).isoformat()
    done(await asked.post("/v1/invitations", {"survey": "post_interaction", "customer": "C-1"}))
    assert (await may(asked, customer="C-1"))[2]["survey"] == "post_interaction"  # what was last
    await settle(asked, contact_rest_days=1)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, minutes=1)):
        assert await reason(asked, customer="C-1") == "ask"
    await asked.void("/v1/follow-ups/O-1")
    await settle(asked, contact_rest_days=0)
    assert await reason(asked, customer="C-1") == "ask"


async def test_a_case_is_asked_about_once_by_each_survey(asked: Caller) -> None:
    await publish(asked)
    await settle(asked, contact_rest_days=0)
    made = done(await asked.post("/v1/invitations", {"survey": "post_interaction", "case": "K-1"}))
    assert await may(asked, case="K-1") == (False, "already_invited", {"invitation": made["id"]})
    assert await reason(asked, case="K-1", survey="visit") == "ask"
    assert await reason(asked, customer="C-1") == "ask"


async def test_a_survey_that_takes_nothing_asks_nobody(asked: Caller) -> None:
    await publish(asked, opens_at="2100-01-01T00:00:00Z")
    assert (await may(asked, survey="visit"))[1:] == ("survey_not_open", {"opens_at": "2100-01-01T00:00:00Z"})
    await publish(asked, closes_at="2020-01-01T00:00:00Z")
    assert (await may(asked, survey="visit"))[1:] == ("survey_closed", {"closes_at": "2020-01-01T00:00:00Z"})
    low = {"all": [{"field": "answers.mood", "op": "le", "value": 2}]}
    await publish(asked, quotas=[{"key": "all", "limit": 1}, {"key": "low", "when": low, "limit": 1}])
    assert await reason(asked, survey="visit") == "ask"
    done(await asked.post("/v1/responses", {"survey": "visit", "answers": {"mood": 1}}))
    assert await reason(asked, survey="visit") == "quota_full"
    await publish(asked, quotas=[{"key": "low", "when": low, "limit": 1}])
    assert await reason(asked, survey="visit") == "ask"


@on_sqlite
async def test_a_share_is_drawn_by_case_or_by_customer_and_day(asked: Caller) -> None:
    await settle(asked, sample_share=0.5)
    cases = [f"L-{number}" for number in range(30)]
    for case in cases:
        await asked.put_case(case, "C-1")
    found = [await reason(asked, case=case) for case in cases]
    assert set(found) == {"ask", "sampled_out"}
    assert [await reason(asked, case=case) for case in cases] == found
    days = set()
    for day in range(12):
        with time_machine.travel(datetime(2026, 12, 1, 12, tzinfo=UTC) + timedelta(days=day)):
            days.add(await reason(asked, customer="C-2"))
    assert days == {"ask", "sampled_out"}
    assert await reason(asked) == "ask"
    await publish(asked, sample_share=1.0)
    assert {await reason(asked, case=case, survey="visit") for case in cases} == {"ask"}
    await publish(asked, sample_share=0.000001)
    assert await may(asked, case="K-1", survey="visit") == (False, "sampled_out", {"share": 0.000001})


@on_sqlite
async def test_the_reason_that_weighs_most_comes_first(asked: Caller) -> None:
    await publish(asked, closes_at=ago(hours=-1), sample_share=0.000001)
    done(await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1"}))
    await asked.respond("K-1", satisfaction=1)
    await publish(asked, closes_at=ago(hours=1), sample_share=0.000001)
    await asked.put_customer("C-1", survey_opt_out=True)
    weighed = [await reason(asked, survey="visit", case="K-1")]
    await asked.put_customer("C-1", survey_opt_out=False)
    weighed.append(await reason(asked, survey="visit", case="K-1"))
    await asked.put_case("K-1", "C-1", put_back=True)
    weighed.append(await reason(asked, survey="visit", case="K-1"))
    await settle(asked, contact_rest_days=0)
    weighed.append(await reason(asked, survey="visit", case="K-1"))
    await asked.put_case("K-2", "C-1")
    weighed.append(await reason(asked, survey="visit", case="K-2"))
    await publish(asked, sample_share=0.000001)
    weighed.append(await reason(asked, survey="visit", case="K-2"))
    order = ["opted_out", "open_failure", "contact_rest", "already_invited", "survey_closed", "sampled_out"]
    assert weighed == order
