"""Workers at work in a test, and somebody who learns as a test wishes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from api.jobs.leases import Held, Leases
from api.worker import News, Stopped, Worker
from models.outbox import JobState
from tests.api.jobs.conftest import Look

QUICK = timedelta(seconds=0.4)


@asynccontextmanager
async def running(working: Worker) -> AsyncIterator[asyncio.Task[None]]:
    """Let a worker work until the test is through."""
    task = asyncio.create_task(working.run())
    try:
        yield task
    finally:
        working.stop.set()
        await asyncio.wait_for(task, 10)


async def until(look: Look, job_id: Any, *states: JobState) -> Any:
    """Wait until a job stands where it should."""
    found = await look(job_id)
    for _ in range(400):
        if found.state in states:
            break
        await asyncio.sleep(0.05)
        found = await look(job_id)
    assert found.state in states
    return found


class Learner:
    """Somebody who does heavy jobs as a test wishes, until it is stopped."""

    def __init__(self, leases: Leases) -> None:
        self.leases = leases
        self.begun = asyncio.Event()
        self.stopped = asyncio.Event()
        self.problem: Exception | None = None
        self.enough = asyncio.Event()

    async def __call__(self, held: Held, news: News, stop: asyncio.Event) -> None:
        """Do a heavy job."""
        news.tell(0.5, "searching")
        self.begun.set()
        if self.problem is not None:
            raise self.problem
        try:
            waiting = [asyncio.create_task(event.wait()) for event in (self.enough, stop)]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                raise Stopped
        except asyncio.CancelledError:
            self.stopped.set()
            raise
        async with self.leases.database.write(held.workspace_id) as session:
            await self.leases.done(session, held, {"found": 1})
