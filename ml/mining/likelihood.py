"""Sufficient-cause regression on collapsed tables: P(failure) = 1 - exp(-D l), every l >= 0.

The log-likelihood sum f log(1 - exp(-eta)) - (n - f) eta is concave in l, so a projected Newton method with
step halving finds the one maximum. Rothman 1976; Lin & Lee 2016 (doi:10.1038/srep39023).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dposv

from ml.mining.bitsets import Flags, Floats

TINY = 1e-12  # a leak of nothing would forbid a failure outright
LARGEST = 30.0  # completion 1 - 1e-13: further steps change no digit that is shown
_STEPS = 80
_TOLERANCE = 1e-8
_LAST = 1e-6  # a whole step of Newton's that gains no more leaves about the square of it to be gained
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
    return _at(table, coefficients).loglik


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
    at = _at(table, beta)
    ridge = 1e-10 * (design.T @ rows + 1.0)
    for _ in range(_STEPS):
        p = at.probability
        ratio = failures / p
        gradient = design.T @ (ratio - rows)
        free = (beta > 0) | (gradient > 0)
        if not np.count_nonzero(free):
            break
        step = _direction(design, ratio / p - ratio, gradient, free, ridge)
        moved, reached = _step(table, beta, step, at)
        whole = bool((moved == beta + step).all())
        gained, beta, at = reached.loglik - at.loglik, moved, reached
        if gained < (_LAST if whole else _TOLERANCE):
            break
    return Fit(coefficients=beta, loglik=at.loglik, probability=at.probability)


class _At(NamedTuple):
    """The likelihood and the cells' failure probabilities at some coefficients."""

    loglik: float
    probability: Floats


def _at(table: Table, beta: Floats) -> _At:
    eta = np.maximum(table.design @ beta, TINY)
    p = -np.expm1(-eta)
    return _At(float(table.failures @ np.log(p) - (table.rows - table.failures) @ eta), p)


def _direction(design: Floats, weight: Floats, gradient: Floats, free: Flags, ridge: Floats) -> Floats:
    """Return Newton's step among the free coefficients, 0 for those held at the bound."""
    active = design if np.count_nonzero(free) == len(free) else design[:, free]
    information = (active.T * weight) @ active
    information.flat[:: information.shape[0] + 1] += ridge[free] + 1e-9 * information.diagonal()
    _, solved, singular = dposv(information, gradient[free])
    step = np.zeros(len(free))
    step[free] = np.linalg.lstsq(information, gradient[free], rcond=None)[0] if singular else solved
    return step


def _step(table: Table, beta: Floats, step: Floats, now: _At) -> tuple[Floats, _At]:
    """Walk along the projected step, halving until the likelihood does not fall."""
    length = 1.0
    for _ in range(_HALVINGS):
        moved = np.minimum(np.maximum(beta + length * step, 0.0), LARGEST)
        reached = _at(table, moved)
        if reached.loglik >= now.loglik:
            return moved, reached
        length /= 2
    return beta, now


def information(table: Table, fit: Fit) -> Floats:
    """Return the observed information matrix D' diag(f (1 - p) / p^2) D."""
    p = np.maximum(fit.probability, TINY)
    weight = table.failures * (1 - p) / p**2
    result: Floats = (table.design.T * weight) @ table.design
    return result
