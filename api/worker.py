"""Light jobs beside the service: rules looking back at past cases, files written anew after an erasure.

Training and mining need scikit-learn, which this process never loads; they belong to `steadfast train` and `analyse`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import structlog
from pydantic import JsonValue

from api import jobs
from api.dependencies import Caller, utc_now, writing_as
from api.failures import derivation
from api.jobs import ClaimedJob
from api.privacy.forgetting import forget_names
from models.access import Scope
from models.compacting import compact
from models.database import Database, is_unavailable

log = structlog.get_logger(__name__)
PAUSE_SECONDS = 1.0
NOBODY = UUID(int=0)


async def derive_past_cases(database: Database, job: ClaimedJob) -> dict[str, JsonValue]:
    """Let the rules look at every past case, a portion a transaction."""
    after: UUID | None = None
    portions = 0
    while True:
        async with writing_as(database, worker_caller(job.workspace_id)) as work:
            after = await derivation.derive_all(work, after)
            await jobs.extend(work.session, job, work.now)
        portions += 1
        if after is None:
            return {"portions": portions}


async def compact_files(database: Database, _job: ClaimedJob) -> dict[str, JsonValue]:
    """Take the bytes of what was erased out of the database's files."""
    return {"whole": await compact(database.url)}


HANDLERS: dict[str, Callable[[Database, ClaimedJob], Awaitable[dict[str, JsonValue]]]] = {
    jobs.DERIVE: derive_past_cases,
    jobs.FORGET: forget_names,
    jobs.COMPACT: compact_files,
}


def worker_caller(workspace_id: UUID) -> Caller:
    """Return the worker as a caller: who the audit names when nobody asked by key."""
    return Caller(workspace_id, NOBODY, frozenset({Scope.ADMIN.value}), "worker")


async def work_off(database: Database, workspace_id: UUID | None = None) -> int:
    """Do all light jobs that are due; return how many."""
    done = 0
    while (job := await jobs.claim(database, list(HANDLERS), utc_now(), workspace_id)) is not None:
        await _do(database, job)
        done += 1
    return done


async def _do(database: Database, job: ClaimedJob) -> None:
    """Do one job; one that keeps failing is given up after some attempts, its reason kept."""
    result, problem = None, None
    try:
        result = await HANDLERS[job.kind](database, job)
    except Exception as error:
        if is_unavailable(error) or job.attempt < jobs.ATTEMPTS:
            raise
        log.exception("job_given_up", job=str(job.id), kind=job.kind)
        # Its kind alone: what an error says can hold what somebody told of a customer.
        problem = f"{type(error).__name__}; the log of {jobs.worker_name()} says where"[: jobs.LONGEST_PROBLEM]
    async with database.write(job.workspace_id) as session:
        await jobs.finish(session, job, utc_now(), result=result, problem=problem)


@asynccontextmanager
async def running_worker(database: Database) -> AsyncIterator[None]:
    """Work jobs off beside the service until it stops; a job cut short is taken over after its lease."""
    task = asyncio.create_task(_forever(database))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _forever(database: Database) -> None:
    while True:
        try:
            await work_off(database)
        except Exception as error:  # whatever one job did, the next is still to be done
            log.warning("worker", error=type(error).__name__, exc_info=True, waiting=is_unavailable(error))
        await asyncio.sleep(PAUSE_SECONDS)
