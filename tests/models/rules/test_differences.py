"""A difference of two figures: customers as clusters, those of both among them."""

import random

import pytest

from models.rules.differences import difference
from models.rules.shifts import SharedSums
from models.rules.statistics import ClusterSums


def of(*values: float) -> ClusterSums:
    """Sum up customers of one row each."""
    return ClusterSums.of((value, 1, value * value) for value in values)


def test_without_rows_there_is_none_and_of_one_customer_no_interval() -> None:
    assert difference(of(), of(1), SharedSums()).value is None
    found = difference(of(3), of(1, 2), SharedSums())
    assert (found.value, found.low, found.high) == (1.5, None, None)


def test_where_nobody_differs_the_interval_is_the_difference() -> None:
    found = difference(of(3, 3, 3), of(1, 1), SharedSums())
    assert (found.value, found.low, found.high) == (2, 2, 2)


def test_those_who_are_in_both_make_it_surer() -> None:
    before, after = [1.0, 5.0, 9.0, 4.0], [2.0, 6.1, 10.0, 5.0]
    shared = SharedSums.of([(k, 1, was, 1) for k, was in zip(after, before, strict=True)])
    paired, apart = (difference(of(*after), of(*before), both) for both in (shared, SharedSums()))
    assert paired.value == apart.value == pytest.approx(1.025)
    assert paired.low is not None
    assert paired.high is not None
    assert apart.low is not None
    assert apart.low < paired.low < 1.025 < paired.high


def test_it_holds_what_is_true_in_ninety_five_of_a_hundred() -> None:
    chosen = random.Random(5)  # noqa: S311 - a simulation, no secret
    held = 0
    for _ in range(400):
        both = [chosen.gauss(5, 2) for _ in range(40)]
        one = [level + chosen.gauss(0.5, 1) for level in both]
        other = [level + chosen.gauss(0, 1) for level in both]
        shared = SharedSums.of([(k, 1, was, 1) for k, was in zip(one, other, strict=True)])
        found = difference(of(*one), of(*other), shared)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.5 <= found.high
    assert 370 <= held <= 392
