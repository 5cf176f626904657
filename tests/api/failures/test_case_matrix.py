"""What is mined of a case is what was known of it at the moment: not known is not absent, and facts are as they are."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.dependencies import Work
from api.failures import rates
from api.worker import worker_caller
from api.workspaces.service import WorkspaceSettings
from ml.case_matrix import CaseMatrix
from models.database import Database
from tests.api.caller import Caller, ago, done
from tests.api.company import catalogue, tell, today
from tests.api.test_learner import many

pytestmark = pytest.mark.anyio

HANDED_OVER = {"all": [{"field": "handovers", "op": "ge", "value": 2}]}


async def matrix_of(database: Database, workspace: WorkspaceSettings) -> CaseMatrix:
    """Give a workspace's cases as they are mined."""
    async with database.read(workspace.id) as session:
        work = Work(session, workspace.id, worker_caller(workspace.id), datetime.now(UTC))
        return await rates.case_matrix(work, await rates.catalogue(work))


async def define(client: Caller, **definition: Any) -> None:
    """Let the workspace say what a failure is."""
    done(await client.patch("/v1/workspace", {"failure_definition": definition}, **{"If-Match": "*"}))


async def a_case(client: Caller, name: str, **fields: Any) -> None:
    """Tell of a case passed on too often, opened ten days ago; of its customer always."""
    await client.put_customer(f"C-{name}")
    await client.put_case(f"K-{name}", f"C-{name}", opened_at=ago(days=10), handovers=3, **fields)


async def failure_rates(client: Caller, condition: str) -> dict[bool, int]:
    """Give how many cases had a condition and how many had it not."""
    rows = done(await client.get("/v1/failure-rates", condition=condition))["rows"]
    return {row["conditions"][condition]: row["cases"] for row in rows}


async def test_a_case_told_of_after_the_customer_was_asked_is_not_observed(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.catalogue("handed", rule=HANDED_OVER)
    await a_case(client, "late")
    await client.respond("K-late", satisfaction=1, answered_at=ago(days=5))
    matrix = await matrix_of(database, workspace)
    assert (matrix.failed, matrix.not_known) == ([True], 1)
    assert [str(state) for state in matrix.states[0]] == ["nan"]
    assert await failure_rates(client, "handed") == {True: 0, False: 0}
    await a_case(client, "known", recorded_at=ago(days=10))
    await client.respond("K-known", satisfaction=1, answered_at=ago(days=5))
    assert await failure_rates(client, "handed") == {True: 1, False: 0}
    assert (await matrix_of(database, workspace)).not_known == 1


async def test_a_case_told_of_after_it_was_opened_is_not_observed_at_its_opening(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.catalogue("handed", rule=HANDED_OVER)
    late = {"all": [{"field": "attributes.made_sla", "op": "eq", "value": False}]}
    await define(client, **late)
    await a_case(client, "late", attributes={"made_sla": False})
    assert await failure_rates(client, "handed") == {True: 0, False: 0}
    await define(client, **late, as_of="latest")
    assert await failure_rates(client, "handed") == {True: 1, False: 0}
    assert (await matrix_of(database, workspace)).not_known == 0


async def test_what_was_observed_before_the_case_was_told_of_counts(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.catalogue("rude")
    await client.catalogue("handed", rule=HANDED_OVER)
    before = {"observed_at": ago(days=9), "recorded_at": ago(days=9)}
    done(
        await client.post(
            "/v1/observations?stub=true",
            {"case": "K-1", "customer": "C-1", "condition": "rude", "state": "present", "source": "staff", **before},
        )
    )
    await client.put_case("K-1", "C-1", opened_at=ago(days=10), handovers=3)
    await client.respond("K-1", satisfaction=1, answered_at=ago(days=5))
    matrix = await matrix_of(database, workspace)
    assert {code: str(state) for code, state in zip(matrix.conditions, matrix.states[0], strict=True)} == {
        "handed": "nan",
        "rude": "1.0",
    }


@pytest.mark.parametrize(
    ("rule", "failing"),
    [
        ({"any": [{"field": "promise_broken", "op": "eq", "value": True}]}, {"broken"}),
        ({"all": [{"field": "hours_late", "op": "ge", "value": 24}]}, {"broken", "late"}),
        ({"all": [{"field": "waiting", "op": "eq", "value": True}]}, {"broken", "late"}),
        ({"all": [{"field": "hours_open", "op": "ge", "value": 200}]}, {"broken", "late"}),
        ({"all": [{"field": "since_change.release", "op": "le", "value": 30}]}, {"broken", "kept", "late"}),
    ],
)
async def test_a_failure_by_derived_facts_is_analysed_as_it_stands_now(
    client: Caller, database: Database, workspace: WorkspaceSettings, rule: dict[str, Any], failing: set[str]
) -> None:
    release = {"reference": "release", "what": "A release", "at": ago(days=20), "recorded_at": ago(days=20)}
    done(await client.post("/v1/changes", release))
    made = {"made_at": ago(days=9), "due_at": ago(days=6)}
    for name in ("kept", "broken"):
        await a_case(client, name, recorded_at=ago(days=10), done_at=ago(days=8) if name == "kept" else None)
        await client.promise(f"K-{name}", "P", recorded_at=ago(days=9), **made)
    await client.promise("K-kept", "P", kept_at=ago(days=8), recorded_at=ago(days=8), **made)
    await a_case(client, "late", recorded_at=ago(days=10), needed_by=ago(days=3))
    await define(client, **rule, as_of="latest")
    matrix = await matrix_of(database, workspace)
    failed = {name for name, is_so in zip(matrix.customers, matrix.failed, strict=True) if is_so}
    assert failed == {f"C-{name}" for name in failing}


async def test_an_analysis_says_how_many_cases_were_not_known_in_time(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await catalogue(client)
    told = many(2, count=40)
    for case in told.cases[:10]:
        case["recorded_at"] = today().isoformat()
    await tell(client, told)
    matrix = await matrix_of(database, workspace)
    assert (matrix.not_known, len(matrix.failed)) == (10, 40)
    late = matrix.conditions.index("late")
    assert sum(str(states[late]) == "nan" for states in matrix.states) == 10
