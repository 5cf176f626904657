"""What is written beside the requests: they note it in memory, and it is stored a little later.

No request waits for it and no GET writes it. What cannot be written waits on; what a process had noted when it was
killed is lost, so nothing is kept like this that anybody was promised. The upkeep that a database needs while it is
served has the same round: what it has to do, it finds out there.
"""

import asyncio
from collections.abc import AsyncIterator, Sized
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import structlog

from api.logs import in_few_words
from models.database import DATABASE_ERRORS, Database

log = structlog.get_logger(__name__)
PAUSE_SECONDS = 2.0


class Noted(Protocol):
    """Something that requests note and that is written beside them."""

    @property
    def waiting(self) -> Sized:
        """What is noted and not yet written."""

    async def flush(self, database: Database) -> int:
        """Write what was noted, in transactions of its own; return how much. What cannot be written waits on."""


@asynccontextmanager
async def written_beside(database: Database, *noted: Noted) -> AsyncIterator[None]:
    """Write what is noted beside the service until it stops, and what is left at the end."""
    stopping = asyncio.Event()
    task = asyncio.create_task(_until(stopping, database, noted))
    try:
        yield
    finally:
        # Told, not cancelled: a cancellation that meets the turn to write is swallowed by `wait_for`.
        stopping.set()
        await task


async def _until(stopping: asyncio.Event, database: Database, noted: tuple[Noted, ...]) -> None:
    while not stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), PAUSE_SECONDS)
        await _try_flush(database, noted)


async def _try_flush(database: Database, noted: tuple[Noted, ...]) -> None:
    for one in noted:
        try:
            await one.flush(database)
        except DATABASE_ERRORS as error:
            log.warning("notes_waiting", of=type(one).__name__, error=in_few_words(error), waiting=len(one.waiting))
