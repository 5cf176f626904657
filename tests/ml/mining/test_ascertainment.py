"""A condition looked for more readily when a case failed is flagged, but not because of one customer."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.mining.ascertainment import ascertained
from ml.mining.clusters import Customers

FAILED = np.arange(600) % 6 == 0


def looked_for(failed: NDArray[np.bool_], ok: NDArray[np.bool_]) -> NDArray[np.float64]:
    """One condition observed in these cases, and one observed in all."""
    X = np.zeros((600, 2))
    X[~np.where(FAILED, failed, ok), 1] = np.nan
    return X


def drawn(share: float) -> NDArray[np.bool_]:
    return np.random.default_rng(4).random(600) < share


@pytest.mark.parametrize("customers", [None, np.arange(600) // 2])
def test_what_is_observed_more_readily_of_a_failed_case_is_flagged(customers: NDArray[np.intp] | None) -> None:
    assert ascertained(looked_for(drawn(0.7), drawn(0.4)), FAILED, Customers(customers, 600)) == {1}
    assert ascertained(looked_for(drawn(0.4), drawn(0.7)), FAILED, Customers(customers, 600)) == {1}
    assert ascertained(looked_for(drawn(0.5), drawn(0.5)), FAILED, Customers(customers, 600)) == set()


def test_cases_of_one_customer_speak_as_one() -> None:
    own = np.arange(600) // 100
    X = looked_for(own == 5, np.zeros(600, dtype=bool))
    alone = Customers(None, 600)
    assert ascertained(X, FAILED, alone) == {1}
    assert ascertained(X, FAILED, Customers(own, 600)) == set()


def test_a_small_difference_is_no_matter_however_sure() -> None:
    n = 60_000
    failed = np.arange(n) % 6 == 0
    X = np.where(np.random.default_rng(5).random(n) < np.where(failed, 0.58, 0.5), 1.0, np.nan)[:, None]
    assert ascertained(X, failed, Customers(None, n)) == set()
