"""Processes below this one, which end when it ends, however it ends.

Each has a pipe as its standard input whose other end only its parent holds. When the parent is gone, killed even, the
kernel closes that end; the child reads the end of its input and goes. Nothing is polled, and no process id is trusted.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from threading import Thread
from time import monotonic

import structlog

from api.settings import settings

log = structlog.get_logger(__name__)
STOPS_WITHIN_SECONDS = 15.0
STARTS_AGAIN_SECONDS = (1.0, 60.0)


def end_with_parent(ended: Callable[[], object]) -> None:
    """Call `ended` from a thread of its own once the other end of standard input is closed."""

    def wait() -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        ended()

    Thread(target=wait, name="parent", daemon=True).start()


async def _stopped(process: Process) -> None:
    """Ask a process to end, and make it end where it does not in time."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOPS_WITHIN_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def kept_worker() -> AsyncIterator[None]:
    """Keep a worker below this process until it stops, unless the settings say that workers run elsewhere."""
    if settings().worker == "none":
        yield
        return
    keeping = asyncio.create_task(_kept())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def _kept() -> None:
    soonest, longest = STARTS_AGAIN_SECONDS
    wait = soonest
    while True:
        began = monotonic()
        command = [sys.executable, "-m", "api.cli", "worker", "--with-parent"]
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE)
        try:
            code = await process.wait()
        finally:
            await _stopped(process)
        wait = soonest if monotonic() - began > longest else min(wait * 2, longest)
        log.warning("worker_ended", code=code, again_in=wait)
        await asyncio.sleep(wait)
