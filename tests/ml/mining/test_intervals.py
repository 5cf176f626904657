"""Intervals count customers: they cover as often as they say, and say nothing where they know nothing."""

import numpy as np
import pytest

from ml.mining.intervals import completion_interval, rate_interval


def test_a_rate_s_interval_covers_with_clustered_customers() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        rows = (rng.poisson(8, 100) + 1).astype(np.float64)
        failures = rng.binomial(rows.astype(int), rng.beta(0.8, 3.2, 100)).astype(float)
        low, high = rate_interval(failures, rows)
        covered += low <= 0.2 <= high
    assert 0.92 <= covered / 400 <= 0.98


@pytest.mark.parametrize("customers", [0, 1])
def test_one_customer_or_none_tells_nothing(customers: int) -> None:
    assert rate_interval(np.ones(customers), np.ones(customers) * 5) == (0.0, 1.0)


def test_a_completion_hardly_seen_reaches_down_to_nothing() -> None:
    assert completion_interval(0.1, 0.08, 30)[0] == 0
    assert completion_interval(0.0, 0.1, 30)[1] > 0


def test_a_set_that_always_failed_has_a_limit_set_by_its_customers() -> None:
    assert completion_interval(30.0, 0.0, 10)[0] == pytest.approx(0.692, abs=0.001)
    assert completion_interval(30.0, 0.0, 100)[0] > 0.95
