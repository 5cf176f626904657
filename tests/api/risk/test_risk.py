"""Risk: from the first day on, in the contract's words, changed by the next answer, never of one who objects."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from api.dependencies import Caller as KeyHolder
from api.dependencies import Work, writing_as
from api.risk import deciding, queries, registry, service
from api.workspaces.service import WorkspaceSettings
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel
from models.access import Scope
from models.database import Database
from tests.api.caller import Caller, ago, done, moment, refusal
from tests.api.told import told

pytestmark = pytest.mark.anyio

NUMBER, COUNT, TEXT, LIST = (int, float), int, str, list
KEYS: dict[str, Any] = {
    "customer": TEXT, "state": TEXT, "risk": NUMBER, "low": NUMBER, "high": NUMBER, "level": NUMBER,
    "interval_kind": TEXT, "horizon_days": COUNT, "basis": TEXT, "n_customers": COUNT, "n_departures": COUNT,
    "flagged": bool, "threshold": NUMBER, "expected_loss": COUNT, "currency": TEXT, "as_of": TEXT, "model": TEXT,
    "top_set": TEXT, "reason_text": TEXT, "conditions": LIST, "condition_sets": LIST, "near_sets": LIST,
    "follow_up": dict, "uncertain": bool, "flag_rule": TEXT, "outreach_worth": COUNT,
    "base_log_odds": NUMBER, "contributions": LIST,
}  # fmt: skip
MAY_BE_UNKNOWN = {
    "risk", "low", "high", "threshold", "expected_loss", "top_set", "reason_text", "follow_up",
    "flag_rule", "outreach_worth", "base_log_odds",
}  # fmt: skip
CONDITION = {"code", "seen", "last_seen", "risk_without", "countermeasure", "evidence"}
PASSED_ON = {"all": [{"field": "handovers", "op": "ge", "value": 3}]}


def check(answer: dict[str, Any]) -> dict[str, Any]:
    """Hold an answer to the contract's keys and types."""
    assert list(answer) == list(KEYS)
    for name, value in answer.items():
        if value is None:
            assert name in MAY_BE_UNKNOWN, name
        else:
            assert isinstance(value, KEYS[name]), name
            assert isinstance(value, bool) == (KEYS[name] is bool), name
    if answer["state"] == "active":
        assert 0 < answer["low"] < answer["risk"] < answer["high"] < 1
        assert answer["reason_text"]
    else:
        assert (answer["risk"], answer["low"], answer["high"], answer["expected_loss"]) == (None,) * 4
    assert all(set(condition) == CONDITION for condition in answer["conditions"])
    return answer


async def risk(client: Caller, customer: str = "C-1") -> dict[str, Any]:
    """Ask for a customer's risk."""
    return check(await client.read(f"/v1/customers/{customer}/risk"))


async def test_on_the_first_day_the_scorecard_answers(client: Caller) -> None:
    await client.put_customer("C-1", value={"amount": 50_000, "currency": "USD"})
    said = await risk(client)
    prior = RiskModel.prior(scorecard_for([], []), 0.15, 90).score({})
    assert (said["risk"], said["low"], said["high"]) == pytest.approx(tuple(prior), abs=1e-12)
    expected = {"basis": "prior", "model": "prior", "n_customers": 0, "n_departures": 0, "flagged": False}
    expected |= {"threshold": None, "horizon_days": 90, "level": 0.9, "interval_kind": "model", "currency": "USD"}
    expected |= {"state": "active", "customer": "C-1", "conditions": [], "condition_sets": [], "near_sets": []}
    assert {name: said[name] for name in expected} == expected
    assert said["expected_loss"] == round(said["risk"] * 50_000)
    assert abs((moment(said["as_of"]) - datetime.now(UTC)).total_seconds()) < 10


async def test_nobody_is_flagged_before_the_yearly_loss_is_declared(client: Caller) -> None:
    await client.put_customer("C-1")
    for number in range(4):
        await client.put_case(f"K-{number}", "C-1", demand="failure", handovers=3, contacts=4)
        await client.respond(f"K-{number}", satisfaction=1)
    before = await risk(client)
    assert (before["flagged"], before["threshold"]) == (False, None)
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.1}, if_match="*"))
    after = await risk(client)
    assert after["flagged"] is True
    assert after["threshold"] == pytest.approx(2 * RiskModel.prior(scorecard_for([], []), 0.1, 90).score({}).risk)
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.4}, if_match="*"))
    assert (await risk(client))["risk"] > after["risk"]


