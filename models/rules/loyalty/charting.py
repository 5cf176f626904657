"""A figure over time on its chart: the stretches between recorded reasons, the limits of each, and what signals.

A stretch begins where a reason was recorded: a countermeasure went live, or the company changed something. Nothing else
draws limits anew, because limits that follow the figure never tell that it moved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from math import log

from models.rules.charts import FROZEN_AT, RUN, limits_of, plotted
from models.rules.individuals import individual_limits, individuals


class SignalKind(StrEnum):
    """What is out of the ordinary. None of them says that the figure changed: that only a test may say."""

    OUTSIDE = "outside"
    JUMP = "jump"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Observed:
    """What a period has to show.

    Parameters
    ----------
    k : float
        Rows that hold, how often something happened, or a single value above 0.
    n : int
        The rows it is of; of a single value those it was read from.
    makes_limits : bool
        It has settled. One that has not is drawn and held against limits, which it neither makes nor breaks.
    """

    k: float
    n: int
    makes_limits: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """A point against the limits of its stretch.

    Parameters
    ----------
    low, high : float
    outside, jumped, run : bool
        As `models.rules.charts` and `models.rules.individuals` have them.
    """

    low: float
    high: float
    outside: bool
    jumped: bool
    run: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """The points from one recorded reason to the next, and what they are held against.

    Parameters
    ----------
    first, after : int
        The places of its first point, and of the one after its last.
    centre, low, high : float
        Of points with as many rows as those that made the limits have on average.
    points : int
        How many points made the limits.
    provisional, frozen : bool
        Fewer than 12 did; 20 did, and what comes after moves them no more.
    held : dict of int to Held
        By place.
    """

    first: int
    after: int
    centre: float
    low: float
    high: float
    points: int
    provisional: bool
    frozen: bool
    held: dict[int, Held]


@dataclass(frozen=True, slots=True)
class Signal:
    """Something out of the ordinary.

    Parameters
    ----------
    kind : SignalKind
    first, last : int
        The places it is seen at: one point, or the eight and more of a run.
    """

    kind: SignalKind
    first: int
    last: int


Series = Sequence[Observed | None]
"""By place, in the order of time; None where a period has nothing that can be shown."""


def stretches(
    series: Series, starts: Sequence[int], drawn: Callable[[Series, Sequence[int]], Stretch | None]
) -> list[Stretch]:
    """Cut a series where reasons were recorded, and draw each stretch by itself.

    Parameters
    ----------
    series : Series
    starts : Sequence[int]
        Places at which a new stretch begins, in any order. Places beyond the series, and the same twice, cut nothing.
    drawn : callable
        `shares`, `rates` or `elapsed`: which chart it is.

    Returns
    -------
    list of Stretch
        Those that have points to make limits of.

    Examples
    --------
    >>> counted = [Observed(10 + at % 3, 100) for at in range(12)] + [Observed(30 + at % 3, 100) for at in range(4)]
    >>> [(s.first, s.after, round(s.centre, 2), s.provisional) for s in stretches(counted, [12], shares)]
    [(0, 12, 0.11, False), (12, 16, 0.31, True)]
    """
    cuts = sorted({0, len(series), *(place for place in starts if 0 <= place <= len(series))})
    found = (drawn(series, range(first, after)) for first, after in pairwise(cuts))
    return [stretch for stretch in found if stretch is not None]


def shares(series: Series, places: Sequence[int]) -> Stretch | None:
    """Draw a stretch of shares on Laney's p' chart; None without a settled point."""
    return _laney(series, places, counts=False)


def rates(series: Series, places: Sequence[int]) -> Stretch | None:
    """Draw a stretch of counts a unit on Laney's u' chart; None without a settled point."""
    return _laney(series, places, counts=True)


def _laney(series: Series, places: Sequence[int], *, counts: bool) -> Stretch | None:
    known = {place: point for place in places if (point := series[place]) is not None}
    settled = [(round(point.k), point.n) for point in known.values() if point.makes_limits]
    limits = limits_of(settled, counts=counts)
    if limits is None:
        return None
    made_of = settled[:FROZEN_AT]
    low, high = limits.around(round(sum(n for _, n in made_of) / len(made_of)))
    against = plotted([(round(point.k), point.n) for point in known.values()], limits)
    held = {
        place: Held(found.low, found.high, found.outside, jumped=False, run=found.run)
        for place, found in zip(known, against, strict=True)
    }
    frozen = limits.points == FROZEN_AT
    return _stretch(series, places, (limits.centre, low, high), limits.points, limits.provisional, frozen, held)


def elapsed(series: Series, places: Sequence[int]) -> Stretch | None:
    """Draw a stretch of times above 0 by their logarithms on an XmR chart; None with fewer than two settled ones.

    Limits are given back as times. Elapsed times have a long tail, which their logarithms make one spread.

    Examples
    --------
    >>> times = [Observed(hours, 40) for hours in (20, 24, 22, 25, 21, 300)]
    >>> found = elapsed(times, range(6))
    >>> round(found.centre), [place for place, held in found.held.items() if held.jumped]
    (34, [5])
    """
    known = {place: point for place in places if (point := series[place]) is not None}
    limits = individual_limits([log(point.k) for point in known.values() if point.makes_limits])
    if limits is None:
        return None
    low, centre, high = limits.natural()
    against = individuals([log(point.k) for point in known.values()], limits)
    held = {
        place: Held(low, high, found.outside, found.jumped, found.run)
        for place, found in zip(known, against, strict=True)
    }
    frozen = limits.points == FROZEN_AT
    return _stretch(series, places, (centre, low, high), limits.points, limits.provisional, frozen, held)


def _stretch(
    series: Series,
    places: Sequence[int],
    lines: tuple[float, float, float],
    points: int,
    provisional: bool,
    frozen: bool,
    held: dict[int, Held],
) -> Stretch:
    """Put together a stretch; what has not settled is no signal."""
    quiet = {
        place: found
        if _is_settled(series[place])
        else Held(found.low, found.high, outside=False, jumped=False, run=False)
        for place, found in held.items()
    }
    centre, low, high = lines
    return Stretch(places[0], places[-1] + 1, centre, low, high, points, provisional, frozen, quiet)


def _is_settled(point: Observed | None) -> bool:
    return point is not None and point.makes_limits


def signals(found: Sequence[Stretch]) -> list[Signal]:
    """Return what is out of the ordinary, in the order of time.

    Parameters
    ----------
    found : Sequence[Stretch]

    Examples
    --------
    >>> quiet = [Observed(10 + 2 * (at % 2), 100) for at in range(20)]
    >>> [(s.kind.value, s.first, s.last) for s in signals(stretches([*quiet, Observed(40, 100)], [], shares))]
    [('outside', 20, 20)]
    """
    said: list[Signal] = []
    for stretch in found:
        said += [Signal(SignalKind.OUTSIDE, at, at) for at, held in stretch.held.items() if held.outside]
        said += [Signal(SignalKind.JUMP, at, at) for at, held in stretch.held.items() if held.jumped]
        said += _runs(stretch)
    return sorted(said, key=lambda signal: (signal.first, signal.last, signal.kind))


def _runs(stretch: Stretch) -> list[Signal]:
    places = list(stretch.held)
    told: list[Signal] = []
    for run, rows in groupby(enumerate(places), key=lambda row: stretch.held[row[1]].run):
        if run:
            orders = [order for order, _ in rows]
            told.append(Signal(SignalKind.RUN, places[orders[0] - RUN + 1], places[orders[-1]]))
    return told
