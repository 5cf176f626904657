"""Customers at monthly snapshots with what followed: the rows a workspace's risk model is learnt from.

Nothing here reads a row that was not recorded by its snapshot.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

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
from ml.labels import DAY_US, GAP_DAYS, NEVER, departure_labels, monthly_snapshots

MOST_SNAPSHOTS = 36


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


def read_snapshots(
    connection: Connection,
    workspace_id: UUID,
    *,
    now_us: int,
    horizon_days: int,
    sets: Mapping[str, Sequence[str]],
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
        Confirmed condition sets: id to members.

    Raises
    ------
    NothingToLearn

    Notes
    -----
    A set's definition is part of the model, as a condition's rule is, and is applied to every snapshot whenever it was
    found; whether a case had all of its members is read, as everything is, only from what was recorded by then.
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
        for name, value in exposure_features(seen.get(key, ()), row["moment_us"], sets).items():
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
