"""Heads of records: found, made where there was none, locked against a second writer, and pointed at what is current."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from models.ids import uuid7
from models.record_kinds import ROWS_A_QUESTION, Change, Key, RecordKind


@dataclass
class Known:
    """A record as far as this transaction knows it."""

    id: UUID
    number: int
    stored_number: int
    state: dict[str, Any] | None = None
    order: tuple[int, int, int] = (0, 0, 0)
    voided: bool = False


def has_key(kind: RecordKind, keys: Sequence[Key]) -> ColumnElement[bool]:
    """Return whether a head has one of some keys."""
    columns = [kind.head.c[name] for name in kind.known_by]
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)


async def find_heads(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, changes: Sequence[Change], now: datetime
) -> dict[Key, Known]:
    """Return a head for each key, made where there was none, locked against a second writer where one could be."""
    by_key = {change.key: change for change in changes}
    known = await _select_heads(session, kind, workspace_id, list(by_key))
    missing = sorted((key for key in by_key if key not in known), key=str)
    if missing:
        rows = [
            {
                **dict(zip(kind.known_by, key, strict=True)),
                **by_key[key].head,
                "workspace_id": workspace_id,
                "id": by_key[key].identity or uuid7(),
                "version": 0,
                "stored_at": now,
            }
            for key in missing
        ]
        dialect = session.get_bind().dialect.name
        into = postgresql.insert(kind.head) if dialect == "postgresql" else sqlite.insert(kind.head)
        await session.execute(into.on_conflict_do_nothing(), rows)
        # Another writer may have made the same head a moment ago: then its row is the one that counts.
        known |= (
            await _select_heads(session, kind, workspace_id, missing)
            if dialect == "postgresql"
            else {key: Known(row["id"], 0, 0) for key, row in zip(missing, rows, strict=True)}
        )
    return known


async def _select_heads(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, keys: Sequence[Key]
) -> dict[Key, Known]:
    known = {}
    head = kind.head
    columns = [head.c[name] for name in kind.known_by]
    ordered = sorted(keys, key=str)
    for start in range(0, len(ordered), ROWS_A_QUESTION):
        statement = (
            select(head.c.id, head.c.version, *columns)
            .where(head.c.workspace_id == workspace_id, has_key(kind, ordered[start : start + ROWS_A_QUESTION]))
            .order_by(*columns)
            .with_for_update()
        )
        for identity, version, *key in (await session.execute(statement)).all():
            known[tuple(key)] = Known(identity, version, version)
    return known


async def point_heads(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, known: Iterable[Known], now: datetime
) -> None:
    """Let each head that has new versions point at its current one."""
    moved = [
        {"b_id": head.id, "b_version": head.order[2], "b_stored_at": now}
        for head in known
        if head.number != head.stored_number
    ]
    if moved:
        statement = (
            update(kind.head)
            .where(kind.head.c.workspace_id == workspace_id, kind.head.c.id == bindparam("b_id"))
            .values(version=bindparam("b_version"), stored_at=bindparam("b_stored_at"))
        )
        connection = await session.connection()
        await connection.execute(statement, moved)
