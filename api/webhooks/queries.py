"""Every statement about hooks, deliveries and who is making them, by name."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, RowMapping, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.outbox import claims, deliveries, events, hooks
from models.hook import DeliveryState
from models.recording import ROWS_A_QUESTION
from models.workspace import Workspace

workspaces = Workspace.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


def current_hooks(workspace_id: UUID) -> Select[Any]:
    """Select the hooks there are."""
    return select(hooks, hooks.c.stored_at.label("changed_at")).where(
        hooks.c.workspace_id == workspace_id, hooks.c.removed_at.is_(None)
    )


async def hold_hooks(session: AsyncSession, workspace_id: UUID) -> None:
    """Let nobody else add a hook to a workspace until this transaction ends."""
    statement = select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(key_share=True)
    await session.execute(statement)


async def count_hooks(session: AsyncSession, workspace_id: UUID) -> int:
    """Return how many hooks there are."""
    return int(await session.scalar(select(func.count()).select_from(current_hooks(workspace_id).subquery())) or 0)


async def held_hook(session: AsyncSession, workspace_id: UUID, hook_id: UUID) -> RowMapping | None:
    """Return a hook that is there, kept from whoever else would change it; what is told to it goes on."""
    statement = current_hooks(workspace_id).where(hooks.c.id == hook_id).with_for_update(key_share=True)
    row: RowMapping | None = (await session.execute(statement)).mappings().one_or_none()
    return row


async def change_hook(session: AsyncSession, workspace_id: UUID, hook_id: UUID, values: dict[str, Any]) -> None:
    """Change a hook."""
    mine = and_(hooks.c.workspace_id == workspace_id, hooks.c.id == hook_id)
    await session.execute(update(hooks).where(mine).values(values))


def deliveries_to(workspace_id: UUID, hook_id: UUID) -> Select[Any]:
    """Select what is or was to be told to a hook, each with its event's type while the event is kept."""
    about = and_(events.c.workspace_id == deliveries.c.workspace_id, events.c.id == deliveries.c.event_id)
    return (
        select(deliveries, events.c.type, deliveries.c.stored_at.label("changed_at"))
        .outerjoin(events, about)
        .where(deliveries.c.workspace_id == workspace_id, deliveries.c.hook_id == hook_id)
    )


async def drop_pending(session: AsyncSession, workspace_id: UUID, hook_id: UUID, now: datetime) -> None:
    """Let nothing more be told to a hook."""
    pending = and_(
        deliveries.c.workspace_id == workspace_id,
        deliveries.c.hook_id == hook_id,
        deliveries.c.state == DeliveryState.PENDING,
    )
    ids = select(deliveries.c.id).where(pending)
    await session.execute(delete(claims).where(claims.c.workspace_id == workspace_id, claims.c.delivery_id.in_(ids)))
    dropped = {"state": DeliveryState.DROPPED, "next_at": None, "stored_at": now}
    await session.execute(update(deliveries).where(pending).values(dropped))


async def events_between(
    session: AsyncSession, workspace_id: UUID, kinds: Collection[str], since: datetime, until: datetime, limit: int
) -> list[UUID]:
    """Return the events of some types recorded from one moment to another, oldest first."""
    statement = (
        select(events.c.id)
        .where(events.c.workspace_id == workspace_id, events.c.type.in_(kinds))
        .where(events.c.recorded_at >= since, events.c.recorded_at <= until)
        .order_by(events.c.recorded_at, events.c.id)
        .limit(limit)
    )
    return list((await session.scalars(statement)).all())


