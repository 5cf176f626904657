"""Telling: what is due is claimed under a lease, sent outside any transaction, and then marked.

Whoever dies between sending and marking leaves the claim to the next one after its lease: the event is told again under
the same id. Order is not promised.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from api.dependencies import Caller, utc_now, writing_as
from api.jobs.nearby import worker_name
from api.settings import settings
from api.webhooks import queries, service, signing
from api.webhooks.schemas import envelope
from api.webhooks.sending import Outcome, PublicOnly, send
from models.access import Scope
from models.database import Database
from models.hook import DeliveryState

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=90)
"""Longer than an attempt can take."""
AT_ONCE = 16
LONGEST_TURN_SECONDS = 10.0
NOBODY = UUID(int=0)
VERSION = "version"
"""What every payload has that may be told: one that was erased has it no more."""


@dataclass(frozen=True)
class Claimed:
    """A delivery this worker holds."""

    workspace_id: UUID
    id: UUID
    attempt: int


@dataclass(frozen=True)
class Message:
    """What is posted."""

    hook_id: UUID
    url: str
    headers: dict[str, str]
    body: bytes


async def deliver_due(database: Database) -> int:
    """Make the deliveries that are due, for some seconds at most; return how many attempts were made."""
    async with database.read() as session:
        if not await queries.anything_due(session, utc_now()):
            return 0
    tried, started = 0, time.monotonic()
    async with PublicOnly() as transport:
        while time.monotonic() - started < LONGEST_TURN_SECONDS and (some := await _claim(database)):
            ends = await asyncio.gather(*(_deliver(database, transport, item) for item in some), return_exceptions=True)
            tried += len(some)
            for end in ends:
                if isinstance(end, BaseException):
                    raise end  # its claim is taken over after the lease
    return tried


async def _claim(database: Database) -> list[Claimed]:
    now = utc_now()
    async with database.write() as session:
        taken = await queries.claim(session, now, now + LEASE, worker_name(), AT_ONCE)
    return [Claimed(*item) for item in taken]


async def _deliver(database: Database, transport: PublicOnly, claimed: Claimed) -> None:
    async with database.read(claimed.workspace_id) as session:
        row = await queries.to_send(session, claimed.workspace_id, claimed.id)
    if row is None or VERSION not in row["payload"]:
        await _drop(database, claimed)
        return
    try:
        message = _message(row, utc_now())
    except signing.SealBrokenError:
        problem = "The hook's secret cannot be read with this STEADFAST_SECRET. Remove the hook and add it again."
        await _mark(database, claimed, row["hook_id"], Outcome(None, problem))
        return
    outcome = await send(transport, message.url, message.headers, message.body)
    log.info("delivery", hook=str(message.hook_id), attempt=claimed.attempt, status=outcome.status)
    await _mark(database, claimed, message.hook_id, outcome)


def _message(row: Any, now: datetime) -> Message:
    """Return the post for an event: the same body at every attempt, signed anew."""
    hook_id: UUID = row["hook_id"]
    body = envelope(row["event_id"], row["type"], row["recorded_at"], row["payload"]).model_dump_json().encode()
    secrets = [signing.unseal(hook_id, row["secret"])]
    if row["old_secret"] and row["old_secret_until"] > now:
        secrets.append(signing.unseal(hook_id, row["old_secret"]))
    message_id, timestamp = str(row["event_id"]), int(now.timestamp())
    headers = {
        **signing.unseal_headers(hook_id, row["headers"]),
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signing.signature(secrets, message_id, timestamp, body),
    }
    return Message(hook_id, row["target_url"], headers, body)


async def _drop(database: Database, claimed: Claimed) -> None:
    """Give up a delivery whose hook or event is gone, or that was made meanwhile."""
    now = utc_now()
    async with database.write(claimed.workspace_id) as session:
        if await queries.settle(session, claimed.workspace_id, claimed.id, claimed.attempt, None):
            dropped = {"state": DeliveryState.DROPPED, "next_at": None, "stored_at": now}
            await queries.mark(session, claimed.workspace_id, claimed.id, dropped)


async def _mark(database: Database, claimed: Claimed, hook_id: UUID, outcome: Outcome) -> None:
    """Say how an attempt ended: done, to be made again later, or given up."""
    worker = Caller(claimed.workspace_id, NOBODY, frozenset({Scope.ADMIN.value}))
    async with writing_as(database, worker) as work:
        # The hook before the claim, as whoever removes one: two that wait for each other would wait for ever.
        removing = outcome.gone and await queries.held_hook(work.session, claimed.workspace_id, hook_id) is not None
        state, next_at = _after(claimed.attempt, outcome, work.now)
        if not await queries.settle(work.session, claimed.workspace_id, claimed.id, claimed.attempt, next_at):
            return
        values = {
            "state": state,
            "attempts": claimed.attempt,
            "status": outcome.status,
            "problem": outcome.problem,
            "next_at": next_at,
            "attempted_at": work.now,
            "stored_at": work.now,
        }
        await queries.mark(work.session, claimed.workspace_id, claimed.id, values)
        if removing:
            await service.remove(work, hook_id, "the target answered 410")


def _after(attempt: int, outcome: Outcome, now: datetime) -> tuple[DeliveryState, datetime | None]:
    delays = settings().hook_delays
    if outcome.delivered:
        return DeliveryState.DELIVERED, None
    if outcome.gone:
        return DeliveryState.DROPPED, None
    if attempt >= len(delays):
        return DeliveryState.GIVEN_UP, None
    return DeliveryState.PENDING, now + timedelta(seconds=delays[attempt])
