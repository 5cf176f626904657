"""Sets that people drew, judged beside the sets that were found: whether the data speak for them, or cannot yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Flags, Indices
from ml.mining.clusters import Customers
from ml.mining.confirmation import benjamini_hochberg, fit_period
from ml.mining.grouping import collapse
from ml.mining.items import Items
from ml.mining.measures import Fitted, Measures, measures
from ml.mining.observed import Observed
from ml.mining.report import Effect, Figures, effect, essentialities, figures, lacking, rates_without

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
    essentiality : list of float or None
        Member by member, as of a set that was found.
    effect : Effect
        What would stay away without it; credited is what the found sets would leave it.
    near : int
        Customers with all members but one.
    measures : Measures
        What else is said of it.
    """

    status: Support
    figures: Figures
    p_value: float
    rates_without: list[float | None]
    essentiality: list[float | None]
    effect: Effect
    near: int
    measures: Measures


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
        _judged(X, failed, stratum, customer, [*(one for one in found if one != members), members], ~left)
        for members, left in zip(proposed, aside, strict=True)
    ]
    enough = [one.figures.rows >= LEAST_ROWS and one.figures.customers >= LEAST_CUSTOMERS for one in judged]
    passed = np.zeros(len(judged), dtype=bool)
    passed[enough] = benjamini_hochberg(np.array([one.p_value for one in judged])[enough])
    return [
        replace(one, status="too_few" if not tested else "supported" if good else "not_supported")
        for one, tested, good in zip(judged, enough, passed, strict=True)
    ]


def _judged(
    X: NDArray[np.floating], failed: Flags, stratum: Indices, customer: Indices, sets: list[Items], kept: Flags
) -> Judged:
    """Return what is said of the last of some sets beside the others, but for how that is called."""
    rows = np.flatnonzero(kept)
    y = failed[rows]
    customers = Customers(np.unique(customer[rows], return_inverse=True)[1].reshape(-1), len(rows))
    observed = Observed(X, rows)
    states = observed.matrix(sets)
    grouping = collapse(y, np.unique(stratum[rows], return_inverse=True)[1].reshape(-1), states)
    fit = fit_period(grouping, customers)
    last, members = len(sets) - 1, sets[-1]
    head = figures(states[:, last], y, customers, fit, last)
    whole = Fitted(observed, states, grouping, customers, fit)
    near = lacking(observed, members) if len(members) > 1 else []
    return Judged(
        status="too_few",
        figures=head,
        p_value=float(fit.p_value[last]),
        rates_without=rates_without(observed, y, members),
        essentiality=essentialities(observed, grouping, members, last),
        effect=effect(states[:, last], y, fit, last, head.low),
        near=customers.distinct(np.logical_or.reduce(near)) if near else 0,
        measures=measures(whole, whole, sets, last),
    )
