"""Retention: what a workspace agreed to keep no longer, taken away in portions.

Facts are kept until their customer is erased. Each class that a workspace may agree on has its days there;
comments lose their words and keep their scores, everything else goes. A survey may agree on less for its own answers:
see `unlinking`. What nobody needs after a while goes by itself:
see `jobs.pruning`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, delete, exists, func, select

from api import audit, jobs
from api.dependencies import Caller, Work, writing_as
from api.failures.suggestions import service as suggestions
from api.privacy.blanking import ERASED
from api.privacy.unlinking import (
    EXPIRED,
    UNLINKED,
    answered_before,
    close_invitations,
    take_words,
    unlink_surveys,
)
from api.workspaces import service as workspaces
from models.database import Database
from models.hook import DeliveryState
from models.tables import metadata

PORTION = 1000
IN_WORDS = ("comments", "responses", UNLINKED)


@dataclass(frozen=True)
class Expired:
    """How much of each class is older than agreed, and whether there is more than one portion could take."""

    counts: Mapping[str, int]
    more: bool


async def apply_retention(work: Work, *, dry_run: bool = False) -> Expired:
    """Take away a portion of what is older than agreed; on a dry run say how much there is, and touch nothing."""
    agreed = (await workspaces.of(work)).retention
    counts: Counter[str] = Counter()
    more = False
    for name in CLASSES:
        days = getattr(agreed, name)
        if days is None:
            continue
        ids = CLASSES[name](work.workspace_id, work.now - timedelta(days=days))
        if dry_run:
            counts[name] = await work.session.scalar(select(func.count()).select_from(ids.subquery())) or 0
            continue
        found = list((await work.session.scalars(ids.limit(PORTION))).all())
        await TAKEN.get(name, _take_rows)(work, name, found)
        counts[name] = len(found)
        more = more or len(found) == PORTION
    unlinked, rest = await unlink_surveys(work, PORTION, dry_run=dry_run)
    counts.update({UNLINKED: unlinked} if unlinked else {})
    more = more or rest
    if not dry_run and +counts:
        await audit.note(work, "retention.applied", "retention", {**(+counts)})
        if any(counts[name] for name in IN_WORDS):
            await jobs.enqueue(work, jobs.COMPACT, {})
    return Expired(counts, more)


async def keep_no_longer(database: Database, caller: Caller, *, dry_run: bool = False) -> Counter[str]:
    """Take away everything of a workspace that is older than agreed, a portion a transaction; return how much."""
    done: Counter[str] = Counter()
    while True:
        async with writing_as(database, caller) as work:
            expired = await apply_retention(work, dry_run=dry_run)
        done.update(expired.counts)
        if not expired.more:
            return done


def _older(name: str, column: str, unless: Callable[[Table], ColumnElement[bool]] | None = None) -> Any:
    """Return what selects the ids of a table's rows before a moment."""
    table = metadata.tables[name]

    def ids(workspace_id: UUID, before: datetime) -> Select[Any]:
        statement = select(table.c.id).where(table.c.workspace_id == workspace_id, table.c[column] < before)
        return statement if unless is None else statement.where(~unless(table))

    return ids


def _waits(events: Table) -> ColumnElement[bool]:
    """Return whether an event is still to be told to somebody."""
    told = metadata.tables["deliveries"]
    waits = told.c.state == DeliveryState.PENDING
    return exists().where(told.c.workspace_id == events.c.workspace_id, told.c.event_id == events.c.id, waits)


def _worded(workspace_id: UUID, before: datetime) -> Select[Any]:
    """Select those of them that may still hold the customer's own words."""
    hashes = metadata.tables["responses"].c.body_hash
    return answered_before(workspace_id, before).where(hashes.not_in([EXPIRED, UNLINKED, ERASED]))


CLASSES: Mapping[str, Callable[[UUID, datetime], Select[Any]]] = {
    "events": _older("events", "recorded_at", _waits),
    "audit": _older("audit_entries", "recorded_at"),
    "responses": answered_before,
    "comments": _worded,
}
TABLES = {"audit": "audit_entries"}


async def _take_rows(work: Work, name: str, ids: list[UUID]) -> None:
    await _delete(work, TABLES.get(name, name), ids)


async def _take_events(work: Work, _name: str, ids: list[UUID]) -> None:
    """Take events, and that they were told."""
    told = metadata.tables["deliveries"]
    if ids:
        await work.session.execute(
            delete(told).where(told.c.workspace_id == work.workspace_id, told.c.event_id.in_(ids))
        )
    await _delete(work, "events", ids)


async def _take_responses(work: Work, _name: str, ids: list[UUID]) -> None:
    await close_invitations(work, ids)
    await suggestions.forget(work, ids)
    for table in ("response_sources", "quota_places", "response_versions", "responses"):
        await _delete(work, table, ids)


TAKEN = {"comments": take_words, "events": _take_events, "responses": _take_responses}


async def _delete(work: Work, name: str, ids: list[UUID]) -> None:
    table = metadata.tables[name]
    if ids:
        await work.session.execute(delete(table).where(table.c.workspace_id == work.workspace_id, table.c.id.in_(ids)))
