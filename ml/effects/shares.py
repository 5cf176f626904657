"""A share before and after, customers as clusters, and how probable so low a one were if nothing had changed."""

from dataclasses import dataclass

import numpy as np

from ml.mining.bitsets import Flags, Indices
from models.rules.shifts import SharedSums, shift_probability
from models.rules.statistics import ClusterSums, ShareInterval, share_interval


@dataclass(frozen=True, slots=True)
class Change:
    """A share before and after.

    Attributes
    ----------
    before, after : ShareInterval
        With 95 % intervals and n, customers as clusters.
    customers_before, customers_after : int
    fall, rise : float or None
        One-sided p of so low, or so high, a share after were nothing changed; None with too few customers to say.
    """

    before: ShareInterval
    after: ShareInterval
    customers_before: int
    customers_after: int
    fall: float | None
    rise: float | None


def change(holds: Flags, before: Flags, after: Flags, customer: Indices) -> Change:
    """Compare a share in two lots of rows.

    Parameters
    ----------
    holds : ndarray of bool, shape (n,)
    before, after : ndarray of bool, shape (n,)
        Which rows are counted.
    customer : ndarray of int, shape (n,)
        Codes from 0.

    Notes
    -----
    A score test: variances over customers about the common share; whoever is in both lots ties them together
    (`models.rules.shifts`). Two-sided there, halved here on the side asked about.

    Examples
    --------
    >>> rows = np.arange(400)
    >>> told = change(rows % 4 == 0, rows < 200, rows >= 200, rows)
    >>> told.before.value, told.fall
    (0.25, 0.5)
    """
    k, m = _totals(holds & before, before, customer)
    k_after, m_after = _totals(holds & after, after, customer)
    first, last = _sums(k, m), _sums(k_after, m_after)
    shared = SharedSums(float(k @ k_after), float(k_after @ m), float(m_after @ k), float(m @ m_after))
    p = shift_probability(first, last, shared)
    fall = rise = None
    if p is not None:
        lower = last.total * first.n < first.total * last.n
        higher = last.total * first.n > first.total * last.n
        fall = p / 2 if lower else 1 - p / 2
        rise = p / 2 if higher else 1 - p / 2
    return Change(share_interval(first), share_interval(last), first.customers, last.customers, fall, rise)


def _totals(holds: Flags, counted: Flags, customer: Indices) -> tuple[Indices, Indices]:
    size = int(customer.max(initial=-1)) + 1
    k = np.bincount(customer[holds], minlength=size)
    m = np.bincount(customer[counted], minlength=size)
    return k.astype(np.intp), m.astype(np.intp)


def _sums(k: Indices, m: Indices) -> ClusterSums:
    return ClusterSums(
        customers=int((m > 0).sum()),
        n=int(m.sum()),
        total=int(k.sum()),
        total_squared=int(k @ k),
        total_by_n=int(k @ m),
        n_squared=int(m @ m),
        row_squares=int(k.sum()),
    )
