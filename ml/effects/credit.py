"""How readily failures followed a complete set before and after, beside all other sets, and how often they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.effects.shares import Change, change
from ml.effects.weeks import Weeks
from ml.mining.bitsets import Flags, Floats, Indices
from ml.mining.clusters import Customers, covariance
from ml.mining.grouping import collapse
from ml.mining.intervals import completion_interval
from ml.mining.items import Items
from ml.mining.observed import PRESENT, UNDETERMINED, Observed

LEAST_ROWS = 8
_START = 0.2


@dataclass(frozen=True, slots=True)
class Fitted:
    """Sets fitted on some rows.

    Attributes
    ----------
    leak : float
        l0 of the rows whose membership in every set is known.
    lengths, errors : ndarray of float, shape (sets,)
    """

    leak: float
    lengths: Floats
    errors: Floats

    def risk(self, states: NDArray[np.int8]) -> Floats:
        """Return P(failure) of rows with these states; what is undetermined counts as absent."""
        risk: Floats = -np.expm1(-np.maximum(self.leak + (states == PRESENT) @ self.lengths, 1e-9))
        return risk


def fit(failed: Flags, states: NDArray[np.int8], customer: Indices) -> Fitted:
    """Fit sets on rows, customers as clusters.

    Parameters
    ----------
    failed : ndarray of bool, shape (n,)
    states : ndarray of int8, shape (n, sets)
    customer : ndarray of int, shape (n,)
    """
    k = states.shape[1]
    grouping = collapse(failed, np.zeros(len(failed), dtype=np.intp), states)
    found = grouping.cells.fit(range(k), np.full(k, _START))
    table = grouping.cells.table(range(k))
    leaks = table.design.shape[1] - k
    whose = Customers(np.unique(customer, return_inverse=True)[1].reshape(-1), len(failed))
    robust = covariance(table, found, grouping.codes, failed, whose)
    # Leak strata come in the order of their codes: where membership is known comes first.
    return Fitted(
        float(found.coefficients[0]),
        found.coefficients[leaks:],
        np.sqrt(np.maximum(np.diag(robust)[leaks:], 0.0)),
    )


@dataclass(frozen=True, slots=True)
class Failures:
    """A set's failures before and after.

    Attributes
    ----------
    before, after : dict
        Completion with its interval, and the rows and customers with the whole set; no value under 8 rows.
    joint : Change
        The share of cases in which the set was complete and the failure followed.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    joint: Change


def failures(
    X: NDArray[np.floating], failed: Flags, weeks: Weeks, customer: Indices, sets: Sequence[Items]
) -> Failures:
    """Compare the failures of a set before and after.

    Parameters
    ----------
    X : ndarray of float, shape (n, m)
    failed : ndarray of bool, shape (n,)
    weeks : Weeks
    customer : ndarray of int, shape (n,)
    sets : sequence of tuple of Item
        The set asked about first; the others are fitted beside it.
    """
    states = Observed(X).matrix(sets)
    complete, known = states[:, 0] == PRESENT, states[:, 0] != UNDETERMINED
    joint = change(complete & failed, weeks.before & known, weeks.after & known, customer)
    lots = (weeks.before, weeks.after)
    before, after = (_completion(failed[lot], states[lot], customer[lot]) for lot in lots)
    return Failures(before, after, joint)


def _completion(failed: Flags, states: NDArray[np.int8], customer: Indices) -> dict[str, Any]:
    complete = states[:, 0] == PRESENT
    rows, customers = int(complete.sum()), len(np.unique(customer[complete]))
    told: dict[str, Any] = {"value": None, "low": 0.0, "high": 1.0, "n": rows, "customers": customers}
    if rows < LEAST_ROWS or not failed.any():
        return told
    found = fit(failed, states, customer)
    low, high = completion_interval(float(found.lengths[0]), float(found.errors[0]), customers)
    return {**told, "value": float(-np.expm1(-found.lengths[0])), "low": low, "high": high}
