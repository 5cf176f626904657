"""Heads of records: found, made where there was none, locked against a second writer, pointed at what is current."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Dialect, Select, and_, bindparam, func, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.appending import append_new_rows
from models.ids import uuid7
from models.record_kinds import ROWS_A_QUESTION, Change, Key, RecordKind
from models.rules.histories import History


@dataclass
class Known:
    """A record as far as this transaction knows it."""

    id: UUID
    number: int
    stored_number: int
    state: dict[str, Any] | None = None
    order: tuple[int, int, int] = (0, 0, 0)
    voided: bool = False
    appended: list[dict[str, Any]] = field(default_factory=list)
    history: History | None = None
    """Read where a change comes late."""


def having_keys(statement: Select[Any], kind: RecordKind, keys: Sequence[Key], dialect: Dialect) -> Select[Any]:
    """Return the statement limited to heads that have one of some keys.

    On PostgreSQL the keys are joined as a table. A list would do, but before a table's first statistics the planner
    takes a workspace for a small part of it, reads all of it and compares each row with the whole list.
    """
    columns = [kind.head.c[name] for name in kind.known_by]
    if dialect.name == "postgresql":
        parts = [literal([key[place] for key in keys], ARRAY(column.type)) for place, column in enumerate(columns)]
        wanted = func.unnest(*parts).table_valued(*kind.known_by, name="wanted").render_derived()
        return statement.join(wanted, and_(*(column == wanted.c[column.name] for column in columns)))
    if len(columns) == 1:
        return statement.where(columns[0].in_([key[0] for key in keys]))
    return statement.where(tuple_(*columns).in_(keys))


async def find_heads(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, keys: Iterable[Key]
) -> dict[Key, Known]:
    """Return the heads there are, locked against a second writer where one could be."""
    known = {}
    head = kind.head
    columns = [head.c[name] for name in kind.known_by]
    ordered = sorted(set(keys), key=str)
    for start in range(0, len(ordered), ROWS_A_QUESTION):
        some = ordered[start : start + ROWS_A_QUESTION]
        statement = select(head.c.id, head.c.version, *columns).where(head.c.workspace_id == workspace_id)
        statement = having_keys(statement.select_from(head), kind, some, session.get_bind().dialect)
        statement = statement.order_by(*columns).with_for_update(of=head)
        for identity, version, *key in (await session.execute(statement)).all():
            known[tuple(key)] = Known(identity, version, version)
    return known


def new_head(change: Change) -> Known:
    """Return the head of a record nobody told of before."""
    return Known(change.identity or uuid7(), 0, 0)


async def make_heads(
    session: AsyncSession,
    kind: RecordKind,
    workspace_id: UUID,
    made: Mapping[Key, tuple[Known, Change]],
    now: datetime,
) -> frozenset[Key]:
    """Store new heads, each pointing at its current version; return the keys another writer made a moment ago.

    Parameters
    ----------
    made
        By key the head, and the change that made it.
    """
    if not made:
        return frozenset()
    rows = [
        {
            **dict.fromkeys(kind.head.columns.keys()),
            **dict(zip(kind.known_by, key, strict=True)),
            **change.head,
            "workspace_id": workspace_id,
            "id": head.id,
            "version": head.order[2],
            "stored_at": now,
        }
        for key, (head, change) in sorted(made.items(), key=lambda item: str(item[0]))
    ]
    # Asked by id afterwards, a head another writer made under an id its sender chose would pass for ours.
    stored = await append_new_rows(session, kind.head, rows)
    return frozenset(key for key, (head, _) in made.items() if head.id not in stored)


async def stored_ids(session: AsyncSession, kind: RecordKind, workspace_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of the heads just inserted are there: another writer may have been a moment earlier."""
    if session.get_bind().dialect.name == "sqlite":
        return set(ids)  # its one writer is this one
    found: set[UUID] = set()
    for start in range(0, len(ids), ROWS_A_QUESTION):
        statement = select(kind.head.c.id).where(
            kind.head.c.workspace_id == workspace_id, kind.head.c.id.in_(ids[start : start + ROWS_A_QUESTION])
        )
        found.update((await session.scalars(statement)).all())
    return found


async def point_heads(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, known: Iterable[Known], now: datetime
) -> None:
    """Let each head that was there and has new versions point at its current one."""
    moved = [
        {"b_id": head.id, "b_version": head.order[2], "b_stored_at": now}
        for head in known
        if head.stored_number and head.number != head.stored_number
    ]
    if moved:
        statement = (
            update(kind.head)
            .where(kind.head.c.workspace_id == workspace_id, kind.head.c.id == bindparam("b_id"))
            .values(version=bindparam("b_version"), stored_at=bindparam("b_stored_at"))
        )
        connection = await session.connection()
        await connection.execute(statement, moved)
