"""How far silence alone would tell who leaves."""

import numpy as np

from ml.recency import recency_auc

LEFT = np.array([0, 1, 1, 0], dtype=np.int8)
ALL = np.ones(4, dtype=np.bool_)


def test_the_longer_silent_leave() -> None:
    assert recency_auc({"recency_days": [1.0, 90.0, 60.0, 5.0]}, LEFT, ALL) == 1.0
    assert recency_auc({"recency_days": [90.0, 1.0, 2.0, 60.0]}, LEFT, ALL) == 0.0


def test_whoever_never_came_counts_as_the_longest_silent() -> None:
    assert recency_auc({"recency_days": [1.0, np.nan, 60.0, 5.0]}, LEFT, ALL) == 1.0


def test_nothing_is_said_where_recency_is_not_known() -> None:
    assert recency_auc({}, LEFT, ALL) is None
    assert recency_auc({"recency_days": np.full(4, np.nan)}, LEFT, ALL) is None
