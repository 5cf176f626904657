"""How a change becomes a version: one way for a single row and for a thousand.

A record is a head (what it is known by, which version is current) and its versions (facts, appended). Changes are
taken in the order given; the same change again appends nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import Head, Version, from_us, to_us
from models.ids import uuid7
from models.rules.versions import ATTRIBUTES, StoredVersion, given_names, laid_over, told_again

HEAD_COLUMNS = frozenset(Head.model_fields)
VERSION_COLUMNS = frozenset(Version.model_fields)
ROWS_A_QUESTION = 500
"""Keys asked for at once: below every driver's limit of parameters."""

Key = tuple[Any, ...]
"""What a record is known by within its workspace."""


@dataclass(frozen=True)
class RecordKind:
    """A kind of record: its two tables and the columns it is known by.

    Parameters
    ----------
    name
        The glossary's word.
    head, version
        The tables.
    known_by
        The head's columns that make its natural key, `reference` last.
    """

    name: str
    head: Table
    version: Table
    known_by: tuple[str, ...] = ("reference",)

    @property
    def fields(self) -> list[str]:
        """The version columns that are the record's own state."""
        return [column.name for column in self.version.columns if column.name not in VERSION_COLUMNS]


@dataclass(frozen=True)
class Change:
    """What somebody says of a record: the fields given, when it happened and when it was known."""

    key: Key
    given: Mapping[str, Any]
    occurred_at: datetime
    recorded_at: datetime
    head: Mapping[str, Any] = field(default_factory=dict)
    identity: UUID | None = None
    voided: bool = False


@dataclass
class Recorded:
    """What became of a change."""

    id: UUID
    key: Key
    version: int
    state: dict[str, Any]
    created: bool
    unchanged: bool
    recorded_at: datetime
    occurred_at: datetime


@dataclass
class _Known:
    """A record as far as this transaction knows it."""

    id: UUID
    number: int
    stored_number: int
    state: dict[str, Any] | None = None
    order: tuple[int, int, int] = (0, 0, 0)
    voided: bool = False


async def record(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, changes: Sequence[Change], now: datetime
) -> list[Recorded]:
    """Append what the changes change, and say of each what became of it, in the order given."""
    if not changes:
        return []
    known = await _heads(session, kind, workspace_id, changes, now)
    await _current_states(session, kind, workspace_id, known)
    rows: list[dict[str, Any]] = []
    results = []
    for change in changes:
        head = known[change.key]
        if head.state is not None and _is_late(change, head):
            history = await _history(session, kind, workspace_id, head.id)
            history += [_stored(kind, row) for row in rows if row["id"] == head.id]
            results.append(_apply_late(kind, change, head, history, rows))
        else:
            results.append(_apply(kind, change, head, rows))
    stamp = {"workspace_id": workspace_id, "stored_at": now}
    if rows:
        await session.execute(insert(kind.version), [{**row, **stamp} for row in rows])
    await _point_heads(session, kind, workspace_id, known.values(), now)
    return results


async def current(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, keys: Iterable[Key]
) -> dict[Key, dict[str, Any]]:
    """Return the current version of each record that exists, with its head's columns, by key."""
    found: dict[Key, dict[str, Any]] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        statement = current_rows(kind, workspace_id).where(_has_key(kind, wanted[start : start + ROWS_A_QUESTION]))
        for row in (await session.execute(statement)).mappings():
            found[tuple(row[name] for name in kind.known_by)] = dict(row)
    return found


def current_rows(kind: RecordKind, workspace_id: UUID) -> Select[Any]:
    """Return the statement for the current rows of a kind: the version's columns and the head's."""
    head, version = kind.head, kind.version
    extra = [column for column in head.columns if column.name not in {"workspace_id", "id", "stored_at"}]
    extra = [column for column in extra if column.name not in version.columns]
    return (
        select(*version.columns, *extra)
        .join(
            head,
            and_(
                head.c.workspace_id == version.c.workspace_id,
                head.c.id == version.c.id,
                head.c.version == version.c.number,
            ),
        )
        .where(head.c.workspace_id == workspace_id)
    )


def _has_key(kind: RecordKind, keys: Sequence[Key]) -> ColumnElement[bool]:
    columns = [kind.head.c[name] for name in kind.known_by]
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)


async def _heads(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, changes: Sequence[Change], now: datetime
) -> dict[Key, _Known]:
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
            else {key: _Known(row["id"], 0, 0) for key, row in zip(missing, rows, strict=True)}
        )
    return known


