"""Sufficient-cause regression on collapsed tables: P(failure) = 1 - exp(-D l), every l >= 0.

The log-likelihood sum f log(1 - exp(-eta)) - (n - f) eta is concave in l, so a projected Newton method with
step halving finds the one maximum. Rothman 1976; Lin & Lee 2016 (doi:10.1038/srep39023).
"""

from dataclasses import dataclass

import numpy as np

from ml.mining.bitsets import Floats

TINY = 1e-12  # a leak of nothing would forbid a failure outright
LARGEST = 30.0  # completion 1 - 1e-13: further steps change no digit that is shown
_STEPS = 80
_TOLERANCE = 1e-8
_HALVINGS = 30


@dataclass(frozen=True, slots=True)
class Table:
    """Rows collapsed to cells with one linear predictor each.

    Attributes
    ----------
    rows, failures : ndarray of float, shape (cells,)
    design : ndarray of float, shape (cells, columns)
        Leak columns first, then one 0/1 column per condition set.
    """

    rows: Floats
    failures: Floats
    design: Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted table: coefficients, log-likelihood and the cells' failure probabilities."""

    coefficients: Floats
    loglik: float
    probability: Floats


def log_likelihood(table: Table, coefficients: Floats) -> float:
    """Return sum f log(1 - exp(-eta)) - (n - f) eta."""
    return _loglik(table, np.maximum(table.design @ coefficients, TINY))


def _loglik(table: Table, eta: Floats) -> float:
    return float(table.failures @ np.log(-np.expm1(-eta)) - (table.rows - table.failures) @ eta)


def _start(table: Table) -> Floats:
    rate = (table.failures.sum() + 0.5) / (table.rows.sum() + 1)
    return np.full(table.design.shape[1], -np.log1p(-min(rate, 0.99)))


def fit_table(table: Table, start: Floats | None = None) -> Fit:
    """Maximise the likelihood over l >= 0.

    Parameters
    ----------
    table : Table
    start : ndarray of float, shape (columns,), optional
        Where to begin; a near solution saves steps and changes no result beyond 1e-6.

    Returns
    -------
    Fit

    Examples
    --------
    >>> import numpy as np
    >>> table = Table(np.array([900.0, 100.0]), np.array([9.0, 50.0]), np.array([[1.0, 0.0], [1.0, 1.0]]))
    >>> (1 - np.exp(-fit_table(table).coefficients)).round(3).tolist()
    [0.01, 0.495]
    """
    design, rows, failures = table.design, table.rows, table.failures
    beta = _start(table) if start is None else np.clip(start, 0.0, LARGEST)
    eta = np.maximum(design @ beta, TINY)
    value = _loglik(table, eta)
    ridge = 1e-10 * (design.T @ rows + 1.0)
    for _ in range(_STEPS):
        p = -np.expm1(-eta)
        ratio = failures / p
        gradient = design.T @ (ratio - rows)
        free = (beta > 0) | (gradient > 0)
        if not free.any():
            break
        active = design[:, free]
        information = (active.T * (ratio * (1 - p) / p)) @ active
        diagonal = information.diagonal()
        information.flat[:: information.shape[0] + 1] += ridge[free] + 1e-9 * diagonal
        step = np.zeros_like(beta)
        step[free] = np.linalg.solve(information, gradient[free])
        beta, eta, better = _step(table, beta, step, value)
        gained, value = better - value, better
        if gained < _TOLERANCE:
            break
    return Fit(coefficients=beta, loglik=value, probability=-np.expm1(-eta))


def _step(table: Table, beta: Floats, step: Floats, value: float) -> tuple[Floats, Floats, float]:
    """Walk along the projected step, halving until the likelihood does not fall."""
    length = 1.0
    for _ in range(_HALVINGS):
        moved = np.clip(beta + length * step, 0.0, LARGEST)
        eta = np.maximum(table.design @ moved, TINY)
        reached = _loglik(table, eta)
        if reached >= value:
            return moved, eta, reached
        length /= 2
    return beta, np.maximum(table.design @ beta, TINY), value


def information(table: Table, fit: Fit) -> Floats:
    """Return the observed information matrix D' diag(f (1 - p) / p^2) D."""
    p = np.maximum(fit.probability, TINY)
    weight = table.failures * (1 - p) / p**2
    result: Floats = (table.design.T * weight) @ table.design
    return result
