"""Looking through comments in a test, as a worker would."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.dependencies import writing_as
from api.failures.suggestions import suggesting
from api.handlers import worker_caller
from models.base import EPOCH
from models.database import Database


async def look_through(database: Database, workspace_id: UUID) -> int:
    """Look through all comments of a workspace; return how many suggestions are new."""
    async with writing_as(database, worker_caller(workspace_id)) as work:
        until = datetime.now(UTC) + timedelta(minutes=1)
        found = await suggesting.look_through(work, EPOCH, until, None, 1000)
        assert found.further is None
        return (await suggesting.keep(work, found))["suggested"]
