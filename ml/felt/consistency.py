"""How reliably items that nobody answered all of measure one thing: omega and alpha, with intervals by respondent."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ml.felt.factor import alpha, omega, one_factor
from ml.felt.pairs import PairSums, covariances, smoothed
from models.rules.statistics import Z_95

Reals = NDArray[np.float64]

DRAWS = 1_000
AT_ONCE = 100
TAILS = np.array([-Z_95, Z_95])


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval.

    Attributes
    ----------
    value : float or None
        None where there is none to give.
    low, high : float or None
        Both None where nothing tells how sure it is.
    """

    value: float | None
    low: float | None
    high: float | None


NOTHING = Estimate(None, None, None)


@dataclass(frozen=True, slots=True)
class Consistency:
    """What items have in common.

    Attributes
    ----------
    omega, alpha : Estimate
        At most 1.
    loadings : tuple of float
        Correlation of each item with the common factor.
    heywood : tuple of int
        Items that the factor would explain wholly: a sign that one factor, or so few answers, do not do.
    smoothed : bool
        The pairs together were no covariance matrix and were made one.
    converged : bool
        The fit came to rest.
    draws : int
        Draws of respondents that the intervals stand on; those in which an item did not differ are left out.
    """

    omega: Estimate = NOTHING
    alpha: Estimate = NOTHING
    loadings: tuple[float, ...] = ()
    heywood: tuple[int, ...] = ()
    smoothed: bool = False
    converged: bool = True
    draws: int = 0


def constant_items(sums: PairSums) -> tuple[int, ...]:
    """Return the items whose answers are all alike, or alike among those who answered another item too.

    Parameters
    ----------
    sums : PairSums
        Of each respondent; every two items answered together by two forms at least.
    """
    own = np.einsum("bii->bi", covariances(sums.all_together()))[0]
    return tuple(int(place) for place in np.flatnonzero(own <= 0))


def consistency(sums: PairSums, *, draws: int = DRAWS, seed: int = 0) -> Consistency:
    """Estimate omega and alpha.

    Parameters
    ----------
    sums : PairSums
        Of each respondent, of answers in whole numbers from 0 on; every two items answered together by some, and no
        item constant.
    draws, seed : int
        Draws of as many respondents as there are, kept whole, with replacement.

    Returns
    -------
    Consistency

    Notes
    -----
    Intervals are bias-corrected percentiles (Efron 1987): with z0 = Phi^-1(share of draws below the estimate), the
    points at Phi(2 z0 +- 1.96) over the draws. A draw holds pairs of fewer forms than there were, so draws lie below
    the estimate: plain percentiles missed on one side alone. Respondents whose sums are the same are counted and drawn
    together, by a multinomial: the same draws, but their cost grows with how unlike people are and not with how many.

    References
    ----------
    Efron, B. (1987), Better bootstrap confidence intervals, Journal of the American Statistical Association 82:171-185.

    Examples
    --------
    >>> from ml.felt.pairs import pair_sums
    >>> rng = np.random.default_rng(0)
    >>> said = rng.integers(3, size=(400, 1)) + rng.integers(3, size=(400, 4))
    >>> found = consistency(pair_sums(said))
    >>> round(found.omega.value, 1), found.omega.low < found.omega.value < found.omega.high, found.draws
    (0.8, True, 1000)
    """
    given = covariances(sums.all_together())
    whole, changed = smoothed(given)
    factor = one_factor(whole)
    drawn = [_coefficients(each) for each in _drawn(sums, draws, seed)]
    omegas, alphas = (np.concatenate([each[place] for each in drawn]) for place in (0, 1))
    own = np.sqrt(np.einsum("bii->bi", whole))
    return Consistency(
        omega=_estimate(omega(factor)[0], omegas),
        alpha=_estimate(alpha(given)[0], alphas),
        loadings=tuple((factor.loadings / own)[0].tolist()),
        heywood=tuple(int(place) for place in np.flatnonzero(factor.heywood[0])),
        smoothed=bool(changed[0]),
        converged=bool(factor.converged[0]),
        draws=omegas.size,
    )


def _drawn(sums: PairSums, draws: int, seed: int) -> Iterator[Reals]:
    """Yield the covariances of some draws at a time, without those that have a pair or an item to say nothing of."""
    alike, counts = _alike(sums)
    rng = np.random.default_rng(seed)
    respondents = int(counts.sum())
    for begin in range(0, draws, AT_ONCE):
        weights = rng.multinomial(respondents, counts / respondents, size=min(AT_ONCE, draws - begin))
        found = covariances(alike.weighed(weights))
        usable = np.isfinite(found).all(axis=(1, 2)) & (np.einsum("bii->bi", found) > 0).all(axis=1)
        yield found[usable]


def _alike(sums: PairSums) -> tuple[PairSums, NDArray[np.intp]]:
    """Return each sort of respondent once, and how many there are of it."""
    size, items = sums.n.shape[:2]
    rows = np.concatenate([part.reshape(size, -1) for part in (sums.n, sums.total, sums.product)], axis=1)
    # Sorting whole rows takes longer than all the rest: they are told apart by one number of 64 bits made of each.
    by = np.random.default_rng(0).integers(2**64, size=rows.shape[1], dtype=np.uint64)
    _, first, counts = np.unique(rows.astype(np.uint64) @ by, return_index=True, return_counts=True)
    parts = np.split(rows[first], 3, axis=1)
    return PairSums(*(part.reshape(len(first), items, items) for part in parts)), counts


def _coefficients(found: Reals) -> tuple[Reals, Reals]:
    return omega(one_factor(smoothed(found)[0])), alpha(found)


def _estimate(value: float, drawn: Reals) -> Estimate:
    known = drawn[np.isfinite(drawn)]
    if not np.isfinite(value):
        return NOTHING
    if not known.size:
        return Estimate(float(value), None, None)
    # Half a draw at either end: that none was seen there does not make it certain.
    below = np.clip((known < value).mean(), 0.5 / known.size, 1 - 0.5 / known.size)
    low, high = np.quantile(known, ndtr(2 * ndtri(below) + TAILS)).tolist()
    return Estimate(float(value), low, high)
