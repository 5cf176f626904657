"""Every statement about keys, by name."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.listing import Asked
from api.paging import page_by
from models.access import ApiKey

keys = ApiKey.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


async def key_of(
    session: AsyncSession, workspace_id: UUID, key_id: UUID, *, to_change: bool = False
) -> Row[Any] | None:
    """Return a key; to change it, nobody else may until the transaction ends."""
    statement = select(keys).where(keys.c.workspace_id == workspace_id, keys.c.id == key_id)
    if to_change:
        statement = statement.with_for_update()
    return (await session.execute(statement)).one_or_none()


async def page_of_keys(session: AsyncSession, workspace_id: UUID, asked: Asked) -> list[Row[Any]]:
    """Return keys, oldest first, one more than asked so that the end is seen."""
    statement = select(keys).where(keys.c.workspace_id == workspace_id)
    if asked.updated_since is not None:
        changed = func.coalesce(keys.c.changed_at, keys.c.created_at, type_=keys.c.created_at.type)
        statement = statement.where(changed >= asked.updated_since)
    page = page_by(statement, (keys.c.created_at, keys.c.id), asked.cursor, asked.limit)
    return list((await session.execute(page)).all())


async def change_key(session: AsyncSession, workspace_id: UUID, key_id: UUID, values: Mapping[str, Any]) -> None:
    """Change what is named of a key."""
    mine = and_(keys.c.workspace_id == workspace_id, keys.c.id == key_id)
    await session.execute(update(keys).where(mine).values(**values))
