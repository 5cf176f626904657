"""Which share of customers left who met a whole set, and of those who lacked one member: customers, not rows."""

import numpy as np
import pytest

from ml.set_departures import departures_by_set
from ml.snapshots import Snapshots
from models.rules.statistics import clustered_share


def snapshots(rows: list[tuple[int, int, int, int]]) -> Snapshots:
    """Give snapshots of (customer, whole set, near it, left)."""
    customers, whole, near, left = (np.array(column) for column in zip(*rows, strict=True))
    columns = {"set:s": whole.astype(np.float32), "near:s": near.astype(np.float32)}
    moments = np.arange(len(rows), dtype=np.int64)
    return Snapshots(columns, left.astype(np.int8), customers.astype(np.int32), moments)


ROWS = [
    (1, 1, 0, 1), (1, 1, 0, 1),  # met it at two snapshots and left: one customer
    (2, 1, 0, 0), (2, 0, 1, 0),  # once whole, once near: among those who had it
    (3, 0, 1, 1), (4, 0, 1, 0), (5, 0, 1, 0),
    (6, 0, 0, 1), (7, 1, 0, 0), (7, 0, 0, 1),  # who left after a snapshot without it
]  # fmt: skip


def test_customers_count_once_and_by_the_snapshots_at_which_they_had_it() -> None:
    found = departures_by_set(snapshots(ROWS), ["s"])["s"]
    assert found["customers"] == found["customers_without_one"] == 3
    assert [found["rate"], found["rate_without_one"]] == [pytest.approx(1 / 3)] * 2
    expected = clustered_share([(1, 1), (0, 1), (0, 1)])
    assert (found["low"], found["high"]) == (expected.low, expected.high)
    assert (found["low_without_one"], found["high_without_one"]) == (expected.low, expected.high)


def test_of_a_set_nobody_met_no_rate_is_known() -> None:
    found = departures_by_set(snapshots(ROWS), ["t"])["t"]
    assert (found["customers"], found["rate"], found["low"], found["high"]) == (0, None, 0.0, 1.0)
    assert departures_by_set(snapshots(ROWS), []) == {}
