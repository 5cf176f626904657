"""What each kind of job does. A new kind is one line in `LIGHT` here, and one in `api.schedules` if it comes round.

A light job is a function that does one portion in a transaction and says where the next begins; the portion, its
checkpoint and the sign of life are committed together or not at all. A heavy job learns: it is done by
`python -m api.learner` and nowhere else.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from api import jobs
from api.dependencies import Caller, Work
from api.failures import analyses, derivation, telling, waking
from api.failures.suggestions import asking, suggesting
from api.jobs import pruning
from api.jobs.leases import Held
from api.privacy import forgetting, retention
from api.risk import effect, offering, scoring, training, usual
from api.risk.follow_ups import overdue as promises
from api.risk.follow_ups import owing
from api.roles.overdue import emit_overdue
from api.roles.pulses import releasing
from models.access import Scope
from models.base import from_us
from models.compacting import compact
from models.database import Database

NOBODY = UUID(int=0)
CASES_AT_ONCE = 100
AFTER = "after"
FOUND = "found before"


@dataclass(frozen=True)
class Step:
    """What one portion came to.

    Parameters
    ----------
    checkpoint
        Where the next portion begins; None where there is nothing left to do.
    result
        What was done so far, or what came of it all.
    phase
        What is being done, in a word.
    progress
        How much of it is done, from 0 to 1, as far as anybody can say.
    """

    checkpoint: Mapping[str, JsonValue] | None
    result: Mapping[str, JsonValue]
    phase: str
    progress: float = 0.0


Portion = Callable[[Work, Held], Awaitable[Step]]
Ended = Callable[[Work, Held, str, str], Awaitable[None]]


def worker_caller(workspace_id: UUID) -> Caller:
    """Return the worker as a caller: who the audit names when nobody asked by key."""
    return Caller(workspace_id, NOBODY, frozenset({Scope.ADMIN.value}), "worker")


async def derive_some(work: Work, held: Held) -> Step:
    """Let the rules look at the next past cases, or at those in which time alone may have changed what they see."""
    after, so_far = _so_far(held)
    if held.request.get(waking.ONLY_OVERDUE):
        looked_at = await waking.derive_overdue(work, CASES_AT_ONCE)
        return _step(NOBODY if looked_at == CASES_AT_ONCE else None, so_far, {"cases": looked_at}, "looking again")
    further = await derivation.derive_all(work, after, CASES_AT_ONCE)
    step = _step(further, so_far, {"portions": 1}, "looking back")
    done = int(str(step.result["portions"])) * CASES_AT_ONCE
    return replace(step, progress=_share(done, await derivation.count_all(work)))


async def score_some(work: Work, held: Held) -> Step:
    """Assess the next customers of all; what is usual is kept with the first of them."""
    after, so_far = _so_far(held)
    await usual.keep(work, work.kept[FOUND])
    further, counted = await scoring.assess_all(work, after)
    step = _step(further, so_far, counted, "assessing")
    return replace(step, progress=_share(int(str(step.result["customers"])), await scoring.count_all(work)))


async def find_usual(work: Work, held: Held) -> usual.Found:
    """Look once for what is usual, where nobody has this month."""
    after, _ = _so_far(held)
    return await usual.find_missing(work) if after is None else {}


async def rescore_some(work: Work, held: Held) -> Step:
    """Assess the next customers of whom something was stored between two moments."""
    _, so_far = _so_far(held)
    further, counted = await scoring.assess_touched(work, work.kept[FOUND])
    return _step(further, so_far, counted, "assessing")


async def find_touched(work: Work, held: Held) -> Sequence[UUID]:
    """Look for the next customers of whom something was stored between two moments."""
    after, _ = _so_far(held)
    since, until = (from_us(int(str(held.request[name]))) for name in ("since", "until"))
    return await scoring.find_touched(work, since, until, after)


async def sweep_some(work: Work, held: Held) -> Step:
    """Tell of what came about by time alone: what is overdue, and the next cases that fail by their facts."""
    after, so_far = _so_far(held)
    overdue = await emit_overdue(work) + await promises.emit_overdue(work) if after is None else 0
    further = await telling.tell_all_failing(work, after)
    return _step(further, so_far, {"overdue": overdue}, "looking for what is due")


async def prune_some(work: Work, held: Held) -> Step:
    """Delete the next of what need not be kept."""
    _, so_far = _so_far(held)
    counted = await pruning.prune_some(work)
    more = any(count >= pruning.ROWS_AT_ONCE for count in counted.values())
    return _step(NOBODY if more else None, so_far, counted, "pruning")


async def retain_some(work: Work, held: Held) -> Step:
    """Take away the next of what is older than the workspace agreed to keep."""
    _, so_far = _so_far(held)
    expired = await retention.apply_retention(work)
    return _step(NOBODY if expired.more else None, so_far, expired.counts, "taking away what is old")


async def suggest_from_some(work: Work, held: Held) -> Step:
    """Keep the conditions that the next comments may speak of."""
    _, so_far = _so_far(held)
    found: suggesting.LookedThrough = work.kept[FOUND]
    return _step(found.further, so_far, await suggesting.keep(work, found), "reading comments")


async def read_comments(work: Work, held: Held) -> suggesting.LookedThrough:
    """Look through the next comments for conditions they may speak of."""
    after, _ = _so_far(held)
    since, until = (from_us(int(str(held.request[name]))) for name in (asking.SINCE, asking.UNTIL))
    return await suggesting.look_through(work, since, until, after, CASES_AT_ONCE)


async def forget_some(work: Work, held: Held) -> Step:
    """Take the names of somebody who was erased out of the next rows that may hold them inside."""
    portion = await forgetting.forget_some(work, held)
    return Step(portion.checkpoint, portion.counts, "forgetting")


async def follow_up_some(work: Work, held: Held) -> Step:
    """Owe redress for the next failures that were told between two moments, then begin outreach where it is asked."""
    after, so_far = _so_far(held)
    since, until = (from_us(int(str(held.request[name]))) for name in ("since", "until"))
    further, redress = await owing.owe_redress(work, since, until, after)
    counted = {"redress": redress, "outreach": 0}
    if further is None:
        counted["outreach"] = await _begin_outreach(work, first=True)
    return _step(further, so_far, counted, "owing follow-ups")


async def reach_out(work: Work, held: Held) -> Step:
    """Reckon what is known of the effect of outreach by now, then begin what has room."""
    _, so_far = _so_far(held)
    counted = {"reckoned": int(await effect.reckon(work)), "outreach": await _begin_outreach(work, first=False)}
    return _step(None, so_far, counted, "looking at outreach")


async def _begin_outreach(work: Work, *, first: bool) -> int:
    if first and (await effect.newest(work)).computed_at is None:
        await effect.reckon(work)
    return await offering.offer(work)


async def release_some(work: Work, held: Held) -> Step:
    """Keep what is released of the next pulse."""
    _, so_far = _so_far(held)
    further, counted = await releasing.keep(work, work.kept[FOUND])
    return _step(further, so_far, counted, "releasing")


async def find_release(work: Work, held: Held) -> releasing.Found | None:
    """Look for what is to be released of the next pulse."""
    after, _ = _so_far(held)
    return await releasing.look(work, after)


async def compact_files(database: Database) -> Mapping[str, JsonValue]:
    """Take the bytes of what was erased out of the database's files."""
    return {"whole": await compact(database.url)}


