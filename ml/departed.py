"""Who left and when, for learning: as reported, or where nothing is reported and the workspace says so by silence.

The two kinds are never mixed: what is reported is a decision of the customer's, silence is a rule of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import numpy as np
from sqlalchemy import Connection

from ml.features import departures, value_events
from ml.labels import NEVER, implicit_departures

LabelKind = Literal["reported", "implicit"]
REPORTED: LabelKind = "reported"
IMPLICIT: LabelKind = "implicit"


@dataclass(frozen=True)
class Departed:
    """Who left, by one kind of label.

    Attributes
    ----------
    kind : str
        "reported" or "implicit".
    left_at : dict of UUID to int
        When each customer first left, UTC microseconds.
    since : dict of UUID to int, or None
        By the implicit rule, when each customer first came with something of value: nobody is silent before. None where
        departures are reported: they can be of anybody.
    """

    kind: LabelKind
    left_at: Mapping[UUID, int]
    since: Mapping[UUID, int] | None = None


def read_departed(connection: Connection, workspace_id: UUID, *, silent_days: int | None, now_us: int) -> Departed:
    """Read who left, as known now.

    Parameters
    ----------
    connection
        In a transaction of the workspace.
    silent_days
        The workspace's shortest silence that can count as leaving; None where only reports count.
    now_us
        The moment of training, UTC microseconds.

    Notes
    -----
    Reported departures win: where there is any, nothing is learnt from silence.
    """
    left: dict[UUID, int] = {}
    for row in connection.execute(departures(workspace_id)):
        left[row.customer_id] = min(left.get(row.customer_id, row.departed_us), row.departed_us)
    if left or silent_days is None:
        return Departed(REPORTED, left)
    rows = connection.execute(value_events(workspace_id)).all()
    ids = sorted({row.customer_id for row in rows})
    number = {customer: place for place, customer in enumerate(ids)}
    whose = np.array([number[row.customer_id] for row in rows], dtype=np.int64)
    moments = np.array([row.opened_us for row in rows], dtype=np.int64)
    customers, departed = implicit_departures(whose, moments, floor_days=float(silent_days), now_us=now_us)
    since: dict[UUID, int] = {}
    for row in rows:
        since[row.customer_id] = min(since.get(row.customer_id, row.opened_us), row.opened_us)
    gone = {ids[int(place)]: int(at) for place, at in zip(customers, departed, strict=True) if at != NEVER}
    return Departed(IMPLICIT, gone, since)
