"""Learning from comments: the vocabulary, and which conditions they speak of by what people decided; then looked at."""

import asyncio
from collections.abc import Callable
from typing import Any

from api.dependencies import Work, utc_now, writing_as
from api.failures.suggestions import asking, registry, training
from api.handlers import worker_caller
from api.jobs.leases import Held, Leases
from ml.comment_training import Comment, Described, learn_comments
from models.suggestion import SuggestionState

NONE: frozenset[str] = frozenset()


async def learn_from_comments(leases: Leases, held: Held, tell: Callable[[float, str], None]) -> None:
    """Learn a workspace's comment model, keep it, and ask for the comments of the last while to be looked at by it."""
    tell(0.05, "reading")
    async with leases.database.read(held.workspace_id) as session:
        reading = Work(session, held.workspace_id, worker_caller(held.workspace_id), utc_now())
        comments = [_comment(*told) for told in await training.comments(reading)]
        conditions = [Described(code, tuple(texts)) for code, texts in await training.described(reading)]
    tell(0.3, "learning")
    model = await asyncio.to_thread(learn_comments, comments, conditions)
    tell(0.9, "storing")
    async with writing_as(leases.database, worker_caller(held.workspace_id)) as work:
        summary: dict[str, Any] = {"comments": len(comments), "terms": len(model.terms)}
        if model.tags:
            summary |= {"model": str(held.id), **await registry.store(work, model, held.id)}
            await asking.look_back(work)
        await leases.done(work.session, held, summary)


def _comment(text: str, customer: str, states: training.Decided) -> Comment:
    confirmed, declined, left = (states.get(state, NONE) for state in STATES)
    return Comment(text, customer, confirmed, declined, left)


STATES = (SuggestionState.CONFIRMED, SuggestionState.DECLINED, SuggestionState.SUGGESTED)
