"""Asking for a heavy job and waiting for it: done here if no other worker takes it first."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from api.cli.console import transaction, working
from api.dependencies import Work, utc_now
from api.failures import analyses
from api.handlers import HEAVY, worker_caller
from api.jobs import service as jobs
from api.jobs.leases import Held, LeaseLost, Leases, lease_of
from api.jobs.schemas import JobAnswer
from api.learner.learning import learning_here
from api.risk import training
from api.risk.schemas import PromoteBody
from api.settings import settings
from api.worker import Refused, Worker, work_off
from models.database import Database
from models.outbox import JobState

LOOK_AGAIN_SECONDS = 0.5

Summary = dict[str, Any]


async def analyse(workspace: str) -> Summary:
    """Mine a workspace's condition sets and keep what was found."""
    return await _asked(workspace, lambda work: analyses.ask(work, analyses.REGULAR))


async def train(workspace: str, promote: str = "", because: str = "") -> Summary:
    """Learn a workspace's risk model, test it forward in time, and register it."""
    serves = training.AT_ONCE if promote else training.FIRST
    why = PromoteBody.model_validate_json(because) if because else None
    return await _asked(workspace, lambda work: training.ask(work, serves, why))


async def _asked(workspace: str, ask: Callable[[Work], Awaitable[UUID]]) -> Summary:
    async with working(workspace) as (database, found):
        async with transaction(database, found.id) as work:
            job_id = await ask(work)
        leases = Leases(database, lease_of(settings().lease_seconds))
        worker = Worker(leases, learning_here(leases))
        while True:
            await work_off(database, found.id)
            held = await leases.claim(HEAVY, found.id, job_id)
            if held is not None:
                await do_or_give_back(worker, held)
            job = await _look(database, found.id, job_id)
            if job.state == JobState.DONE:
                return job.result or {}
            if job.state == JobState.FAILED and job.problem is not None:  # before that it is tried again
                raise Refused(job.problem.code, job.problem.detail)
            if job.state == JobState.CANCELED:
                raise Refused("canceled", "Somebody called this off while it was waited for.")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def do_or_give_back(worker: Worker, held: Held) -> None:
    """Do a job; told to stop, give it back as it was found."""
    try:
        await worker.do(held)
    except asyncio.CancelledError:
        with suppress(LeaseLost):
            await worker.leases.hand_back(held)
        raise


async def _look(database: Database, workspace_id: UUID, job_id: UUID) -> JobAnswer:
    async with database.read(workspace_id) as session:
        return await jobs.read(Work(session, workspace_id, worker_caller(workspace_id), utc_now()), job_id)