async def deliveries_of(
    session: AsyncSession, workspace_id: UUID, hook_id: UUID, event_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Return by event the deliveries to a hook there are already."""
    found: dict[UUID, UUID] = {}
    for start in range(0, len(event_ids), ROWS_A_QUESTION):
        statement = select(deliveries.c.event_id, deliveries.c.id).where(
            deliveries.c.workspace_id == workspace_id,
            deliveries.c.hook_id == hook_id,
            deliveries.c.event_id.in_(event_ids[start : start + ROWS_A_QUESTION]),
        )
        found |= {row.event_id: row.id for row in await session.execute(statement)}
    return found


async def begin_again(session: AsyncSession, workspace_id: UUID, ids: Sequence[UUID], now: datetime) -> None:
    """Let some deliveries begin with their first attempt again, whoever is making one just now."""
    afresh = {"state": DeliveryState.PENDING, "attempts": 0, "next_at": now, "stored_at": now}
    for start in range(0, len(ids), ROWS_A_QUESTION):
        some = ids[start : start + ROWS_A_QUESTION]
        mine = and_(claims.c.workspace_id == workspace_id, claims.c.delivery_id.in_(some))
        await session.execute(delete(claims).where(mine))
        again = and_(deliveries.c.workspace_id == workspace_id, deliveries.c.id.in_(some))
        await session.execute(update(deliveries).where(again).values(afresh))
        rows = [{"workspace_id": workspace_id, "delivery_id": id_, "due_at": now, "attempts": 0} for id_ in some]
        await session.execute(insert(claims), rows)


def _free(now: datetime) -> ColumnElement[bool]:
    return and_(claims.c.due_at <= now, or_(claims.c.leased_until.is_(None), claims.c.leased_until < now))


async def anything_due(session: AsyncSession, now: datetime) -> bool:
    """Return whether a delivery waits that nobody living is making."""
    return await session.scalar(select(claims.c.delivery_id).where(_free(now)).limit(1)) is not None


async def claim(
    session: AsyncSession, now: datetime, until: datetime, worker: str, limit: int
) -> list[tuple[UUID, UUID, int]]:
    """Take deliveries that are due, as (workspace, delivery, number of the attempt), the longest due first."""
    statement = select(claims).where(_free(now)).order_by(claims.c.due_at).limit(limit)
    rows = (await session.execute(statement.with_for_update(skip_locked=True))).all()
    for row in rows:
        held = {"leased_by": worker, "leased_until": until, "attempts": row.attempts + 1}
        await session.execute(update(claims).where(_is(row.workspace_id, row.delivery_id)).values(held))
    return [(row.workspace_id, row.delivery_id, row.attempts + 1) for row in rows]


def _is(workspace_id: UUID, delivery_id: UUID) -> ColumnElement[bool]:
    return and_(claims.c.workspace_id == workspace_id, claims.c.delivery_id == delivery_id)


async def to_send(session: AsyncSession, workspace_id: UUID, delivery_id: UUID) -> RowMapping | None:
    """Return a delivery with its hook and its event; None where one of them is gone or nothing is to be told."""
    hook = and_(hooks.c.workspace_id == deliveries.c.workspace_id, hooks.c.id == deliveries.c.hook_id)
    about = and_(events.c.workspace_id == deliveries.c.workspace_id, events.c.id == deliveries.c.event_id)
    statement = (
        select(
            *(hooks.c[name] for name in ("target_url", "headers", "secret", "old_secret", "old_secret_until")),
            *(events.c[name] for name in ("type", "payload", "recorded_at")),
            deliveries.c.hook_id,
            deliveries.c.event_id,
        )
        .select_from(deliveries)
        .join(hooks, hook)
        .join(events, about)
        .where(deliveries.c.workspace_id == workspace_id, deliveries.c.id == delivery_id)
        .where(deliveries.c.state == DeliveryState.PENDING, hooks.c.removed_at.is_(None))
    )
    return (await session.execute(statement)).mappings().one_or_none()


async def settle(
    session: AsyncSession, workspace_id: UUID, delivery_id: UUID, attempt: int, next_at: datetime | None
) -> bool:
    """Give a claim up, or free it until the next attempt; False where somebody else has taken it over meanwhile."""
    mine = and_(_is(workspace_id, delivery_id), claims.c.attempts == attempt, claims.c.leased_until.is_not(None))
    if next_at is None:
        done = await session.execute(delete(claims).where(mine))
    else:
        waiting = {"due_at": next_at, "leased_by": None, "leased_until": None}
        done = await session.execute(update(claims).where(mine).values(waiting))
    assert isinstance(done, CursorResult)  # noqa: S101 - what a change of rows returns
    return done.rowcount == 1


async def mark(session: AsyncSession, workspace_id: UUID, delivery_id: UUID, values: dict[str, Any]) -> None:
    """Say how far a delivery is."""
    mine = and_(deliveries.c.workspace_id == workspace_id, deliveries.c.id == delivery_id)
    await session.execute(update(deliveries).where(mine).values(values))
