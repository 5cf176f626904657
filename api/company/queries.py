"""Every statement about needs, teams and changes, by name."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from models.recording import RecordKind, current_rows


def current_of(kind: RecordKind, workspace_id: UUID) -> Select[Any]:
    """Select the records of a kind as known now."""
    return current_rows(kind, workspace_id).add_columns(kind.head.c.stored_at.label("changed_at"))


async def needs_used(session: AsyncSession, workspace_id: UUID) -> set[str]:
    """Return every need that a case is about or that was heard, as known now."""
    heard = kinds.HEARD.version.c.need
    of_cases = _current_values(kinds.CASE, kinds.CASE.version.c.need, workspace_id)
    of_heard = _current_values(kinds.HEARD, heard, workspace_id).where(heard.is_not(None))
    return set((await session.scalars(union(of_cases, of_heard))).all())


async def teams_used(session: AsyncSession, workspace_id: UUID) -> set[str]:
    """Return every team that a case, a proposal, a request, a countermeasure or something heard names, as known now."""
    using = (kinds.CASE, kinds.ROLE_PROPOSAL, kinds.SUPPORT_REQUEST, kinds.HEARD, kinds.COUNTERMEASURE)
    named = [
        _current_values(kind, kind.version.c.team, workspace_id).where(kind.version.c.team.is_not(None))
        for kind in using
    ]
    return set((await session.scalars(union(*named))).all())


async def described(session: AsyncSession, kind: RecordKind, workspace_id: UUID) -> Sequence[str]:
    """Return the references of a kind."""
    head = kind.head
    return (await session.scalars(select(head.c.reference).where(head.c.workspace_id == workspace_id))).all()


def _current_values(kind: RecordKind, column: ColumnElement[Any], workspace_id: UUID) -> Select[Any]:
    head, version = kind.head, kind.version
    current = and_(
        head.c.workspace_id == version.c.workspace_id, head.c.id == version.c.id, head.c.version == version.c.number
    )
    return select(column).join(head, current).where(head.c.workspace_id == workspace_id).distinct()
