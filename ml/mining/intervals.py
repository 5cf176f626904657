"""Intervals that count customers and not rows."""

import numpy as np
from scipy.stats import t

from ml.mining.bitsets import Floats

Z = 1.959963984540054
_Z_ONE_SIDED = 1.6448536269514722
_SURE = 15.0  # an l beyond this is a completion of 1 to six digits: its standard error says nothing


def rate_interval(failures: Floats, rows: Floats) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share with customers as clusters.

    Parameters
    ----------
    failures, rows : ndarray of float, shape (customers,)
        Each customer's failures k and rows m; customers without rows are left out.

    Returns
    -------
    tuple of float
        With v = N/(N-1) (sum k^2 - 2p sum km + p^2 sum m^2)/n^2 and n_e = min(n, p(1-p)/v), corrected by
        (1.96/t)^2 for few clusters; [0, 1] for a single customer or none.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = rate_interval(np.repeat([1.0, 0.0], 50), np.ones(100))
    >>> round(low, 3), round(high, 3)
    (0.402, 0.598)
    """
    present = rows > 0
    k, m = failures[present], rows[present]
    if len(m) < 2:  # noqa: PLR2004 - one cluster has no variance
        return 0.0, 1.0
    n, squares = float(m.sum()), float(m @ m)
    p = float(k.sum()) / n
    effective = _effective(k, m, p)
    freedom = max(n**2 / squares - 1, 1e-3)
    star = effective * (Z / float(t.ppf(0.975, freedom))) ** 2
    centre = p + Z**2 / (2 * star)
    half = Z * np.sqrt(p * (1 - p) / star + Z**2 / (4 * star**2))
    scale = 1 + Z**2 / star
    # Where all failed or none did, rounding would leave the rate outside.
    return max(0.0, min(p, float((centre - half) / scale))), min(1.0, max(p, float((centre + half) / scale)))


def effective_rows(failures: Floats, rows: Floats) -> tuple[float, float]:
    """Return a share and how many independent rows would tell as much of it, customers as clusters.

    Parameters
    ----------
    failures, rows : ndarray of float, shape (customers,)
        As for `rate_interval`; at least two customers with rows.

    Returns
    -------
    tuple of float
        p and n_e = min(n, p(1-p)/v); the number of customers where nothing varies.

    Examples
    --------
    Ten rows each of ten customers, who fail always or never, tell no more than ten rows (n_e loses one of ten to N-1):

    >>> import numpy as np
    >>> effective_rows(np.repeat([10.0, 0.0], 5), np.full(10, 10.0))
    (0.5, 9.0)
    """
    present = rows > 0
    k, m = failures[present], rows[present]
    p = float(k.sum()) / float(m.sum())
    return p, _effective(k, m, p)


def _effective(k: Floats, m: Floats, p: float) -> float:
    customers, n = len(m), float(m.sum())
    v = customers / (customers - 1) * (float(k @ k) - 2 * p * float(k @ m) + p * p * float(m @ m)) / n**2
    return min(n, p * (1 - p) / v) if v > 1e-15 else float(customers)  # noqa: PLR2004 - rounding of zero


def completion_interval(length: float, error: float, customers: int) -> tuple[float, float]:
    """Return the 95 % interval of a completion 1 - exp(-l).

    Parameters
    ----------
    length : float
        The estimate l.
    error : float
        Its standard error.
    customers : int
        Customers with the complete set; decides the lower limit where every one of them failed.

    Returns
    -------
    tuple of float
        On the log scale of l where l > 2 se, else [0, one-sided upper limit].

    Examples
    --------
    >>> [round(limit, 3) for limit in completion_interval(0.5, 0.1, 80)]
    [0.287, 0.523]
    """
    if length >= _SURE:
        return float(0.025 ** (1 / max(customers, 1))), 1.0
    if length <= 2 * error or length <= 0:
        return 0.0, float(-np.expm1(-length - _Z_ONE_SIDED * error))
    factor = np.exp(Z * error / length)
    return float(-np.expm1(-length / factor)), float(-np.expm1(-length * factor))
