"""A heavy job done below the worker: in a learner's process, given the job and heard to its end."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from api.jobs.leases import Held, LeaseLost
from api.worker import LearnerEnded, News, Refused, Stopped

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
LONGEST_LINE = 2**20
LOST = 3


async def learning_below(held: Held, news: News, stop: asyncio.Event) -> None:
    """Do a heavy job in a learner's process; it is stopped with this task, or when the worker is."""
    command = [sys.executable, "-m", "api.learner", "job"]
    pipes: dict[str, Any] = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE, "limit": LONGEST_LINE}
    process = await asyncio.create_subprocess_exec(*command, **pipes, env={**os.environ, **ONE_THREAD})
    stopping = asyncio.create_task(stop.wait())
    talking = asyncio.create_task(_listened(process, held, news))
    try:
        await asyncio.wait({stopping, talking}, return_when=asyncio.FIRST_COMPLETED)
        if not talking.done():
            raise Stopped
        said, complaint = talking.result()
        _judge(await process.wait(), said, complaint)
    finally:
        stopping.cancel()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(stopping, talking, return_exceptions=True)
        await process.wait()


async def _listened(process: Process, held: Held, news: News) -> tuple[dict[str, Any], str]:
    """Give the learner its job and hear it to its end; return its last word and its last complaint."""
    assert process.stdin is not None  # noqa: S101 - it was given a pipe for each
    assert process.stdout is not None  # noqa: S101 - same
    line = json.dumps(asdict(held), default=str) + "\n"
    with suppress(ConnectionError):
        process.stdin.write(line.encode())
        await process.stdin.drain()
    complaints = asyncio.create_task(_complaints(process))
    said: dict[str, Any] = {}
    async for text in process.stdout:
        said = json.loads(text)
        if "progress" in said:
            news.tell(said["progress"], said["phase"])
    return said, await complaints


async def _complaints(process: Process) -> str:
    """Hand on what the learner writes to its error output, and return the last line."""
    assert process.stderr is not None  # noqa: S101 - same
    last = ""
    async for text in process.stderr:
        sys.stderr.write(text.decode(errors="replace"))
        last = text.decode(errors="replace").strip() or last
    return last


def _judge(code: int, said: dict[str, Any], complaint: str) -> None:
    """Say what a learner's end means."""
    if code == 0:
        return
    if code == LOST:
        raise LeaseLost
    if code == 1 and said.get("code") == "unavailable":
        raise ConnectionError(said["detail"])
    if code == 1 and "code" in said:
        raise Refused(said["code"], said["detail"])
    ended = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
    raise LearnerEnded(f"the learner {ended}: {complaint}" if complaint else f"the learner {ended}")
