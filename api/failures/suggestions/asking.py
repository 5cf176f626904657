"""Asking for the jobs that look through comments and learn from what people decided."""

from datetime import timedelta
from uuid import UUID

from api import jobs
from api.dependencies import Work
from models.base import to_us

LOOK_BACK = timedelta(days=90)
"""How far back comments are looked at again when there is a new phrase, or a new model."""
SINCE, UNTIL = "since", "until"


async def look_back(work: Work) -> UUID:
    """Ask for the comments of the last while to be looked at again."""
    return await jobs.enqueue(work, jobs.SUGGEST, {SINCE: to_us(work.now - LOOK_BACK), UNTIL: to_us(work.now)})


async def learn(work: Work) -> UUID:
    """Ask for a training from what people decided."""
    return await jobs.enqueue(work, jobs.LEARN_COMMENTS, {})
