"""Scorecards: changed by somebody with a reason, in force at once, and refused where nothing may be believed."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from api import audit
from api.workspaces.service import WorkspaceSettings
from ml.scorecard import base_intercept, scorecard_for
from ml.scoring import RiskModel, probability
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio
UNKNOWN = "0195f5a0-0000-7000-8000-000000000000"


async def changed(client: Caller, *terms: dict[str, Any], **fields: Any) -> Any:
    """Change the scorecard."""
    body = {"terms": list(terms), "reason": "We know our customers.", **fields}
    return done(await client.post("/v1/scorecards", body))


async def risk(client: Caller, **asked: str) -> Any:
    """Ask for the risk of C-1."""
    return await client.read("/v1/customers/C-1/risk", **asked)


async def test_before_anybody_changes_it_the_published_scorecard_counts(client: Caller) -> None:
    found = await client.read("/v1/scorecards/current")
    published = scorecard_for()
    assert (found["id"], found["number"], found["yearly_loss"], found["yearly_loss_from"]) == (None, 0, 0.15, "assumed")
    assert found["intercept"] == base_intercept(0.15, 90)
    told = [(term["feature"], term["weight"], term["sd"]) for term in found["terms"]]
    assert told == [(term.feature, term.weight, term.sd) for term in published.terms]
    assert await client.read_all("/v1/scorecards") == []


async def test_a_changed_scorecard_is_in_the_next_answer(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", demand="failure")
    await client.respond("K-1", satisfaction=1)
    before = await risk(client)
    stored = await changed(client, {"feature": "score_last", "weight": 2.5, "sd": 0.1})
    after = await risk(client)
    assert (before["basis"], after["basis"], after["model"]) == ("prior", "prior", "prior")
    assert after["risk"] > before["risk"]
    assert stored["terms"] == [{"feature": "score_last", "weight": 2.5, "sd": 0.1, "scale": None}]
    assert await client.read(f"/v1/scorecards/{stored['id']}") == stored
    found = await client.read("/v1/scorecards/current")
    assert (found["id"], found["number"]) == (stored["id"], 1)
    [mine] = [term for term in found["terms"] if term["weight"] != term["published_weight"]]
    published = {"published_weight": 0.9, "published_sd": 0.5}
    assert mine == {"feature": "score_last", "weight": 2.5, "sd": 0.1, "scale": None, **published}


async def test_the_yearly_loss_of_a_scorecard_is_the_intercept_and_takes_the_place_of_the_workspaces(
    client: Caller,
) -> None:
    await client.put_customer("C-1")
    assert (await risk(client))["threshold"] is None
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.2}, if_match="*"))
    assert (await client.read("/v1/scorecards/current"))["yearly_loss_from"] == "workspace"
    await changed(client, yearly_loss=0.5)
    said = await risk(client)
    assert said["risk"] == pytest.approx(probability(base_intercept(0.5, 90)))
    assert said["threshold"] == pytest.approx(2 * said["risk"])
    found = await client.read("/v1/scorecards/current")
    assert (found["yearly_loss"], found["yearly_loss_from"]) == (0.5, "scorecard")
    await changed(client)
    assert (await risk(client))["risk"] == pytest.approx(probability(base_intercept(0.2, 90)))


async def test_versions_are_appended_and_each_counts_from_its_moment(client: Caller) -> None:
    await client.put_customer("C-1")
    first = await changed(client, yearly_loss=0.3)
    between = datetime.now(UTC).isoformat()
    second = await changed(client, {"feature": "tenure_days", "sd": 0.01}, yearly_loss=0.6)
    assert [item["number"] for item in await client.read_all("/v1/scorecards", limit=1)] == [1, 2]
    assert await client.stream("/v1/scorecards", updated_since=between) == [second]
    then = await risk(client, as_of=between)
    assert then["risk"] == pytest.approx(RiskModel.prior(scorecard_for(), 0.3, 90).score({}).risk)
    assert then["risk"] < (await risk(client))["risk"]
    assert await client.read(f"/v1/scorecards/{first['id']}") == first


async def test_conditions_have_terms_once_they_are_catalogued(client: Caller) -> None:
    term = {"feature": "seen:late", "weight": 1.5}
    said = refusal(await client.post("/v1/scorecards", {"terms": [term], "reason": "x"}), 422, "unknown_feature")
    assert "catalogue the condition first" in said["detail"]
    await client.catalogue("late")
    assert (await changed(client, term))["terms"] == [{**term, "sd": None, "scale": None}]
    current = {one["feature"]: one["weight"] for one in (await client.read("/v1/scorecards/current"))["terms"]}
    assert current["seen:late"] == 1.5


@pytest.mark.parametrize(
    ("terms", "code", "pointer"),
    [
        ([{"feature": "shoe_size", "weight": 1.0}], "unknown_feature", "/terms/0/feature"),
        ([{"feature": "gender", "weight": 1.0}], "protected_feature", "/terms/0/feature"),
        ([{"feature": "attribute:Sexual Orientation", "weight": 1.0}], "protected_feature", "/terms/0/feature"),
        ([{"feature": "attribute:gender=f.x", "weight": 1.0}], "protected_feature", "/terms/0/feature"),
        ([{"feature": "attribute:=gold", "weight": 1.0}], "unknown_feature", "/terms/0/feature"),
        ([{"feature": "attribute:plan=", "weight": 1.0}], "unknown_feature", "/terms/0/feature"),
        ([{"feature": "attribute:seats", "weight": 1.0}], "malformed", "/terms/0/feature"),
        ([{"feature": "attribute:plan=gold", "scale": 1.0}], "malformed", "/terms/0/feature"),
        ([{"feature": "score_last", "sd": 1.0, "scale": 1.0}], "malformed", "/terms/0/feature"),
        ([{"feature": "attribute:seats", "scale": 0.0}], "malformed", "/terms/0/scale"),
        ([{"feature": f"set:{UNKNOWN}", "sd": 1.0}], "unknown_feature", "/terms/0/feature"),
        ([{"feature": "score_last", "sd": 1.0}] * 2, "named_twice", "/terms/1/feature"),
        ([{"feature": "score_last"}], "malformed", "/terms/0/feature"),
        ([{"feature": "score_last", "weight": 11.0}], "malformed", "/terms/0/weight"),
        ([{"feature": "score_last", "sd": 0.0}], "malformed", "/terms/0/sd"),
        ([{"feature": "score_last", "weight": True}], "malformed", "/terms/0/weight"),
        ([{"feature": "score_last", "weight": "1"}], "malformed", "/terms/0/weight"),
        ([{"feature": "score_last", "weight": 1.0, "sign": 1}], "malformed", "/terms/0/sign"),
    ],
    ids=[
        "unknown", "protected", "protected attribute", "protected level", "no attribute", "no level", "no scale",
        "a level's scale", "a scale", "scale of 0", "unknown set", "twice", "nothing", "too heavy", "certain",
        "not a number", "a text", "unknown field",
    ],
)  # fmt: skip
async def test_what_may_not_be_believed_is_refused_by_name(
    client: Caller, terms: list[dict[str, Any]], code: str, pointer: str
) -> None:
    said = refusal(await client.post("/v1/scorecards", {"terms": terms, "reason": "why not"}), 422, code)
    assert [error["pointer"] for error in said["errors"]] == [pointer]
    if not code.startswith("malformed"):
        assert terms[0]["feature"] in said["detail"]
    assert await client.read_all("/v1/scorecards") == []


async def test_who_changed_it_and_why_is_kept(
    client: Caller, database: Database, workspace: WorkspaceSettings, caller: MakeCaller
) -> None:
    stored = await changed(client, {"feature": "effort_last", "weight": 0.1}, reason="Effort says little here.")
    assert stored["reason"] == "Effort says little here."
    assert stored["actor"].startswith("key:")
    async with database.read(workspace.id) as session:
        rows = (await session.execute(select(audit.entries).where(audit.entries.c.action == "scorecard.changed"))).all()
    assert [(row.subject, row.actor) for row in rows] == [(stored["id"], stored["actor"])]
    assert rows[0].details == {"number": 1, "features": ["effort_last"], "yearly_loss": None}
    reader = await caller("risk:read")
    assert await reader.read(f"/v1/scorecards/{stored['id']}") == stored
    refusal(await reader.post("/v1/scorecards", {"reason": "mine"}), 403, "missing_scope")
    refusal(await client.post("/v1/scorecards", {"terms": []}), 422, "malformed")
    refusal(await client.get(f"/v1/scorecards/{uuid4()}"), 404, "not_found")


async def test_another_workspace_has_its_own(client: Caller, caller: MakeCaller, make_workspace: Any) -> None:
    stored = await changed(client, yearly_loss=0.4)
    other = await caller("admin", of=await make_workspace("Cold Homes"))
    refusal(await other.get(f"/v1/scorecards/{stored['id']}"), 404, "not_found")
    assert (await other.read("/v1/scorecards/current"))["number"] == 0