LIGHT: dict[str, Portion] = {
    jobs.DERIVE: derive_some,
    jobs.SCORE: score_some,
    jobs.RESCORE: rescore_some,
    jobs.PRUNE: prune_some,
    jobs.SWEEP: sweep_some,
    jobs.RETENTION: retain_some,
    jobs.FORGET: forget_some,
    jobs.SUGGEST: suggest_from_some,
    jobs.FOLLOW_UP: follow_up_some,
    jobs.OUTREACH: reach_out,
    jobs.RELEASE: release_some,
}
BEFORE: dict[str, Callable[[Work, Held], Awaitable[object]]] = {
    jobs.SCORE: find_usual,
    jobs.RESCORE: find_touched,
    jobs.SUGGEST: read_comments,
    jobs.RELEASE: find_release,
}
"""What is looked for before a portion's transaction, which keeps SQLite's one writer, and handed to it as `FOUND`."""
ALONE: dict[str, Callable[[Database], Awaitable[Mapping[str, JsonValue]]]] = {jobs.COMPACT: compact_files}
"""These cannot be done within a transaction; done twice, they do no harm."""
HEAVY = (jobs.ANALYSE, jobs.JUDGE, jobs.TRAIN, jobs.LEARN_COMMENTS, jobs.WATCH, jobs.FELT, jobs.WEIGH)
AFTER_RULES = (jobs.ANALYSE, jobs.JUDGE, jobs.TRAIN, jobs.WATCH, jobs.SCORE, jobs.RESCORE)
"""These read what rules saw: they wait while a rule of their workspace is still looking back."""
ENDED: dict[str, Ended] = {jobs.ANALYSE: analyses.end_without_result, jobs.TRAIN: training.end_without_result}
"""What else is to be said, in the same transaction, when a job ends without a result."""


def _so_far(held: Held) -> tuple[UUID | None, dict[str, Any]]:
    kept: dict[str, Any] = dict(held.checkpoint or {})
    after = kept.pop(AFTER, None)
    return None if after is None else UUID(after), kept


def _share(done: int, of: int) -> float:
    """Return how much of some work is done; more may have come while it was."""
    return min(done / of, 1.0) if of else 1.0


def _step(further: UUID | None, before: Mapping[str, Any], counted: Mapping[str, int], phase: str) -> Step:
    total: dict[str, JsonValue] = {name: before.get(name, 0) + count for name, count in counted.items()}
    checkpoint = None if further is None else {**total, AFTER: further.hex}
    return Step(checkpoint, total, phase)


TURN = timedelta(seconds=5)
"""After so long a light job goes back to the end of the queue, so that one large workspace does not keep the others."""
