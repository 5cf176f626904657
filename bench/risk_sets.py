"""Confirmed condition sets put into a workspace as an analysis would keep them, for benches that mine nothing."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import insert

from api.dependencies import Caller, writing_as
from api.failures.analysing import Finding, store_analysis
from api.failures.queries import analyses
from api.workspaces.queries import workspace_by_slug
from models.database import Database
from models.failure import AnalysisState
from models.ids import uuid7

CODES = tuple(f"condition_{number:02}" for number in range(12))


def confirm(url: str, slug: str) -> None:
    """Keep an analysis that confirmed a triple and three pairs."""
    asyncio.run(_confirm(Database(url), slug))


async def _confirm(database: Database, slug: str) -> None:
    async with database.read() as session:
        workspace_id = await workspace_by_slug(session, slug)
    assert workspace_id is not None
    async with writing_as(database, Caller(workspace_id, UUID(int=0), frozenset({"admin"}))) as work:
        analysis_id = uuid7()
        row = {"workspace_id": workspace_id, "id": analysis_id, "outcome": "failure", "request": {}, "whole": True}
        row |= {"state": AnalysisState.RUNNING, "created_at": datetime.now(UTC)}
        await work.session.execute(insert(analyses), row)
        members = [CODES[:3], (CODES[0], CODES[5]), CODES[6:8], CODES[9:11]]
        found = [Finding(one, "confirmed", 200, 180, 90, 0.45, 0.12, 0.4, 0.3, 0.5) for one in members]
        await store_analysis(work, analysis_id, "failure", {}, found)
    await database.close()
