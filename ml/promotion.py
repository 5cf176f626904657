"""Whether a candidate did worse than the champion, on the same customers and forward in time.

numpy alone: a worker compares, the API process reads what was stored.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.intervals import numbered

TAILS = (0.025, 0.975)
DRAWS = 400
LEAST_CUSTOMERS = 30
LEAST_DEPARTURES = 10
SMALLEST = 1e-12

Reals = NDArray[np.float64]
Reason = Literal["better", "no_difference", "worse", "too_few", "no_champion"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a candidate did beside the champion on rows neither was fitted to.

    Attributes
    ----------
    worse : bool
        The whole interval of the difference lies above 0: promoting it asks for a reason.
    difference : float or None
        The candidate's mean log-loss less the champion's, in nats a row; below 0 the candidate did better. None where
        nothing was compared.
    low, high : float or None
        95 % interval of the difference, whole customers drawn.
    rows, customers, departures : int
        What it stands on: rows, distinct customers, distinct customers who left.
    reason : str
        `better`, `worse`, `no_difference` (the interval holds 0), `too_few` (fewer than 30 customers or 10 departures),
        `no_champion` (there was nothing to compare with).
    """

    worse: bool
    difference: float | None
    low: float | None
    high: float | None
    rows: int
    customers: int
    departures: int
    reason: Reason

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain JSON data."""
        return asdict(self)


NOTHING_COMPARED = Comparison(
    worse=False, difference=None, low=None, high=None, rows=0, customers=0, departures=0, reason="no_champion"
)


def compare(
    outcome: ArrayLike,
    champion: ArrayLike,
    candidate: ArrayLike,
    customers: ArrayLike | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Comparison:
    """Compare two models' probabilities of the same rows by mean log-loss, paired, customers whole.

    Parameters
    ----------
    outcome : array-like of shape (n,)
        1 where the customer left, else 0.
    champion, candidate : array-like of shape (n,)
        Probabilities, by models that did not learn from these rows.
    customers : array-like of shape (n,), optional
        The customer of each row; without it every row is its own.
    draws, seed : int
        Bootstrap draws of whole customers, and their seed: the same input gives the same answer.

    Raises
    ------
    ValueError
        Arrays that differ in length, or a probability that is not one.

    Notes
    -----
    Both models are judged on the same rows, so what makes a row hard for both cancels. The interval is the percentile
    bootstrap of the mean difference over customers (Efron and Tibshirani 1993, An Introduction to the Bootstrap,
    chapter 13). A candidate is *worse* only where the interval says so; `no_difference` does not show that both are
    equally good.

    Examples
    --------
    >>> left = np.arange(400) % 4 == 0
    >>> compare(left, np.where(left, 0.6, 0.2), np.full(400, 0.25)).reason
    'worse'
    """
    left, said, asked = _checked(outcome, champion, candidate)
    owner = numbered(customers, left.size)
    more = _loss(left, asked) - _loss(left, said)
    departures = int(np.unique(owner[left == 1]).size)
    seen = int(np.unique(owner).size)
    if seen < LEAST_CUSTOMERS or departures < LEAST_DEPARTURES:
        return Comparison(False, None, None, None, left.size, seen, departures, "too_few")
    low, high = _interval(more, owner, draws, seed)
    reason: Reason = "worse" if low > 0 else "better" if high < 0 else "no_difference"
    return Comparison(low > 0, float(more.mean()), low, high, left.size, seen, departures, reason)


def _interval(more: Reals, owner: NDArray[np.intp], draws: int, seed: int) -> tuple[float, float]:
    """Return the bootstrap interval of the mean: customers' totals are drawn, which is drawing customers whole."""
    total, count = np.bincount(owner, more), np.bincount(owner)
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    for draw in range(draws):
        times = np.bincount(rng.integers(count.size, size=count.size), minlength=count.size)
        means[draw] = (times @ total) / (times @ count)
    low, high = np.quantile(means, TAILS)
    return float(low), float(high)


def _loss(left: Reals, risk: Reals) -> Reals:
    kept = np.clip(risk, SMALLEST, 1 - SMALLEST)
    return np.asarray(-np.where(left == 1, np.log(kept), np.log1p(-kept)))


def _checked(*arrays: ArrayLike) -> list[Reals]:
    checked = [np.asarray(array, dtype=np.float64) for array in arrays]
    if len({array.shape for array in checked}) != 1 or checked[0].ndim != 1:
        raise ValueError("outcome, champion and candidate are arrays of one length")
    if not all(((array >= 0) & (array <= 1)).all() for array in checked) or not np.isin(checked[0], (0, 1)).all():
        raise ValueError("an outcome is 0 or 1, and a risk is a probability")
    return checked
