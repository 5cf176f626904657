"""One condition set in full: every figure of it, the cases that show it, and who is one step from it."""

from typing import Any

import pytest
from sqlalchemy import update

from api.failures import queries
from api.failures.schemas import ConditionSetAnswer
from api.failures.wordings import ASSOCIATION, sentence
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.ids import uuid7
from tests.api.caller import Caller, ago, done
from tests.api.company import tell
from tests.api.failures.test_analyses import ask, company, worker
from tests.api.failures.test_condition_sets import draw, in_short
from tests.api.test_learner import many, reading

pytestmark = pytest.mark.anyio

__all__ = ["worker"]

OFTEN = "34 of 50 cases failed, of 48 customers (68 %, 95 % interval 54 % to 79 %)"
STOPPED = f"It has stopped since: later cases show it no more, or much less. {ASSOCIATION}"
MISSING = "where exactly one of them was missing"
FIGURES = {"rows", "customers", "failures", "rate", "rate_low", "rate_high", "completion", "low", "high"}


async def found(client: Caller, worker: Worker, **asked: Any) -> Any:
    """Let an analysis find the one set of the company; give it in full."""
    await company(client)
    await ask(client, **asked)
    assert await worker.work_off() == 1
    [item] = (await client.read("/v1/condition-sets"))["items"]
    whole = await client.read(f"/v1/condition-sets/{item['id']}")
    assert in_short(whole) == item
    return whole


async def test_a_set_that_was_found_is_told_in_full(client: Caller, worker: Worker) -> None:
    whole = await found(client, worker)
    told = whole["measures"]
    assert whole["conditions"] == ["away", "handed"]
    assert 0 <= whole["rate_low"] <= whole["rate"] <= whole["rate_high"] <= 1
    assert 0 <= whole["rate_without_any_low"] <= whole["rate_without_any"] <= whole["rate_without_any_high"] <= 1
    assert set(told["discovery"]) == FIGURES
    assert told["discovery"]["rows"] + whole["rows"] <= told["everyone"]["rows"] == 60
    assert set(told["essentiality"]) == {"away", "handed"}
    assert all(0 <= value <= 1 for value in told["essentiality"].values())
    assert told["synergy"]["ratio"] > 0
    assert 0 <= told["synergy"]["p_value"] < 0.05
    for name in ("excess_risk", "crude", "risk_ratio"):
        assert told[name] is None or told[name]["low"] <= told[name]["value"] <= told[name]["high"]
    assert told["attributable"] == pytest.approx(told["avoidable"] / 75, abs=0.2)
    assert told["vocabulary"]["minimal_cut_set"] is True
    assert set(told["vocabulary"]["birnbaum_of"]) == {"away", "handed"}
    assert (told["ascertainment"], told["aliases"]) == (False, [])
    assert whole["near"] == 120


async def test_credits_and_leak_add_up_by_set_and_by_condition(client: Caller, worker: Worker) -> None:
    whole = await found(client, worker)
    [analysis] = (await client.read("/v1/analyses"))["items"]
    told = analysis["summary"]
    assert whole["credited"] + told["leak_failures"] == pytest.approx(told["failures"], abs=1e-9)
    assert sum(row["share"] for row in told["by_condition"]) == pytest.approx(whole["credited"])
    assert {row["condition"]: row["involved"] for row in told["by_condition"]} == pytest.approx(
        dict.fromkeys(("away", "handed"), whole["credited"])
    )
    assert {row["sets"] for row in told["by_condition"]} == {1}


async def test_the_newest_failures_show_a_set(client: Caller, worker: Worker) -> None:
    whole = await found(client, worker)
    assert whole["evidence"] == [f"K-{number}" for number in range(239, 199, -4)]
    await client.erase("C-239")
    done(await client.post("/v1/cases/K-235/void", {"reason": "told by mistake"}))
    again = await client.read(f"/v1/condition-sets/{whole['id']}")
    assert again["evidence"] == whole["evidence"][2:]


async def test_a_set_is_said_in_a_sentence_that_claims_no_cause(client: Caller, worker: Worker) -> None:
    whole = await found(client, worker)
    said = whole["wording"]
    assert said.startswith(
        f"Where “away” and “handed” came together, {whole['failures']} of {whole['rows']} cases failed"
    )
    assert said.endswith(ASSOCIATION)
    assert "root" not in said
    assert "because" not in said