async def test_a_customer_nobody_reported_has_no_risk(client: Caller) -> None:
    refusal(await client.get("/v1/customers/nobody/risk"), 404, "not_found")


async def test_the_next_answer_counts_at_once_and_says_why(client: Caller) -> None:
    await client.catalogue("passed_on", rule=PASSED_ON)
    await client.catalogue("unhappy", rule={"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]})
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    calm = await risk(client)
    response = await client.respond("K-1", satisfaction=1)
    upset = await risk(client)
    assert upset["risk"] > calm["risk"] + 1e-4
    [why] = upset["conditions"]
    assert (why["code"], why["seen"], why["countermeasure"]) == ("unhappy", 1, "none")
    assert why["evidence"] == ["case:K-1", f"response:{response['id']}"]
    assert why["risk_without"] < upset["risk"]
    assert calm["low"] < calm["risk"]
    await client.put_case("K-1", "C-1", opened_at=(await client.read("/v1/cases/K-1"))["opened_at"], handovers=4)
    assert {reason["code"] for reason in (await risk(client))["conditions"]} == {"passed_on", "unhappy"}


async def test_what_went_well_lowers_the_risk(client: Caller) -> None:
    for customer, satisfaction in (("C-1", 5), ("C-2", 1)):
        await client.put_customer(customer)
        await client.put_case(f"K-{customer}", customer)
        await client.respond(f"K-{customer}", satisfaction=satisfaction)
    assert (await risk(client, "C-1"))["risk"] < (await risk(client, "C-2"))["risk"]


async def test_who_left_or_objects_is_not_scored(client: Caller) -> None:
    for customer in ("C-1", "C-2", "C-3"):
        await client.put_customer(customer, value={"amount": 1, "currency": "EUR"})
    await client.leave("C-1", at=ago(days=1))
    await client.put_customer("C-2", objects_to_scoring=True)
    await client.leave("C-3", kind="signal")
    assert [(await risk(client, customer))["state"] for customer in ("C-1", "C-2", "C-3")] == [
        "left",
        "objected",
        "active",
    ]
    await client.put_customer("C-2", objects_to_scoring=False)
    assert (await risk(client, "C-2"))["state"] == "active"
    await client.put_case("K-1", "C-1", opened_at=ago(hours=1))
    assert (await risk(client, "C-1"))["state"] == "active"


async def test_many_are_looked_up_at_once_in_the_order_asked(client: Caller) -> None:
    for customer in ("C-1", "C-2", "C-3"):
        await client.put_customer(customer)
    await client.leave("C-2")
    asked = ["C-3", "nobody", "C-1", "C-3", "C-2"]
    found = done(await client.post("/v1/risk/lookup", {"customers": asked}))
    assert [check(item)["customer"] for item in found["items"]] == ["C-3", "C-1", "C-2"]
    assert found["unknown"] == ["nobody"]
    alone = await risk(client, "C-1")
    assert found["items"][1]["risk"] == pytest.approx(alone["risk"], abs=1e-6)
    refusal(await client.post("/v1/risk/lookup", {"customers": []}), 422)
    refusal(await client.post("/v1/risk/lookup", {"customers": ["C-1"] * 201}), 422)


def operator(workspace: WorkspaceSettings) -> KeyHolder:
    """Give somebody who may do everything in a workspace."""
    return KeyHolder(workspace.id, UUID(int=0), frozenset({Scope.ADMIN.value}))


def a_model(loss: float = 0.5) -> RiskModel:
    """Give a model that differs from the workspace's own prior."""
    return RiskModel.prior(scorecard_for([], []), loss, 90)


async def promoted(database: Database, workspace: WorkspaceSettings, model: RiskModel) -> UUID:
    """Register a model and let it serve."""
    async with writing_as(database, operator(workspace)) as work:
        model_id = await registry.register(work, model, {"purpose": "a test"}, 0, 1)
        await deciding.promote(work, model_id)
    return model_id


async def test_the_promoted_model_serves_and_the_one_before_is_kept(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    first = await promoted(database, workspace, a_model(0.3))
    second = await promoted(database, workspace, a_model(0.5))
    said = await risk(client)
    assert (said["model"], said["risk"]) == (str(second), pytest.approx(a_model(0.5).score({}).risk, abs=1e-12))
    models = (await client.read("/v1/models"))["items"]
    assert {model["id"]: model["state"] for model in models} == {str(first): "retired", str(second): "champion"}


def weight_changed(document: dict[str, Any]) -> dict[str, Any]:
    """Change one weight a little: still a model, and not the one that was registered."""
    return {**document, "intercept": document["intercept"] + 1e-6}


CORRUPTIONS: dict[str, Any] = {
    "a weight changed a little": weight_changed,
    "a field lost": lambda document: {name: document[name] for name in document if name != "terms"},
    "empty": lambda _: {},
    "a list": lambda _: [],
    "of another kind": lambda document: {**document, "kind": "pickle"},
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
async def test_a_model_that_is_not_as_it_was_registered_is_refused_and_the_scorecard_serves(
    client: Caller, database: Database, workspace: WorkspaceSettings, corruption: str
) -> None:
    await client.put_customer("C-1")
    await promoted(database, workspace, a_model())
    async with database.write(workspace.id) as session:
        document = await session.scalar(select(queries.models.c.document))
        await session.execute(update(queries.models).values(document=CORRUPTIONS[corruption](document)))
    said = await risk(client)
    prior = RiskModel.prior(scorecard_for([], []), 0.15, 90).score({}).risk
    assert (said["model"], said["basis"], said["risk"]) == ("prior", "prior", pytest.approx(prior, abs=1e-12))


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_model_with_a_number_that_is_none_is_refused_too(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    await promoted(database, workspace, a_model())
    async with database.write(workspace.id) as session:
        document = await session.scalar(select(queries.models.c.document))
        assert document is not None
        await session.execute(update(queries.models).values(document={**document, "intercept": float("nan")}))
    assert (await risk(client))["model"] == "prior"


async def test_an_assessment_is_stored_when_it_says_something_new(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.1}, if_match="*"))
    await client.put_customer("C-1")

    async def assess() -> int:
        async with writing_as(database, operator(workspace)) as work:
            known = await _ids(work)
            answers = await service.assess(work, known)
            return await service.store_assessments(work, dict(zip(known, answers, strict=True)))

    async def stored() -> list[Any]:
        async with database.read(workspace.id) as session:
            return list((await session.execute(select(queries.assessments).order_by(queries.assessments.c.id))).all())

    assert [await assess(), await assess(), await assess()] == [1, 0, 0]
    for number in range(4):
        await client.put_case(f"K-{number}", "C-1", demand="failure", handovers=3, contacts=4)
        await client.respond(f"K-{number}", satisfaction=1)
    assert [await assess(), await assess()] == [1, 0]
    await client.put_customer("C-1", objects_to_scoring=True)
    assert [await assess(), await assess()] == [1, 0]
    rows = await stored()
    assert [row.state for row in rows] == ["active", "active", "objected"]
    assert [row.flagged for row in rows] == [False, True, False]
    assert rows[2].risk is None
    types = [kind for kind, _ in await told(database, workspace)]
    # Who objects has not recovered: nothing is known of them any more.
    assert [kind for kind in types if kind.startswith("customer.")] == ["customer.at_risk"]


async def _ids(work: Work) -> dict[UUID, str]:
    rows = await queries.customers_after(work.session, work.workspace_id, None, 100)
    return dict(rows)


async def test_risk_as_of_a_moment_knows_nothing_that_was_said_later(client: Caller) -> None:
    await client.put_customer("C-1", occurred_at=ago(days=9), recorded_at=ago(days=9))
    await client.put_case("K-1", "C-1", opened_at=ago(days=9), occurred_at=ago(days=9), recorded_at=ago(days=9))
    await client.catalogue("seen_here")
    await client.observe("K-1", "seen_here", observed_at=ago(days=8), recorded_at=ago(days=8))
    body = {"survey": "post_interaction", "case": "K-1", "answers": {"satisfaction": 1}}
    said = done(await client.post("/v1/responses", body))
    now = await client.read("/v1/customers/C-1/risk")
    assert now["conditions"][0]["evidence"] == ["case:K-1", f"response:{said['id']}"]
    before = await client.read("/v1/customers/C-1/risk", as_of=ago(days=1))
    assert before["conditions"][0]["evidence"] == ["case:K-1"]
    assert before["risk"] < now["risk"]
    refusal(await client.get("/v1/customers/C-1/risk", as_of=ago(days=-1)), 422, "in_the_future")
