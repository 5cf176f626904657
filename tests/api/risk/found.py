"""Condition sets as an analysis keeps them, for tests in which nothing is mined."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import insert

from api.dependencies import Caller as KeyHolder
from api.dependencies import Work, writing_as
from api.failures.analysing import Finding, store_analysis
from api.failures.queries import analyses
from models.access import Scope
from models.database import Database
from models.failure import AnalysisState
from models.ids import uuid7

MEASURES: dict[str, JsonValue] = {
    "rate_low": 0.4,
    "rate_high": 0.5,
    "rate_without_any_low": 0.1,
    "rate_without_any_high": 0.15,
}


def operator(workspace_id: UUID) -> KeyHolder:
    """Give somebody who may do everything in a workspace."""
    return KeyHolder(workspace_id, UUID(int=0), frozenset({Scope.ADMIN.value}))


async def confirm(database: Database, workspace_id: UUID, *sets: Sequence[str]) -> None:
    """Keep an analysis that looked at all cases and confirmed some sets."""
    async with writing_as(database, operator(workspace_id)) as work:
        await keep_confirmed(work, *sets)


async def keep_confirmed(work: Work, *sets: Sequence[str]) -> None:
    """Do so in a transaction that is under way."""
    found = [Finding(tuple(one), "confirmed", 200, 180, 90, 0.45, 0.12, 0.4, 0.3, 0.5, MEASURES) for one in sets]
    analysis_id = uuid7()
    row = {"workspace_id": work.workspace_id, "id": analysis_id, "outcome": "failure", "request": {}, "whole": True}
    row |= {"state": AnalysisState.RUNNING, "created_at": work.now}
    await work.session.execute(insert(analyses), row)
    await store_analysis(work, analysis_id, "failure", {}, found)
