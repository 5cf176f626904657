"""An analysis: the condition sets of a workspace's cases mined, people's own judged, and what stays unexplained."""

import asyncio
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from pydantic import JsonValue

from api import marks
from api.dependencies import Work, utc_now, writing_as
from api.failures.analysing import Finding, store_analysis
from api.failures.rates import case_matrix, catalogue
from api.failures.schemas import AnalysisBody
from api.handlers import worker_caller
from api.jobs.leases import Held, Leases
from api.learner.proposals import judged, read_proposals
from api.worker import Refused
from api.workspaces import service as workspaces
from ml.case_matrix import PRESENT, CaseMatrix
from ml.conditions import Condition, ConditionSetMiner, FoundSet, TooFewFailures
from models.mark import MarkName

Summary = dict[str, Any]
SHOWN = 20


async def analyse(leases: Leases, held: Held, tell: Callable[[float, str], None]) -> None:
    """Mine a workspace's condition sets and keep what was found."""
    tell(0.05, "reading")
    asked = AnalysisBody.model_validate(held.request)
    async with leases.database.read(held.workspace_id) as session:
        reading = Work(session, held.workspace_id, worker_caller(held.workspace_id), utc_now())
        as_of = (await workspaces.of(reading)).failure.as_of.value
        matrix = await case_matrix(reading, await catalogue(reading), window=asked.window, strata=asked.strata)
        proposals = await read_proposals(reading, asked.outcome, matrix)
    tell(0.2, "searching")
    miner = await asyncio.to_thread(_mine, matrix)
    tell(0.85, "judging")
    found = _findings(miner)
    found += await asyncio.to_thread(judged, matrix, miner, proposals, {item.conditions for item in found})
    left = _unexplained(matrix, found)
    summary = {**_summary(matrix, miner), "as_of": as_of, "unexplained": len(left)}
    tell(0.95, "storing")
    async with writing_as(leases.database, worker_caller(held.workspace_id)) as work:
        await store_analysis(work, held.id, asked.outcome, summary, found, left[:SHOWN])
        await leases.done(work.session, held, {"analysis": str(held.id), **summary})
    await marks.keep(leases.database, MarkName.ANALYSIS, utc_now())


def _mine(matrix: CaseMatrix) -> ConditionSetMiner:
    if not matrix.failed:
        raise Refused("nothing_to_learn_from", "No case has a known outcome yet. Report responses about cases first.")
    if not matrix.conditions:
        raise Refused("nothing_to_learn_from", "The catalogue holds no condition that may be mined for this outcome.")
    if all(matrix.failed):
        raise Refused("nothing_to_learn_from", "Every case failed: without one that did not, nothing can be compared.")
    if matrix.not_known == len(matrix.failed):
        raise Refused(
            "nothing_to_learn_from",
            "No case was known yet at the moment its conditions count. Give `recorded_at` when you tell of the past, "
            "or let the failure definition take conditions `as_of` a later moment.",
        )
    failed = np.array(matrix.failed, dtype=int)
    if not failed.any():
        raise Refused(TooFewFailures.code, str(TooFewFailures(ConditionSetMiner().min_failures, 0)))
    times = np.array(matrix.times, dtype=np.int64)
    strata = np.array(matrix.strata) if matrix.strata else None
    miner = ConditionSetMiner(feature_names=matrix.conditions)
    miner.fit(
        np.array(matrix.states, dtype=float),
        failed,
        groups=np.array(matrix.customers),
        strata=strata,
        time=times if len(np.unique(times)) > 1 else None,
    )
    return miner


def _summary(matrix: CaseMatrix, miner: ConditionSetMiner) -> Summary:
    return {
        "rows": len(matrix.failed),
        "failures": sum(matrix.failed),
        "conditions": len(matrix.conditions),
        "leak": miner.leak_.share,
        "tested": {str(size): count for size, count in miner.tested_.items()},
        "refused": {code: sorted(shared) for code, shared in matrix.refused.items()},
        "not_known": matrix.not_known,
        "notes": list(miner.notes_),
        "sets": [
            {
                "conditions": _codes(found.items),
                "status": found.status,
                "rows": found.rows,
                "customers": found.customers,
                "failures": found.failures,
                "rate": found.rate,
                "completion": found.completion,
                "low": found.low,
                "high": found.high,
                "rate_without": _without(found),
            }
            for found in miner.sets_
        ],
    }


def _findings(miner: ConditionSetMiner) -> list[Finding]:
    return [
        Finding(
            conditions=tuple(_codes(found.items)),
            status=found.status,
            rows=found.rows,
            customers=found.customers,
            failures=found.failures,
            rate=found.rate,
            rate_without_any=found.rate_without_any,
            completion=found.completion,
            low=found.low,
            high=found.high,
            measures={"rate_without": dict(_without(found)), "essentiality": _by_code(found.essentiality)},
        )
        for found in miner.sets_
    ]


def _codes(items: Sequence[Condition]) -> list[str]:
    return sorted(condition.feature for condition in items)


def _without(found: FoundSet) -> dict[str, float | None]:
    return _by_code(found.rate_without)


def _by_code(measure: dict[Condition, float | None]) -> dict[str, Any]:
    return {condition.feature: value for condition, value in measure.items()}


def _unexplained(matrix: CaseMatrix, found: Sequence[Finding]) -> list[dict[str, JsonValue]]:
    """Return the failures in which no set was complete, in an order that is the same each time and tells nothing."""
    complete = [[matrix.conditions.index(code) for code in item.conditions] for item in found if item.status in KNOWN]
    left: dict[str, dict[str, JsonValue]] = {}
    for case_id, states, failed in zip(matrix.cases, matrix.states, matrix.failed, strict=True):
        if failed and not any(all(states[place] == PRESENT for place in places) for places in complete):
            codes = [code for code, state in zip(matrix.conditions, states, strict=True) if state == PRESENT]
            left[case_id.hex] = {"case": case_id.hex, "conditions": list(codes)}
    return [left[name] for name in sorted(left, key=lambda name: sha256(name.encode()).digest())]


KNOWN = frozenset({"confirmed", "amplifier", "not_confirmed", "too_few", "stopped", "supported"})
"""A set found is a known one, confirmed or not; one that people drew is when the data speak for it."""
