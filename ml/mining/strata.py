"""Strata to compare within: those with too few rows are pooled into one, and there are only so many of them.

Every stratum has a leak of its own, and every exact test of a search fits all leaks: a thousand of them take hours, and
a leak that a handful of rows has to itself can explain nothing.
"""

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Indices

LEAST_ROWS = 20
MOST_STRATA = 100


class TooManyStrata(ValueError):  # noqa: N818 - a refusal is named for what is the matter
    """A confounder tells apart more groups than leaks can be fitted for.

    Attributes
    ----------
    code : str
        "too_many_strata".
    most, have : int
        Strata of at least `LEAST_ROWS` rows that are taken, and how many there are.
    """

    code = "too_many_strata"

    def __init__(self, most: int, have: int) -> None:
        super().__init__(
            f"The strata hold {have} groups of {LEAST_ROWS} rows and more: at most {most} are taken. "
            "Name a field with fewer values."
        )
        self.most = most
        self.have = have


def pooled(stratum: Indices) -> tuple[Indices, int]:
    """Pool the strata that hold fewer than 20 rows into one.

    Parameters
    ----------
    stratum : ndarray of int, shape (n,)
        Codes from 0.

    Returns
    -------
    stratum : ndarray of int, shape (n,)
        Codes from 0 without gaps, in the same order; the pool has the last one.
    small : int
        How many strata were pooled; where only one is small it stays as it is, and this is 0.

    Raises
    ------
    TooManyStrata
        More than 100 hold 20 rows and more.

    Examples
    --------
    >>> codes, small = pooled(np.array([0] * 20 + [1, 2, 2] + [3] * 30))
    >>> np.bincount(codes).tolist(), small
    ([20, 30, 3], 2)
    """
    rows = np.bincount(stratum)
    large = rows >= LEAST_ROWS
    if int(large.sum()) > MOST_STRATA:
        raise TooManyStrata(MOST_STRATA, int(large.sum()))
    small: NDArray[np.bool_] = (rows > 0) & ~large
    if int(small.sum()) < 2:  # noqa: PLR2004 - one alone has nothing to be pooled with
        return np.unique(stratum, return_inverse=True)[1].reshape(-1).astype(np.intp), 0
    place = np.cumsum(large) - 1
    place[small] = int(large.sum())
    return place[stratum].astype(np.intp), int(small.sum())
