"""Training asked for: a job that learns the risk model and registers what it learnt."""

from uuid import UUID

from pydantic import JsonValue

from api import audit, jobs
from api.dependencies import Work
from api.failures import waking
from api.jobs.leases import Held
from api.risk import stale
from api.risk.schemas import PromoteBody

PROMOTE, BECAUSE = "promote", "because"
NEVER, FIRST, AT_ONCE = "never", "first", "at_once"
"""Whether what is learnt serves: never by itself, where nothing was ever promoted and it is no worse, or at once."""


async def ask(work: Work, promote: str = FIRST, because: PromoteBody | None = None) -> UUID:
    """Ask for a training; one that waits already for the same is enough.

    `because` says why what is learnt is to serve at once, also where it does worse than what serves.
    """
    await waking.ask_where_overdue(work)
    wanted: dict[str, JsonValue] = {PROMOTE: promote}
    if because is not None and because.reason is not None:
        wanted[BECAUSE] = because.model_dump(mode="json")
    job_id = await jobs.enqueue(work, jobs.TRAIN, wanted)
    await audit.note(work, "training.asked", str(job_id), wanted)
    return job_id


NOT_STALE = frozenset({"nothing_to_learn_from", "canceled"})
"""What ends a training without a model being late: there was none to be learnt yet, or somebody called it off."""


async def end_without_result(work: Work, held: Held, code: str, _problem: str) -> None:
    """Say that a model could not be learnt anew: what served before serves on."""
    if code not in NOT_STALE:
        await stale.training_failed(work.session, held.workspace_id, code, work.now)