async def _select_heads(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, keys: Sequence[Key]
) -> dict[Key, _Known]:
    known = {}
    head = kind.head
    columns = [head.c[name] for name in kind.known_by]
    ordered = sorted(keys, key=str)
    for start in range(0, len(ordered), ROWS_A_QUESTION):
        statement = (
            select(head.c.id, head.c.version, *columns)
            .where(head.c.workspace_id == workspace_id, _has_key(kind, ordered[start : start + ROWS_A_QUESTION]))
            .order_by(*columns)
            .with_for_update()
        )
        for identity, version, *key in (await session.execute(statement)).all():
            known[tuple(key)] = _Known(identity, version, version)
    return known


async def _current_states(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, known: Mapping[Key, _Known]
) -> None:
    existing = {head.id: head for head in known.values() if head.number}
    version = kind.version
    wanted = list(existing.items())
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        pairs = [(identity, head.number) for identity, head in wanted[start : start + ROWS_A_QUESTION]]
        statement = select(version).where(
            version.c.workspace_id == workspace_id, tuple_(version.c.id, version.c.number).in_(pairs)
        )
        for row in (await session.execute(statement)).mappings():
            stored = _stored(kind, row)
            head = existing[row["id"]]
            head.state, head.order, head.voided = dict(stored.state), stored.order, row["voided"]


async def _history(session: AsyncSession, kind: RecordKind, workspace_id: UUID, identity: UUID) -> list[StoredVersion]:
    statement = select(kind.version).where(kind.version.c.workspace_id == workspace_id, kind.version.c.id == identity)
    return [_stored(kind, row) for row in (await session.execute(statement)).mappings()]


def _stored(kind: RecordKind, row: Mapping[Any, Any]) -> StoredVersion:
    order = (to_us(row["occurred_at"]), to_us(row["recorded_at"]), row["number"])
    return StoredVersion(order, row["given"], {name: row[name] for name in kind.fields})


def _is_late(change: Change, head: _Known) -> bool:
    return (to_us(change.occurred_at), to_us(change.recorded_at)) < head.order[:2]


def _blank(kind: RecordKind) -> dict[str, Any]:
    return {name: ({} if name == ATTRIBUTES else None) for name in kind.fields}


def _apply(kind: RecordKind, change: Change, head: _Known, rows: list[dict[str, Any]]) -> Recorded:
    before = head.state if head.state is not None else _blank(kind)
    state = laid_over(before, change.given)
    created = head.state is None
    unchanged = not created and state == before and change.voided == head.voided
    if not unchanged:
        order = (to_us(change.occurred_at), to_us(change.recorded_at))
        _append(head, state, order, given_names(change.given), rows, voided=change.voided)
    return _recorded(change, head, created=created, unchanged=unchanged)


def _apply_late(
    kind: RecordKind, change: Change, head: _Known, history: list[StoredVersion], rows: list[dict[str, Any]]
) -> Recorded:
    order = (to_us(change.occurred_at), to_us(change.recorded_at), head.number + 1)
    if _told_before(history, change, order):
        return _recorded(change, head, created=False, unchanged=True)
    latest: defaultdict[int, int] = defaultdict(int)
    for version in history:
        latest[version.order[0]] = max(latest[version.order[0]], version.order[1])
    given = given_names(change.given)
    for occurred, state in told_again(history, change.given, order):
        recorded = max(order[1], latest[occurred])
        _append(head, {**_blank(kind), **state}, (occurred, recorded), given, rows, voided=head.voided)
        given = []
    return _recorded(change, head, created=False, unchanged=False)


def _told_before(history: Iterable[StoredVersion], change: Change, order: tuple[int, int, int]) -> bool:
    """Return whether this very change was laid at this very moment before: an import run again."""
    names = given_names(change.given)
    return any(
        version.order[:2] == order[:2]
        and list(version.given) == names
        and laid_over(version.state, change.given) == version.state
        for version in history
    )


def _append(
    head: _Known,
    state: dict[str, Any],
    order: tuple[int, int],
    given: list[str],
    rows: list[dict[str, Any]],
    *,
    voided: bool,
) -> None:
    head.number += 1
    rows.append(
        {
            **state,
            "id": head.id,
            "number": head.number,
            "occurred_at": from_us(order[0]),
            "recorded_at": from_us(order[1]),
            "given": given,
            "voided": voided,
        }
    )
    place = (*order, head.number)
    if place > head.order:
        head.state, head.order, head.voided = state, place, voided


def _recorded(change: Change, head: _Known, *, created: bool, unchanged: bool) -> Recorded:
    return Recorded(
        id=head.id,
        key=change.key,
        version=head.order[2],
        state=dict(head.state or {}),
        created=created,
        unchanged=unchanged,
        occurred_at=from_us(head.order[0]),
        recorded_at=from_us(head.order[1]),
    )


async def _point_heads(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, known: Iterable[_Known], now: datetime
) -> None:
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
