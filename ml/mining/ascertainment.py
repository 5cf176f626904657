"""Ascertainment: a condition looked for more readily when the case failed says nothing about why it failed."""

import numpy as np
from scipy.stats import norm

from ml.mining.bitsets import Flags
from ml.mining.clusters import Customers
from ml.mining.packed import Flagged, Matrix, packed

_GAP = 0.10
_P = 0.01


def ascertained(X: Matrix, failed: Flags, customers: Customers) -> set[int]:
    """Return the columns with |P(known | failed) - P(known | not)| > .10 at p < .01.

    The variance of the difference is that of as many independent rows times max(1, sum_c (sum_{i in c} u_i)^2 /
    sum_i u_i^2) over customers c, u_i = (failed_i - mean)(known_i - mean): what is known of all cases of one customer
    who failed says as much as one case of theirs.

    Parameters
    ----------
    X : ndarray of float, shape (n, m), or Packed
        NaN means not observed.
    failed : ndarray of bool, shape (n,)
    customers : Customers

    Examples
    --------
    >>> import numpy as np
    >>> X = np.ones((200, 2))
    >>> X[100:, 1] = np.nan
    >>> ascertained(X, np.arange(200) < 100, Customers(None, 200))
    {1}

    The same of two customers is no evidence:

    >>> ascertained(X, np.arange(200) < 100, Customers(np.repeat([0, 1], 100), 200))
    set()
    """
    counts = failed.sum(), (~failed).sum()
    flagged: set[int] = set()
    held = packed(X)
    for column, kept in enumerate(held.columns):
        if isinstance(kept, Flagged) and kept.unknown is None:
            continue
        known = ~np.isnan(held.values(column))
        shares = known[failed].mean(), known[~failed].mean()
        overall = known.mean()
        spread = np.sqrt(overall * (1 - overall) * (1 / counts[0] + 1 / counts[1]))
        gap = abs(shares[0] - shares[1])
        if gap > _GAP and gap > norm.isf(_P / 2) * spread * np.sqrt(_inflation(known, failed, customers)):
            flagged.add(column)
    return flagged


def _inflation(known: Flags, failed: Flags, customers: Customers) -> float:
    """Return how many times the variance is that of independent rows."""
    if not customers.clustered:
        return 1.0
    u = (failed - failed.mean()) * (known - known.mean())
    shared = customers.totals(u)
    return max(1.0, float(shared @ shared) / float(u @ u))
