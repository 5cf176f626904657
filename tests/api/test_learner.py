"""Learning from a workspace: what is refused with its reason, and a model that serves exactly as it was fitted."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Connection, select

from api import kinds, marks
from api.dependencies import writing_as
from api.errors import Refusal
from api.failures.analysing import Finding, store_analysis
from api.handlers import worker_caller
from api.learner import Refused, analyse, train
from api.settings import settings
from api.workspaces.service import WorkspaceSettings
from ml import training
from ml.design import design_matrix
from ml.exposures import Sighting, exposure_features
from ml.features import FEATURES, first_confirmed, served, served_conditions, served_features
from ml.scorecard import scorecard_for
from ml.snapshots import Snapshots, read_snapshots
from models.base import to_us
from models.database import Database
from tests.api.caller import Caller, ago, done, moment
from tests.api.company import Told, a_past, catalogue, tell, today

pytestmark = pytest.mark.anyio

HANDED_OVER = {"all": [{"field": "handovers", "op": "ge", "value": 3}]}


@pytest.fixture(autouse=True)
def learner_settings(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the learner find this test's database."""
    monkeypatch.setenv("STEADFAST_DATABASE_URL", migrated_url)
    settings.cache_clear()


async def refused(learn: Callable[[str], Awaitable[Any]], code: str, workspace: str = "Warm Homes") -> str:
    """Let the learner refuse; give its reason."""
    with pytest.raises((Refused, Refusal)) as caught:
        await learn(workspace)
    assert getattr(caught.value, "code", "") == code
    return str(caught.value)


async def marked(database: Database) -> set[str]:
    """Give what the installation says it has done."""
    async with database.read() as session:
        return set(await marks.read(session))


async def one_case(client: Caller, number: int, satisfaction: int, **fields: Any) -> None:
    """Tell of a customer with one answered case."""
    await client.put_customer(f"C-{number}")
    await client.put_case(f"K-{number}", f"C-{number}", recorded_at=ago(days=2), opened_at=ago(days=2), **fields)
    await client.respond(f"K-{number}", satisfaction=satisfaction)


async def test_training_needs_somebody_who_left(client: Caller) -> None:
    assert "No departure" in await refused(train, "nothing_to_learn_from")
    told = a_past(today(), customers=4)
    told.departures.clear()
    await catalogue(client)
    await tell(client, told)
    assert "No departure" in await refused(train, "nothing_to_learn_from")
    await client.leave("C-0", kind="signal")
    assert "No departure" in await refused(train, "nothing_to_learn_from")


