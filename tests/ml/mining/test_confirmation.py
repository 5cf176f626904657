"""Periods, false discoveries and what a status means."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.mining.confirmation import benjamini_hochberg, is_amplifier, split_in_time
from ml.mining.items import Item, Items
from ml.mining.observed import Observed


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


A, B = Item(0, "eq", 1.0), Item(1, "eq", 1.0)
WARM, HOT, WORN = Item(2, "gt", 60.0), Item(2, "gt", 80.0), Item(3, "gt", 200.0)


def states_of(sets: list[Items], n: int = 4000) -> NDArray[np.int8]:
    """Two flags and two numbers, drawn evenly."""
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.random((n, 2)) < 0.4, rng.uniform(0, 100, n), rng.uniform(0, 300, n)]).astype(float)
    return Observed(X).matrix(sets)


@pytest.mark.parametrize(
    ("sets", "amplifies"),
    [
        ([(A, B), (A,)], False),
        ([(A, B), (A,), (B,)], True),
        ([(A, B), (A,), (B,), (A, WORN)], True),
        ([(A, WARM), (A,), (HOT,)], False),
        ([(A, HOT), (A,), (WARM,)], True),
        ([(A, HOT), (A,), (replace(HOT, value=81.0),)], True),
        ([(A, HOT), (A,), (replace(HOT, op="le"),)], False),
        ([(HOT, WORN), (WARM,), (replace(WORN, value=150.0),)], True),
        ([(A, B, HOT), (A, WARM), (B,)], True),
        ([(HOT, WORN), (WARM,), (HOT,)], False),
        ([(A,), (A, B), (B,)], False),
    ],
)
def test_a_set_amplifies_what_it_is_the_union_of_wherever_the_cuts_are(sets: list[Items], amplifies: bool) -> None:
    assert is_amplifier(0, sets, states_of(sets)) is amplifies
