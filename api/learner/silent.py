"""A challenger on trial: it scores in silence beside the champion, and both are held to what came true.

Its scores are kept apart and are nobody's answer. Of who objects to scoring none is made, and none is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, insert, select

from api import kinds
from api.dependencies import Work
from api.learner.looking import Finding, Plan
from api.risk import queries
from api.risk.serving import opened
from ml.artefacts import unpack
from ml.challenger import Challenger, challenger_scores
from ml.features import objectors
from ml.forward import came_true
from ml.scoring import ArtefactRefused, RiskModel
from ml.training import model_scores
from ml.watched import Customers, what_followed
from models.assessment import ModelState
from models.base import from_us, to_us
from models.ids import uuid7
from models.registry import ChallengerRisk, Watched

risks = ChallengerRisk.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
EVERY = timedelta(days=28)
"""Once a month, as snapshots are: the same departure is not to be counted every night."""
LEAST_DEPARTURES = 10
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """The model on trial.

    Parameters
    ----------
    model
        What scores, or None where it must not be used: then `refused` says why.
    due
        Whether it is time to score again.
    """

    model_id: UUID
    model: RiskModel | Challenger | None
    refused: str | None
    due: bool


async def on_trial(work: Work) -> Trial | None:
    """Return the model that challenges, None where none does."""
    table = queries.models
    statement = queries.all_models(work.workspace_id).where(table.c.state == ModelState.CHALLENGER)
    row = (await work.session.execute(statement.add_columns(table.c.artefact))).mappings().first()
    if row is None:
        return None
    mine = (risks.c.workspace_id == work.workspace_id, risks.c.model_id == row["id"])
    last = await work.session.scalar(select(func.max(risks.c.as_of, type_=risks.c.as_of.type)).where(*mine))
    due = last is None or work.now - last >= EVERY
    if not row["apart"]:
        return Trial(row["id"], *opened(row), due=due)
    try:
        return Trial(row["id"], unpack(row["artefact"], row["sha256"]), None, due)
    except ArtefactRefused as refused:
        return Trial(row["id"], None, str(refused), due)


def scored(trial: Trial | None, champion: RiskModel | None, now: Customers) -> tuple[Reals, Reals] | None:
    """Return what challenger and champion say of customers now; None where it is not time, or one cannot say it."""
    if trial is None or trial.model is None or champion is None or not trial.due or not now.ids:
        return None
    model = trial.model
    said = model_scores(model, now.columns) if isinstance(model, RiskModel) else challenger_scores(model, now.columns)
    return said, model_scores(champion, now.columns)


async def keep(work: Work, trial: Trial, champion_id: UUID, now: Customers, said: tuple[Reals, Reals] | None) -> None:
    """Keep what both said, of those customers who are still there."""
    if said is None:
        return
    customers = kinds.CUSTOMER.head
    here = set(
        await work.session.scalars(
            select(customers.c.id).where(customers.c.workspace_id == work.workspace_id, queries.is_somebody())
        )
    )
    fixed: dict[str, Any] = {"workspace_id": work.workspace_id, "model_id": trial.model_id, "champion_id": champion_id}
    fixed["as_of"] = from_us(now.moment_us)
    rows = [
        {**fixed, "id": uuid7(), "customer_id": customer, "risk": risk, "champion_risk": beside}
        for customer, risk, beside in zip(now.ids, said[0].tolist(), said[1].tolist(), strict=True)
        if customer in here
    ]
    if rows:
        await work.session.execute(insert(risks), rows)


async def compared(work: Work, trial: Trial, gone: Mapping[UUID, int], plan: Plan) -> Finding:
    """Return how a challenger did beside the champion on what came true since."""
    if trial.refused is not None:
        said = f"The model must not be used: {trial.refused}. It does not score."
        return Finding(trial.model_id, Watched.COMPARISON, None, said)
    mine = (risks.c.workspace_id == work.workspace_id, risks.c.model_id == trial.model_id)
    objecting = set(await work.session.scalars(objectors(work.workspace_id)))
    rows = [row for row in await work.session.execute(select(risks).where(*mine)) if row.customer_id not in objecting]
    ids = [row.customer_id for row in rows]
    moments = np.array([to_us(row.as_of) for row in rows], dtype=np.int64)
    followed = what_followed(ids, moments, gone, now_us=plan.now_us, horizon_days=plan.horizon_days)
    departures = int(followed.left.sum())
    if departures < LEAST_DEPARTURES:
        said = (
            f"Too early to say: what followed is known of {followed.rows.size} of {len(rows)} silent scores, and "
            f"{departures} of them left; {LEAST_DEPARTURES} are needed."
        )
        return Finding(trial.model_id, Watched.COMPARISON, None, said)
    arms = {
        "champion": np.array([row.champion_risk for row in rows])[followed.rows],
        "challenger": np.array([row.risk for row in rows])[followed.rows],
    }
    names = np.array([each.hex for each in ids], dtype=str)[followed.rows]
    report = came_true(followed.left, arms, names)
    reason = str(report["comparison"]["reason"]).replace("_", " ")
    said = f"On {followed.rows.size} silent scores of which it is known what followed: {reason}."
    return Finding(trial.model_id, Watched.COMPARISON, report, said)
