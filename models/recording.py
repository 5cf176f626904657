"""How a change becomes a version: one way for a single row and for a thousand.

A record is a head (what it is known by, which version is current) and its versions (facts, appended). Changes are
taken in the order given; the same change again appends nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from models.appending import append_rows
from models.base import from_us, to_us
from models.heads import Known, find_heads, having_keys, make_heads, new_head, point_heads
from models.record_kinds import ROWS_A_QUESTION, VERSION_COLUMNS, Change, Key, KeyTaken, Recorded, RecordKind
from models.rules.histories import History
from models.rules.versions import ATTRIBUTES, VOIDED, StoredVersion, given_names, stepped

R = TypeVar("R")

__all__ = [
    "ROWS_A_QUESTION",
    "VERSION_COLUMNS",
    "Change",
    "Key",
    "KeyTaken",
    "RecordKind",
    "Recorded",
    "current",
    "current_rows",
    "record",
    "refused_late",
]


async def record(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, changes: Sequence[Change], now: datetime
) -> list[Recorded]:
    """Append what the changes change, and say of each what became of it, in the order given."""
    results: dict[int, Recorded] = {}
    waiting = dict(enumerate(changes))
    taken: frozenset[Key] = frozenset()
    while waiting:
        known, history = await _known(session, kind, workspace_id, waiting.values())
        made: dict[Key, tuple[Known, Change]] = {}
        for place, change in waiting.items():
            if change.key not in known:
                known[change.key] = new_head(change)
                made[change.key] = known[change.key], change
            results[place] = _laid(kind, _newest(change, known[change.key], now), known[change.key], history)
        before, taken = taken, await make_heads(session, kind, workspace_id, made, now)
        if taken & before:
            raise KeyTaken  # found under none of its keys when looked for again: its id is another's
        ours = [head for key, head in known.items() if key not in taken]
        stamp = {"workspace_id": workspace_id, "stored_at": now}
        await append_rows(session, kind.version, [{**row, **stamp} for head in ours for row in head.appended])
        await point_heads(session, kind, workspace_id, ours, now)
        # Heads another writer made a moment ago are there now: what was to be said of them is laid over his.
        waiting = {place: change for place, change in waiting.items() if change.key in taken}
    return [results[place] for place in range(len(changes))]


async def refused_late(
    session: AsyncSession,
    kind: RecordKind,
    workspace_id: UUID,
    changes: Sequence[Change],
    judge: Callable[[Change, Sequence[Mapping[str, Any]]], R | None],
) -> list[R | None]:
    """Return what a judge has against each change that comes late, by the states it would make of the past.

    Each is judged as if those before it had been laid, but for those that are refused. Nothing is stored.
    """
    known, stored = await _known(session, kind, workspace_id, changes)
    results: list[R | None] = []
    for change in changes:
        head = known.get(change.key)
        if head is None or not _is_late(change, head):
            results.append(None)
            continue
        history = _history(kind, head, stored)
        head.number += 1
        told = history.told_again(change.given, (*_place(change), head.number))
        results.append(judge(change, [state for _, state, _ in told]))
        if results[-1] is None:
            recorded = max(_place(change)[1], history.recorded_at(told[0].occurred_us))
            order = (told[0].occurred_us, recorded, head.number)
            history.add(StoredVersion(order, given_names(change.given), told[0].state))
    return results


async def current(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, keys: Iterable[Key]
) -> dict[Key, dict[str, Any]]:
    """Return the current version of each record that exists, with its head's columns, by key."""
    found: dict[Key, dict[str, Any]] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        some = wanted[start : start + ROWS_A_QUESTION]
        statement = having_keys(current_rows(kind, workspace_id), kind, some, session.get_bind().dialect)
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


async def _known(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, changes: Collection[Change]
) -> tuple[dict[Key, Known], dict[UUID, list[StoredVersion]]]:
    """Return the records there are, and all versions of those of which one of the changes comes late."""
    known = await find_heads(session, kind, workspace_id, (change.key for change in changes))
    await _current_states(session, kind, workspace_id, known)
    return known, await _histories(session, kind, workspace_id, known, changes)


