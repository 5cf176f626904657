"""Shares on a Laney p' chart, counts on a u' chart, their limits drawn anew only where there is a recorded reason.

Limits are provisional below 12 points and frozen at 20: what comes after is held against what was. A chart says that
something is out of the ordinary; whether a figure *changed* only a test may say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt

PROVISIONAL_BELOW = 12
FROZEN_AT = 20
RUN = 8
"""So many points in a row on one side of the centre are a signal."""
_MOVING_RANGE = 1.128
_SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a stretch of a chart is held against.

    Parameters
    ----------
    centre : float
        The share, or the count a unit, over the points that make the limits.
    spread : float
        s_z: how much more points differ than chance within each would make them.
    points : int
        How many points made the limits.
    provisional : bool
        Fewer than 12 did.
    counts : bool
        What is plotted is how often something happened, and one unit may have it more than once.
    """

    centre: float
    spread: float
    points: int
    provisional: bool
    counts: bool = False

    def around(self, n: int) -> tuple[float, float]:
        """Return the limits for a point of n rows: never below 0, and for shares never above 1."""
        half = _SIGMAS * sqrt(_variance(self.centre, counts=self.counts) / n) * self.spread
        return max(0.0, self.centre - half), min(inf if self.counts else 1.0, self.centre + half)


@dataclass(frozen=True, slots=True)
class Plotted:
    """A point against its limits.

    Parameters
    ----------
    share : float
    low, high : float
        The limits for its number of rows.
    outside : bool
        It lies beyond them.
    run : bool
        It is the eighth or a later one in a row on one side of the centre.
    """

    share: float
    low: float
    high: float
    outside: bool
    run: bool


def limits_of(points: Sequence[tuple[int, int]], *, counts: bool = False, frozen_at: int = FROZEN_AT) -> Limits | None:
    """Return the limits that the first points of a stretch make.

    Parameters
    ----------
    points : Sequence[tuple[int, int]]
        Of each k rows that hold, of n > 0; or how often something happened to n > 0 units.
    counts : bool
        Whether k counts events, of which a unit may have several (u'), and not rows that hold (p').
    frozen_at : int
        At most so many points make them.

    Returns
    -------
    Limits | None
        None without a point.

    Notes
    -----
    Laney (2002): z_i = (p_i - pbar) / s_i, s_i = sqrt(pbar (1 - pbar) / n_i) for p' and sqrt(ubar / n_i) for u',
    s_z = mean|z_i - z_{i-1}| / 1.128. With fewer than two points, or no variation at all, s_z is 1.

    Examples
    --------
    >>> limits = limits_of([(10, 100), (14, 100), (9, 100), (11, 100)])
    >>> round(limits.centre, 2), round(limits.spread, 2), limits.provisional
    (0.11, 1.04, True)
    """
    made_of = points[:frozen_at]
    if not made_of:
        return None
    centre = sum(k for k, _ in made_of) / sum(n for _, n in made_of)
    spread = 1.0
    variance = _variance(centre, counts=counts)
    if len(made_of) > 1 and variance > 0:
        z = [(k / n - centre) / sqrt(variance / n) for k, n in made_of]
        moved = [abs(after - before) for before, after in pairwise(z)]
        spread = sum(moved) / len(moved) / _MOVING_RANGE
    return Limits(centre, spread, len(made_of), provisional=len(made_of) < PROVISIONAL_BELOW, counts=counts)


def plotted(points: Sequence[tuple[int, int]], limits: Limits) -> list[Plotted]:
    """Return points held against limits, with the signals: one outside, eight in a row on one side.

    Parameters
    ----------
    points : Sequence[tuple[int, int]]
        Of each k rows that hold, of n > 0, in the order of time.
    limits : Limits

    Examples
    --------
    >>> held = plotted([(10, 100), (40, 100)], limits_of([(10, 100), (14, 100), (9, 100), (11, 100)]))
    >>> [point.outside for point in held]
    [False, True]
    """
    shares = [k / n for k, n in points]
    around = [limits.around(n) for _, n in points]
    return [
        Plotted(share, low, high, outside=not low <= share <= high, run=run)
        for share, (low, high), run in zip(shares, around, runs(shares, limits.centre), strict=True)
    ]


def runs(values: Iterable[float], centre: float) -> list[bool]:
    """Tell of each point whether it is the eighth or a later one in a row on one side of the centre.

    Parameters
    ----------
    values : Iterable[float]
        In the order of time. One that lies on the centre ends a run.
    centre : float

    Examples
    --------
    >>> runs([2.0] * 9 + [1.0], 1.5)
    [False, False, False, False, False, False, False, True, True, False]
    """
    told: list[bool] = []
    side, length = 0, 0
    for value in values:
        now = (value > centre) - (value < centre)
        length = length + 1 if now and now == side else int(bool(now))
        side = now
        told.append(length >= RUN)
    return told


def against_expected(points: Sequence[tuple[int, int, float]]) -> list[Plotted]:
    """Return points held against the share that was expected of each, with the same signals.

    Parameters
    ----------
    points : Sequence[tuple[int, int, float]]
        Of each k rows that hold, of n > 0, and the share expected, in (0, 1), in the order of time.

    Notes
    -----
    Laney's z with each point's own expectation e_i for the centre: z_i = (p_i - e_i) / s_i, s_i = sqrt(e_i (1 - e_i) /
    n_i), limits e_i -+ 3 s_i s_z. Here s_z is at least 1: what is expected was said beforehand, so that points which
    resemble each other, because what followed them overlaps, must not draw the limits together.

    Examples
    --------
    >>> [point.outside for point in against_expected([(10, 100, 0.1), (12, 100, 0.11), (40, 100, 0.12)])]
    [False, False, True]
    """
    z = [(k / n - expected) / sqrt(expected * (1 - expected) / n) for k, n, expected in points]
    told: list[Plotted] = []
    for at, ((k, n, expected), run) in enumerate(zip(points, runs(z, 0.0), strict=True)):
        # The limits stand on the points before this one: one far out must not widen its own.
        moved = [abs(after - before) for before, after in pairwise(z[:at][:FROZEN_AT])]
        spread = max(1.0, sum(moved) / len(moved) / _MOVING_RANGE) if moved else 1.0
        low, high = Limits(expected, spread, at, provisional=at < PROVISIONAL_BELOW).around(n)
        told.append(Plotted(k / n, low, high, outside=not low <= k / n <= high, run=run))
    return told


def _variance(centre: float, *, counts: bool) -> float:
    return centre if counts else centre * (1 - centre)
