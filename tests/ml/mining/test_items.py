"""Conditions become items; what was not observed stays apart."""

import numpy as np

from ml.mining.bitsets import count, rows_of
from ml.mining.cuts import choose_cuts, positions
from ml.mining.items import Item, build_pool, column_kinds, cut_items, plain_items
from ml.mining.observed import Observed


def test_items_that_never_vary_are_dropped_and_equal_ones_joined() -> None:
    X = np.array([[1, 1, 1, 0], [0, 0, 1, 0], [1, 1, 1, 0]], dtype=float)
    pool = build_pool(X, plain_items(X, column_kinds(X)))
    assert [item.column for item in pool.items] == [0]
    assert pool.aliases == {Item(0, "eq", 1.0): [Item(1, "eq", 1.0)]}


def test_a_pool_of_some_rows_is_the_pool_of_those_rows() -> None:
    X = (np.random.default_rng(1).random((20_000, 5)) < 0.3).astype(float)
    rows = np.arange(5, 20_000, 3)
    items = plain_items(X, column_kinds(X))
    assert (build_pool(X, items, rows).present == build_pool(X[rows], items).present).all()


def test_both_sides_of_a_cut_leave_out_what_was_not_observed() -> None:
    X = np.array([[1.0], [2.0], [np.nan], [4.0]])
    pool = build_pool(X, cut_items({0: [2.5]}))
    assert count(pool.present).tolist() == [2, 1]
    undetermined = pool.undetermined((0,))
    assert undetermined is not None
    assert rows_of(undetermined, 4).tolist() == [2]


def test_a_set_with_one_absent_member_is_absent_whatever_is_unknown() -> None:
    X = np.array([[0, np.nan], [np.nan, np.nan], [1, 1]])
    members = (Item(0, "eq", 1.0), Item(1, "eq", 1.0))
    assert Observed(X).states(members).tolist() == [0, 2, 1]


def test_cut_positions_are_spaced_by_rank_and_never_equal_an_upper_value() -> None:
    values = np.random.default_rng(2).normal(size=5000)
    cuts = positions(values)
    ranks = np.searchsorted(np.sort(values), cuts) / 5000
    assert np.diff(ranks).min() > 0.011
    neighbours = positions(np.array([1.0, np.nextafter(1.0, 2.0)]))
    assert neighbours.tolist() == [1.0]


def test_about_six_cuts_are_kept_and_the_telling_one_is_among_them() -> None:
    rng = np.random.default_rng(3)
    X = rng.uniform(0, 1, (8000, 2))
    y = rng.random(8000) < np.where(X[:, 0] > 0.9, 0.4, 0.02)
    cuts = choose_cuts(X, y, {j: positions(X[:, j]) for j in range(2)}, [])
    assert all(0 < len(kept) <= 6 for kept in cuts.values())
    assert min(abs(np.array(cuts[0]) - 0.9)) < 0.02