async def _current_states(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, known: Mapping[Key, Known]
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


async def _histories(
    session: AsyncSession,
    kind: RecordKind,
    workspace_id: UUID,
    known: Mapping[Key, Known],
    changes: Iterable[Change],
) -> dict[UUID, list[StoredVersion]]:
    """Return all stored versions of those records of which one of the changes comes late."""
    newest = {key: head.order[:2] for key, head in known.items()}
    out_of_order: set[UUID] = set()
    for change in changes:
        if change.key in newest:
            if _place(change) < newest[change.key]:
                out_of_order.add(known[change.key].id)
            newest[change.key] = max(newest[change.key], _place(change))
    late = sorted(out_of_order)
    found: dict[UUID, list[StoredVersion]] = defaultdict(list)
    version = kind.version
    for start in range(0, len(late), ROWS_A_QUESTION):
        statement = select(version).where(
            version.c.workspace_id == workspace_id, version.c.id.in_(late[start : start + ROWS_A_QUESTION])
        )
        for row in (await session.execute(statement)).mappings():
            found[row["id"]].append(_stored(kind, row))
    return found


def _stored(kind: RecordKind, row: Mapping[Any, Any]) -> StoredVersion:
    order = (to_us(row["occurred_at"]), to_us(row["recorded_at"]), row["number"])
    return StoredVersion(order, row["given"], {name: row[name] for name in kind.fields})


def _place(change: Change) -> tuple[int, int]:
    return to_us(change.occurred_at), to_us(change.recorded_at)


def _newest(change: Change, head: Known, now: datetime) -> Change:
    """Let what is said of now be the newest: another machine's clock may be ahead, or ours was before."""
    if head.state is None or change.occurred_at != now or change.recorded_at != now or _place(change) >= head.order[:2]:
        return change
    return replace(change, occurred_at=from_us(head.order[0]), recorded_at=max(now, from_us(head.order[1])))


def _laid(kind: RecordKind, change: Change, head: Known, stored: Mapping[UUID, Sequence[StoredVersion]]) -> Recorded:
    """Lay a change over what is known of its record: at the end, or where it belongs if it comes late."""
    if change.once and head.state is not None:
        return _recorded(change, head, created=False, unchanged=True)
    if not _is_late(change, head):
        return _apply(kind, change, head)
    return _apply_late(kind, change, head, _history(kind, head, stored))


def _is_late(change: Change, head: Known) -> bool:
    return head.state is not None and _place(change) < head.order[:2]


def _history(kind: RecordKind, head: Known, stored: Mapping[UUID, Sequence[StoredVersion]]) -> History:
    if head.history is None:
        versions = [*stored.get(head.id, ()), *(_stored(kind, row) for row in head.appended)]
        head.history = History(versions, kind.complete, kind.needed)
    return head.history


def _blank(kind: RecordKind) -> dict[str, Any]:
    return {name: ({} if name == ATTRIBUTES else None) for name in kind.fields}


def _apply(kind: RecordKind, change: Change, head: Known) -> Recorded:
    before = head.state if head.state is not None else _blank(kind)
    state = stepped(before, change.given, kind.complete)
    created = head.state is None
    # What is told again after it was withdrawn lives again; a change that tells nothing brings nothing back.
    voided = change.voided or (head.voided and not change.given)
    unchanged = not created and state == before and voided == head.voided
    if not unchanged:
        names = [*given_names(change.given), *([VOIDED] if change.voided else [])]
        _append(head, state, _place(change), names, voided=voided)
    return _recorded(change, head, created=created, unchanged=unchanged)


def _apply_late(kind: RecordKind, change: Change, head: Known, history: History) -> Recorded:
    order = (*_place(change), head.number + 1)
    told = [] if history.holds(change.given, order) else history.told_again(change.given, order)
    if not told or not history.alters(told):
        return _recorded(change, head, created=False, unchanged=True)
    given = given_names(change.given)
    for occurred, state, voided in told:
        recorded = max(order[1], history.recorded_at(occurred))
        _append(head, {**_blank(kind), **state}, (occurred, recorded), given, voided=voided)
        given = []
    if head.number != head.order[2] and head.state is not None:
        # A head names its current version and numbers go on from there: so the current state is told once more.
        recorded = max(order[1], head.order[1])
        _append(head, head.state, (head.order[0], recorded), [], voided=head.voided)
    return _recorded(change, head, created=False, unchanged=False)


def _append(head: Known, state: dict[str, Any], order: tuple[int, int], given: list[str], *, voided: bool) -> None:
    head.number += 1
    head.appended.append(
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
    if head.history is not None:
        head.history.add(StoredVersion(place, given, state))
    if place > head.order:
        head.state, head.order, head.voided = state, place, voided


def _recorded(change: Change, head: Known, *, created: bool, unchanged: bool) -> Recorded:
    return Recorded(
        id=head.id,
        key=change.key,
        version=head.order[2],
        state=dict(head.state or {}),
        created=created,
        unchanged=unchanged,
        occurred_at=from_us(head.order[0]),
        recorded_at=from_us(head.order[1]),
        voided=head.voided,
    )
