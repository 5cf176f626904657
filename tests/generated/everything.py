"""One of everything, put into a workspace: what tests generated from the OpenAPI document find where they look.

A new kind of record joins with one line in `fill`, and its path parameter with one in what `fill` gives.
"""

from typing import Any

from tests.api.caller import Caller, done

KNOWN: dict[str, str] = {
    "reference": "X-1",
    "case": "X-1",
    "promise": "X-1",
    "customer": "X-1",
    "feedback": "X-1",
    "code": "late",
    "condition": "late",
    "key": "post_interaction",
    "survey": "post_interaction",
}
"""Path parameters, and fields of bodies, whose values `fill` makes be there."""

FITTING: dict[str, Any] = {
    "answers": {"satisfaction": 3},
    "recorded_at": None,
    "occurred_at": None,
    "asked_at": None,
    "answered_at": None,
}
"""Fields of bodies that no document can describe wholly, with values that fit."""

NOT_FILLED = {
    "/v1/analyses/{analysis_id}/unexplained": "known when a worker has looked",
    "/v1/analyses/{analysis_id}/comparison": "known when a worker has looked",
    "/v1/suggestions/{suggestion_id}": "suggested by a worker",
    "/v1/models/{model_id}": "models are learnt by a worker",
    "/v1/models/{model_id}/card": "models are learnt by a worker",
    "/v1/models/{model_id}/drift": "models are learnt by a worker",
    "/v1/models/{model_id}/fairness": "models are learnt by a worker",
    "/v1/models/{model_id}/comparison": "models are learnt by a worker",
    "/v1/hooks/{hook_id}": "a hook is added to a receiver that can be reached",
    "/v1/hooks/{hook_id}/deliveries": "a hook is added to a receiver that can be reached",
    "/v1/hooks/{hook_id}/deliveries/{delivery_id}": "a hook is added to a receiver that can be reached",
}
"""Reading routes of a single thing for which `fill` has none, each with why."""


async def fill(client: Caller, said: str = "Ana") -> dict[str, str]:
    """Put one of everything into the caller's workspace, all named X-1; `said` stands in every text of theirs.

    Returns
    -------
    dict
        By the name of a path parameter what it can be.
    """
    await client.put_customer("X-1", name=said, segment=said, attributes={"said": said})
    await client.put_case("X-1", "X-1", need=said, team=said, attributes={"said": said})
    await client.promise("X-1", "X-1", what=said)
    await client.catalogue("late", description=said)
    await client.observe("X-1", "late", reference="X-1")
    done(await client.post("/v1/customers/X-1/risk/feedback", {"reference": "X-1", "verdict": "agree"}))
    await client.leave("X-1", reference="X-1")
    await client.offer_role("X-1", customer_need=said)
    response = await client.respond("X-1", answers={"comment": said})
    return {**KNOWN, "response_id": response["id"], "number": "1", **await _fill_the_company(client, said)}


async def _fill_the_company(client: Caller, said: str) -> dict[str, str]:
    """Put in what costs, pays, is owed and is asked for; give the ids that the service chose."""
    await client.interact("X-1", reference="X-1")
    await client.cost("X-1", minutes=5, reference="X-1")
    await client.pay("X-1", reference="X-1")
    done(await client.put("/v1/needs/post_interaction", {"name": said}))
    done(await client.put("/v1/teams/X-1", {"name": said, "supported_by": ["Mia"]}))
    done(await client.post("/v1/changes", {"reference": "X-1", "what": "Release 7", "at": "2026-03-02T08:00:00Z"}))
    done(await client.post("/v1/heard", {"reference": "X-1", "what": said, "case": "X-1"}))
    done(await client.post("/v1/follow-ups", {"reference": "X-1", "case": "X-1", "promise": said}))
    done(await client.post("/v1/measures-in-use", {"reference": "X-1", "name": said, "field": "contacts"}))
    wrench = {"reference": "X-1", "team": "X-1", "kind": "tool", "what": "a wrench"}
    done(await client.post("/v1/support-requests", wrench))
    done(await client.post("/v1/surveys", {"key": "crew", "questions": [TOOLS]}))
    done(await client.post("/v1/surveys/crew/publish"))
    done(await client.post("/v1/pulses", {"key": "post_interaction", **PULSE}))
    await client.countermeasure("X-1")
    invitation = done(await client.post("/v1/invitations", {"survey": "post_interaction", "case": "X-1"}))
    drawn = done(await client.post("/v1/condition-sets", {"conditions": ["late"], "note": "It rings."}))
    analysis = done(await client.post("/v1/analyses", {}))["id"]
    scorecard = done(await client.post("/v1/scorecards", {"reason": said}))["id"]
    me = await client.read("/v1/me")
    found = {
        "invitation_id": invitation["id"],
        "set_id": drawn["id"],
        "key_id": me["key_id"],
    }
    return {**found, "analysis_id": analysis, "job_id": analysis, "scorecard_id": scorecard}


