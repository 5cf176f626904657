"""Single values over time on an XmR chart: each value, and how far it moved from the one before.

Elapsed times are plotted by their logarithms, which makes their long tail one spread; `natural` gives the limits back
in hours. As everywhere, limits are provisional below 12 points, frozen at 20, and no colour says what is good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp

from models.rules.charts import FROZEN_AT, PROVISIONAL_BELOW, runs

_REACH = 2.66
"""Three sigmas, where sigma is the mean moving range over 1.128."""
_RANGE_REACH = 3.267


@dataclass(frozen=True, slots=True)
class IndividualLimits:
    """Where single values are held against.

    Parameters
    ----------
    centre : float
        Mean of the values that make the limits.
    moved : float
        Mean of their moving ranges.
    points : int
        How many values made the limits.
    provisional : bool
        Fewer than 12 did.
    """

    centre: float
    moved: float
    points: int
    provisional: bool

    @property
    def low(self) -> float:
        """The lower limit of a value."""
        return self.centre - _REACH * self.moved

    @property
    def high(self) -> float:
        """The upper limit of a value."""
        return self.centre + _REACH * self.moved

    @property
    def furthest(self) -> float:
        """The limit of how far one value may move from the one before."""
        return _RANGE_REACH * self.moved

    def natural(self) -> tuple[float, float, float]:
        """Return low, centre and high of values that were plotted by their natural logarithms, as they were."""
        return exp(self.low), exp(self.centre), exp(self.high)


@dataclass(frozen=True, slots=True)
class Individual:
    """A value against its limits.

    Parameters
    ----------
    value : float
    moved : float | None
        How far it is from the value before, None for the first.
    outside : bool
        It lies beyond the limits.
    jumped : bool
        It moved further than its limit.
    run : bool
        It is the eighth or a later one in a row on one side of the centre.
    """

    value: float
    moved: float | None
    outside: bool
    jumped: bool
    run: bool


def individual_limits(values: Sequence[float], *, frozen_at: int = FROZEN_AT) -> IndividualLimits | None:
    """Return the limits that the first values of a stretch make.

    Parameters
    ----------
    values : Sequence[float]
        In the order of time.
    frozen_at : int
        At most so many values make them.

    Returns
    -------
    IndividualLimits | None
        None with fewer than two values, which have no moving range.

    Notes
    -----
    Shewhart's chart of individuals (Wheeler 2000): xbar +- 2.66 mRbar, mR < 3.267 mRbar.

    Examples
    --------
    >>> limits = individual_limits([10, 12, 11, 13])
    >>> round(limits.low, 2), limits.centre, round(limits.high, 2), round(limits.furthest, 2)
    (7.07, 11.5, 15.93, 5.45)
    """
    made_of = values[:frozen_at]
    if len(made_of) < 2:  # noqa: PLR2004 - one moving range at least
        return None
    moved = [abs(after - before) for before, after in pairwise(made_of)]
    return IndividualLimits(
        sum(made_of) / len(made_of),
        sum(moved) / len(moved),
        len(made_of),
        provisional=len(made_of) < PROVISIONAL_BELOW,
    )


def individuals(values: Sequence[float], limits: IndividualLimits) -> list[Individual]:
    """Return values held against limits, with the signals: one outside, one jump, eight in a row on one side.

    Parameters
    ----------
    values : Sequence[float]
        In the order of time.
    limits : IndividualLimits

    Examples
    --------
    >>> held = individuals([11, 30], individual_limits([10, 12, 11, 13]))
    >>> [(value.outside, value.jumped) for value in held]
    [(False, False), (True, True)]
    """
    moved = [None, *(abs(after - before) for before, after in pairwise(values))]
    return [
        Individual(
            value,
            by,
            outside=not limits.low <= value <= limits.high,
            jumped=by is not None and by > limits.furthest,
            run=run,
        )
        for value, by, run in zip(values, moved, runs(values, limits.centre), strict=True)
    ]
