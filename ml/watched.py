"""Customers at one moment, as a model in use would score them, with who left since: what watching a model looks at.

As in `ml.snapshots` nothing is read that was not recorded by the moment, and nobody who objects to being scored, then
or now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from ml.attributes import attribute_features
from ml.exposures import Sighting, exposure_features
from ml.features import FEATURES, all_moments, customer_conditions, customer_features, departures, objectors
from ml.labels import GAP_DAYS, NEVER, departure_labels

ROWS_AT_ONCE = 2000


@dataclass(frozen=True)
class Customers:
    """Customers at a moment.

    Attributes
    ----------
    moment_us : int
        UTC microseconds.
    ids : list of UUID
        Whose each row is.
    columns : dict of str to array of shape (n,)
        Raw features, NaN where unknown.
    """

    moment_us: int
    ids: list[UUID]
    columns: dict[str, NDArray[np.float32]]


def read_customers(
    connection: Connection,
    workspace_id: UUID,
    moment_us: int,
    sets: Mapping[str, Sequence[str]],
    attributes: Sequence[str] = (),
) -> Customers:
    """Read the customers who could be scored at a moment.

    Parameters
    ----------
    connection
        In a transaction of the workspace.
    moment_us
        UTC microseconds.
    sets
        Confirmed condition sets: id to members.
    attributes
        Declared features that read attributes of customers (`ml.attributes`).

    Returns
    -------
    Customers
        Without those who objected by then or object now, and without those who had left by then.
    """
    selected = all_moments(workspace_id, [moment_us])
    gone = left_at(connection, workspace_id)
    objecting = set(connection.execute(objectors(workspace_id)).scalars())
    found: dict[UUID, list[Any]] = {}
    statement = customer_features(selected, attributes=bool(attributes)).execution_options(yield_per=ROWS_AT_ONCE)
    for row in connection.execute(statement).mappings():
        customer = row["customer_id"]
        if not (row["objects_to_scoring"] or customer in objecting or gone.get(customer, NEVER) <= moment_us):
            told_of = attribute_features(row["attributes"], attributes).values() if attributes else ()
            found[customer] = [*[row[name] for name in FEATURES], *told_of]
    ids = sorted(found)
    names = [*FEATURES, *attributes]
    told = np.array([found[customer] for customer in ids], dtype=np.float32).reshape(len(ids), len(names))
    columns = {name: told[:, place] for place, name in enumerate(names)}
    place = {customer: at for at, customer in enumerate(ids)}
    conditions = customer_conditions(selected).execution_options(yield_per=ROWS_AT_ONCE)
    rows = connection.execute(conditions).mappings()
    for customer, theirs in groupby(rows, key=lambda row: row["customer_id"]):
        if customer in place:
            seen = [Sighting(row["case_id"], row["condition"], row["since_us"]) for row in theirs]
            for name, value in exposure_features(seen, moment_us, sets).items():
                columns.setdefault(name, np.zeros(len(ids), dtype=np.float32))[place[customer]] = value
    return Customers(moment_us, ids, columns)


def left_at(connection: Connection, workspace_id: UUID) -> dict[UUID, int]:
    """Return when each customer first left, UTC microseconds."""
    left: dict[UUID, int] = {}
    for row in connection.execute(departures(workspace_id)):
        left[row.customer_id] = min(left.get(row.customer_id, NEVER), row.departed_us)
    return left


@dataclass(frozen=True)
class Followed:
    """What followed a moment, of those customers of whom it can be said.

    Attributes
    ----------
    rows : array of int
        Which rows these are.
    left : array of int, the same shape
        1 where the customer left within the horizon.
    """

    rows: NDArray[np.intp]
    left: NDArray[np.int8]


def what_followed(
    ids: Sequence[UUID], moments_us: NDArray[np.int64], gone: Mapping[UUID, int], *, now_us: int, horizon_days: int
) -> Followed:
    """Return what followed each row's moment by now.

    Parameters
    ----------
    ids : sequence of UUID
        The customer of each row.
    moments_us : array of int64, the same length
    gone : mapping of UUID to int
        When each customer first left: `left_at`.
    now_us : int
        Rows whose horizon is not over by then are left out, as are those who left within the gap.
    horizon_days : int
    """
    departed = np.array([gone.get(customer, NEVER) for customer in ids], dtype=np.int64)
    labelled = departure_labels(moments_us, departed, now_us=now_us, horizon_days=horizon_days, gap_days=GAP_DAYS)
    rows = np.flatnonzero(labelled.kept)
    return Followed(rows, labelled.label[rows])
