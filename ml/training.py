"""Learning a workspace's risk model: snapshots with labels, one estimator from the scorecard on, a forward test.

Nothing here reads a row that was not recorded by its snapshot, and nothing is trained in a request.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from ml.design import design_matrix
from ml.evaluation import Quality, judge, mean_log_loss
from ml.exposures import Sighting, exposure_features
from ml.features import (
    FEATURES,
    all_moments,
    customer_conditions,
    customer_features,
    departures,
    first_recorded,
    objectors,
)
from ml.labels import DAY_US, GAP_DAYS, NEVER, departure_labels, monthly_snapshots, row_weight
from ml.risk import PriorLogistic, to_risk_model
from ml.scorecard import INTERCEPT_SD, Scorecard, base_intercept, scorecard_for
from ml.scoring import RiskModel

STEP_DAYS = 30
MOST_SNAPSHOTS = 36
HELD_OUT = 0.3
FLAG_AT = 2.0
HIGHEST_THRESHOLD = 0.5


class NothingToLearn(ValueError):  # noqa: N818 - a refusal is named for what is the matter
    """There is no departure, or no snapshot old enough to know what followed it.

    Attributes
    ----------
    code : str
        "nothing_to_learn_from".
    """

    code = "nothing_to_learn_from"


@dataclass(frozen=True)
class Snapshots:
    """Customers at snapshots, with features and what followed.

    Attributes
    ----------
    columns : dict of str to array, shape (n,)
        Raw features, NaN where unknown.
    left : array of int, shape (n,)
        1 where the customer left within the horizon.
    customers : array of int, shape (n,)
        Which customer each row is.
    moments : array of int, shape (n,)
        The snapshot of each row, UTC microseconds.
    """

    columns: dict[str, NDArray[np.float64]]
    left: NDArray[np.int8]
    customers: NDArray[np.int64]
    moments: NDArray[np.int64]


@dataclass(frozen=True)
class Learned:
    """A model and how it did on snapshots it had not seen.

    Attributes
    ----------
    forward : dict
        Quality of model and scorecard on the last snapshots, customers whole, and how many rows these are.
    """

    model: RiskModel
    forward: dict[str, Any]
    trained_from_us: int
    trained_to_us: int
    rows: int


def read_snapshots(
    connection: Connection,
    workspace_id: UUID,
    *,
    now_us: int,
    horizon_days: int,
    sets: Mapping[str, tuple[int, Sequence[str]]],
) -> Snapshots:
    """Read monthly snapshots of every customer, labelled by what followed.

    Parameters
    ----------
    connection
        In a transaction of the workspace.
    now_us
        The moment of training, UTC microseconds.
    horizon_days
        How far ahead a departure is meant.
    sets
        Confirmed condition sets: id to (recorded_us, members). A snapshot knows only those recorded by then.

    Raises
    ------
    NothingToLearn
    """
    left_at = _left_at(connection, workspace_id)
    if not left_at:
        raise NothingToLearn(
            "No departure is recorded yet. The scorecard serves until customers have left; report departures."
        )
    moments = _snapshots(connection, workspace_id, now_us, horizon_days)
    selected = all_moments(workspace_id, moments)
    seen = _sightings(connection, selected)
    # A database gives rows in any order; the same rows are to make the same model to the last digit.
    found = connection.execute(customer_features(selected)).mappings()
    rows = sorted(found, key=lambda row: (row["moment_us"], row["customer_id"]))
    index = {customer: number for number, customer in enumerate(sorted({row["customer_id"] for row in rows}))}
    columns: defaultdict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros(len(rows)))
    for name in FEATURES:
        columns[name] = np.array([np.nan if row[name] is None else float(row[name]) for row in rows])
    for place, row in enumerate(rows):
        key = (row["customer_id"], row["moment_us"])
        known = {set_id: members for set_id, (recorded, members) in sets.items() if recorded <= row["moment_us"]}
        for name, value in exposure_features(seen.get(key, ()), row["moment_us"], known).items():
            columns[name][place] = value
    snapshot = np.array([row["moment_us"] for row in rows], dtype=np.int64)
    departed = np.array([left_at.get(row["customer_id"], NEVER) for row in rows], dtype=np.int64)
    labelled = departure_labels(snapshot, departed, now_us=now_us, horizon_days=horizon_days)
    # Nobody is learnt from who objected then or objects now.
    objecting = set(connection.execute(objectors(workspace_id)).scalars())
    out = [bool(row["objects_to_scoring"]) or row["customer_id"] in objecting for row in rows]
    kept = labelled.kept & ~np.array(out, dtype=bool)
    if not kept.any():
        raise NothingToLearn("No snapshot is old enough to know what followed it. Train again when one is.")
    customers = np.array([index[row["customer_id"]] for row in rows], dtype=np.int64)
    return Snapshots(
        {name: values[kept] for name, values in columns.items()},
        labelled.label[kept],
        customers[kept],
        snapshot[kept],
    )


def _left_at(connection: Connection, workspace_id: UUID) -> dict[UUID, int]:
    """Return when each customer first left."""
    left: dict[UUID, int] = {}
    for row in connection.execute(departures(workspace_id)):
        left[row.customer_id] = min(left.get(row.customer_id, row.departed_us), row.departed_us)
    return left


def _snapshots(connection: Connection, workspace_id: UUID, now_us: int, horizon_days: int) -> list[int]:
    first = connection.scalar(first_recorded(workspace_id))
    last = now_us - (GAP_DAYS + horizon_days) * DAY_US
    found = [] if first is None else [int(moment) for moment in monthly_snapshots(first, last)]
    if not found:
        raise NothingToLearn(
            f"No snapshot is {GAP_DAYS + horizon_days} days old yet: what followed it is not known. Train later."
        )
    return found[-MOST_SNAPSHOTS:]


def _sightings(connection: Connection, selected: Any) -> dict[tuple[UUID, int], list[Sighting]]:
    seen: defaultdict[tuple[UUID, int], list[Sighting]] = defaultdict(list)
    for row in connection.execute(customer_conditions(selected)):
        seen[row.customer_id, row.moment_us].append(Sighting(row.case_id, row.condition, row.since_us))
    return seen


def learn(
    snapshots: Snapshots,
    *,
    conditions: Sequence[str],
    sets: Sequence[str],
    yearly_loss: float,
    horizon_days: int,
) -> Learned:
    """Learn a model from snapshots, and test it forward in time on customers it did not see.

    Parameters
    ----------
    snapshots
        At least one row with and one without a departure is needed to move anything.
    conditions, sets
        Codes and set ids the scorecard has terms for.
    yearly_loss
        Share of customers that leaves in a year: the prior's intercept.
    horizon_days
        How far ahead a departure is meant.
    """
    scorecard = scorecard_for(conditions, sets)
    rows = design_matrix(scorecard, snapshots.columns)
    fitted = _fit(scorecard, rows, snapshots, np.ones(len(rows), dtype=bool), yearly_loss, horizon_days)
    base = float(np.average(snapshots.left)) if snapshots.left.any() else None
    threshold = None if base is None else min(FLAG_AT * base, HIGHEST_THRESHOLD)
    return Learned(
        to_risk_model(fitted, scorecard, horizon_days=horizon_days, gap_days=GAP_DAYS, threshold=threshold),
        _forward(scorecard, rows, snapshots, yearly_loss, horizon_days),
        int(snapshots.moments.min()),
        int(snapshots.moments.max()),
        len(rows),
    )


def _fit(
    scorecard: Scorecard,
    rows: NDArray[np.float64],
    snapshots: Snapshots,
    chosen: NDArray[np.bool_],
    yearly_loss: float,
    horizon_days: int,
) -> PriorLogistic:
    estimator = PriorLogistic(
        prior_mean=scorecard.weights,
        prior_sd=scorecard.sds,
        intercept_mean=base_intercept(yearly_loss, horizon_days),
        intercept_sd=INTERCEPT_SD,
        embargo=float((GAP_DAYS + horizon_days) * DAY_US),
    )
    weight = np.full(int(chosen.sum()), row_weight(STEP_DAYS, horizon_days))
    return estimator.fit(
        rows[chosen],
        snapshots.left[chosen],
        sample_weight=weight,
        groups=snapshots.customers[chosen],
        time=snapshots.moments[chosen],
    )


def _forward(
    scorecard: Scorecard, rows: NDArray[np.float64], snapshots: Snapshots, yearly_loss: float, horizon_days: int
) -> dict[str, Any]:
    """Compare model and scorecard on the last snapshots, on customers in none of the rows learnt from."""
    moments = np.unique(snapshots.moments)
    cut = moments[int(len(moments) * (1 - HELD_OUT))] if len(moments) > 1 else None
    if cut is None:
        return {"rows": 0}
    later = snapshots.moments >= cut
    # What followed an earlier snapshot must be over before the test begins.
    before = snapshots.moments + (GAP_DAYS + horizon_days) * DAY_US <= cut
    test = later & (snapshots.customers % 2 == 0)
    train = before & ~np.isin(snapshots.customers, np.unique(snapshots.customers[test]))
    if not train.any() or len(np.unique(snapshots.left[test])) < 2:  # noqa: PLR2004 - both outcomes are needed
        return {"rows": 0}
    prior = PriorLogistic.from_prior(
        scorecard.weights, scorecard.sds, intercept_mean=base_intercept(yearly_loss, horizon_days)
    )
    model = _fit(scorecard, rows, snapshots, train, yearly_loss, horizon_days)
    said = {"model": model.predict_proba(rows[test])[:, 1], "scorecard": prior.predict_proba(rows[test])[:, 1]}
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
