"""Two analyses beside each other: which sets are new, gone, stronger, weaker or back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from api.dependencies import writing_as
from api.failures import queries
from api.failures.analysing import Finding, store_analysis
from api.handlers import worker_caller
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.failure import AnalysisState
from models.ids import uuid7
from tests.api.caller import Caller, ago, refusal
from tests.api.conftest import MakeWorkspace
from tests.api.failures.test_analyses import ask, company, worker

pytestmark = pytest.mark.anyio

__all__ = ["worker"]


def finding(*conditions: str, status: str = "confirmed", length: float = 0.5, error: float = 0.1) -> Finding:
    """Give what an analysis found of a set."""
    figures: dict[str, Any] = {"rows": 90, "customers": 80, "failures": 40, "rate": 0.4, "rate_without_any": 0.1}
    measures: dict[str, Any] = {"length": length, "error": error}
    return Finding(conditions, status, **figures, completion=0.4, low=0.3, high=0.5, measures=measures)


async def stored(
    database: Database, workspace: WorkspaceSettings, *found: Finding, days: int, whole: bool = True
) -> str:
    """Keep what an analysis of some days ago found; give its id."""
    async with writing_as(database, worker_caller(workspace.id)) as work:
        row = {"workspace_id": work.workspace_id, "id": (analysis_id := uuid7()), "outcome": "failure", "request": {}}
        row |= {"state": AnalysisState.RUNNING, "whole": whole}
        created = datetime.now(UTC) - timedelta(days=days)
        await work.session.execute(insert(queries.analyses).values(**row, created_at=created))
        await store_analysis(work, analysis_id, "failure", {"leak": days / 100}, found)
    return str(analysis_id)


def told(answer: dict[str, Any]) -> Sequence[tuple[str, str]]:
    """Give what became of which set."""
    return [("+".join(item["conditions"]), item["became"]) for item in answer["sets"]]


async def test_sets_are_compared_with_the_analysis_in_force_before(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    first = await stored(database, workspace, finding("back"), finding("gone"), finding("late"), days=9)
    second = await stored(
        database,
        workspace,
        *(finding("back", status="stopped"), finding("gone"), finding("late"), finding("rude", length=0.9)),
        finding("same"),
        days=8,
    )
    trial = await stored(database, workspace, finding("trial"), days=7, whole=False)
    third = await stored(
        database,
        workspace,
        *(finding("same", length=0.55), finding("new"), finding("rude", length=0.2), finding("back")),
        finding("late", length=1.5),
        days=6,
    )
    answer = await client.read(f"/v1/analyses/{third}/comparison")
    assert (answer["analysis"], answer["with"]) == (third, second)
    assert (answer["leak"], answer["leak_before"]) == (0.06, 0.08)
    assert told(answer) == [
        ("back", "returned"),
        ("new", "new"),
        ("late", "stronger"),
        ("rude", "weaker"),
        ("gone", "gone"),
        ("same", "unchanged"),
    ]
    by_name = {item["conditions"][0]: item for item in answer["sets"]}
    assert (by_name["back"]["status_before"], by_name["gone"]["status"], by_name["new"]["low_before"]) == (
        "stopped",
        None,
        None,
    )
    assert by_name["late"]["p_value"] < 0.001
    assert by_name["new"]["p_value"] is None
    with_first = await client.read(f"/v1/analyses/{third}/comparison", **{"with": first})
    assert (with_first["with"], dict(told(with_first))["back"]) == (first, "unchanged")
    assert told(await client.read(f"/v1/analyses/{third}/comparison", **{"with": trial}))[-1] == ("trial", "gone")
    alone = await client.read(f"/v1/analyses/{first}/comparison")
    assert (alone["with"], alone["with_created_at"], alone["leak_before"]) == (None, None, None)
    assert {became for _, became in told(alone)} == {"new"}


async def test_only_analyses_that_found_something_are_compared(
    client: Caller, worker: Worker, caller: Any, make_workspace: MakeWorkspace
) -> None:
    failed = await ask(client)
    refusal(await client.get(f"/v1/analyses/{failed}/comparison"), 409, "not_done_yet")
    await worker.work_off()
    refusal(await client.get(f"/v1/analyses/{failed}/comparison"), 409, "no_result")
    await company(client)
    done_one = await ask(client)
    await worker.work_off()
    path = f"/v1/analyses/{done_one}/comparison"
    waiting = await ask(client, window={"to": ago(days=1)})
    refusal(await client.get(path, **{"with": failed}), 409, "no_result")
    refusal(await client.get(path, **{"with": waiting}), 409, "not_done_yet")
    refusal(await client.get(path, **{"with": str(UUID(int=7))}), 404, "not_found")
    refusal(await client.get(path, **{"with": "yesterday"}), 422, "malformed")
    other = await caller("admin", of=await make_workspace("Another"))
    refusal(await other.get(path), 404, "not_found")


async def test_an_analysis_of_the_same_cases_changes_nothing(client: Caller, worker: Worker) -> None:
    await company(client)
    for _ in range(2):
        newest = await ask(client)
        await worker.work_off()
    answer = await client.read(f"/v1/analyses/{newest}/comparison")
    assert told(answer) == [("away+handed", "unchanged")]
    assert answer["sets"][0]["completion"] == answer["sets"][0]["completion_before"]
