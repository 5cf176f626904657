"""Periods, false discoveries and what a status means."""

import numpy as np

from ml.mining.confirmation import benjamini_hochberg, is_amplifier, split_in_time
from ml.mining.items import Item


def test_equal_moments_never_lie_on_both_sides() -> None:
    time = np.repeat(np.arange(5), 20)
    periods = split_in_time(time, np.ones(100, dtype=bool), None, [])
    assert periods is not None
    assert time[periods.discovery].max() < time[periods.confirmation].min()


def test_one_moment_is_no_time() -> None:
    assert split_in_time(np.zeros(10, dtype=np.intp), np.ones(10, dtype=bool), None, []) is None


def test_new_customers_confirm_where_there_are_enough_of_them() -> None:
    customer = np.concatenate([np.arange(70), np.arange(60, 90)])
    periods = split_in_time(np.arange(100), np.ones(100, dtype=bool), customer, list(range(90)))
    assert periods is not None
    assert not periods.hashed
    assert periods.confirmation.tolist() == list(range(80, 100))


def test_more_small_p_values_let_more_pass() -> None:
    assert benjamini_hochberg(np.array([0.03, 0.2])).tolist() == [False, False]
    assert benjamini_hochberg(np.array([0.03, 0.01])).tolist() == [True, True]
    assert benjamini_hochberg(np.empty(0)).tolist() == []


def test_a_set_with_one_accepted_part_amplifies_nothing() -> None:
    a, b = Item(0, "eq", 1.0), Item(1, "eq", 1.0)
    assert not is_amplifier((a, b), [(a,), (a, b)])
