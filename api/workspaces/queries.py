"""Every statement about workspaces and keys, by name."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.access import ApiKey
from models.workspace import AccessRoute, RouteKind, Workspace, WorkspaceVersion

workspaces = Workspace.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
versions = WorkspaceVersion.__table__  # type: ignore[attr-defined] # same
routes = AccessRoute.__table__  # type: ignore[attr-defined] # same
keys = ApiKey.__table__  # type: ignore[attr-defined] # same


def current_settings(workspace_id: UUID) -> Select[Any]:
    """Select how a workspace works now."""
    newest = select(func.max(versions.c.number)).where(versions.c.workspace_id == workspace_id).scalar_subquery()
    return (
        select(versions, workspaces.c.slug)
        .join(workspaces, workspaces.c.id == versions.c.workspace_id)
        .where(versions.c.workspace_id == workspace_id, versions.c.number == newest)
    )


async def workspace_by_slug(session: AsyncSession, slug: str) -> UUID | None:
    """Return the workspace a slug leads to."""
    statement = select(routes.c.workspace_id).where(routes.c.kind == RouteKind.SLUG, routes.c.lookup == slug)
    found: UUID | None = await session.scalar(statement)
    return found


async def all_workspaces(session: AsyncSession) -> list[Row[Any]]:
    """Return every workspace of the installation."""
    return list((await session.execute(select(workspaces).order_by(workspaces.c.created_at))).all())


async def hold(session: AsyncSession, workspace_id: UUID) -> None:
    """Let nobody else who holds it change the same workspace until this transaction ends."""
    statement = select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(key_share=True)
    await session.execute(statement)
