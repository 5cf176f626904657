"""Customers at monthly snapshots with what followed: the rows a workspace's risk model is learnt from.

Nothing here reads a row that was not recorded by its snapshot.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, RowMapping, Select, func, select

from ml.attributes import attribute_features
from ml.departed import REPORTED, Departed, LabelKind, read_departed
from ml.exposures import Sighting, exposure_features, near_features
from ml.features import (
    FEATURES,
    Moments,
    all_moments,
    customer_conditions,
    customer_features,
    first_recorded,
    objectors,
)
from ml.labels import DAY_US, GAP_DAYS, NEVER, departure_labels, monthly_snapshots, treated_within
from ml.verifications import Verifications, read_verifications

MOST_SNAPSHOTS = 36
ROWS_AT_ONCE = 2000

Floats = NDArray[np.float32]


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
        Raw features, NaN where unknown; single precision holds what any of them can tell apart.
    left : array of int, shape (n,)
        1 where the customer left within the horizon.
    customers : array of int, shape (n,)
        Which customer each row is.
    moments : array of int, shape (n,)
        The snapshot of each row, UTC microseconds.
    treated : array of bool, shape (n,)
        Whether the customer was contacted by a follow-up before the horizon was over.
    label_kind : str
        What `left` rests on: departures "reported", or "implicit" ones by silence. Never both.
    """

    columns: dict[str, Floats]
    left: NDArray[np.int8]
    customers: NDArray[np.int32]
    moments: NDArray[np.int64]
    treated: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    label_kind: LabelKind = REPORTED

    @property
    def treated_rows(self) -> NDArray[np.bool_] | None:
        """Which rows were treated, None where follow-ups were not read."""
        return self.treated if self.treated.size == self.left.size else None


