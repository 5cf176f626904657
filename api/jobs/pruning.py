"""What nobody needs any longer: answers kept for a repeated request, and jobs that ended long ago."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, select

from api import idempotency
from api.dependencies import Work
from api.jobs.queries import ENDED, jobs

ROWS_AT_ONCE = 500
JOBS_KEPT_FOR = timedelta(days=90)


async def prune_some(work: Work) -> dict[str, int]:
    """Delete the next old answers and jobs; return how many of each."""
    answers = idempotency.answers
    old_answers = answers.c.stored_at <= work.now - idempotency.KEPT_FOR
    old_jobs = and_(jobs.c.created_at <= work.now - JOBS_KEPT_FOR, jobs.c.state.in_(ENDED))
    old_jobs = and_(old_jobs, jobs.c.finished_at <= work.now - JOBS_KEPT_FOR)
    return {
        "idempotent_answers": await _delete(work, answers, old_answers),
        "jobs": await _delete(work, jobs, old_jobs),
    }


async def _delete(work: Work, table: Table, old: ColumnElement[bool]) -> int:
    mine = table.c.workspace_id == work.workspace_id
    some = select(table.c.id).where(mine, old).limit(ROWS_AT_ONCE)
    done: Any = await work.session.execute(delete(table).where(mine, table.c.id.in_(some)))
    return int(done.rowcount)
