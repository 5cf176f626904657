"""The Gap: what the company's records say beside what its customers feel, item by item, and how it moved.

Records and feelings are on scales of their own, so how far apart they lie says nothing. That they draw apart does:
records that improve while customers feel no better are records of something else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from models.rules.loyalty.dimensions import PARTS, Dimension, Part
from models.rules.loyalty.profile import Measured, PartSums, measured
from models.rules.statistics import ClusterSums

MATCHED: tuple[tuple[Dimension, str], ...] = (
    (Dimension.KEEP, "felt_1"),
    (Dimension.RESTORE, "felt_2"),
    (Dimension.FLOW, "felt_3"),
    (Dimension.FIRST, "felt_3"),
    (Dimension.FAIR, "felt_5"),
)
"""Which dimension of the facts each item speaks of."""

Counts = Mapping[Part, tuple[int, int, int]]
"""Of one customer by share: rows that hold, rows of which it is known, and all rows."""


@dataclass(frozen=True, slots=True)
class Level:
    """A figure with its 95 % interval, both ends there.

    Parameters
    ----------
    value, low, high : float
    """

    value: float
    low: float
    high: float


def difference(one: Level, other: Level) -> Level:
    """Return one figure less another that is estimated apart from it.

    Parameters
    ----------
    one, other : Level

    Notes
    -----
    From the two intervals alone, which need not be symmetric (Zou and Donner 2008): below
    sqrt((a - a_low)^2 + (b_high - b)^2), above sqrt((a_high - a)^2 + (b - b_low)^2). Figures of the same customers
    mostly rise and fall together, which makes the true interval narrower than this one.

    References
    ----------
    Zou, G. Y. and Donner, A. (2008), Construction of confidence limits about effect measures, Statistics in Medicine
    27:1693-1702.

    Examples
    --------
    >>> difference(Level(70, 66, 73), Level(60, 57, 63))
    Level(value=10, low=5.0, high=14.242640687119284)
    """
    value = one.value - other.value
    below = sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    above = sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Level(value, value - below, value + above)


def change_of(
    facts: tuple[Level | None, Level | None], felt: tuple[Level | None, Level | None]
) -> tuple[Level | None, Level | None, Level | None]:
    """Return how far facts, felt, and the gap between them have moved.

    Parameters
    ----------
    facts, felt : tuple of Level | None
        Before and now, on 0-100.

    Returns
    -------
    tuple of Level | None
        The gap's is above 0 where facts rose more than felt; None where a figure is missing.

    Examples
    --------
    >>> before, now = Level(60, 55, 65), Level(80, 76, 84)
    >>> [moved.value for moved in change_of((before, now), (before, before))]
    [20, 0, 20]
    >>> change_of((None, now), (before, before))[2] is None
    True
    """
    records, feelings = _since(*facts), _since(*felt)
    return records, feelings, None if records is None or feelings is None else difference(records, feelings)


def _since(before: Level | None, now: Level | None) -> Level | None:
    return None if before is None or now is None else difference(now, before)


def dimension_among(dimension: Dimension, customers: Sequence[Counts]) -> Measured:
    """Return one dimension of the facts among some customers: all of them, or those who answered.

    Parameters
    ----------
    dimension : Dimension
    customers : Sequence of Counts
        Of each what was counted; shares without a row may be left out.

    Examples
    --------
    >>> customers = [{Part.KEPT: (1, 1, 1)}] * 30 + [{Part.KEPT: (0, 1, 1)}] * 10
    >>> dimension_among(Dimension.KEEP, customers).value
    75.0
    """
    parts = {part: _sums([own[part] for own in customers if part in own]) for part in PARTS[dimension]}
    shares = {part: sums.share for part, sums in parts.items()}
    squares = None
    if len(parts) > 1 and None not in shares.values():
        squares = sum(_moved(own, parts, shares) ** 2 for own in customers)
    return measured(dimension, parts, squares=squares)


def _sums(counts: Sequence[tuple[int, int, int]]) -> PartSums:
    return PartSums(ClusterSums.of((k, m, k) for k, m, _ in counts), sum(rows for _, _, rows in counts))


def _moved(own: Counts, parts: Mapping[Part, PartSums], shares: Mapping[Part, float | None]) -> float:
    """Return how far one customer moves the mean of the shares."""
    moved = 0.0
    for part, sums in parts.items():
        k, m, _ = own.get(part, (0, 0, 0))
        moved += (k - (shares[part] or 0.0) * m) / sums.known.n
    return moved / len(parts)
