"""Medians from counts: bins a tenth wide that add up over tables, shards and engines, and what lies in their middle.

A database without a median counts what falls into each bin; counts of parts are added, and the median is read from
their sum. Amounts are whole numbers: microseconds, minor units of money.
"""

from collections.abc import Mapping
from math import exp, log

STEPS_A_DOUBLING = 8
LEAST = 1
HALF = 0.5
MOST = 2**50
"""Thirty-five years of microseconds, and more money than anybody is worth; what is more lies in the last bin."""


def _edges() -> tuple[int, ...]:
    edges = [LEAST]
    step = 0
    while edges[-1] < MOST:
        step += 1
        edge = round(LEAST * 2 ** (step / STEPS_A_DOUBLING))
        if edge > edges[-1]:
            edges.append(edge)
    return tuple(edges)


EDGES = _edges()
"""Where bins begin, ascending: bin i holds what is at least edge i and under the next, bin -1 what is under 1."""


def median_of_counts(counts: Mapping[int, int]) -> int | None:
    """Return the median of what was counted, from how many fell into each bin.

    Parameters
    ----------
    counts : mapping of int to int
        By the number of a bin of `EDGES` how many fell into it; -1 is what was under 1.

    Returns
    -------
    int or None
        Between the edges of the bin that the middle lies in, as far in (by ratio) as its rank is; 0 where it was under
        1, None where nothing was counted. It is never further from the median itself than its bin is wide: 9 %,
        of numbers under 20 a little more.

    Raises
    ------
    ValueError
        For a bin that there is not, or a negative count.

    Examples
    --------
    >>> EDGES[24], EDGES[25]
    (38, 41)
    >>> median_of_counts({0: 1, 24: 2, 80: 1})
    39
    """
    if any(not -1 <= place < len(EDGES) or n < 0 for place, n in counts.items()):
        raise ValueError("Counts are of bins there are, and not negative.")
    return quantile_of_counts(counts, HALF)


def quantile_of_counts(counts: Mapping[int, int], share: float) -> int | None:
    """Return what a share of what was counted does not pass, as `median_of_counts` does for one half.

    Parameters
    ----------
    counts : mapping of int to int
        By the number of a bin of `EDGES` how many fell into it; -1 is what was under 1.
    share : float
        Above 0, and 1 at most.

    Returns
    -------
    int or None
        None where nothing was counted.

    Examples
    --------
    >>> quantile_of_counts({24: 9, 80: 1}, 0.9), EDGES[25]
    (41, 41)
    """
    wanted = sum(counts.values()) * share
    before = 0
    for place in sorted(counts):
        if before + counts[place] >= wanted > 0:
            return _within(place, (wanted - before) / counts[place])
        before += counts[place]
    return None


def _within(place: int, share: float) -> int:
    """Return what lies so far, by ratio, between the edges of a bin."""
    if place < 0:
        return 0
    low = EDGES[place]
    high = EDGES[place + 1] if place + 1 < len(EDGES) else low
    return min(max(round(exp(log(low) + share * (log(high) - log(low)))), low), high)
