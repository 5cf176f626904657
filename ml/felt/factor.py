"""One common factor by maximum likelihood, and the two coefficients of reliability, for many matrices at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Reals = NDArray[np.float64]

LEAST_UNIQUE = 0.005
"""The least share of an item's variance that is its own. Below it the likelihood has no more to say."""
TOLERANCE = 1e-8
MOST_STEPS = 5_000
START = 0.5


@dataclass(frozen=True, slots=True)
class OneFactor:
    """What one common factor makes of matrices.

    Attributes
    ----------
    loadings : ndarray of shape (b, k)
        Covariance of each item with the factor, whose variance is 1; their sum is not negative.
    unique : ndarray of shape (b, k)
        Variance of each item that it shares with no other, at least `LEAST_UNIQUE` of all it has.
    heywood : ndarray of bool, shape (b, k)
        The item's unique variance stands at that least: a Heywood case.
    converged : ndarray of bool, shape (b,)
        The last step changed nothing any more.
    """

    loadings: Reals
    unique: Reals
    heywood: NDArray[np.bool_]
    converged: NDArray[np.bool_]


def one_factor(covariances: ArrayLike, *, most_steps: int = MOST_STEPS) -> OneFactor:
    """Fit one common factor to each of some covariance or correlation matrices by maximum likelihood.

    Parameters
    ----------
    covariances : array-like of shape (b, k, k)
        Symmetric, positive definite, k at least 3; see `ml.felt.pairs.smoothed` for those that are not.
    most_steps : int
        After so many it is left where it stands, and said so.

    Returns
    -------
    OneFactor

    Raises
    ------
    ValueError
        Fewer than three items, not square, or an item without variance.

    Notes
    -----
    Minimises log det(S) + tr(C inv(S)), S = l l' + diag(t), t_j >= .005 c_jj, by expectation and maximisation, which
    never steps past its bounds and never does worse than the step before (Rubin and Thayer 1982). With
    b = l' inv(S), found without inverting a matrix: v = 1 - b l + b C b', l <- C b' / v, t <- diag(C) - l (C b').
    A Heywood case is an item that the factor would explain wholly; it is held at the bound, which is that of R's
    `factanal`, and named.

    References
    ----------
    Jöreskog, K. G. (1967), Some contributions to maximum likelihood factor analysis, Psychometrika 32:443-482.
    Rubin, D. B. and Thayer, D. T. (1982), EM algorithms for ML factor analysis, Psychometrika 47:69-76.

    Examples
    --------
    >>> loadings = np.array([0.9, 0.8, 0.7, 0.6])
    >>> exact = np.outer(loadings, loadings) + np.diag(1 - loadings**2)
    >>> one_factor([exact]).loadings.round(4)
    array([[0.9, 0.8, 0.7, 0.6]])
    """
    given = _checked(covariances)
    own = np.einsum("bii->bi", given)
    loadings, unique = _begun(given, own)
    least = LEAST_UNIQUE * own
    moving = np.arange(len(given))
    for _ in range(most_steps):
        before = loadings[moving], unique[moving]
        after = _step(given[moving], own[moving], least[moving], *before)
        loadings[moving], unique[moving] = after
        # In units of each item's own spread, so that the scale of the answers does not say when it is enough.
        moved = (after[0] - before[0]) ** 2 / own[moving] + np.abs(after[1] - before[1]) / own[moving]
        moving = moving[moved.max(axis=1) > TOLERANCE]
        if not moving.size:
            break
    sign = np.where(loadings.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    converged = np.ones(len(given), dtype=bool)
    converged[moving] = False
    return OneFactor(loadings * sign, unique, unique <= least * (1 + TOLERANCE), converged)


def omega(factor: OneFactor) -> Reals:
    """Return McDonald's omega: the share of the sum's variance that the common factor makes.

    Parameters
    ----------
    factor : OneFactor

    Returns
    -------
    ndarray of shape (b,)
        0 where the factor explains nothing of the sum, 1 where it explains all.

    Notes
    -----
    (sum l)^2 / ((sum l)^2 + sum t).

    References
    ----------
    McDonald, R. P. (1999), Test Theory: A Unified Treatment, chapter 6.

    Examples
    --------
    >>> omega(OneFactor(np.full((1, 7), 0.7), np.full((1, 7), 0.51), np.zeros((1, 7), bool), np.ones(1, bool))).round(3)
    array([0.871])
    """
    common = factor.loadings.sum(axis=1) ** 2
    return np.asarray(common / (common + factor.unique.sum(axis=1)))


def alpha(covariances: ArrayLike) -> Reals:
    """Return Cronbach's alpha, which is omega where all items load alike, and below it elsewhere.

    Parameters
    ----------
    covariances : array-like of shape (b, k, k)

    Returns
    -------
    ndarray of shape (b,)
        NaN where the sum of the items has no variance.

    Notes
    -----
    k/(k-1) (1 - sum s_j^2 / s_X^2); s_X^2, the variance of the sum, is the sum of the whole matrix.

    References
    ----------
    Cronbach, L. J. (1951), Coefficient alpha and the internal structure of tests, Psychometrika 16:297-334.

    Examples
    --------
    >>> alpha([np.full((7, 7), 0.49) + 0.51 * np.eye(7)]).round(3)
    array([0.871])
    """
    given = np.asarray(covariances, dtype=np.float64)
    items = given.shape[-1]
    total = given.sum(axis=(1, 2))
    own = np.einsum("bii->b", given)
    share = np.divide(own, total, out=np.full_like(total, np.nan), where=total > 0)
    return np.asarray(items / (items - 1) * (1 - share))


def _checked(covariances: ArrayLike) -> Reals:
    given = np.asarray(covariances, dtype=np.float64)
    if given.ndim != 3 or given.shape[1] != given.shape[2] or given.shape[1] < 3:  # noqa: PLR2004 - see the docstring
        raise ValueError("covariances are square matrices of three items or more, one after the other")
    if not (np.einsum("bii->bi", given) > 0).all():
        raise ValueError("every item needs variance")
    return given


def _begun(given: Reals, own: Reals) -> tuple[Reals, Reals]:
    """Return where to begin: along the first principal axis, half of each item's variance its own."""
    axis = np.linalg.eigh(given)[1][:, :, -1]
    return axis * np.sqrt(START * own * given.shape[-1]), START * own


def _step(given: Reals, own: Reals, least: Reals, loadings: Reals, unique: Reals) -> tuple[Reals, Reals]:
    weighed = loadings / unique
    spare = 1 / (1 + (weighed * loadings).sum(axis=1, keepdims=True))
    b = weighed * spare
    with_factor = np.einsum("bij,bj->bi", given, b)
    variance = spare + (b * with_factor).sum(axis=1, keepdims=True)
    after = with_factor / variance
    return after, np.maximum(own - after * with_factor, least)
