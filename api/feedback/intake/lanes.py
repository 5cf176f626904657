"""Natural batching: who comes while a transaction is under way waits for its end, and shares the next one.

Nobody waits for company: one alone is stored at once, and under load the batches grow by themselves, two abreast where
the database lets two commit at once. What is more than can be waited for is refused at once, while it can still be sent
again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from api.errors import Unavailable
from models.database import DATABASE_ERRORS, is_disk_full, is_unavailable

MOST_AT_ONCE = 128
"""Items of one transaction: more hold the writer for longer without costing less each."""
MOST_WAITING = 2048
"""Items that may wait: some seconds of work."""
WORTH_ANOTHER = 8
"""So many waiting are worth a transaction beside the one under way; fewer cost more apart than together."""

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


@dataclass
class _Lane(Generic[Item, Outcome]):
    """Those who may share a transaction."""

    waiting: list[tuple[Item, asyncio.Future[Outcome | None]]] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Lanes(Generic[Item, Outcome]):
    """Items waiting to be stored, by who may share a transaction.

    Parameters
    ----------
    store
        Stores some items of one lane, all of them committed when it returns, and says what became of each: None of one
        that it leaves to be stored another way.
    abreast
        Transactions of one lane at a time: with two, one is prepared while the database commits the other. More than
        one is of use only where writers need not wait for each other.
    """

    def __init__(
        self, store: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome | None]]], *, abreast: int = 1
    ) -> None:
        self._store = store
        self._abreast = abreast
        self._lanes: dict[Hashable, _Lane[Item, Outcome]] = {}
        self.waiting = 0

    async def take(self, lane: Hashable, item: Item) -> Outcome | None:
        """Store an item together with whoever waits in its lane; return what became of it once that is committed."""
        if self.waiting >= MOST_WAITING:
            raise Unavailable(
                "More is being stored than can be waited for. Nothing of this request was stored. Send it again.",
                headers={"Retry-After": "1"},
            )
        own = self._lanes.get(lane)
        if own is None:
            own = self._lanes[lane] = _Lane()
        future: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        own.waiting.append((item, future))
        self.waiting += 1
        if not own.tasks or (len(own.tasks) < self._abreast and len(own.waiting) >= WORTH_ANOTHER):
            own.tasks.add(asyncio.create_task(self._drain(lane, own)))
        return await future

    async def _drain(self, name: Hashable, lane: _Lane[Item, Outcome]) -> None:
        """Store what waits, a batch after the other, until nobody does."""
        try:
            while lane.waiting:
                batch, lane.waiting = lane.waiting[:MOST_AT_ONCE], lane.waiting[MOST_AT_ONCE:]
                self.waiting -= len(batch)
                await self._store_batch(batch)
        finally:
            lane.tasks = {task for task in lane.tasks if task is not asyncio.current_task()}
            if not lane.tasks:
                del self._lanes[name]

    async def _store_batch(self, batch: Sequence[tuple[Item, asyncio.Future[Outcome | None]]]) -> None:
        try:
            outcomes = await self._store([item for item, _ in batch])
        except DATABASE_ERRORS as error:
            if is_unavailable(error) or is_disk_full(error):
                _tell_all(batch, error)
                return
            # One of them is at fault: each by itself, so that none fails its neighbours.
            outcomes = [None] * len(batch)
        except Exception as error:  # noqa: BLE001 - each of those who wait is told, and answers for it
            _tell_all(batch, error)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)


def _tell_all(batch: Sequence[tuple[Item, asyncio.Future[Outcome | None]]], error: BaseException) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
