"""Learning a workspace's risk model: one estimator from the scorecard on, and a test forward in time.

The rows are those of `ml.snapshots`. Nothing is trained in a request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.design import design_matrix
from ml.evaluation import Quality, judge, mean_log_loss
from ml.labels import DAY_US, GAP_DAYS, row_weight
from ml.risk import PriorLogistic, to_risk_model
from ml.scorecard import Scorecard, base_intercept, scorecard_for
from ml.scoring import RiskModel
from ml.snapshots import Snapshots
from ml.terms import FittedTerms, fit_terms

STEP_DAYS = 30
HELD_OUT = 0.3
FLAG_AT = 2.0
HIGHEST_THRESHOLD = 0.5
SET = "set:"


@dataclass(frozen=True)
class Learned:
    """A model and how it did on snapshots it had not seen.

    Attributes
    ----------
    forward : dict
        Quality of model and scorecard on the last snapshots, customers whole, and how many rows these are.
    sets : dict of str to list of str
        Ids of the condition sets whose terms were `kept`, of those `dropped` because departures do not bear them out,
        and of those that took part in the forward test (`tested`).
    """

    model: RiskModel
    forward: dict[str, Any]
    trained_from_us: int
    trained_to_us: int
    rows: int
    sets: dict[str, list[str]]


@dataclass(frozen=True)
class _Task:
    """What a model is learnt for: who leaves within the horizon, where a share leaves in a year."""

    yearly_loss: float
    horizon_days: int

    @property
    def intercept(self) -> float:
        return base_intercept(self.yearly_loss, self.horizon_days)

    @property
    def known_after_us(self) -> int:
        return (GAP_DAYS + self.horizon_days) * DAY_US


def learn(
    snapshots: Snapshots,
    *,
    conditions: Sequence[str],
    sets: Mapping[str, int],
    yearly_loss: float,
    horizon_days: int,
) -> Learned:
    """Learn a model from snapshots, and test it forward in time on customers it did not see.

    Parameters
    ----------
    snapshots
        At least one row with and one without a departure is needed to move anything.
    conditions
        Codes the scorecard has terms for.
    sets
        Ids of the condition sets it has terms for, and when each was first confirmed, UTC microseconds.
    yearly_loss
        Share of customers that leaves in a year: the prior's intercept.
    horizon_days
        How far ahead a departure is meant.

    Notes
    -----
    A set is a product term, learnt from every snapshot whenever it was found, and left out again where its z is not
    above 3 (`ml.terms`). What was found by looking at the cases of the test period must not be praised by that very
    period: in the forward test only those sets take part, on both sides, that were confirmed before it begins.
    """
    scorecard = scorecard_for(conditions, sets)
    task = _Task(yearly_loss, horizon_days)
    rows = design_matrix(scorecard, snapshots.columns)
    fitted = _fit(scorecard, rows, snapshots, slice(None), task)
    base = float(np.average(snapshots.left)) if snapshots.left.any() else None
    threshold = None if base is None else min(FLAG_AT * base, HIGHEST_THRESHOLD)
    cut = _cut(snapshots)
    tested = sorted(set_id for set_id, first_us in sets.items() if cut is not None and first_us <= cut)
    kept = [term.feature.removeprefix(SET) for term in fitted.scorecard.terms if term.feature.startswith(SET)]
    return Learned(
        to_risk_model(
            fitted.estimator, fitted.scorecard, horizon_days=horizon_days, gap_days=GAP_DAYS, threshold=threshold
        ),
        _forward(scorecard_for(conditions, tested), scorecard, rows, snapshots, cut, task),
        int(snapshots.moments.min()),
        int(snapshots.moments.max()),
        len(snapshots.left),
        {"kept": kept, "dropped": sorted(set(sets) - set(kept)), "tested": tested},
    )


def _fit(
    scorecard: Scorecard,
    rows: NDArray[np.float64],
    snapshots: Snapshots,
    chosen: NDArray[np.bool_] | slice,
    task: _Task,
) -> FittedTerms:
    """Fit the rows given, which are those chosen of the snapshots."""
    return fit_terms(
        scorecard,
        rows,
        snapshots.left[chosen],
        intercept_mean=task.intercept,
        embargo=float(task.known_after_us),
        sample_weight=np.full(len(rows), row_weight(STEP_DAYS, task.horizon_days)),
        groups=snapshots.customers[chosen],
        time=snapshots.moments[chosen],
    )


def _cut(snapshots: Snapshots) -> int | None:
    """Return the snapshot the forward test begins with, None where there is only one."""
    moments = np.unique(snapshots.moments)
    return int(moments[int(len(moments) * (1 - HELD_OUT))]) if len(moments) > 1 else None


def _forward(
    scorecard: Scorecard,
    whole: Scorecard,
    rows: NDArray[np.float64],
    snapshots: Snapshots,
    cut: int | None,
    task: _Task,
) -> dict[str, Any]:
    """Compare model and scorecard on the last snapshots, on customers in none of the rows learnt from.

    The rows hold the terms of the whole scorecard; those of the one given are compared.
    """
    if cut is None:
        return {"rows": 0}
    later = snapshots.moments >= cut
    # What followed an earlier snapshot must be over before the test begins.
    before = snapshots.moments + task.known_after_us <= cut
    test = later & (snapshots.customers % 2 == 0)
    train = before & ~np.isin(snapshots.customers, np.unique(snapshots.customers[test]))
    if not train.any() or len(np.unique(snapshots.left[test])) < 2:  # noqa: PLR2004 - both outcomes are needed
        return {"rows": 0}
    columns = np.array([whole.features.index(name) for name in scorecard.features])
    tested = rows[np.ix_(test, columns)]
    prior = PriorLogistic.from_prior(scorecard.weights, scorecard.sds, intercept_mean=task.intercept)
    model = _fit(scorecard, rows[np.ix_(train, columns)], snapshots, train, task)
    said = {
        "model": model.estimator.predict_proba(tested[:, model.columns])[:, 1],
        "scorecard": prior.predict_proba(tested)[:, 1],
    }
    outcome = snapshots.left[test]
    return {
        "rows": int(test.sum()),
        "customers": len(np.unique(snapshots.customers[test])),
        "departures": int(outcome.sum()),
        **{name: _quality(judge(outcome, risk)) for name, risk in said.items()},
        "gain": mean_log_loss(outcome, said["scorecard"]) - mean_log_loss(outcome, said["model"]),
    }


def _quality(quality: Quality) -> dict[str, float]:
    names = ("log_loss", "brier_skill", "average_precision", "auc", "ece")
    return {name: round(float(getattr(quality, name)), 6) for name in names}
