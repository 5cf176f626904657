"""The arithmetic under `ml.risk`: the mode of a logistic likelihood with a Gaussian prior, and its covariance.

Pure functions of arrays. The first column of every `rows` is 1, so the first weight is the intercept.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

ARMIJO = 1e-4
SHORTEST = 1e-8
ROWS_AT_ONCE = 16_384
CUSTOMERS_AT_ONCE = 1_024

Reals = NDArray[np.float64]


class Evidence(NamedTuple):
    """Rows learnt from: design of shape (n, p + 1), outcome 0 or 1, weight, and the customer's number of each."""

    rows: Reals
    target: Reals
    weight: Reals
    owner: NDArray[np.intp]

    def of(self, chosen: NDArray[np.generic]) -> "Evidence":
        """Return the chosen rows, by number or mask."""
        return Evidence(*(array[chosen] for array in self))

    @property
    def customers(self) -> int:
        """How many distinct customers have a row."""
        return np.unique(self.owner).size

    @property
    def departures(self) -> int:
        """How many distinct customers left in a row that weighs anything."""
        return np.unique(self.owner[(self.weight > 0) & (self.target == 1)]).size


class Prior(NamedTuple):
    """Independent Gaussian priors, the intercept's first; `strength` scales all other sds while fitting."""

    mean: Reals
    sd: Reals
    strength: float = 1.0

    @property
    def precision(self) -> Reals:
        """One over the variance that holds the weights while fitting, shape (p + 1,)."""
        scaled = self.strength * self.sd
        scaled[0] = self.sd[0]
        return np.asarray(scaled**-2.0)


def row_loss(log_odds: Reals, target: Reals) -> Reals:
    """Return each row's negative log-likelihood."""
    return np.asarray(np.logaddexp(0.0, log_odds) - target * log_odds)


def posterior_mode(evidence: Evidence, prior: Prior, *, max_iter: int, tol: float) -> tuple[Reals, int]:
    """Return the weights of greatest posterior density and the Newton steps taken.

    The objective is strictly concave, so damped Newton from the prior mean cannot end elsewhere. It stops once the
    gain a further step promises is below `tol` of the objective.
    """
    rows, target, weight, _ = evidence
    beta = prior.mean.copy()
    value = _objective(evidence, prior, beta)
    for step in range(1, max_iter + 1):
        p = expit(rows @ beta)
        gradient = rows.T @ (weight * (target - p)) - prior.precision * (beta - prior.mean)
        direction = cho_solve(cho_factor(_information(evidence, prior, p)), gradient)
        promise = float(gradient @ direction)
        if promise <= tol * max(1.0, abs(value)):
            return beta + direction, step
        length = 1.0
        trial = _objective(evidence, prior, beta + direction)
        while trial < value + ARMIJO * length * promise and length > SHORTEST:
            length /= 2
            trial = _objective(evidence, prior, beta + length * direction)
        beta, value = beta + length * direction, trial
    return beta, max_iter


def posterior_covariance(evidence: Evidence, prior: Prior, beta: Reals) -> Reals:
    """Return V = H^-1 (S + P D P) H^-1 of `PriorLogistic`'s notes, shape (p + 1, p + 1)."""
    rows, target, weight, owner = evidence
    p = expit(rows @ beta)
    order = np.argsort(owner, kind="stable")
    starts = np.flatnonzero(np.diff(owner[order], prepend=-1))
    few = starts.size / max(starts.size - 1, 1)
    meat = few * _clustered(rows, weight * (target - p), order, starts) + np.diag((prior.precision * prior.sd) ** 2)
    bread = cho_factor(_information(evidence, prior, p))
    covariance = cho_solve(bread, cho_solve(bread, meat).T)
    return np.asarray((covariance + covariance.T) / 2)


def _clustered(rows: Reals, residual: Reals, order: NDArray[np.intp], starts: NDArray[np.intp]) -> Reals:
    """Return the sum over customers of their score's outer product; `order` puts each one's rows from `starts` on."""
    total = np.zeros((rows.shape[1], rows.shape[1]))
    for begin in range(0, len(starts), CUSTOMERS_AT_ONCE):
        theirs = starts[begin : begin + CUSTOMERS_AT_ONCE]
        end = starts[begin + CUSTOMERS_AT_ONCE] if begin + CUSTOMERS_AT_ONCE < len(starts) else len(order)
        some = order[theirs[0] : end]
        scores = np.add.reduceat(rows[some] * residual[some, None], theirs - theirs[0])
        total += scores.T @ scores
    return total


def _objective(evidence: Evidence, prior: Prior, beta: Reals) -> float:
    likelihood = -evidence.weight @ row_loss(evidence.rows @ beta, evidence.target)
    return float(likelihood - 0.5 * prior.precision @ (beta - prior.mean) ** 2)


def _information(evidence: Evidence, prior: Prior, p: Reals) -> Reals:
    information = np.diag(prior.precision)
    weight = evidence.weight * p * (1 - p)
    for start in range(0, len(weight), ROWS_AT_ONCE):  # in pieces: rows weighed are never all there a second time
        some = slice(start, start + ROWS_AT_ONCE)
        information += (evidence.rows[some].T * weight[some]) @ evidence.rows[some]
    return np.asarray(information)
