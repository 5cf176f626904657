"""Sets that people drew, judged beside the sets that were found: whether the data speak for them, or cannot yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Flags, Indices
from ml.mining.clusters import Customers
from ml.mining.confirmation import benjamini_hochberg, fit_period
from ml.mining.grouping import collapse
from ml.mining.items import Items
from ml.mining.observed import Observed
from ml.mining.report import Figures, figures, rates_without

Support: TypeAlias = Literal["supported", "not_supported", "too_few"]

LEAST_ROWS = 8
LEAST_CUSTOMERS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """What the data say of a set that people drew.

    Attributes
    ----------
    status : {"supported", "not_supported", "too_few"}
    figures : Figures
        Of the rows that were not left aside.
    p_value : float
        One-sided, of the set beside those found.
    rates_without : list of float or None
        Member by member, the rate of the rows that lack only it.
    """

    status: Support
    figures: Figures
    p_value: float
    rates_without: list[float | None]


def judge_proposals(
    X: NDArray[np.floating],
    failed: Flags,
    *,
    stratum: Indices,
    customer: Indices,
    found: Sequence[Items],
    proposed: Sequence[Items],
    aside: Sequence[Flags],
) -> list[Judged]:
    """Judge sets that people drew.

    Parameters
    ----------
    X : ndarray of float, shape (n, m)
        Conditions: 1 present, 0 absent, NaN not observed.
    failed : ndarray of bool, shape (n,)
    stratum, customer : ndarray of int, shape (n,)
        Codes from 0.
    found : sequence of tuple of Item
        The sets mined: what these explain does not speak for another.
    proposed : sequence of tuple of Item
    aside : sequence of ndarray of bool, shape (n,)
        For each proposed set the rows it was drawn from: they cannot speak for it.

    Returns
    -------
    list of Judged
        `too_few` where under 8 rows or 10 customers have the whole set; `supported` where the failures of those are
        more than the found sets explain, the false discovery rate over all proposals held at 5 %.
    """
    judged = [
        _fitted(X, failed, stratum, customer, [*(one for one in found if one != members), members], ~left)
        for members, left in zip(proposed, aside, strict=True)
    ]
    enough = [head.rows >= LEAST_ROWS and head.customers >= LEAST_CUSTOMERS for head, _, _ in judged]
    p_values = np.array([p if tested else 1.0 for (_, p, _), tested in zip(judged, enough, strict=True)])
    passed = np.zeros(len(judged), dtype=bool)
    passed[enough] = benjamini_hochberg(p_values[enough])
    statuses: list[Support] = [
        "too_few" if not tested else "supported" if good else "not_supported"
        for tested, good in zip(enough, passed, strict=True)
    ]
    return [Judged(status, *rest) for status, rest in zip(statuses, judged, strict=True)]


def _fitted(
    X: NDArray[np.floating], failed: Flags, stratum: Indices, customer: Indices, sets: list[Items], kept: Flags
) -> tuple[Figures, float, list[float | None]]:
    """Return the figures of the last of some sets, its p beside the others, and its rates without each member."""
    rows = np.flatnonzero(kept)
    y = failed[rows]
    customers = Customers(np.unique(customer[rows], return_inverse=True)[1].reshape(-1), len(rows))
    observed = Observed(X, rows)
    states = observed.matrix(sets)
    strata = np.unique(stratum[rows], return_inverse=True)[1].reshape(-1)
    fit = fit_period(collapse(y, strata, states), customers)
    last = len(sets) - 1
    head = figures(states[:, last], y, customers, fit, last)
    return head, float(fit.p_value[last]), rates_without(observed, y, sets[last])