async def fill_more(client: Caller) -> None:
    """Add what random requests are about: more customers and cases, one of them done."""
    for number in range(2, 6):
        await client.put_customer(f"X-{number}")
        await client.put_case(f"X-{number}", f"X-{number}")
    rows: list[dict[str, Any]] = [{"reference": f"X-{number}", "team": "north"} for number in range(2, 6)]
    done(await client.post("/v1/cases/bulk", rows))


async def fill_the_rest(client: Caller) -> str:
    """Add what only lists show: a hook nobody answers at, with something to be told to it; give its id."""
    hook = await _hook(client, 1)
    await client.catalogue("late", phrases=["too late"])
    await client.respond("X-1", satisfaction=1, answers={"comment": "too late"})
    await client.put_customer("X-9")
    said = {"reference": "X-9", "verdict": "agree"}
    done(await client.post("/v1/customers/X-9/risk/feedback", said))
    await client.catalogue("rude")
    done(await client.post("/v1/condition-sets", {"conditions": ["rude"], "note": "They ring."}))
    return hook


async def _hook(client: Caller, number: int) -> str:
    body = {"target_url": f"http://127.0.0.1:9/{number}", "events": ["case.failed"]}
    made: str = done(await client.post("/v1/hooks", body))["id"]
    return made


async def fill_again(client: Caller) -> None:
    """Add a second of whatever is listed, but for what is learnt; `fill`, the rest and more are there."""
    await _hook(client, 2)
    await client.catalogue("loud")
    await client.promise("X-1", "X-2")
    await client.observe("X-2", "late", reference="X-2")
    await client.interact("X-2", reference="X-2")
    await client.cost("X-2", minutes=5, reference="X-2")
    await client.pay("X-2", reference="X-2")
    await client.countermeasure("X-2")
    await client.offer_role("X-2", team="X-2")
    await client.respond("X-2", satisfaction=1, answers={"comment": "too late"})
    for path in ("/v1/needs/X-2", "/v1/teams/X-2"):
        done(await client.put(path, {"name": "Second"}))
    said = {"reference": "X-2", "verdict": "already_known"}
    done(await client.post("/v1/customers/X-2/risk/feedback", said))
    await client.leave("X-2", reference="X-2")
    for path, body in SECONDS:
        done(await client.post(path, body))


TOOLS = {"key": "tools", "kind": "rating", "metric_key": "pulse_tools", "texts": {"en": "You have the tools?"}}
PULSE = {"survey": "crew", "closes_at": "2199-01-01T00:00:00Z"}
MOOD = {"key": "mood", "kind": "rating", "texts": {"en": "How was it?"}}
SECONDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/v1/changes", {"reference": "X-2", "what": "Release 8", "at": "2026-03-09T08:00:00Z"}),
    ("/v1/heard", {"reference": "X-2", "what": "Go."}),
    ("/v1/measures-in-use", {"reference": "X-2", "name": "Calls an hour"}),
    ("/v1/follow-ups", {"reference": "X-2", "customer": "X-2", "kind": "outreach"}),
    ("/v1/scorecards", {"reason": "As published, after all."}),
    ("/v1/support-requests", {"reference": "X-2", "team": "X-2", "kind": "tool", "what": "a lamp"}),
    ("/v1/invitations", {"survey": "post_interaction", "case": "X-2"}),
    ("/v1/analyses", {"window": {"from": "2026-03-01T00:00:00Z"}}),
    ("/v1/surveys", {"key": "second", "name": "Second", "questions": [MOOD]}),
    ("/v1/pulses", {"key": "second", **PULSE}),
    ("/v1/keys", {"name": "second", "scopes": ["risk:read"]}),
    ("/v1/condition-sets", {"conditions": ["late", "rude"], "note": "On Fridays."}),
    ("/v1/condition-sets", {"conditions": ["late"], "note": "It rings again."}),
)
"""What `fill_again` posts where."""
