"""What can be done with hooks: add, remove, give a new secret, and tell again what was told before."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from api import audit, outbox
from api.dependencies import Work
from api.errors import Conflict, Malformed, NoSuchThing
from api.events import EVENT_TYPES, sample_of
from api.listing import Asked, rows_of
from api.webhooks import queries, signing
from api.webhooks.schemas import (
    DeliveryAnswer,
    EventSample,
    HookAnswer,
    HookBody,
    HookMade,
    ReplayAnswer,
    ReplayBody,
    SecretAnswer,
    envelope,
)
from models.hook import DeliveryState
from models.ids import uuid7

MOST_HOOKS = 50
MOST_REPLAYED = 10_000
OLD_SECRET_VALID = timedelta(hours=24)

Row = Mapping[Any, Any]


async def add(work: Work, body: HookBody) -> HookMade:
    """Add a hook: it is told of what happens from now on."""
    await queries.hold_hooks(work.session, work.workspace_id)
    if await queries.count_hooks(work.session, work.workspace_id) >= MOST_HOOKS:
        raise Conflict(f"There are {MOST_HOOKS} hooks. Remove one that is not needed.", code="too_many_hooks")
    hook_id, secret = uuid7(), signing.make_secret()
    row = {
        "workspace_id": work.workspace_id,
        "id": hook_id,
        "target_url": body.target_url,
        "events": body.events,
        "headers": signing.seal_headers(hook_id, body.headers),
        "secret": signing.seal(hook_id, secret),
        "created_at": work.now,
        "stored_at": work.now,
    }
    await work.session.execute(insert(outbox.hooks).values(row))
    await audit.note(work, "hook.added", str(hook_id), {"events": ", ".join(body.events)})
    work.kept.pop(outbox.KEPT, None)
    return HookMade(**dict(await read(work, hook_id)), secret=secret)


async def read(work: Work, hook_id: UUID) -> HookAnswer:
    """Return a hook."""
    return _answer(await _find(work, hook_id))


async def _find(work: Work, hook_id: UUID) -> Row:
    statement = queries.current_hooks(work.workspace_id).where(outbox.hooks.c.id == hook_id)
    row: Row | None = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no hook {hook_id}.")
    return row


async def _held(work: Work, hook_id: UUID) -> Row:
    row = await queries.held_hook(work.session, work.workspace_id, hook_id)
    if row is None:
        raise NoSuchThing(f"There is no hook {hook_id}.")
    return row


async def list_hooks(work: Work, asked: Asked) -> tuple[list[HookAnswer], str | None]:
    """Return a page of hooks."""
    return await rows_of(work, asked, queries.current_hooks(work.workspace_id), outbox.hooks, _answer)


def _answer(row: Row) -> HookAnswer:
    fields = {name: row[name] for name in HookAnswer.model_fields if name != "headers"}
    return HookAnswer(**fields, headers=_header_names(row))


def _header_names(row: Row) -> list[str]:
    try:
        return sorted(signing.unseal_headers(row["id"], row["headers"]))
    except signing.SealBrokenError:
        return []


async def remove(work: Work, hook_id: UUID, why: str) -> None:
    """Let a hook be told nothing more; its secrets and headers go with it."""
    await _held(work, hook_id)
    gone = {"secret": b"", "headers": b"", "old_secret": None, "removed_at": work.now, "stored_at": work.now}
    await queries.change_hook(work.session, work.workspace_id, hook_id, gone)
    await queries.drop_pending(work.session, work.workspace_id, hook_id, work.now)
    await audit.note(work, "hook.removed", str(hook_id), {"why": why})
    work.kept.pop(outbox.KEPT, None)


async def rotate(work: Work, hook_id: UUID) -> SecretAnswer:
    """Give a hook a new secret; for a day what is sent is signed with the old one too."""
    row = await _held(work, hook_id)
    secret, until = signing.make_secret(), work.now + OLD_SECRET_VALID
    values = {
        "secret": signing.seal(hook_id, secret),
        "old_secret": row["secret"],
        "old_secret_until": until,
        "stored_at": work.now,
    }
    await queries.change_hook(work.session, work.workspace_id, hook_id, values)
    await audit.note(work, "hook.secret_rotated", str(hook_id), {})
    return SecretAnswer(id=hook_id, secret=secret, old_secret_until=until)


async def list_deliveries(
    work: Work, asked: Asked, *, hook_id: UUID, state: DeliveryState | None = None
) -> tuple[list[DeliveryAnswer], str | None]:
    """Return a page of what is or was to be told to a hook."""
    await _find(work, hook_id)
    statement = queries.deliveries_to(work.workspace_id, hook_id)
    if state is not None:
        statement = statement.where(outbox.deliveries.c.state == state)
    return await rows_of(work, asked, statement, outbox.deliveries, _delivery)


async def read_delivery(work: Work, hook_id: UUID, delivery_id: UUID) -> DeliveryAnswer:
    """Return one delivery."""
    await _find(work, hook_id)
    statement = queries.deliveries_to(work.workspace_id, hook_id).where(outbox.deliveries.c.id == delivery_id)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no delivery {delivery_id} to the hook {hook_id}.")
    return _delivery(row)


def _delivery(row: Row) -> DeliveryAnswer:
    fields = {name: row[name] for name in DeliveryAnswer.model_fields if name not in {"hook", "event"}}
    return DeliveryAnswer(**fields, hook=row["hook_id"], event=row["event_id"])


async def replay_one(work: Work, hook_id: UUID, delivery_id: UUID) -> DeliveryAnswer:
    """Tell one event again, from the first attempt on, under the same id."""
    await _held(work, hook_id)
    found = await read_delivery(work, hook_id, delivery_id)
    if found.type is None:
        raise Conflict("What this delivery told of has been erased.", code="event_erased")
    await queries.begin_again(work.session, work.workspace_id, [delivery_id], work.now)
    await audit.note(work, "hook.replayed", str(hook_id), {"delivery": str(delivery_id)})
    return await read_delivery(work, hook_id, delivery_id)


async def replay_since(work: Work, hook_id: UUID, body: ReplayBody) -> ReplayAnswer:
    """Tell a hook again of everything it asked for since a moment, what happened before it was added included."""
    row = await _held(work, hook_id)
    session, workspace_id = work.session, work.workspace_id
    until = work.now if body.until is None else body.until
    wanted = await queries.events_between(session, workspace_id, row["events"], body.since, until, MOST_REPLAYED + 1)
    if len(wanted) > MOST_REPLAYED:
        detail = f"More than {MOST_REPLAYED} events lie between. Name an earlier `until` and go on from there."
        errors = [{"pointer": "/until", "code": "too_many_events", "detail": detail}]
        raise Malformed(detail, code="too_many_events", errors=errors)
    there = await queries.deliveries_of(session, workspace_id, hook_id, wanted)
    await queries.begin_again(session, workspace_id, list(there.values()), work.now)
    await outbox.deliver_all(work, [(hook_id, event) for event in wanted if event not in there])
    await audit.note(work, "hook.replayed", str(hook_id), {"since": body.since.isoformat(), "events": len(wanted)})
    return ReplayAnswer(replayed=len(wanted))


def sample(work: Work, kind: str) -> EventSample:
    """Return an event of a type as it would be posted."""
    if kind not in EVENT_TYPES:
        raise NoSuchThing(f"There is no event {kind}. There are: {', '.join(EVENT_TYPES)}.")
    return envelope(UUID(int=0), kind, work.now, sample_of(kind))
