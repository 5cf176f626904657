"""Shares of small groups, each drawn towards what all have in common as far as its own few rows leave room.

A team of five cases is not the best or the worst of all because of two of them. What was counted stands beside every
figure; a group is a team, a channel or a need, and never a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from models.rules.quantiles import beta_cdf

BOOTSTRAPS = 200
LEAST_ALIKE, MOST_ALIKE = 0.01, 0.9
_TAIL = 0.025
_HALVINGS = 10


@dataclass(frozen=True, slots=True)
class Common:
    """What groups have in common: a beta distribution of their shares.

    Parameters
    ----------
    mean : float
        mu: the share over all rows, kept off 0 and 1 by half a row.
    alike : float
        rho: how much rows of one group resemble each other, .01-.9.
    """

    mean: float
    alike: float

    @property
    def rows(self) -> float:
        """M: with so many rows of its own a group counts half."""
        return 1 / self.alike - 1


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A group's share.

    Parameters
    ----------
    k, n : int
        What was counted.
    value : float
        (k + mu M)/(n + M).
    low, high : float
        The 95 % interval.
    """

    k: int
    n: int
    value: float
    low: float
    high: float


def common_to(groups: Sequence[tuple[int, int]]) -> Common:
    """Return what groups have in common.

    Parameters
    ----------
    groups : Sequence[tuple[int, int]]
        Of each group k rows that hold, of n > 0. At least one.

    Notes
    -----
    rho = [sum n (p - mu)^2 - (G-1) mu (1-mu)] / {[N - sum n^2/N - (G-1)] mu (1-mu)}: the beta-binomial's correlation by
    moments (Kleinman 1973). One group, or groups of one row each, show nothing of it: the least is taken.

    Examples
    --------
    >>> found = common_to([(9, 10), (40, 100), (3, 10), (55, 100)])
    >>> round(found.mean, 3), round(found.alike, 3)
    (0.486, 0.079)
    """
    rows = sum(n for _, n in groups)
    mean = min(max(sum(k for k, _ in groups), 0.5), rows - 0.5) / rows
    others, variance = len(groups) - 1, mean * (1 - mean)
    room = (rows - sum(n * n for _, n in groups) / rows - others) * variance
    spread = sum(n * (k / n - mean) ** 2 for k, n in groups) - others * variance
    alike = spread / room if room > 0 else 0.0
    return Common(mean, min(max(alike, LEAST_ALIKE), MOST_ALIKE))


def shrunk(groups: Sequence[tuple[int, int]], *, seed: int = 0) -> list[Shrunk]:
    """Return the share of each group with its interval.

    Parameters
    ----------
    groups : Sequence[tuple[int, int]]
        Of each group k rows that hold, of n. Groups without rows get what all have in common.
    seed : int
        Of the 200 draws of groups: the same groups give the same intervals.

    Returns
    -------
    list[Shrunk]
        In the order given; empty where no group has a row.

    Notes
    -----
    Empirical Bayes (Efron and Morris 1975) with the uncertainty of mu and M in it: the interval is that of a mixture of
    the betas that 200 bootstraps over groups give (Laird and Louis 1987), not of one beta taken for certain.

    Examples
    --------
    >>> best, *_ = shrunk([(5, 5), (40, 100), (48, 100), (55, 100)])
    >>> round(best.value, 2), round(best.low, 2), round(best.high, 2)
    (0.56, 0.39, 0.95)
    """
    known = [(k, n) for k, n in groups if n]
    if not known:
        return []
    chance = Random(seed)  # noqa: S311 - the same draws each time, no secret
    drawn = [common_to(chance.choices(known, k=len(known))) for _ in range(BOOTSTRAPS)]
    found = common_to(known)
    return [_shrunk(k, n, found, drawn) for k, n in groups]


def _shrunk(k: int, n: int, found: Common, drawn: Sequence[Common]) -> Shrunk:
    betas = [(k + common.mean * common.rows, n - k + (1 - common.mean) * common.rows) for common in drawn]
    value = (k + found.mean * found.rows) / (n + found.rows)
    return Shrunk(k, n, value, _quantile(betas, _TAIL), _quantile(betas, 1 - _TAIL))


def _quantile(betas: Sequence[tuple[float, float]], probability: float) -> float:
    """Return where the mixture reaches a probability: halved to a thousandth, and a straight line within it."""
    low, high, below, above = 0.0, 1.0, 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        here = sum(beta_cdf(middle, a, b) for a, b in betas) / len(betas)
        if here < probability:
            low, below = middle, here
        else:
            high, above = middle, here
    return low + (high - low) * (probability - below) / (above - below)
