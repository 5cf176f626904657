"""Real workers on a real database, killed while they work: what each round must leave behind."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import select

from api.dependencies import writing_as
from api.failures import analyses
from api.handlers import HEAVY
from api.jobs import DERIVE, SCORE, claims, enqueue, jobs
from api.outbox import events
from api.worker import worker_caller
from models.database import Database
from models.outbox import AuditEntry, JobState
from tests.api.jobs.worker_with_counting import COUNT, PORTIONS

ROOT = Path(__file__).parents[3]
WORKER = (sys.executable, "-m", "tests.api.jobs.worker_with_counting", "worker", "--with-parent")
LEASE_SECONDS = int(os.environ.get("LEASE_SECONDS", "2"))
DONE_WITHIN = 300.0
entries = AuditEntry.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


@dataclass
class Toll:
    """What rounds of killing came to."""

    rounds: int = 0
    kills: int = 0
    jobs: int = 0
    lost: int = 0
    twice: int = 0
    takeovers: list[float] = field(default_factory=list)
    learning: list[float] = field(default_factory=list)
    """How long what was held stood still: light jobs, and those that had to wait for a learner too."""


async def start(database: Database) -> asyncio.subprocess.Process:
    """Start a worker on a database."""
    environment = {**os.environ, "STEADFAST_DATABASE_URL": database.url, "PYTHONPATH": str(ROOT)}
    environment |= {"STEADFAST_LEASE_SECONDS": str(LEASE_SECONDS), "STEADFAST_SECRET": "only tests know this one"}
    quiet: dict[str, Any] = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.DEVNULL}
    return await asyncio.create_subprocess_exec(
        *WORKER, env=environment, cwd=ROOT, stdin=asyncio.subprocess.PIPE, **quiet
    )


@asynccontextmanager
async def workers(database: Database, number: int) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Run some workers; those there are at the end are told to stop."""
    running = [await start(database) for _ in range(number)]
    try:
        yield running
    finally:
        for process in running:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        codes = [await asyncio.wait_for(process.wait(), 30) for process in running]
        assert all(code in {0, -signal.SIGKILL} for code in codes), codes


async def one_round(
    database: Database,
    workspaces: Sequence[UUID],
    running: list[asyncio.subprocess.Process],
    chosen: random.Random,
    toll: Toll,
    *,
    learning: bool,
) -> None:
    """Ask for jobs, kill workers while they are at it, and look at what is left when all is done."""
    asked = [job for workspace_id in workspaces for job in await _ask(database, workspace_id, learning=learning)]
    for _ in range(chosen.randrange(1, 4)):
        await asyncio.sleep(chosen.uniform(0.2, 2.0))
        await _kill(database, running, chosen.randrange(len(running)), toll)
    await _all_ended(database)
    toll.rounds += 1
    toll.jobs += len(asked)
    for workspace_id in workspaces:
        await _look(database, workspace_id, toll)


async def _ask(database: Database, workspace_id: UUID, *, learning: bool) -> list[UUID]:
    async with writing_as(database, worker_caller(workspace_id)) as work:
        asked: list[UUID] = [await enqueue(work, COUNT, {"number": number}) for number in range(3)]
        asked += [await enqueue(work, DERIVE, {}), await enqueue(work, SCORE, {})]
        return [*asked, await analyses.ask(work, analyses.REGULAR)] if learning else asked


async def _kill(database: Database, running: list[asyncio.subprocess.Process], place: int, toll: Toll) -> None:
    """Kill a worker without a warning, start another, and note how long what it held stood still."""
    process = running[place]
    process.kill()
    await process.wait()
    killed = monotonic()
    toll.kills += 1
    held = [row for row in await _claims(database) if f"/{process.pid}/" in (row.leased_by or "")]
    running[place] = await start(database)
    waiting = {(row.workspace_id, row.job_id): row.attempts for row in held}
    heavy = {(row.workspace_id, row.job_id) for row in held if row.kind in HEAVY}
    while waiting and monotonic() - killed < DONE_WITHIN:
        await asyncio.sleep(0.05)
        now = {(row.workspace_id, row.job_id): row.attempts for row in await _claims(database)}
        for taken in [key for key, attempts in waiting.items() if now.get(key) != attempts]:
            (toll.learning if taken in heavy else toll.takeovers).append(monotonic() - killed)
            del waiting[taken]
    assert not waiting, f"nobody took over {waiting}"


async def _claims(database: Database) -> Sequence[Any]:
    async with database.read() as session:
        return (await session.execute(select(claims))).all()


async def _all_ended(database: Database) -> None:
    begun = monotonic()
    while left := await _claims(database):
        assert monotonic() - begun < DONE_WITHIN, f"still to be done: {left}"
        await asyncio.sleep(0.1)


async def _look(database: Database, workspace_id: UUID, toll: Toll) -> None:
    """Count what was lost and what was done twice, and sweep up."""
    mine = {table: table.c.workspace_id == workspace_id for table in (jobs, events, entries)}
    async with database.read(workspace_id) as session:
        found = list((await session.execute(select(jobs).where(mine[jobs]))).all())
        told = select(events.c.payload).where(mine[events], events.c.type == "counted")
        counted = Counter((payload["job"], payload["number"]) for payload in await session.scalars(told))
        kept = select(entries.c.subject).where(mine[entries], entries.c.action == "analysis.stored")
        stored = Counter(await session.scalars(kept))
    counting = [str(row.id) for row in found if row.kind == COUNT]
    wanted = {(job, number) for job in counting for number in range(1, PORTIONS + 1)}
    analysed = {str(row.id) for row in found if row.kind == "analyse"}
    toll.lost += sum(row.state != JobState.DONE for row in found) + len(wanted - set(counted))
    toll.lost += len(analysed - set(stored))
    toll.twice += sum(number - 1 for number in (counted + stored).values()) + len(set(counted) - wanted)
    async with database.write(workspace_id) as session:
        for table, own in mine.items():
            await session.execute(table.delete().where(own))
