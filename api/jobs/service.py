"""Asking for jobs, looking at them, and calling them off."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import delete, insert, select, update

from api import audit
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.jobs import queries
from api.jobs.queries import ENDED, claims, is_claim, is_job, jobs
from api.jobs.schemas import JobAnswer, JobProblem
from models.ids import uuid7
from models.outbox import JobState
from models.turns import hold_name

DERIVE = "derive"
FELT = "felt"
ANALYSE = "analyse"
JUDGE = "judge"
TRAIN = "train"
SCORE = "score"
RESCORE = "rescore"
RETENTION = "retention"
PRUNE = "prune"
RELEASE = "release"
SWEEP = "sweep"
FORGET = "forget"
COMPACT = "compact"
SUGGEST = "suggest"
LEARN_COMMENTS = "learn_comments"
FOLLOW_UP = "follow_up"
OUTREACH = "outreach"
WATCH = "watch"
WEIGH = "weigh"
TRIED_AGAIN = "tried_again"


async def enqueue(work: Work, kind: str, request: dict[str, JsonValue]) -> UUID:
    """Ask for a job in the transaction of its cause; one waiting already for the very same is enough.

    A job that was begun is not enough: it may have passed what is asked for now.
    """
    await _alone(work, kind)
    for waiting in await queries.waiting(work.session, work.workspace_id, kind):
        if waiting.request == request:
            return UUID(str(waiting.id))
    job_id = uuid7()
    row = {"workspace_id": work.workspace_id, "id": job_id, "kind": kind, "request": request, "progress": 0.0}
    await work.session.execute(insert(jobs).values({**row, "state": JobState.QUEUED, "created_at": work.now}))
    # Workers go by the store's clock: one of ours that runs ahead must not keep them waiting.
    due = min(work.now, await queries.store_clock(work.session))
    claim = {"workspace_id": work.workspace_id, "job_id": job_id, "kind": kind, "due_at": due}
    await work.session.execute(insert(claims).values({**claim, "attempts": 0, "failures": 0, "lost": 0}))
    return job_id


async def _alone(work: Work, kind: str) -> None:
    """On PostgreSQL let one at a time look for what waits and ask; SQLite has one writer anyway."""
    await hold_name(work.session, f"job/{work.workspace_id}/{kind}")


async def cancel(work: Work, job_id: UUID) -> bool:
    """Call a job off; return whether it had not been called off before.

    Its claim goes at once. Whoever holds it notices at the next portion or sign of life, stores nothing more and stops
    what it had started.
    """
    await work.session.execute(delete(claims).where(is_claim(work.workspace_id, job_id)))
    statement = select(jobs.c.state).where(is_job(work.workspace_id, job_id)).with_for_update()
    state = await work.session.scalar(statement)
    if state is None:
        raise NoSuchThing(f"There is no job {job_id}.")
    if state == JobState.CANCELED:
        return False
    if state in ENDED:
        raise Conflict(f"The job has ended already: it is {state}.", code="already_ended")
    values = {"state": JobState.CANCELED, "finished_at": work.now}
    await work.session.execute(update(jobs).where(is_job(work.workspace_id, job_id)).values(values))
    await audit.note(work, "job.canceled", str(job_id), {})
    return True


async def read(work: Work, job_id: UUID) -> JobAnswer:
    """Return a job as it stands."""
    statement = queries.all_jobs(work.workspace_id).where(jobs.c.id == job_id)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no job {job_id}. One that ended 90 days ago is no longer listed.")
    return answer(row)


def answer(row: Mapping[Any, Any]) -> JobAnswer:
    """Return a row of `all_jobs` as the world sees it."""
    problem = None
    if row["problem"] is not None:
        problem = JobProblem(code=row["code"] or TRIED_AGAIN, detail=row["problem"])
    return JobAnswer(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        progress=row["progress"],
        phase=row["phase"],
        failures=row["failures"],
        result=row["result"],
        problem=problem,
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