def read_snapshots(
    connection: Connection,
    workspace_id: UUID,
    *,
    now_us: int,
    horizon_days: int,
    sets: Mapping[str, Sequence[str]],
    silent_days: int | None = None,
    contacts: Select[Any] | None = None,
    attributes: Sequence[str] = (),
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
    silent_days
        The workspace's shortest silence that can count as leaving, where no departure is reported; None learns from
        reports alone.
    contacts
        Selects `customer_id` and `contacted_us` of the follow-ups whose customer was reached; None where none is kept.
    attributes
        Declared features that read attributes of customers (`ml.attributes`).

    Raises
    ------
    NothingToLearn

    Notes
    -----
    A set's definition is part of the model, as a condition's rule is, and is applied to every snapshot whenever it was
    found; whether a case had all of its members is read, as everything is, only from what was recorded by then.

    Read one snapshot after the other, a few thousand rows at a time, and kept as arrays alone: some four bytes a row
    and column, whatever the number of customers.
    """
    departed = read_departed(connection, workspace_id, silent_days=silent_days, now_us=now_us)
    if not departed.left_at:
        raise NothingToLearn(
            "No departure is recorded yet. The scorecard serves until customers have left; report departures."
        )
    objecting = set(connection.execute(objectors(workspace_id)).scalars())
    verifications = read_verifications(connection, workspace_id)
    task = _Task(now_us, horizon_days, departed, objecting, sets, verifications, attributes)
    moments = [all_moments(workspace_id, [us]) for us in _snapshots(connection, workspace_id, now_us, horizon_days)]
    rows = _Rows(sum(connection.scalar(select(func.count()).select_from(each.rows)) or 0 for each in moments))
    for selected in moments:
        place = _add_customers(connection, selected, rows, task)
        _add_exposures(connection, selected, rows, place, task)
    _mark_treated(connection, contacts, rows, GAP_DAYS + horizon_days)
    found = rows.in_order(departed.kind)
    if not found.left.size:
        raise NothingToLearn("No snapshot is old enough to know what followed it. Train again when one is.")
    return found


@dataclass(frozen=True)
class _Task:
    """What rows are labelled by: who left when, seen from now, and who objects to being learnt from.

    And what exposures are read with: condition sets, and what was verified when; and the attributes that are read.
    """

    now_us: int
    horizon_days: int
    departed: Departed
    objecting: Collection[UUID]
    sets: Mapping[str, Sequence[str]]
    verifications: Verifications
    attributes: Sequence[str]

    def is_out(self, row: RowMapping) -> bool:
        """Tell whether nothing is learnt from a row: who objected then or objects now, or cannot be silent yet."""
        customer, since = row["customer_id"], self.departed.since
        if bool(row["objects_to_scoring"]) or customer in self.objecting:
            return True
        return since is not None and since.get(customer, NEVER) > row["moment_us"]


class _Rows:
    """Rows being read: arrays of the whole length from the start, whose memory is taken as they fill."""

    def __init__(self, most: int) -> None:
        self.columns = {name: np.zeros(most, dtype=np.float32) for name in FEATURES}
        self.left = np.zeros(most, dtype=np.int8)
        self.customers = np.zeros(most, dtype=np.int32)
        self.moments = np.zeros(most, dtype=np.int64)
        self.treated = np.zeros(most, dtype=np.bool_)
        self.numbers: dict[UUID, int] = {}
        self.size = 0

    def column(self, name: str) -> Floats:
        """Return a column, zero where nothing was written."""
        if name not in self.columns:
            self.columns[name] = np.zeros(len(self.left), dtype=np.float32)
        return self.columns[name]

    def in_order(self, kind: LabelKind) -> Snapshots:
        """Return the rows by snapshot and customer: in whatever order a database gives them, they make one model."""
        ranks = np.empty(len(self.numbers), dtype=np.int32)
        ranks[[self.numbers[customer] for customer in sorted(self.numbers)]] = np.arange(len(ranks), dtype=np.int32)
        customers = ranks[self.customers[: self.size]]
        order = np.lexsort((customers, self.moments[: self.size]))
        for name in list(self.columns):  # one at a time: what was read goes as its ordered copy comes
            self.columns[name] = self.columns[name][: self.size][order]
        left, treated = self.left[order], self.treated[: self.size][order]
        return Snapshots(self.columns, left, customers[order], self.moments[order], treated, kind)


def _add_customers(connection: Connection, selected: Moments, rows: _Rows, task: _Task) -> dict[UUID, int]:
    """Add the rows of one snapshot that may be learnt from, and tell which row is whose."""
    place: dict[UUID, int] = {}
    for some in _portions(connection, customer_features(selected, attributes=bool(task.attributes))):
        departed = np.array([task.departed.left_at.get(row["customer_id"], NEVER) for row in some], dtype=np.int64)
        moments = np.array([row["moment_us"] for row in some], dtype=np.int64)
        labelled = departure_labels(moments, departed, now_us=task.now_us, horizon_days=task.horizon_days)
        number = [rows.numbers.setdefault(row["customer_id"], len(rows.numbers)) for row in some]
        kept = np.flatnonzero(labelled.kept & ~np.array([task.is_out(row) for row in some], dtype=bool))
        into = slice(rows.size, rows.size + len(kept))
        for name in FEATURES:
            rows.columns[name][into] = np.array([row[name] for row in some], dtype=np.float32)[kept]
        if task.attributes:
            told = [attribute_features(some[int(at)]["attributes"], task.attributes) for at in kept]
            for name in task.attributes:
                rows.column(name)[into] = np.array([one[name] for one in told], dtype=np.float32)
        rows.left[into], rows.moments[into] = labelled.label[kept], moments[kept]
        rows.customers[into] = np.array(number, dtype=np.int32)[kept]
        place |= {some[int(at)]["customer_id"]: rows.size + nth for nth, at in enumerate(kept)}
        rows.size = into.stop
    return place


def _add_exposures(
    connection: Connection, selected: Moments, rows: _Rows, place: Mapping[UUID, int], task: _Task
) -> None:
    """Add what conditions and sets each customer was exposed to; whoever has none on record was exposed to none."""
    verified: dict[int, Mapping[str, int]] = {}
    found = (row for some in _portions(connection, customer_conditions(selected)) for row in some)
    for customer, theirs in groupby(found, key=lambda row: row["customer_id"]):
        if customer in place:
            at = place[customer]
            seen = [Sighting(row["case_id"], row["condition"], row["since_us"]) for row in theirs]
            moment = int(rows.moments[at])
            if moment not in verified:
                verified[moment] = task.verifications.at(moment)
            exposed = exposure_features(seen, moment, task.sets, verified[moment])
            for name, value in {**exposed, **near_features(seen, moment, task.sets)}.items():
                rows.column(name)[at] = value


def _portions(connection: Connection, statement: Select[Any]) -> Iterator[Sequence[RowMapping]]:
    """Give the rows of a statement a few thousand at a time, so that they are never all objects at once."""
    result = connection.execute(statement.execution_options(yield_per=ROWS_AT_ONCE))
    yield from result.mappings().partitions()


def _mark_treated(connection: Connection, contacts: Select[Any] | None, rows: _Rows, days: int) -> None:
    """Mark the rows whose customer was contacted before what they are labelled by was over."""
    if contacts is None:
        return
    known = [row for row in connection.execute(contacts) if row.customer_id in rows.numbers]
    whose = np.array([rows.numbers[row.customer_id] for row in known], dtype=np.int64)
    at = np.array([row.contacted_us for row in known], dtype=np.int64)
    read = slice(rows.size)
    customers = rows.customers[read].astype(np.int64)
    rows.treated[read] = treated_within(rows.moments[read], customers, whose, at, days=days)


def _snapshots(connection: Connection, workspace_id: UUID, now_us: int, horizon_days: int) -> list[int]:
    first = connection.scalar(first_recorded(workspace_id))
    last = now_us - (GAP_DAYS + horizon_days) * DAY_US
    found = [] if first is None else [int(moment) for moment in monthly_snapshots(first, last)]
    if not found:
        raise NothingToLearn(
            f"No snapshot is {GAP_DAYS + horizon_days} days old yet: what followed it is not known. Train later."
        )
    return found[-MOST_SNAPSHOTS:]
