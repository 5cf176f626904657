"""What the service has to tell others: the events written beside their causes."""

from typing import Any

from sqlalchemy import select

from api.events import CATALOGUE
from api.outbox import events
from api.workspaces.service import WorkspaceSettings
from models.database import Database


async def told(database: Database, workspace: WorkspaceSettings) -> list[tuple[str, dict[str, Any]]]:
    """Give a workspace's events, oldest first: type and payload, each as the catalogue describes it."""
    async with database.read(workspace.id) as session:
        mine = events.c.workspace_id == workspace.id
        rows = (await session.execute(select(events).where(mine).order_by(events.c.id))).all()
    for row in rows:
        CATALOGUE[row.type].model_validate(row.payload)
    return [(row.type, row.payload) for row in rows]
