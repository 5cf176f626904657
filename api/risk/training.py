"""Training asked for: a job that learns the risk model and registers what it learnt."""

from uuid import UUID

from api import audit, jobs
from api.dependencies import Work
from api.failures import waking

PROMOTE = "promote"
NEVER, FIRST, AT_ONCE = "never", "first", "at_once"
"""Whether what is learnt serves: never by itself, where nothing was ever promoted and it is no worse, or at once."""


async def ask(work: Work, promote: str = FIRST) -> UUID:
    """Ask for a training; one that waits already for the same is enough."""
    await waking.ask_where_overdue(work)
    job_id = await jobs.enqueue(work, jobs.TRAIN, {PROMOTE: promote})
    await audit.note(work, "training.asked", str(job_id), {PROMOTE: promote})
    return job_id
