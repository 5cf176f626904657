"""Drafts into the workspace: a batch a transaction, each row counted as what became of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import DBAPIError, StatementError

from api.cli.console import transaction
from api.cli.importing.drafts import Draft
from api.cli.importing.report import RejectionReport
from api.cli.importing.targets import Target
from api.errors import Malformed, Refusal
from api.recorded import Stored
from models.database import Database, changes_of, is_disk_full, is_unavailable
from models.planning import refresh_statistics
from models.recording import Recorded

ROWS_A_BATCH = 1000
LOOK_AGAIN_AFTER = frozenset({1, 4, 16, 64, 256})
"""The batches after which the planner looks at the tables anew: rarely, and soon enough while they are small."""
NOT_STORABLE = "The database does not take this row: a text is too long or a number too large."


@dataclass
class Tally:
    """What became of the rows so far; those read are always the sum of the rest."""

    accepted: int = 0
    unchanged: int = 0
    rejected: int = 0

    @property
    def read(self) -> int:
        """All rows gone through."""
        return self.accepted + self.unchanged + self.rejected


Advance = Callable[[Tally], None]
StoreSome = Callable[[Sequence[Draft]], Awaitable[list[list[Stored]]]]


async def store_drafts(
    database: Database,
    workspace_id: UUID,
    target: Target,
    drafts: Iterable[Draft],
    report: RejectionReport,
    tally: Tally,
    advance: Advance,
) -> None:
    """Store drafts batch by batch, and tell the tally and the report what became of each.

    A batch is one transaction. Where the database refuses a batch for one of its rows, the batch is halved until that
    row stands alone: a bad row never fails its neighbours.
    """
    written: set[str] = set()

    async def store(some: Sequence[Draft]) -> list[list[Stored]]:
        async with transaction(database, workspace_id) as work:
            stored = iter(await target.store(work, [body for draft in some for body in draft.bodies]))
            written.update(changes_of(work.session))
            return [[next(stored) for _ in draft.bodies] for draft in some]

    number = 0
    async for batch in _read_ahead(_batches(drafts)):
        number += 1
        ready = [draft for draft in batch if draft.refusal is None]
        outcome = iter(await _each(store, ready))
        for draft in batch:
            _count(draft, [] if draft.refusal else next(outcome), report, tally)
        advance(tally)
        if number in LOOK_AGAIN_AFTER:
            await refresh_statistics(database.url, written)


async def _each(store: StoreSome, drafts: Sequence[Draft]) -> list[list[Stored]]:
    """Store some drafts together, or in halves where one of them is not for this database."""
    if not drafts:
        return []
    try:
        return await store(drafts)
    except (StatementError, OverflowError) as error:
        if is_disk_full(error) or is_unavailable(error):
            raise
        if len(drafts) == 1:
            return [[Malformed(NOT_STORABLE, code="not_storable", errors=[_why(error)])]]
        middle = len(drafts) // 2
        return [*await _each(store, drafts[:middle]), *await _each(store, drafts[middle:])]


def _why(error: Exception) -> dict[str, str]:
    original = error.orig if isinstance(error, DBAPIError) else None
    return {"pointer": "", "code": "not_storable", "detail": str(original or error).splitlines()[0][:200]}


def _count(draft: Draft, stored: Sequence[Stored], report: RejectionReport, tally: Tally) -> None:
    refusal = draft.refusal or next((item for item in stored if isinstance(item, Refusal)), None)
    if refusal is not None:
        tally.rejected += len(draft.lines)
        report.reject(draft.lines, draft.reference, refusal)
        return
    if all(isinstance(item, Recorded) and item.unchanged for item in stored):
        tally.unchanged += len(draft.lines)
    else:
        tally.accepted += len(draft.lines)


async def _read_ahead(batches: Iterator[list[Draft]]) -> AsyncIterator[list[Draft]]:
    """Yield each batch while a thread reads the next: the file is read in the time the database takes."""
    following = asyncio.create_task(asyncio.to_thread(next, batches, None))
    try:
        while (batch := await following) is not None:
            following = asyncio.create_task(asyncio.to_thread(next, batches, None))
            yield batch
    finally:
        # Where storing fails, the file is not closed under the thread that reads it.
        await asyncio.gather(following, return_exceptions=True)


def _batches(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    batch: list[Draft] = []
    size = 0
    for draft in drafts:
        batch.append(draft)
        size += max(len(draft.bodies), 1)
        if size >= ROWS_A_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
