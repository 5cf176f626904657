"""Shares and means of rows with their intervals, customers as clusters: arrays into `models.rules.statistics`."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.rules.statistics import ClusterSums, ShareInterval, mean_interval, share_interval


def share_by_customer(holds: ArrayLike, customers: ArrayLike) -> ShareInterval:
    """Return the share of rows that hold, with its 95 % interval by customer.

    Parameters
    ----------
    holds : array-like of bool, shape (n,)
    customers : array-like of shape (n,)
        The customer of each row.

    Examples
    --------
    >>> share = share_by_customer(np.arange(100) % 4 == 0, np.arange(100))
    >>> round(share.low, 2), share.value, round(share.high, 2)
    (0.17, 0.25, 0.34)
    """
    return share_interval(_sums(np.asarray(holds, dtype=bool).astype(np.float64), customers))


def mean_by_customer(values: ArrayLike, customers: ArrayLike) -> ShareInterval:
    """Return the mean of rows with its 95 % interval by customer.

    Parameters
    ----------
    values : array-like of shape (n,)
        Finite numbers.
    customers : array-like of shape (n,)

    Examples
    --------
    >>> mean_by_customer([1.0, 3.0, 2.0], ["a", "b", "c"]).value
    2.0
    """
    return mean_interval(_sums(np.asarray(values, dtype=np.float64), customers))


def numbered(groups: ArrayLike | None, size: int) -> NDArray[np.intp]:
    """Return the customer's number of each row, from 0; without groups every row is its own.

    Raises
    ------
    ValueError
        Not one customer for each row.
    """
    if groups is None:
        return np.arange(size)
    owner = np.unique(np.asarray(groups), return_inverse=True)[1]
    if owner.shape != (size,):
        raise ValueError("groups names one customer for each row")
    return np.asarray(owner)


def _sums(values: NDArray[np.float64], customers: ArrayLike) -> ClusterSums:
    owner = numbered(customers, values.size)
    count, total = np.bincount(owner), np.bincount(owner, values)
    return ClusterSums(
        customers=count.size,
        n=values.size,
        total=float(total.sum()),
        total_squared=float(total @ total),
        total_by_n=float(total @ count),
        n_squared=int(count @ count),
        row_squares=float(values @ values),
    )