async def test_training_needs_snapshots_old_enough_to_know_what_followed(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.leave("C-1")
    assert "days old" in await refused(train, "nothing_to_learn_from")


@pytest.mark.parametrize("customers", [1, 3])
async def test_a_company_that_everybody_left_is_learnt_from_and_still_answers_with_care(
    client: Caller, customers: int
) -> None:
    until = today()
    told = a_past(until, customers=customers)
    told.departures = [
        {"reference": f"D-{number}", "customer": f"C-{number}", "kind": "closed", "at": left, "recorded_at": left}
        for number in range(customers)
        for left in [(until - timedelta(days=60)).isoformat()]
    ]
    await catalogue(client)
    await tell(client, told)
    summary = await train("Warm Homes")
    assert (summary["customers"], summary["departures"], summary["basis"]) == (customers, customers, "blended")
    assert summary["state"] in {"champion", "candidate"}
    await client.put_customer("C-new")
    said = await client.read("/v1/customers/C-new/risk")
    assert 0 < said["low"] < said["risk"] < said["high"] < 1


async def test_a_model_serves_exactly_as_it_was_fitted(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[Any] = []
    fit = training._fit

    def watched(*given: Any) -> Any:
        fitted.append(fit(*given))
        return fitted[-1]

    monkeypatch.setattr(training, "_fit", watched)
    await catalogue(client)
    await tell(client, a_past(today(), customers=20))
    summary = await train("Warm Homes", promote="yes")
    assert (summary["state"], summary["basis"]) == ("champion", "blended")
    assert (summary["customers"], 0 < summary["departures"] < 20) == (20, True)
    assert await marked(database) == {"training"}
    names = [f"C-{number}" for number in range(20)]
    answers = done(await client.post("/v1/risk/lookup", {"customers": names}))["items"]
    assert {answer["model"] for answer in answers} == {summary["model"]}
    active = {answer["customer"]: answer for answer in answers if answer["state"] == "active"}
    scorecard = scorecard_for(sorted(row["code"] for row in await client.read_all("/v1/conditions")), [])
    columns, order = await columns_served(database, workspace.id, to_us(moment(answers[0]["as_of"])))
    probabilities = fitted[0].estimator.predict_proba(design_matrix(scorecard, columns))[:, 1]
    said = {name: probability for name, probability in zip(order, probabilities, strict=True) if name in active}
    assert len(said) > 8
    assert {name: answer["risk"] for name, answer in active.items()} == pytest.approx(said, abs=1e-9)
    assert len({round(risk, 6) for risk in said.values()}) > 5


async def found_set(client: Caller, database: Database, workspace: WorkspaceSettings, **asked: Any) -> datetime:
    """Let an analysis confirm a set of two conditions; give when."""
    analysis = UUID(done(await client.post("/v1/analyses", asked))["id"])
    found = Finding(("late", "passed_on"), "confirmed", 60, 20, 40, 0.66, 0.1, 0.6, 0.4, 0.8)
    async with writing_as(database, worker_caller(workspace.id)) as work:
        await store_analysis(work, analysis, "failure", {}, [found])
        return work.now


async def test_a_set_is_learnt_from_the_past_however_often_it_is_found_again(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await catalogue(client)
    await tell(client, a_past(today(), customers=20))
    first = await found_set(client, database, workspace, window={"to": ago(days=1)})
    await found_set(client, database, workspace)
    [known] = (await client.read("/v1/condition-sets"))["items"]
    async with database.read(workspace.id) as session:
        [row] = await session.execute(first_confirmed(workspace.id, {"confirmed"}))
        assert (str(row.id), row.first_us) == (known["id"], to_us(first))

        def read(connection: Connection) -> Snapshots:
            sets = {known["id"]: known["conditions"]}
            return read_snapshots(connection, workspace.id, now_us=to_us(today()), horizon_days=90, sets=sets)

        column = (await (await session.connection()).run_sync(read)).columns[f"set:{known['id']}"]
    assert 0 < column.sum() < len(column)
    summary = await train("Warm Homes", promote="yes")
    assert summary["sets"] == {"kept": [], "dropped": [known["id"]], "tested": []}
    card = await client.read(f"/v1/models/{summary['model']}/card")
    assert card["card"]["sets"] == summary["sets"]
    assert not [term for term in card["weights"] if term["feature"].startswith("set:")]
    departed = card["card"]["departures_by_set"][known["id"]]
    assert departed["customers"] > 0
    assert 0 <= departed["low"] <= departed["rate"] <= departed["high"] <= 1
    # What serves tells it with every complete set, beside the share of cases that failed.
    answers = [await client.read(f"/v1/customers/C-{number}/risk") for number in range(0, 20, 2)]
    told = [found["departures"] for answer in answers for found in answer["condition_sets"]]
    assert told
    assert all(one == departed for one in told)
    active = [answer["reason_text"] for answer in answers if answer["condition_sets"]]
    assert all(f"({departed['customers']} customers, " in text for text in active)


async def columns_served(
    database: Database, workspace_id: UUID, moment_us: int
) -> tuple[dict[str, np.ndarray[Any, Any]], list[str]]:
    """Give the raw columns of every customer at a moment, and whose they are."""

    def read(connection: Connection) -> tuple[dict[str, np.ndarray[Any, Any]], list[str]]:
        known = kinds.CUSTOMER.head
        head = {row.id: row.reference for row in connection.execute(select(known.c.id, known.c.reference))}
        asked = served(workspace_id, list(head), moment_us)
        rows = connection.execute(served_features(), asked).mappings().all()
        seen: dict[UUID, list[Sighting]] = {}
        for row in connection.execute(served_conditions(), asked):
            seen.setdefault(row.customer_id, []).append(Sighting(row.case_id, row.condition, row.since_us))
        table = [
            {name: np.nan if row[name] is None else float(row[name]) for name in FEATURES}
            | exposure_features(seen.get(row["customer_id"], ()), moment_us)
            for row in rows
        ]
        names = {name for row in table for name in row}
        columns = {name: np.array([row.get(name, 0.0) for row in table]) for name in names}
        return columns, [head[row["customer_id"]] for row in rows]

    async with database.read(workspace_id) as session:
        return await (await session.connection()).run_sync(read)


async def test_an_analysis_needs_outcomes_and_conditions(client: Caller) -> None:
    assert "No case has a known outcome" in await refused(analyse, "nothing_to_learn_from")
    await one_case(client, 1, satisfaction=1)
    assert "holds no condition" in await refused(analyse, "nothing_to_learn_from")
    await client.catalogue("unhappy", rule={"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]})
    assert "holds no condition" in await refused(analyse, "nothing_to_learn_from")


async def test_an_analysis_needs_failures_and_cases_that_did_not_fail(client: Caller) -> None:
    await client.catalogue("passed_on", rule=HANDED_OVER)
    await one_case(client, 1, satisfaction=5, handovers=3)
    assert "0 failures are too few" in await refused(analyse, "too_few_failures")
    await one_case(client, 2, satisfaction=1, handovers=3)
    assert "too few" in await refused(analyse, "too_few_failures")


async def test_an_analysis_where_every_case_failed_has_nothing_to_compare(client: Caller) -> None:
    await client.catalogue("passed_on", rule=HANDED_OVER)
    for number in range(3):
        await one_case(client, number, satisfaction=1, handovers=3)
    assert "Every case failed" in await refused(analyse, "nothing_to_learn_from")


def many(failing: int, count: int = 240) -> Told:
    """Tell of many answered cases: those handed over on a bad day fail, few others do."""
    told, until = Told(), today()
    for number in range(count):
        opened = until - timedelta(days=200, hours=-number)
        known = {"recorded_at": opened.isoformat()}
        over, away = number % 2, (number // 2) % 2
        bad = number % 4 == 3 or number % 29 < failing
        told.customers.append({"reference": f"C-{number}", **known})
        attributes = {"handed": over, "away": away, "constant": 1, "number": number}
        case = {
            "reference": f"K-{number}",
            "customer": f"C-{number}",
            "need": "repair",
            "opened_at": known["recorded_at"],
        }
        told.cases.append({**case, "attributes": attributes, **known})
        answered = (opened + timedelta(hours=5)).isoformat()
        told.responses.append(
            {"reference": f"r-{number}", "survey": "post_interaction", "case": f"K-{number}"}
            | {"answers": {"satisfaction": 1 if bad else 5}, "answered_at": answered, "recorded_at": answered}
        )
    return told


def reading(name: str) -> dict[str, Any]:
    """Give the rule that sees an attribute set."""
    return {"all": [{"field": f"attributes.{name}", "op": "eq", "value": 1}]}


async def test_constant_and_duplicate_conditions_explain_nothing_twice(client: Caller) -> None:
    for code, name in {"handed": "handed", "handed_again": "handed", "away": "away", "always": "constant"}.items():
        await client.catalogue(code, rule=reading(name))
    await tell(client, many(failing=2))
    summary = await analyse("Warm Homes")
    assert (summary["rows"], summary["conditions"], summary["refused"]) == (240, 4, {})
    assert summary["failures"] > 60
    found = [set(item["conditions"]) for item in summary["sets"]]
    assert all("always" not in conditions for conditions in found)
    assert all(not {"handed", "handed_again"} <= conditions for conditions in found)
    kept = (await client.read("/v1/condition-sets"))["items"]
    assert [set(item["conditions"]) for item in kept] == found
    assert [item["status"] for item in kept] == [item["status"] for item in summary["sets"]]
    again = await analyse("Warm Homes")
    assert [item["conditions"] for item in again["sets"]] == [item["conditions"] for item in summary["sets"]]
    now_kept = (await client.read("/v1/condition-sets"))["items"]
    assert [item["id"] for item in now_kept] == [item["id"] for item in kept]
    assert {item["analysis"] for item in now_kept} == {again["analysis"]}
    for item in now_kept:
        assert (await client.read(f"/v1/condition-sets/{item['id']}"))["conditions"] == item["conditions"]


async def test_one_condition_alone_is_mined_without_complaint(client: Caller, database: Database) -> None:
    await client.catalogue("handed", rule=reading("handed"))
    await tell(client, many(failing=2))
    summary = await analyse("warm-homes")
    assert summary["conditions"] == 1
    assert await marked(database) == {"analysis"}
    assert all(item["conditions"] == ["handed"] for item in summary["sets"])
    found = (await client.read("/v1/condition-sets", status="confirmed"))["items"]
    assert all(item["status"] == "confirmed" for item in found)


async def test_a_workspace_nobody_made_is_not_learnt_from(client: Caller) -> None:
    assert "There is no workspace" in await refused(analyse, "not_found", "Nowhere")
    assert (await client.read("/v1/models"))["items"] == []
