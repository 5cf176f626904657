"""Groups of fifty customers and more are shown with intervals; of smaller ones only that there are some."""

import json

import numpy as np
import pytest

from ml.fairness import FairnessReport, fairness_report


def report(sizes: dict[str | None, int], seed: int = 0) -> FairnessReport:
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.array(list(sizes), dtype=object), list(sizes.values()))
    risk = rng.uniform(0.05, 0.4, groups.size)
    left = rng.random(groups.size) < np.where(groups == "south", np.minimum(2 * risk, 1), risk)
    return fairness_report("region", groups, left, risk, risk > 0.3, np.arange(groups.size))


def test_a_group_of_whom_more_leave_than_expected_is_seen() -> None:
    found = report({"north": 2_000, "south": 2_000})
    north, south = found.groups
    assert (north.group, south.group) == ("north", "south")
    assert north.gap.low < 0 < north.gap.high
    assert 0 < south.gap.low < south.gap.value < south.gap.high
    assert south.gap.value == pytest.approx(south.left.value - south.risk)
    assert north.flagged.low < north.flagged.value < north.flagged.high


def test_smaller_groups_are_said_and_not_shown() -> None:
    found = report({"a": 50, "b": 49, "c": 3, "": 5, None: 4})
    assert [group.group for group in found.groups] == ["a"]
    assert (found.smaller_groups, found.smaller_customers, found.unknown_customers) == (2, 52, 9)
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert '"b"' not in text


def test_customers_are_counted_and_not_rows() -> None:
    size = 60
    customers = np.repeat(np.arange(size // 2), 2)
    found = fairness_report("x", ["a"] * size, np.ones(size), np.full(size, 0.5), np.zeros(size), customers)
    assert (found.groups, found.smaller_customers) == ((), 30)
    shown = fairness_report("x", ["a"] * size, np.ones(size), np.full(size, 0.5), np.zeros(size), customers, least=30)
    group = shown.groups[0]
    assert (group.customers, group.rows, group.departures) == (30, 60, 30)
    assert group.flagged.value == 0
    assert group.flagged.high > 0


def test_nobody_makes_an_empty_report() -> None:
    found = fairness_report("x", [], [], [], [], [])
    assert (found.groups, found.smaller_groups, found.unknown_customers) == ((), 0, 0)


def test_arrays_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        fairness_report("x", ["a"], [0, 1], [0.5], [False], [1])
    with pytest.raises(ValueError, match="one customer for each row"):
        fairness_report("x", ["a"], [0], [0.5], [False], [1, 2])
