"""Every statement about workspaces and keys, by name."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
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
    # The slug in force is the directory's; a version says which it was then, and old ones do not.
    own = [column for column in versions.columns if column.name != "slug"]
    return (
        select(*own, workspaces.c.slug)
        .join(workspaces, workspaces.c.id == versions.c.workspace_id)
        .where(versions.c.workspace_id == workspace_id, versions.c.number == newest)
    )


async def workspace_by_slug(session: AsyncSession, slug: str) -> UUID | None:
    """Return the workspace a slug leads to."""
    statement = select(routes.c.workspace_id).where(routes.c.kind == RouteKind.SLUG, routes.c.lookup == slug)
    found: UUID | None = await session.scalar(statement)
    return found


async def hold(session: AsyncSession, workspace_id: UUID) -> None:
    """Let nobody else hold the workspace until this transaction ends."""
    # FOR NO KEY UPDATE: rows that merely point at the workspace are written meanwhile.
    statement = select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(key_share=True)
    await session.execute(statement)


async def take_slug(session: AsyncSession, workspace_id: UUID, slug: str) -> bool:
    """Let a slug lead to a workspace from now on, unless it leads to another; those it had before stay."""
    into = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    route = {"kind": RouteKind.SLUG.value, "lookup": slug, "workspace_id": workspace_id}
    await session.execute(into(routes).values(route).on_conflict_do_nothing())
    if await workspace_by_slug(session, slug) != workspace_id:
        return False
    await session.execute(update(workspaces).where(workspaces.c.id == workspace_id).values(slug=slug))
    return True


async def all_workspaces(session: AsyncSession) -> list[Row[Any]]:
    """Return every workspace of the installation."""
    return list((await session.execute(select(workspaces).order_by(workspaces.c.created_at))).all())
