"""Declared attributes of customers in a risk: read as known, by number or level, learnt from, and never by groups."""

from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from api.learner import train
from api.settings import settings
from api.workspaces.service import WorkspaceSettings
from ml.scoring import probability
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.company import a_past, catalogue, tell, today
from tests.api.risk.test_quick_way import a_key, ordinarily, quickly
from tests.api.risk.test_scorecards import changed

pytestmark = pytest.mark.anyio
GOLD, SEATS = "attribute:plan=gold", "attribute:seats"
TERMS = {"feature": GOLD, "weight": -1.0}, {"feature": SEATS, "weight": 0.5, "scale": 100.0}


async def added(client: Caller, customer: str, **asked: str) -> dict[str, float]:
    """Give what attributes add to a customer's log-odds."""
    answer = await client.read(f"/v1/customers/{customer}/risk", **asked)
    told = {one["feature"]: one["log_odds"] for one in answer["contributions"]}
    logit = answer["base_log_odds"] + sum(told.values())
    assert answer["risk"] == pytest.approx(probability(logit))
    return {name: value for name, value in told.items() if name.startswith("attribute:")}


async def test_an_attribute_counts_once_it_is_declared(client: Caller) -> None:
    await client.put_customer("C-1", attributes={"plan": "gold", "seats": 250, "shoe": 43})
    await client.put_customer("C-2", attributes={"plan": "tin", "seats": "many"})
    await client.put_customer("C-3")
    assert await added(client, "C-1") == {}
    stored = await changed(client, *TERMS)
    assert stored["terms"] == [
        {"feature": GOLD, "weight": -1.0, "sd": None, "scale": None},
        {"feature": SEATS, "weight": 0.5, "sd": None, "scale": 100.0},
    ]
    assert await added(client, "C-1") == {GOLD: -1.0, SEATS: 1.25}
    assert await added(client, "C-2") == await added(client, "C-3") == {}
    terms = (await client.read("/v1/scorecards/current"))["terms"]
    assert terms[-2:] == [
        {"feature": GOLD, "weight": -1, "sd": 0.25, "scale": None, "published_weight": None, "published_sd": None},
        {"feature": SEATS, "weight": 0.5, "sd": 0.25, "scale": 100, "published_weight": None, "published_sd": None},
    ]
    assert all(term["published_weight"] is not None for term in terms[:-2])
    await changed(client)
    assert await added(client, "C-1") == {}


async def test_an_attribute_counts_as_known_then(client: Caller) -> None:
    await client.put_customer("C-1", attributes={"plan": "gold"}, recorded_at=ago(days=9))
    await changed(client, *TERMS)
    between = datetime.now(UTC).isoformat()
    await client.put_customer("C-1", attributes={"plan": None, "seats": -100})
    assert await added(client, "C-1", as_of=between) == {GOLD: -1.0}
    assert await added(client, "C-1") == {SEATS: -0.5}


async def test_the_quick_way_says_the_same(
    client: Caller, database: Database, workspace: WorkspaceSettings, app: FastAPI
) -> None:
    await client.put_customer("C-1", attributes={"plan": "gold", "seats": 12.5, "list": [1]})
    await changed(client, *TERMS)
    quick = await quickly(app.state.fresh_risk, workspace, await a_key(database, workspace), "C-1")
    assert quick is not None
    assert {one.feature for one in quick.contributions} >= {GOLD, SEATS}
    assert quick == await ordinarily(database, workspace, "C-1", quick.as_of)


async def test_what_groups_are_looked_at_by_is_no_feature(client: Caller) -> None:
    await client.put_customer("C-1", attributes={"plan": "gold", "seats": 100})
    await changed(client, *TERMS)
    done(await client.patch("/v1/workspace", {"fairness_by": ["plan"]}, if_match="*"))
    assert await added(client, "C-1") == {SEATS: 0.5}
    current = [term["feature"] for term in (await client.read("/v1/scorecards/current"))["terms"]]
    assert SEATS in current
    assert GOLD not in current
    said = refusal(await client.post("/v1/scorecards", {"terms": TERMS, "reason": "x"}), 422, "protected_feature")
    assert "fairness_by" in said["detail"]


async def test_a_declared_attribute_is_learnt_from(
    client: Caller, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEADFAST_DATABASE_URL", migrated_url)
    settings.cache_clear()
    await catalogue(client)
    past = a_past(today(), customers=40)
    left = {row["customer"] for row in past.departures}
    for row in past.customers:
        row["attributes"] = {"plan": "tin" if row["reference"] in left else "gold"}
    await tell(client, past)
    await changed(client, {"feature": GOLD, "sd": 5.0}, {"feature": SEATS, "scale": 10.0})
    summary = await train("Warm Homes", promote="yes")
    assert summary["state"] == "champion"
    here = next(row["reference"] for row in past.customers if row["reference"] not in left)
    learnt = (await added(client, here))[GOLD]
    assert learnt < -0.05
    await client.put_customer(here, attributes={"plan": "tin"})
    assert await added(client, here) == {}
    # What a model learnt stays with it; what groups are looked at by is read for nobody all the same.
    await client.put_customer(here, attributes={"plan": "gold"})
    await changed(client)
    assert await added(client, here) == {GOLD: learnt}
    done(await client.patch("/v1/workspace", {"fairness_by": ["plan"]}, if_match="*"))
    assert await added(client, here) == {}
