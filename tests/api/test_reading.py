"""Asking changes nothing, and no question, however odd, is answered with a crash."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from api import marks
from api.failures.countermeasures.service import RESERVED
from models.database import Database
from models.mark import MarkName
from models.tables import DIRECTORY_TABLES, metadata
from tests.api.caller import Caller, done, refusal
from tests.api.openapi import guarded, routes
from tests.api.roles.pulses.answering import ask_staff, launch

pytestmark = pytest.mark.anyio

ODD_TEXTS = (
    "\0",
    "a\0b",
    "\ud83d".encode("utf-8", "surrogatepass"),
    "'; DROP TABLE customers; --",
    "%",
    "\\",
    "x" * 5000,
)
NEEDED = {"condition": "late", "metric": "satisfaction", "type": "case.failed"}
NOT_THERE = {
    "/v1/models/{model_id}",
    "/v1/models/{model_id}/card",
    "/v1/models/{model_id}/drift",
    "/v1/models/{model_id}/fairness",
    "/v1/models/{model_id}/comparison",
    "/v1/cost-of-failure",
    "/v1/loyalty/felt",
    "/v1/suggestions/{suggestion_id}",
}
"""What only a worker makes."""


async def fill(client: Caller) -> dict[str, str]:
    """Put one of everything into the workspace; give what names it in an address."""
    await client.put_customer("X-1", name="Ana")
    await client.put_case("X-1", "X-1")
    await client.promise("X-1", "X-1")
    await client.catalogue("late", rule={"all": [{"field": "handovers", "op": "ge", "value": 1}]})
    await client.observe("X-1", "late", reference="X-1")
    await client.interact("X-1", reference="X-1")
    await client.cost("X-1", minutes=5, reference="X-1")
    await client.pay("X-1", reference="X-1")
    done(await client.post("/v1/customers/X-1/risk/feedback", {"reference": "X-1", "verdict": "agree"}))
    await client.leave("X-1", reference="X-1")
    await client.offer_role("X-1")
    done(await client.put("/v1/needs/post_interaction", {"name": "Repair"}))
    done(await client.put("/v1/teams/X-1", {"name": "North", "supported_by": ["Mia"]}))
    done(await client.post("/v1/changes", {"reference": "X-1", "what": "Release 7", "at": "2026-03-02T08:00:00Z"}))
    done(await client.post("/v1/heard", {"reference": "X-1", "what": "Stay.", "case": "X-1"}))
    done(await client.post("/v1/follow-ups", {"reference": "X-1", "case": "X-1"}))
    await ask_staff(client)
    await launch(client, "post_interaction")
    done(await client.post("/v1/measures-in-use", {"reference": "X-1", "name": "Calls an hour", "field": "contacts"}))
    request = {"reference": "X-1", "team": "X-1", "kind": "tool", "what": "a wrench"}
    done(await client.post("/v1/support-requests", request))
    await client.countermeasure("X-1")
    hook = done(await client.post("/v1/hooks", {"target_url": "http://127.0.0.1:9/", "events": ["case.failed"]}))
    response = await client.respond("X-1", satisfaction=1)
    (delivery,) = await client.read_all(f"/v1/hooks/{hook['id']}/deliveries")
    invitation = done(await client.post("/v1/invitations", {"survey": "post_interaction", "case": "X-1"}))
    found = dict.fromkeys(("reference", "case", "promise", "feedback"), "X-1")
    found |= {"hook_id": hook["id"], "delivery_id": delivery["id"], "invitation_id": invitation["id"], "number": "1"}
    drawn = done(await client.post("/v1/condition-sets", {"conditions": ["late"], "note": "It rings."}))
    asked = done(await client.post("/v1/analyses", {}))
    found["scorecard_id"] = done(await client.post("/v1/scorecards", {"reason": "We know our customers."}))["id"]
    found |= {"response_id": response["id"], "set_id": drawn["id"], "analysis_id": asked["id"], "job_id": asked["id"]}
    return {**found, "code": "late", "key": "post_interaction", "suggestion_id": drawn["id"]}


async def contents(database: Database, workspace_id: UUID) -> Mapping[str, Any]:
    """Give every row of every table; of the audit, what is not about telling somebody their own data."""
    async with database.read(workspace_id) as session:
        return {
            name: sorted(
                shown
                for shown in map(repr, (await session.execute(select(table))).all())
                if "personal_data.exported" not in shown
            )
            for name, table in metadata.tables.items()
        }


async def test_no_get_writes(app: FastAPI, client: Caller, database: Database) -> None:
    me = await client.read("/v1/me")
    known = {**await fill(client), "key_id": me["key_id"]}
    workspace_id = UUID(me["workspace_id"])
    await marks.keep(database, MarkName.WORKER, datetime.now(UTC))
    before = await contents(database, workspace_id)
    assert sum(map(bool, before.values())) > len(DIRECTORY_TABLES) + 15
    asked = 0
    for route in routes(app):
        if route.method != "GET":
            continue
        params = {name: NEEDED[name] for name, place, needed, _ in route.parameters if needed and place == "query"}
        response = await client.ask("GET", route.address(known), {"Idempotency-Key": "k"}, params=params)
        # The analysis is only asked for: what it finds and leaves unexplained nobody knows yet.
        later = route.path.startswith("/v1/analyses/") and route.path.endswith(("/unexplained", "/comparison"))
        expected = 409 if later else 404 if route.path in NOT_THERE else 200
        assert response.status_code == expected, response.text
        asked += 1
    assert asked > 25
    await client.post("/v1/risk/lookup", {"customers": ["X-1", "nobody"]})
    assert await contents(database, workspace_id) == before


async def test_no_text_in_an_address_is_answered_with_a_crash(app: FastAPI, client: Caller) -> None:
    crashed = {}
    for route in (route for route in guarded(app) if route.method == "GET"):
        needed = {name: NEEDED[name] for name, place, must, _ in route.parameters if must and place == "query"}
        for name, place, _, is_text in route.parameters:
            for text in ODD_TEXTS if is_text else ():
                quoted = quote(text, safe="")
                path = route.address({name: quoted} if place == "path" else {})
                query = "&".join(
                    f"{key}={value}"
                    for key, value in ({**needed, name: quoted} if place == "query" else needed).items()
                )
                response = await client.ask("GET", f"{path}?{query}")
                if response.status_code >= 500:
                    crashed[f"{route} {name}={text!r}"] = response.status_code
    assert crashed == {}


async def test_odd_limits_cursors_and_moments_are_refused(client: Caller) -> None:
    for query in (
        "limit=0",
        "limit=1001",
        "limit=ten",
        "limit=1.5",
        "cursor=nonsense",
        "cursor=%00",
        "cursor=",
        "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuMDA",
        "updated_since=yesterday",
        "updated_since=2026-01-01T00:00:00",
    ):
        refused = refusal(await client.ask("GET", f"/v1/customers?{query}"), 422, "malformed")
        assert refused["errors"][0]["pointer"] == f"/query/{query.split('=')[0]}"


def test_no_address_of_ours_hides_what_a_caller_may_call_so(app: FastAPI) -> None:
    hidden = set()
    for named in routes(app):
        last = named.path.rpartition("/")[2]
        texts = [f"{{{name}}}" for name, place, _, is_text in named.parameters if place == "path" and is_text]
        for other in routes(app):
            base, _, word = other.path.rpartition("/")
            same = (base, other.method) == (named.path.rpartition("/")[0], named.method)
            if last in texts and same and "{" not in word:
                hidden.add((base, word))
    assert hidden == {("/v1/countermeasures", "portfolio")}
    assert {word for _, word in hidden} <= RESERVED
