"""Answers to items of which nobody was asked all: what is known of each item, and of each two that somebody was asked.

Everything is a sum over respondents, who are kept whole: what one of them adds is a row, and a draw of respondents is a
weighing of rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.intervals import numbered

Reals = NDArray[np.float64]

LEAST_EIGENVALUE = 1e-3
"""Of a smoothed matrix, in units of its mean variance."""


@dataclass(frozen=True, slots=True)
class PairSums:
    """Sums over forms by pair of items, of many draws or respondents at once; the diagonal is of single items.

    Attributes
    ----------
    n : ndarray of shape (b, k, k)
        Forms that answer both items.
    total : ndarray of shape (b, k, k)
        Over those, the sum of the first item's answers.
    product : ndarray of shape (b, k, k)
        Over those, the sum of the products of both.
    """

    n: Reals
    total: Reals
    product: Reals

    def weighed(self, weights: ArrayLike) -> "PairSums":
        """Return the sums of respondents taken so often.

        Parameters
        ----------
        weights : array-like of shape (d, b)
            Of each draw how often each respondent was drawn.
        """
        by = np.asarray(weights, dtype=np.float64)
        return PairSums(*(np.tensordot(by, part, axes=1) for part in (self.n, self.total, self.product)))

    def of(self, places: ArrayLike) -> "PairSums":
        """Return the sums of some respondents, by place."""
        chosen = np.asarray(places, dtype=np.intp)
        return PairSums(self.n[chosen], self.total[chosen], self.product[chosen])

    def all_together(self) -> "PairSums":
        """Return the sums of everybody, once each."""
        return PairSums(*(part.sum(axis=0, keepdims=True) for part in (self.n, self.total, self.product)))


def pair_sums(answers: ArrayLike, respondents: ArrayLike | None = None) -> PairSums:
    """Add up the forms of each respondent.

    Parameters
    ----------
    answers : array-like of shape (n, k)
        A row a form, NaN for what was not asked, not answered, or answered with *can't say*.
    respondents : array-like of shape (n,), optional
        Whose each form is; without it each is somebody else's.

    Returns
    -------
    PairSums
        Of one respondent after the other, in the order of `respondents`.

    Examples
    --------
    >>> sums = pair_sums([[4, 3, np.nan], [2, np.nan, 1], [3, 3, np.nan]], ["a", "a", "b"])
    >>> sums.n.shape, sums.all_together().n[0].tolist()
    ((2, 3, 3), [[3.0, 2.0, 1.0], [2.0, 2.0, 0.0], [1.0, 0.0, 1.0]])
    """
    given = np.asarray(answers, dtype=np.float64)
    owner = numbered(respondents, len(given))
    known = np.isfinite(given)
    values = np.where(known, given, 0.0)
    held = known.astype(np.float64)
    shape = (int(owner.max(initial=-1)) + 1, given.shape[1], given.shape[1])
    parts = []
    for first, second in ((held, held), (values, held), (values, values)):
        part = np.zeros(shape)
        np.add.at(part, owner, first[:, :, None] * second[:, None, :])
        parts.append(part)
    return PairSums(*parts)


def covariances(sums: PairSums) -> Reals:
    """Return the covariance of each two items over the forms that answer both.

    Parameters
    ----------
    sums : PairSums

    Returns
    -------
    ndarray of shape (b, k, k)
        NaN where fewer than two forms answer both.

    Notes
    -----
    c_jk = (sum x_j x_k - sum x_j sum x_k / n)/(n - 1), over the n forms with both.

    Examples
    --------
    >>> covariances(pair_sums([[1, 2], [2, 4], [3, 6]]).all_together()).tolist()
    [[[1.0, 2.0], [2.0, 4.0]]]
    """
    n = np.where(sums.n > 1, sums.n, np.nan)
    both = sums.total * sums.total.transpose(0, 2, 1)
    return np.asarray((sums.product - both / n) / (n - 1))


def smoothed(matrices: ArrayLike) -> tuple[Reals, NDArray[np.bool_]]:
    """Return covariance matrices that could be: each pair is over other forms, so together they need not be one.

    Parameters
    ----------
    matrices : array-like of shape (b, k, k)
        Finite, with variances above 0.

    Returns
    -------
    tuple of ndarray
        The matrices, and which of them were changed: those with an eigenvalue below a thousandth of the mean variance.
        Its eigenvalues are raised to that and the variances put back as they were.

    References
    ----------
    Wothke, W. (1993), Nonpositive definite matrices in structural modeling, in Testing Structural Equation Models.

    Examples
    --------
    >>> impossible = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    >>> possible, changed = smoothed([impossible])
    >>> changed.tolist(), bool(np.linalg.eigvalsh(possible).min() > 0), np.diag(possible[0]).round(9).tolist()
    ([True], True, [1.0, 1.0, 1.0])
    """
    given = np.asarray(matrices, dtype=np.float64)
    values, vectors = np.linalg.eigh(given)
    own = np.einsum("bii->bi", given)
    least = LEAST_EIGENVALUE * own.mean(axis=1, keepdims=True)
    changed = np.asarray((values < least).any(axis=1))
    raised = (vectors * np.maximum(values, least)[:, None, :]) @ vectors.transpose(0, 2, 1)
    back = np.sqrt(own / np.einsum("bii->bi", raised))
    mended = raised * back[:, :, None] * back[:, None, :]
    return np.where(changed[:, None, None], mended, given), changed
