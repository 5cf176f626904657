"""An analysis: the condition sets of a workspace's cases mined, people's own judged, and what stays unexplained."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import numpy as np
from pydantic import JsonValue

from api import marks
from api.dependencies import Work, utc_now, writing_as
from api.failures.analysing import Finding, store_analysis
from api.failures.countermeasures import effects
from api.failures.countermeasures.reckoning import keep_exposures
from api.failures.rates import case_matrix, catalogue
from api.failures.schemas import AnalysisBody
from api.handlers import worker_caller
from api.jobs.leases import Held, Leases
from api.learner import costing
from api.learner.describing import by_code, codes, evidence, found_measures
from api.learner.exposures import discovered_until, exposed
from api.learner.proposals import judged, read_proposals
from api.worker import Refused
from api.workspaces import service as workspaces
from ml.case_matrix import PRESENT, CaseMatrix
from ml.conditions import ConditionSetMiner, TooFewFailures
from models.mark import MarkName
from models.rules.credits import by_condition

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
    miner = await asyncio.to_thread(_mine, asked, matrix)
    tell(0.85, "judging")
    found = _findings(matrix, miner)
    found += await asyncio.to_thread(judged, matrix, miner, proposals, {item.conditions for item in found})
    exposures = await asyncio.to_thread(exposed, matrix, found)
    left = _unexplained(matrix, found)
    tell(0.9, "costing")
    found, cost = await costing.costed(leases, held, matrix, found, [codes(each.items) for each in miner.sets_])
    summary = {**_summary(asked, matrix, miner), "as_of": as_of, "unexplained": len(left), **costing.in_short(cost)}
    tell(0.95, "storing")
    async with writing_as(leases.database, worker_caller(held.workspace_id)) as work:
        await store_analysis(work, held.id, asked.outcome, summary, found, left[:SHOWN])
        await costing.keep(work, held.id, cost)
        await keep_exposures(work, held.id, exposures, discovered_until(matrix, miner))
        await effects.ask_where_any_live(work)
        await leases.done(work.session, held, {"analysis": str(held.id), **summary})
    await marks.keep(leases.database, MarkName.ANALYSIS, utc_now())


def _mine(asked: AnalysisBody, matrix: CaseMatrix) -> ConditionSetMiner:
    if not matrix.failed:
        raise Refused("nothing_to_learn_from", _no_case(asked))
    if set(matrix.conditions) <= set(matrix.recorded_after):
        raise Refused("nothing_to_learn_from", _no_condition(matrix))
    if all(matrix.failed):
        raise Refused("nothing_to_learn_from", "Every case failed: without one that did not, nothing can be compared.")
    if matrix.not_known == len(matrix.failed):
        raise Refused(
            "nothing_to_learn_from",
            "No case was known yet at the moment its conditions count. Give `recorded_at` when you tell of the past, "
            "or let the failure definition take conditions `as_of` a later moment.",
        )
    if asked.strata is not None and asked.strata.startswith("attributes.") and not any(matrix.strata):
        raise Refused("unknown_strata", f"No case has {asked.strata}. Name an attribute that cases carry.")
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


def _no_case(asked: AnalysisBody) -> str:
    """Say what to do where nothing is known of any case."""
    if asked.window is None:
        return "No case has a known outcome yet. Report responses about cases first."
    return "No case of the window has a known outcome. Ask for a longer one, or for none."


def _no_condition(matrix: CaseMatrix) -> str:
    """Say why nothing can be mined, each condition by its name."""
    reasons = [f"{code} reads {', '.join(sorted(shared))}" for code, shared in sorted(matrix.refused.items())]
    reasons += [f"{code} was recorded after the outcome alone" for code in matrix.recorded_after]
    said = "The catalogue holds no condition that may be mined for this outcome"
    return f"{said}: {'; '.join(reasons)}." if reasons else f"{said}."


def _refused(matrix: CaseMatrix) -> Summary:
    """Say which conditions were refused: the fields each shares with the definition, and what is the matter."""
    because = dict.fromkeys(matrix.refused, "condition_defines_outcome")
    shared = {code: sorted(fields) for code, fields in matrix.refused.items()}
    late = dict.fromkeys(matrix.recorded_after, "recorded_after_outcome")
    return {"refused": {**shared, **{code: [] for code in late}}, "refused_because": {**because, **late}}


def _notes(asked: AnalysisBody, matrix: CaseMatrix, miner: ConditionSetMiner) -> list[str]:
    if asked.strata is not None and not any(matrix.strata):
        return [*miner.notes_, f"No case has a {asked.strata}: the strata tell nothing apart."]
    return list(miner.notes_)


def _summary(asked: AnalysisBody, matrix: CaseMatrix, miner: ConditionSetMiner) -> Summary:
    return {
        "rows": len(matrix.failed),
        "failures": sum(matrix.failed),
        "conditions": len(matrix.conditions) - len(matrix.recorded_after),
        "leak": miner.leak_.share,
        "leak_failures": miner.leak_.failures,
        "by_condition": [asdict(each) for each in by_condition((codes(f.items), f.credited) for f in miner.sets_)],
        "tested": {str(size): count for size, count in miner.tested_.items()},
        **_refused(matrix),
        "not_known": matrix.not_known,
        "notes": _notes(asked, matrix, miner),
        "sets": [
            {
                "conditions": codes(found.items),
                "status": found.status,
                "rows": found.rows,
                "customers": found.customers,
                "failures": found.failures,
                "rate": found.rate,
                "completion": found.completion,
                "low": found.low,
                "high": found.high,
                "rate_without": by_code(found.rate_without),
            }
            for found in miner.sets_
        ],
    }


def _findings(matrix: CaseMatrix, miner: ConditionSetMiner) -> list[Finding]:
    return [
        Finding(
            conditions=tuple(codes(found.items)),
            status=found.status,
            rows=found.rows,
            customers=found.customers,
            failures=found.failures,
            rate=found.rate,
            rate_without_any=found.rate_without_any,
            completion=found.completion,
            low=found.low,
            high=found.high,
            measures=found_measures(found, confirmed_in=miner.periods_ is not None),
            evidence=evidence(matrix, codes(found.items)),
        )
        for found in miner.sets_
    ]


def _unexplained(matrix: CaseMatrix, found: Sequence[Finding]) -> list[dict[str, JsonValue]]:
    """Return the failures in which no set was complete, in an order that is the same each time and tells nothing."""
    complete = [[matrix.conditions.index(code) for code in item.conditions] for item in found if item.status in KNOWN]
    left: dict[str, dict[str, JsonValue]] = {}
    for case_id, states, failed in zip(matrix.cases, matrix.states, matrix.failed, strict=True):
        if failed and not any(all(states[place] == PRESENT for place in places) for places in complete):
            there = [code for code, state in zip(matrix.conditions, states, strict=True) if state == PRESENT]
            left[case_id.hex] = {"case": case_id.hex, "conditions": list(there)}
    return [left[name] for name in sorted(left, key=lambda name: sha256(name.encode()).digest())]


KNOWN = frozenset({"confirmed", "amplifier", "not_confirmed", "too_few", "stopped", "supported"})
"""A set found is a known one, confirmed or not; one that people drew is when the data speak for it."""
