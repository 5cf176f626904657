"""Weeks before and after a countermeasure went live: whole ones, counted from that moment."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Flags, Indices

WEEK_US = 7 * 86_400_000_000
BASELINE_WEEKS = 52
FOLLOWED_WEEKS = 26
"""What is compared with the baseline is the last half year: an effect has to be there still."""


@dataclass(frozen=True, slots=True)
class Weeks:
    """The week of every case, 0 the first after going live; and from which week to which cases count.

    Attributes
    ----------
    week : ndarray of int, shape (n,)
    first, end : int
        Whole weeks only: first <= week < end.
    """

    week: Indices
    first: int
    end: int

    def between(self, first: int, end: int) -> Flags:
        """Tell which cases lie in some weeks."""
        within: Flags = (self.week >= first) & (self.week < end)
        return within

    @property
    def before(self) -> Flags:
        """Cases of the weeks before going live."""
        return self.between(self.first, 0)

    @property
    def after(self) -> Flags:
        """Cases since, of the last half year."""
        return self.between(max(0, self.end - FOLLOWED_WEEKS), self.end)


def weeks_of(times_us: NDArray[np.int64], live_us: int, now_us: int, *, baseline_us: int | None = None) -> Weeks:
    """Count weeks from a moment.

    Parameters
    ----------
    times_us : ndarray of int, shape (n,)
        When each case has its place, UTC microseconds.
    live_us, now_us : int
        When the countermeasure went live, and now.
    baseline_us : int, optional
        Nothing before this moment counts: the conditions were singled out by those cases.

    Examples
    --------
    >>> told = weeks_of(np.array([0, 8, 15, 20]) * WEEK_US // 7, 14 * WEEK_US // 7, 22 * WEEK_US // 7)
    >>> told.week.tolist(), told.first, told.end
    ([-2, -1, 0, 0], -52, 1)
    """
    week = (times_us - live_us) // WEEK_US
    first = -BASELINE_WEEKS
    if baseline_us is not None:
        first = max(first, -max(0, (live_us - baseline_us) // WEEK_US))
    return Weeks(week.astype(np.intp), int(first), max(0, int((now_us - live_us) // WEEK_US)))


def weekly(week: Indices, holds: Flags, counted: Flags) -> list[tuple[int, int, int]]:
    """Return (week, k rows that hold, n rows counted) of every week that has any, in order.

    Examples
    --------
    >>> weekly(np.array([0, 0, 1]), np.array([True, False, True]), np.array([True, True, True]))
    [(0, 1, 2), (1, 1, 1)]
    """
    rows = week[counted]
    distinct, place = np.unique(rows, return_inverse=True)
    n = np.bincount(place.reshape(-1), minlength=len(distinct))
    k = np.bincount(place.reshape(-1), weights=holds[counted].astype(float), minlength=len(distinct))
    return [(int(w), int(held), int(rows)) for w, held, rows in zip(distinct, k, n, strict=True)]
