"""Watching the models in use: drift and fairness of the one that serves, and a challenger's silent scores.

Everything found is appended in the transaction that ends the job; what serves is changed by nobody but a person.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from api.dependencies import Work, utc_now, writing_as
from api.handlers import worker_caller
from api.jobs.leases import Held, Leases
from api.learner import silent
from api.learner.looking import Finding, Looked, Plan, drift_of, fairness_of, look
from api.risk import queries, reports
from api.risk.serving import admitted, opened
from api.workspaces import service as workspaces
from ml.attributes import declared_in
from ml.scoring import RiskModel
from models.base import to_us
from models.registry import Watched

Tell = Callable[[float, str], None]
UNUSABLE = "The model must not be used: {refused}. It was not looked at."


@dataclass(frozen=True)
class _Serving:
    """The model that serves, or why it cannot be looked at."""

    model_id: UUID
    model: RiskModel | None
    refused: str | None
    trained_to_us: int


async def watch(leases: Leases, held: Held, tell: Tell) -> None:
    """Look at a workspace's models in use, and keep what was found."""
    tell(0.05, "reading")
    async with leases.database.read(held.workspace_id) as session:
        reading = Work(session, held.workspace_id, worker_caller(held.workspace_id), utc_now())
        serving = await _serving(reading)
        trial = await silent.on_trial(reading)
        plan = await _plan(reading, serving, trial)

        def read(connection: Connection) -> Looked:
            return look(connection, plan)

        looked = await (await session.connection()).run_sync(read)
    tell(0.4, "looking")
    found = await asyncio.to_thread(_found, serving, looked, plan)
    scored = await asyncio.to_thread(silent.scored, trial, serving.model if serving else None, looked.now)
    tell(0.9, "storing")
    async with writing_as(leases.database, worker_caller(held.workspace_id)) as work:
        if trial is not None and serving is not None:
            await silent.keep(work, trial, serving.model_id, looked.now, scored)
            found.append(await silent.compared(work, trial, looked.gone, plan))
        for one in found:
            await reports.keep(work, one.model_id, one.kind, one.report, one.detail)
        told: dict[str, Any] = {"reports": len(found), "scored": 0 if scored is None else len(looked.now.ids)}
        await leases.done(work.session, held, told)


async def _serving(work: Work) -> _Serving | None:
    row = (await work.session.execute(queries.champion(work.workspace_id))).mappings().one_or_none()
    if row is None:
        return None
    model, refused = opened(row)
    return _Serving(row["id"], model, refused, 0 if row["trained_to"] is None else to_us(row["trained_to"]))


async def _plan(work: Work, serving: _Serving | None, trial: silent.Trial | None) -> Plan:
    found = await workspaces.of(work)
    may = await admitted(work)
    models = [one.model for one in (serving, trial) if one is not None and one.model is not None]
    return Plan(
        workspace_id=work.workspace_id,
        now_us=to_us(work.now),
        trained_to_us=serving.trained_to_us if serving is not None else 0,
        horizon_days=found.horizon_days,
        sets={str(item.id): item.conditions for item in may.sets},
        kept_out=may.kept_out,
        fairness_by=tuple(found.fairness_by),
        attributes=declared_in(chain.from_iterable(one.scorecard.features for one in models), found.fairness_by),
    )


def _found(serving: _Serving | None, looked: Looked, plan: Plan) -> list[Finding]:
    """Return what there is to say of the model that serves."""
    if serving is None:
        return []
    if serving.model is None:
        said = UNUSABLE.format(refused=serving.refused)
        return [Finding(serving.model_id, kind, None, said) for kind in (Watched.DRIFT, Watched.FAIRNESS)]
    return [
        Finding(serving.model_id, Watched.DRIFT, *drift_of(serving.model, looked, plan)),
        Finding(serving.model_id, Watched.FAIRNESS, *fairness_of(serving.model, looked, plan)),
    ]
