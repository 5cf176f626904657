"""A confounder with a value of its own in every row takes no hours: small strata are one, and their number is kept."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.conditions import ConditionSetMiner, TooManyStrata


def pair(rows: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give six conditions of which the first two conspire."""
    rng = np.random.default_rng(0)
    X = (rng.random((rows, 6)) < 0.4).astype(float)
    return X, rng.random(rows) < np.where(X[:, :2].all(axis=1), 0.6, 0.05)


def test_a_stratum_for_every_row_is_as_good_as_none_and_as_quick() -> None:
    X, y = pair(2000)
    began = time.process_time()
    alone = ConditionSetMiner().fit(X, y, strata=np.arange(2000), time=np.arange(2000))
    assert time.process_time() - began < 20
    without = ConditionSetMiner().fit(X, y, time=np.arange(2000))
    assert [found.items for found in alone.sets_] == [found.items for found in without.sets_]
    assert alone.sets_[0].completion == pytest.approx(without.sets_[0].completion)
    assert "2000 strata with under 20 rows each were pooled into one." in alone.notes_


def test_small_strata_are_pooled_beside_large_ones() -> None:
    X, y = pair(3000)
    large, small = np.arange(2000) % 2, 10 + np.arange(1000) // 5
    mixed = ConditionSetMiner().fit(X, y, strata=np.concatenate([large, small]))
    meant = ConditionSetMiner().fit(X, y, strata=np.concatenate([large, np.full(1000, 2)]))
    assert mixed.sets_ == meant.sets_
    assert mixed.notes_[-1].startswith("200 strata")
    assert "pooled" not in meant.notes_[-1]


def test_more_large_strata_than_leaks_can_be_fitted_for_are_refused_by_number() -> None:
    X, y = pair(2020)
    with pytest.raises(TooManyStrata, match="101 groups") as refusal:
        ConditionSetMiner().fit(X, y, strata=np.arange(2020) // 20)
    assert (refusal.value.code, refusal.value.most, refusal.value.have) == ("too_many_strata", 100, 101)
