"""What the service has to tell others: the events written beside their causes."""

from typing import Any

from sqlalchemy import select

from api.outbox import events
from api.workspaces.service import WorkspaceSettings
from models.database import Database


async def told(database: Database, workspace: WorkspaceSettings) -> list[tuple[str, dict[str, Any]]]:
    """Give a workspace's events, oldest first: type and payload."""
    async with database.read(workspace.id) as session:
        mine = events.c.workspace_id == workspace.id
        rows = (await session.execute(select(events).where(mine).order_by(events.c.id))).all()
    return [(row.type, row.payload) for row in rows]
