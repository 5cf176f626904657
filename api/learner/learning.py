"""Doing one heavy job: what is learnt is stored through the job's claim, so that it is stored once or not at all."""

import asyncio
from collections.abc import Awaitable, Callable

from api.jobs import ANALYSE, FELT, JUDGE, LEARN_COMMENTS, TRAIN, WATCH, WEIGH
from api.jobs.leases import Held, Leases
from api.learner.analyses import analyse
from api.learner.comments import learn_from_comments
from api.learner.effects import judge_all
from api.learner.feeling import feel
from api.learner.trainings import train
from api.learner.watching import watch
from api.learner.weighing import weigh
from api.worker import Heavy, News, Refused
from ml.conditions import TooFewFailures, TooManyStrata
from ml.snapshots import NothingToLearn

Tell = Callable[[float, str], None]

KINDS: dict[str, Callable[[Leases, Held, Tell], Awaitable[None]]] = {
    ANALYSE: analyse,
    JUDGE: judge_all,
    TRAIN: train,
    LEARN_COMMENTS: learn_from_comments,
    WATCH: watch,
    FELT: feel,
    WEIGH: weigh,
}


async def learn(leases: Leases, held: Held, tell: Tell) -> None:
    """Do a heavy job; a refusal of any room below becomes the job's."""
    try:
        await KINDS[held.kind](leases, held, tell)
    except (NothingToLearn, TooFewFailures, TooManyStrata) as refused:
        raise Refused(refused.code, str(refused)) from refused


def learning_here(leases: Leases) -> Heavy:
    """Return who does heavy jobs in this very process."""

    async def heavy(held: Held, news: News, _stop: asyncio.Event) -> None:
        await learn(leases, held, news.tell)

    return heavy