def answer(**changed: Any) -> ConditionSetAnswer:
    """Give a set as lists say it."""
    figures = dict.fromkeys(ConditionSetAnswer.model_fields)
    given = {"outcome": "failure", "rate_without": {}, "proposed": False, "version": 0, "recorded_at": ago(days=1)}
    given |= {"coverage": "open", "redundancy": 0, "countermeasures": []}
    whole = {"rows": 50, "customers": 48, "failures": 34, "rate": 0.68, "rate_low": 0.54, "rate_high": 0.79}
    return ConditionSetAnswer.model_validate(
        {**figures, **given, **whole, "id": uuid7(), "conditions": ["late"], "status": "confirmed", **changed}
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"rate_without_any": 0.05},
            f"With “Came late”, {OFTEN}; without it, 5 %. {ASSOCIATION}",
        ),
        (
            {"conditions": ["late", "rude", "x"], "rate_without_any": 0.05, "status": "stopped"},
            f"Where “Came late”, “rude” and “x” came together, {OFTEN}; {MISSING}, 5 %. {STOPPED}",
        ),
        (
            {"rows": 0, "customers": 1, "failures": 0, "rate": None, "rate_low": 0.0, "status": "too_few"},
            f"With “Came late”, 0 of 0 cases failed, of 1 customer. There are too few cases to tell. {ASSOCIATION}",
        ),
        ({"rows": None}, "“Came late”, as people drew it. No analysis has looked at it yet."),
    ],
)
def test_sentences_say_what_is_known(changed: dict[str, Any], said: str) -> None:
    assert sentence(answer(**changed), {"late": "Came late"}) == said


async def test_a_set_that_people_drew_is_told_in_full_too(client: Caller, worker: Worker) -> None:
    await client.catalogue("always", rule=reading("constant"))
    await client.catalogue("handed", rule=reading("handed"))
    await client.catalogue("away", rule=reading("away"))
    await tell(client, many(failing=2))
    drawn = await draw(client, "always", "away")
    await ask(client)
    await worker.work_off()
    whole = await client.read(f"/v1/condition-sets/{drawn['id']}")
    told = whole["measures"]
    assert (whole["credited"], told["window"], told["discovery"]) == (None, "all", None)
    assert told["everyone"]["rows"] == whole["rows"] == 120
    assert set(told["essentiality"]) == {"always", "away"}
    assert whole["near"] == 120
    assert len(whole["evidence"]) == 10


async def test_what_was_found_before_all_this_was_kept_is_still_told(
    client: Caller, worker: Worker, database: Database, workspace: WorkspaceSettings
) -> None:
    whole = await found(client, worker)
    async with database.write(workspace.id) as session:
        await session.execute(update(queries.findings).values(measures={"rate_without": {"away": 0.1}}, evidence=None))
    old = await client.read(f"/v1/condition-sets/{whole['id']}")
    assert (old["measures"], old["evidence"], old["rate_low"], old["near"]) == (None, [], None, None)
    assert old["rate_without"] == {"away": 0.1}
    assert old["wording"].endswith(ASSOCIATION)


async def test_whoever_lacks_one_member_is_near(client: Caller) -> None:
    await client.catalogue("late")
    await client.catalogue("passed_on", rule={"all": [{"field": "handovers", "op": "ge", "value": 2}]})
    await client.catalogue("rude")
    drawn = await draw(client, "late", "passed_on", "rude")
    alone = await draw(client, "late")
    for number in range(5):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}", handovers=0 if number == 2 else 3)
        await client.observe(f"K-{number}", "late")
    await client.observe("K-0", "rude")
    await client.observe("K-1", "rude", "absent")
    await client.observe("K-2", "rude")
    await client.observe("K-3", "rude", "unknown")
    path = f"/v1/condition-sets/{drawn['id']}/customers"
    near = [
        {"customer": "C-1", "cases": ["K-1"], "missing": {"K-1": "rude"}},
        {"customer": "C-2", "cases": ["K-2"], "missing": {"K-2": "passed_on"}},
    ]
    assert await client.read_all(path, near=True) == near
    assert await client.read_all(path, near=True, limit=1) == near
    assert [item["customer"] for item in await client.read_all(path)] == ["C-0"]
    assert await client.read_all(f"/v1/condition-sets/{alone['id']}/customers", near=True) == []
    await client.observe("K-1", "rude", "present")
    assert await client.read_all(path, near=True) == near[1:]
