"""Ascertainment: a condition looked for more readily when the case failed says nothing about why it failed."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ml.mining.bitsets import Flags

_GAP = 0.10
_P = 0.01


def ascertained(X: NDArray[np.floating], failed: Flags) -> set[int]:
    """Return the columns with |P(known | failed) - P(known | not)| > .10 at p < .01.

    Parameters
    ----------
    X : ndarray of float, shape (n, m)
        NaN means not observed.
    failed : ndarray of bool, shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> X = np.ones((200, 2))
    >>> X[100:, 1] = np.nan
    >>> ascertained(X, np.arange(200) < 100)
    {1}
    """
    counts = failed.sum(), (~failed).sum()
    flagged: set[int] = set()
    for column in np.flatnonzero(np.isnan(X.sum(axis=0))):
        known = ~np.isnan(X[:, column])
        shares = known[failed].mean(), known[~failed].mean()
        overall = known.mean()
        spread = np.sqrt(overall * (1 - overall) * (1 / counts[0] + 1 / counts[1]))
        gap = abs(shares[0] - shares[1])
        if gap > _GAP and gap > norm.isf(_P / 2) * spread:
            flagged.add(int(column))
    return flagged
