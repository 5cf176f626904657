"""Events: what happened, written in the transaction of its cause, to be told later, at least once.

Who is to be told is settled in the same transaction: one delivery and one claim for each hook that asked for the type.
What each type tells stands in `api.events`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Insert, Table, and_, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from api.dependencies import Work
from models.appending import Rows, append_rows
from models.hook import Delivery, DeliveryState, Hook
from models.ids import uuid7
from models.outbox import Event, OutboxClaim
from models.recording import ROWS_A_QUESTION

events = Event.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
claims = OutboxClaim.__table__  # type: ignore[attr-defined] # same
hooks = Hook.__table__  # type: ignore[attr-defined] # same
deliveries = Delivery.__table__  # type: ignore[attr-defined] # same

KEPT = "hooks"


@dataclass(frozen=True)
class NewEvent:
    """Something that just happened, in the past tense. Of those with the same `once` only the first is told."""

    type: str
    payload: dict[str, JsonValue]
    once: str | None = None


async def emit_all(work: Work, happened: Sequence[NewEvent]) -> int:
    """Write events beside their cause; return how many were not told before."""
    if not happened:
        return 0
    # In one order, so that two who tell the same things at once wait for each other instead of crossing.
    told = {uuid7(): event for event in sorted(happened, key=lambda event: event.once or "")}
    rows = rows_of(work, told.values(), told)
    if any(event.once for event in happened):
        stored = await work.session.scalars(skipping(work, events).returning(events.c.id), rows)
        told = {identity: told[identity] for identity in stored.all()}
    else:
        await append_rows(work.session, events, rows)
    await _address(work, {identity: event.type for identity, event in told.items()})
    work.happened += [event.type for event in told.values()]
    return len(told)


def rows_of(work: Work, happened: Iterable[NewEvent], ids: Iterable[UUID] | None = None) -> list[dict[str, Any]]:
    """Return events as they are stored, under new ids unless some are given."""
    return [
        {
            "workspace_id": work.workspace_id,
            "id": identity,
            "type": event.type,
            "once": event.once,
            "payload": event.payload,
            "recorded_at": work.now,
        }
        for identity, event in zip(ids or iter(uuid7, None), happened, strict=False)
    ]


def told_alike(work: Work, happened: Sequence[NewEvent]) -> Rows:
    """Return events of one type, none of them told only once, as they are appended together."""
    alike = {"workspace_id": work.workspace_id, "type": happened[0].type, "once": None, "recorded_at": work.now}
    return Rows(events, alike, [{"id": uuid7(), "payload": event.payload} for event in happened])


async def _address(work: Work, told: Mapping[UUID, str]) -> None:
    """Give each event to the hooks that asked for its type."""
    asking = await _asking(work)
    wanted = [(hook, event) for event, kind in told.items() for hook, kinds in asking.items() if kind in kinds]
    await deliver_all(work, wanted)


async def deliver_all(work: Work, wanted: Sequence[tuple[UUID, UUID]]) -> None:
    """Ask for the telling of events to hooks, given as (hook, event), from now on."""
    if not wanted:
        return
    common = {"workspace_id": work.workspace_id, "attempts": 0}
    rows = [
        {
            **common,
            "id": uuid7(),
            "hook_id": hook,
            "event_id": event,
            "state": DeliveryState.PENDING,
            "next_at": work.now,
            "created_at": work.now,
            "stored_at": work.now,
        }
        for hook, event in wanted
    ]
    await work.session.execute(insert(deliveries), rows)
    due = [{**common, "delivery_id": row["id"], "due_at": work.now} for row in rows]
    await work.session.execute(insert(claims), due)


async def withdraw(session: AsyncSession, workspace_id: UUID, event_ids: Sequence[UUID], now: datetime) -> None:
    """Let nothing more be told of some events: what they tell is being erased."""
    for start in range(0, len(event_ids), ROWS_A_QUESTION):
        some = event_ids[start : start + ROWS_A_QUESTION]
        pending = and_(
            deliveries.c.workspace_id == workspace_id,
            deliveries.c.event_id.in_(some),
            deliveries.c.state == DeliveryState.PENDING,
        )
        ids = select(deliveries.c.id).where(pending)
        held = and_(claims.c.workspace_id == workspace_id, claims.c.delivery_id.in_(ids))
        await session.execute(delete(claims).where(held))
        dropped = {"state": DeliveryState.DROPPED, "next_at": None, "stored_at": now}
        await session.execute(update(deliveries).where(pending).values(dropped))


async def _asking(work: Work) -> Mapping[UUID, frozenset[str]]:
    """Return what each hook asked for, read once a request."""
    if KEPT not in work.kept:
        statement = select(hooks.c.id, hooks.c.events).where(
            hooks.c.workspace_id == work.workspace_id, hooks.c.removed_at.is_(None)
        )
        work.kept[KEPT] = {row.id: frozenset(row.events) for row in await work.session.execute(statement)}
    found: Mapping[UUID, frozenset[str]] = work.kept[KEPT]
    return found


def skipping(work: Work, table: Table) -> Insert:
    """Return the insert that leaves alone what is there already."""
    if work.session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
