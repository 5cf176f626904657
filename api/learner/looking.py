"""What is looked at of the model that serves: customers when it was learnt and now, and groups with what followed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from api import kinds
from ml.drift import calibration_in_the_large, drift_report
from ml.fairness import LEAST_CUSTOMERS, fairness_report
from ml.labels import DAY_US, GAP_DAYS, monthly_snapshots
from ml.scoring import RiskModel
from ml.training import model_scores
from ml.watched import Customers, Followed, left_at, read_customers, what_followed
from models.recording import current_rows
from models.registry import Watched

MOST_SNAPSHOTS = 12
Report = tuple[dict[str, Any] | None, str]
"""What was found, None where there was too little, and a plain sentence."""


@dataclass(frozen=True)
class Finding:
    """What there is to say of a model."""

    model_id: UUID
    kind: Watched
    report: dict[str, Any] | None
    detail: str


@dataclass(frozen=True)
class Plan:
    """What is to be looked at: from when the model is, up to when, how far ahead it looks, and by which attributes.

    `attributes` are those that are features, `fairness_by` those that groups are made by: none is both.
    """

    workspace_id: UUID
    now_us: int
    trained_to_us: int
    horizon_days: int
    sets: Mapping[str, Sequence[str]]
    kept_out: frozenset[str]
    fairness_by: tuple[str, ...]
    attributes: tuple[str, ...]

    @property
    def known_us(self) -> int:
        """Up to when what followed a moment is known."""
        return self.now_us - (GAP_DAYS + self.horizon_days) * DAY_US


@dataclass(frozen=True)
class Looked:
    """What was read.

    Attributes
    ----------
    now, then : Customers
        Now, and at the last snapshot that the model was learnt from.
    later : list of Customers
        At each snapshot after that of which it is known what followed.
    labelled : Customers or None
        At the newest snapshot of which it is known what followed.
    gone : mapping of UUID to int
        When each customer first left.
    groups : mapping of str to mapping of UUID to str
        By attribute the group of each customer of whom it is known.
    """

    now: Customers
    then: Customers
    later: list[Customers]
    labelled: Customers | None
    gone: Mapping[UUID, int]
    groups: Mapping[str, Mapping[UUID, str]]


def look(connection: Connection, plan: Plan) -> Looked:
    """Read what is looked at, in a transaction of the workspace."""

    def at(moment_us: int) -> Customers:
        read = read_customers(connection, plan.workspace_id, moment_us, plan.sets, plan.attributes)
        kept = {name: column for name, column in read.columns.items() if name.partition(":")[2] not in plan.kept_out}
        return replace(read, columns=kept)

    later = monthly_snapshots(plan.trained_to_us + 1, plan.known_us)[-MOST_SNAPSHOTS:]
    newest = monthly_snapshots(plan.known_us - 31 * DAY_US, plan.known_us)
    return Looked(
        at(plan.now_us),
        at(plan.trained_to_us),
        [at(int(moment)) for moment in later],
        at(int(newest[-1])) if len(newest) and plan.fairness_by else None,
        left_at(connection, plan.workspace_id),
        _groups(connection, plan),
    )


def _groups(connection: Connection, plan: Plan) -> dict[str, dict[UUID, str]]:
    """Read the group of each customer; what is neither a text, a whole number nor a yes or no makes no group."""
    groups: dict[str, dict[UUID, str]] = {name: {} for name in plan.fairness_by}
    if not groups:
        return groups
    version = kinds.CUSTOMER.version
    current = current_rows(kinds.CUSTOMER, plan.workspace_id).with_only_columns(version.c.id, version.c.attributes)
    for row in connection.execute(current):
        for name in plan.fairness_by:
            value = row.attributes.get(name)
            if isinstance(value, str | int):
                groups[name][row.id] = str(value).strip()
    return groups


def drift_of(model: RiskModel, looked: Looked, plan: Plan) -> Report:
    """Say how far customers are from those that the model was learnt from."""
    then, now = looked.then, looked.now
    fewest = min(len(then.ids), len(now.ids))
    if fewest < LEAST_CUSTOMERS:
        return None, (
            f"Too few to say: {len(then.ids)} customers at the last snapshot learnt from and {len(now.ids)} now, of "
            f"whom {LEAST_CUSTOMERS} are needed on either side."
        )
    before: dict[str, NDArray[Any]] = {**then.columns, "risk": model_scores(model, then.columns)}
    after: dict[str, NDArray[Any]] = {**now.columns, "risk": model_scores(model, now.columns)}
    risks, left, moments = [], [], []
    for side in looked.later:
        followed = _followed(side, looked, plan)
        risks.append(model_scores(model, side.columns)[followed.rows])
        left.append(followed.left)
        moments.append(np.full(followed.rows.size, side.moment_us))
    points = calibration_in_the_large(_joined(moments), _joined(left), _joined(risks)) if risks else ()
    report = drift_report(before, after, customers_then=_names(then), customers_now=_names(now), calibration=points)
    moved = [column.name for column in report.columns if column.drifted or column.missing_changed]
    said = f"Moved: {', '.join(moved[:10])}." if moved else "No feature has moved by more than chance allows."
    if not points:
        said += " Whether departures come as expected is not known yet: the horizon of no later snapshot is over."
    return report.to_dict(), said


def fairness_of(model: RiskModel, looked: Looked, plan: Plan) -> Report:
    """Say what the model says of groups, and what came true of them."""
    if not plan.fairness_by:
        return None, "No attribute is named in the workspace's `fairness_by`: nothing is looked at by group."
    side = looked.labelled
    if side is None or not side.ids:
        return None, f"Too early to say: no snapshot is {GAP_DAYS + plan.horizon_days} days old."
    followed = _followed(side, looked, plan)
    ids = [side.ids[row] for row in followed.rows]
    risk = model_scores(model, side.columns)[followed.rows]
    flagged = risk >= (2.0 if model.threshold is None else model.threshold)
    told = [
        fairness_report(
            name, [looked.groups[name].get(each, "") for each in ids], followed.left, risk, flagged, _names_of(ids)
        )
        for name in plan.fairness_by
    ]
    shown = sum(len(each.groups) for each in told)
    if not shown:
        return None, f"Too few to say: no group of {', '.join(plan.fairness_by)} has {LEAST_CUSTOMERS} customers."
    seen = side.moment_us <= plan.trained_to_us
    report = {"as_of_us": side.moment_us, "learnt_from_too": seen, "attributes": [each.to_dict() for each in told]}
    said = f"{shown} groups of {LEAST_CUSTOMERS} customers or more. That groups differ is an association."
    return report, f"{said} The model was learnt from this snapshot too." if seen else said


def _followed(side: Customers, looked: Looked, plan: Plan) -> Followed:
    moments = np.full(len(side.ids), side.moment_us, dtype=np.int64)
    return what_followed(side.ids, moments, looked.gone, now_us=plan.now_us, horizon_days=plan.horizon_days)


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts)


def _names(side: Customers) -> NDArray[np.str_]:
    return _names_of(side.ids)


def _names_of(ids: Sequence[UUID]) -> NDArray[np.str_]:
    return np.array([each.hex for each in ids], dtype=str)
