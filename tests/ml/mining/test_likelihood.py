"""The fit finds the maximum, whatever the table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from ml.mining.likelihood import Table, _direction, fit_table, information, log_likelihood


def drawn(seed: int) -> Table:
    rng = np.random.default_rng(seed)
    exposed = (rng.random((12, 3)) < 0.5).astype(float)
    rows = rng.integers(5, 400, 12).astype(float)
    eta = 0.02 + exposed @ np.array([0.4, 0.0, 1.1])
    return Table(
        rows, rng.binomial(rows.astype(int), -np.expm1(-eta)).astype(float), np.column_stack([np.ones(12), exposed])
    )


@given(st.integers(0, 40))
def test_no_other_coefficients_fit_better(seed: int) -> None:
    table = drawn(seed)
    fit = fit_table(table)

    def loss(beta: NDArray[np.float64]) -> float:
        return -log_likelihood(table, beta)

    found = minimize(loss, np.full(4, 0.2), bounds=[(1e-9, 30)] * 4, method="L-BFGS-B")
    assert (fit.coefficients >= 0).all()
    assert fit.loglik >= -float(found.fun) - 1e-4
    assert (np.linalg.eigvalsh(information(table, fit)) > -1e-6).all()


def test_where_to_begin_changes_nothing() -> None:
    table = drawn(3)
    assert fit_table(table, np.array([0.9, 2.0, 2.0, 0.0])).loglik == pytest.approx(fit_table(table).loglik, abs=1e-6)


def test_a_set_that_always_fails_is_fitted_without_complaint() -> None:
    table = Table(np.array([90.0, 10.0]), np.array([0.0, 10.0]), np.array([[1.0, 0.0], [1.0, 1.0]]))
    fit = fit_table(table)
    assert fit.probability == pytest.approx([0, 1], abs=1e-6)


def test_a_direction_is_found_where_the_information_says_nothing() -> None:
    nothing = np.zeros(2)
    free = np.array([True, True])
    assert _direction(np.ones((3, 2)), np.zeros(3), nothing, free, nothing).tolist() == [0, 0]
