"""What is left of a customer's risk when the conditions of a rule are taken away: nothing that counts the same events.

Each case has a twin to whom the event never happened; but for the event the two were told of alike.
"""

from typing import Any

import pytest

from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done
from tests.api.risk.found import confirm

pytestmark = pytest.mark.anyio
BROKEN = {"all": [{"field": "promise_broken", "op": "eq", "value": True}]}
PASSED_ON = {"any": [{"field": "handovers", "op": "ge", "value": 2}, {"field": "reopened", "op": "ge", "value": 1}]}
UNHAPPY = {"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]}
FAILED = {"all": [{"field": "demand", "op": "eq", "value": "failure"}]}
RULES = {"broken": BROKEN, "passed_on": PASSED_ON, "unhappy": UNHAPPY, "failed": FAILED}


async def happened(client: Caller, customer: str, *codes: str) -> Any:
    """Let some of the events happen to a customer in one case; give their risk."""
    case = f"K-{customer}"
    since = {"occurred_at": ago(days=40), "recorded_at": ago(days=40)}
    await client.put_customer(customer, since=ago(days=400), **since)
    fields: dict[str, Any] = {"demand": "failure" if "failed" in codes else "unknown"}
    if "passed_on" in codes:
        fields |= {"handovers": 3, "reopened": 1}
    await client.put_case(case, customer, opened_at=ago(days=3), done_at=ago(days=2), **fields)
    if "broken" in codes:
        for promise in ("P-1", "P-2"):
            await client.promise(case, promise, made_at=ago(days=3), due_at=ago(days=2))
    if "unhappy" in codes:
        await client.respond(case, satisfaction=1)
    return await client.read(f"/v1/customers/{customer}/risk")


@pytest.fixture(autouse=True)
async def catalogued(client: Caller) -> None:
    """Let rules see all of it."""
    for code, rule in RULES.items():
        await client.catalogue(code, rule=rule)


@pytest.mark.parametrize("code", RULES)
async def test_without_a_condition_nothing_is_left_of_what_it_stands_for(client: Caller, code: str) -> None:
    untouched = await happened(client, "C-0")
    [reason] = (said := await happened(client, "C-1", code))["conditions"]
    assert (reason["code"], reason["risk_without"]) == (code, pytest.approx(untouched["risk"], abs=1e-4))
    assert said["risk"] > untouched["risk"]
    [looked_up] = done(await client.post("/v1/risk/lookup", {"customers": ["C-1"]}))["items"]
    assert looked_up["conditions"] == [{**reason, "risk_without": pytest.approx(reason["risk_without"], abs=1e-6)}]


@pytest.mark.parametrize("code", RULES)
async def test_without_one_of_them_all_the_others_are_still_there(client: Caller, code: str) -> None:
    others = await happened(client, "C-1", *(set(RULES) - {code}))
    said = {one["code"]: one["risk_without"] for one in (await happened(client, "C-2", *RULES))["conditions"]}
    assert said.keys() == RULES.keys()
    assert said[code] == pytest.approx(others["risk"], abs=1e-4)


async def test_without_a_whole_set_nothing_is_left_of_any_of_them(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await confirm(database, workspace.id, sorted(RULES))
    untouched = await happened(client, "C-0")
    [together] = (await happened(client, "C-1", *RULES))["condition_sets"]
    assert together["risk_without"] == pytest.approx(untouched["risk"], abs=1e-4)


async def test_a_rule_that_is_changed_takes_from_then_on_what_it_asks_for_then(client: Caller) -> None:
    untouched = await happened(client, "C-0")
    await happened(client, "C-1", "broken", "passed_on")
    await client.catalogue("passed_on", rule={"any": [*PASSED_ON["any"], *BROKEN["all"]]})
    said = {one["code"]: one["risk_without"] for one in (await client.read("/v1/customers/C-1/risk"))["conditions"]}
    assert said["passed_on"] < said["broken"]
    assert untouched["risk"] < said["passed_on"]
