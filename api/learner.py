"""The process that learns: `python -m api.learner KIND ARGUMENTS`, started by the command line.

It alone imports scikit-learn; the service never does. It prints one JSON document, and on a refusal one with `code`
and `detail`, and exit code 1.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import numpy as np
import structlog
from sqlalchemy import Connection
from threadpoolctl import threadpool_limits

from api import marks
from api.cli.console import now, operator, transaction, working
from api.dependencies import Work
from api.errors import Refusal
from api.failures import service as failures
from api.failures.analysing import Finding, store_analysis
from api.failures.rates import OUTCOME, case_matrix, catalogue
from api.risk import registry
from api.risk.serving import EXPLAINING, UNDECLARED_LOSS
from api.settings import SettingsRefusedError
from api.worker import work_off
from ml.case_matrix import CaseMatrix
from ml.conditions import Condition, ConditionSetMiner, FoundSet, TooFewFailures
from ml.tables import TableRefused, analyse_table
from ml.training import NothingToLearn, Snapshots, learn, read_snapshots
from models.base import to_us
from models.database import is_unavailable
from models.mark import MarkName

Summary = dict[str, Any]


class Refused(Exception):  # noqa: N818 - an answer that is no
    """Learning was refused, with a code and what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


async def analyse(workspace: str) -> Summary:
    """Mine a workspace's condition sets and keep what was found."""
    async with working(workspace) as (database, found):
        await work_off(database, found.id)
        async with database.read(found.id) as session:
            reading = Work(session, found.id, operator(found.id), now())
            matrix = await case_matrix(reading, await catalogue(reading))
        miner = _mine(matrix)
        summary = _summary(matrix, miner)
        async with transaction(database, found.id) as work:
            request: Summary = {"as_of": found.failure.as_of.value}
            analysis_id = await store_analysis(work, OUTCOME, request, summary, _findings(matrix, miner))
        await marks.keep(database, MarkName.ANALYSIS, now())
        return {"analysis": str(analysis_id), **summary}


def _mine(matrix: CaseMatrix) -> ConditionSetMiner:
    if not matrix.failed:
        raise Refused("nothing_to_learn_from", "No case has a known outcome yet. Report responses about cases first.")
    if not matrix.conditions:
        raise Refused("nothing_to_learn_from", "The catalogue holds no condition that may be mined for this outcome.")
    if all(matrix.failed):
        raise Refused("nothing_to_learn_from", "Every case failed: without one that did not, nothing can be compared.")
    failed = np.array(matrix.failed, dtype=int)
    if not failed.any():
        raise Refused(TooFewFailures.code, str(TooFewFailures(ConditionSetMiner().min_failures, 0)))
    times = np.array(matrix.times, dtype=np.int64)
    miner = ConditionSetMiner(feature_names=matrix.conditions)
    miner.fit(
        np.array(matrix.states, dtype=float),
        failed,
        groups=np.array(matrix.customers),
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


def _findings(matrix: CaseMatrix, miner: ConditionSetMiner) -> list[Finding]:
    return [
        Finding(
            conditions=tuple(_codes(found.items)),
            status=found.status,
            rows=found.rows,
            customers=found.customers,
            failures=found.failures,
            rate=found.rate,
            rate_without_any=_rate_without_any(matrix, found),
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


def _rate_without_any(matrix: CaseMatrix, found: FoundSet) -> float | None:
    """Return the failure rate of the cases that lacked exactly one member."""
    places = [matrix.conditions.index(code) for code in _codes(found.items)]
    states = np.array(matrix.states, dtype=float)[:, places]
    lacking = (states == 1).sum(axis=1) == len(places) - 1
    lacking &= ~np.isnan(states).any(axis=1)
    return float(np.mean(np.array(matrix.failed)[lacking])) if lacking.any() else None


async def train(workspace: str, promote: str = "") -> Summary:
    """Learn a workspace's risk model, test it forward in time, and register it."""
    async with working(workspace) as (database, found):
        await work_off(database, found.id)
        async with database.read(found.id) as session:
            reading = Work(session, found.id, operator(found.id), now())
            codes = await failures.condition_codes(reading)
            mined = [item for item in await failures.condition_sets(reading) if item.status in EXPLAINING]
            sets = {str(item.id): (to_us(item.recorded_at), item.conditions) for item in mined}
            now_us = to_us(reading.now)

            def read(connection: Connection) -> Snapshots:
                return read_snapshots(connection, found.id, now_us=now_us, horizon_days=found.horizon_days, sets=sets)

            snapshots = await (await session.connection()).run_sync(read)
        loss = found.yearly_loss or UNDECLARED_LOSS
        learned = learn(snapshots, conditions=codes, sets=list(sets), yearly_loss=loss, horizon_days=found.horizon_days)
        summary: Summary = {
            "rows": learned.rows,
            "customers": learned.model.n_customers,
            "departures": learned.model.n_departures,
            "basis": learned.model.basis,
            "forward": learned.forward,
        }
        card = {**summary, "purpose": PURPOSE, "yearly_loss_declared": found.yearly_loss is not None}
        async with transaction(database, found.id) as work:
            model_id = await registry.register(
                work, learned.model, card, learned.trained_from_us, learned.trained_to_us
            )
            # Where nothing was promoted before, nobody's decision is overruled.
            first = not await registry.has_champion(work)
            serves = bool(promote) or (first and learned.forward.get("gain", -1.0) >= 0)
            if serves:
                await registry.promote(work, model_id)
        await marks.keep(database, MarkName.TRAINING, now())
        return {"model": str(model_id), "state": "champion" if serves else "candidate", **summary}


PURPOSE = (
    "The probability that a customer leaves within the horizon, for offering follow-ups. "
    "This score must not decide a customer's terms or redress."
)


async def table(arguments: str) -> Summary:
    """Mine a plain table."""
    given = json.loads(arguments)
    said: list[str] = []
    found = analyse_table(given.pop("path"), given.pop("outcome"), **given, say=said.append)
    for sentence in said:
        sys.stderr.write(sentence + "\n")
    return found


KINDS: dict[str, Callable[..., Awaitable[Summary]]] = {"analyse": analyse, "train": train, "table": table}


def main(arguments: Sequence[str]) -> int:
    """Do one piece of learning; print what came of it."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    kind, *rest = arguments
    try:
        with threadpool_limits(limits=1):
            answer = asyncio.run(_awaited(KINDS[kind], rest))
    except (Refused, NothingToLearn, TooFewFailures) as refused:
        return _refuse(refused.code, str(refused))
    except TableRefused as refused:
        return _refuse(refused.code, str(refused))
    except Refusal as refused:
        return _refuse(refused.code, refused.detail)
    except SettingsRefusedError as refused:
        return _refuse("settings", str(refused))
    except Exception as error:
        if is_unavailable(error):
            return _refuse("unavailable", f"The database cannot be reached: {error}")
        raise
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


async def _awaited(work: Callable[..., Awaitable[Summary]], arguments: Sequence[str]) -> Summary:
    return await work(*arguments)


def _refuse(code: str, detail: str) -> int:
    sys.stdout.write(json.dumps({"code": code, "detail": detail}) + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
