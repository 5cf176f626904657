"""Whether the facts of loyalty go with what they should go with: Felt, departures and Earned Growth.

These are outcomes, and never part of the facts. What is compared are cells: a group in a period. Cells of one group are
alike from one period to the next, so groups are left out one by one to see how much the answer stands on a few of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import atanh, fsum, sqrt, tanh

from models.rules.quantiles import student_t_quantile
from models.rules.statistics import UPPER_95, Z_95, ClusterSums

FEWEST_CELLS = 12
FEWEST_CUSTOMERS = 20
"""A cell of fewer customers tells more of chance than of the company."""
_ALMOST_ONE = 1 - 1e-9


class Outcome(StrEnum):
    """What the facts should go with."""

    FELT = "felt"
    DEPARTURES = "departures"
    EARNED_GROWTH = "earned_growth"


EXPECTED: Mapping[Outcome, int] = {Outcome.FELT: 1, Outcome.DEPARTURES: -1, Outcome.EARNED_GROWTH: 1}
"""The sign of the correlation of facts that tell the truth."""


class Agreement(StrEnum):
    """What may be said."""

    AS_EXPECTED = "as_expected"
    AGAINST = "against"
    NO_SIGN = "no_sign"
    TOO_LITTLE = "too_little"


@dataclass(frozen=True, slots=True)
class Cell:
    """A group in a period: the index, and the outcome."""

    group: str | None
    index: float
    outcome: float


@dataclass(frozen=True, slots=True)
class Correlation:
    """Spearman's rank correlation with its 95 % interval.

    Parameters
    ----------
    rho : float | None
        None where too little is known, or where either is the same everywhere.
    low, high : float
        Within -1 and 1; the whole of it where rho is None.
    cells, groups : int
    """

    rho: float | None
    low: float
    high: float
    cells: int
    groups: int

    def says(self, outcome: Outcome) -> Agreement:
        """Return what may be said of an index and an outcome."""
        if self.rho is None:
            return Agreement.TOO_LITTLE
        if self.low <= 0 <= self.high:
            return Agreement.NO_SIGN
        return Agreement.AS_EXPECTED if self.rho * EXPECTED[outcome] > 0 else Agreement.AGAINST


def rank_correlation(cells: Sequence[Cell]) -> Correlation:
    """Return how an index and an outcome rank cells alike.

    Parameters
    ----------
    cells : Sequence[Cell]
        In any order.

    Notes
    -----
    rho is Pearson's of the ranks, ties at their mean. Interval: tanh(atanh rho +- half), half the larger of
    1.96 sqrt((1 + rho^2/2)/(n - 3)) (Bonett and Wright 2000, doi:10.1007/BF02294183), which takes cells for
    independent, and of t sd by a jackknife of Fisher's z that leaves out a group at a time, t at G - 1.

    Examples
    --------
    >>> alike = [Cell(str(n % 4), n, n * n) for n in range(12)]
    >>> found = rank_correlation(alike)
    >>> round(found.rho, 6), found.low > 0.99, found.says(Outcome.FELT).value, found.says(Outcome.DEPARTURES).value
    (1.0, True, 'as_expected', 'against')
    >>> rank_correlation(alike[:11]).rho is None
    True
    """
    groups = sorted({cell.group for cell in cells}, key=lambda group: (group is None, group or ""))
    rho = _rho(cells) if len(cells) >= FEWEST_CELLS else None
    if rho is None:
        return Correlation(None, -1.0, 1.0, len(cells), len(groups))
    z = atanh(rho)
    half = Z_95 * sqrt((1 + rho * rho / 2) / (len(cells) - 3))
    if len(groups) > 1:
        half = max(half, _jackknifed(cells, groups, z))
    return Correlation(rho, tanh(z - half), tanh(z + half), len(cells), len(groups))


def _jackknifed(cells: Sequence[Cell], groups: Sequence[str | None], z: float) -> float:
    left = [_rho([cell for cell in cells if cell.group != group]) for group in groups]
    # Without that group there is nothing to rank: it is as if the rest said nothing.
    found = [0.0 if rho is None else atanh(rho) for rho in left]
    count = len(groups)
    variance = (count - 1) / count * fsum((one - z) ** 2 for one in found)
    return student_t_quantile(UPPER_95, count - 1) * sqrt(variance)


def _rho(cells: Sequence[Cell]) -> float | None:
    one, other = _ranks([cell.index for cell in cells]), _ranks([cell.outcome for cell in cells])
    middle = (len(cells) + 1) / 2
    both = fsum((a - middle) * (b - middle) for a, b in zip(one, other, strict=True))
    spread = fsum((a - middle) ** 2 for a in one) * fsum((b - middle) ** 2 for b in other)
    if not spread > 0:
        return None
    return max(-_ALMOST_ONE, min(_ALMOST_ONE, both / sqrt(spread)))


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, from 1 on; ties have the mean of theirs."""
    order = sorted(values)
    first: dict[float, int] = {}
    counts: dict[float, int] = {}
    for place, value in enumerate(order, 1):
        first.setdefault(value, place)
        counts[value] = counts.get(value, 0) + 1
    return [first[value] + (counts[value] - 1) / 2 for value in values]


@dataclass(frozen=True, slots=True)
class Revenues:
    """What customers paid in a period and in the one before, in minor units of one currency.

    Parameters
    ----------
    before : float
        All that was paid in the period before.
    retained : float
        Of what was paid in the period, by those who were customers before.
    referred : float
        By those who came by another customer.
    new : float
        By all others.
    clusters : ClusterSums
        Of each customer k what counts as earned, retained or referred, and m what they paid before.
    """

    before: float
    retained: float
    referred: float
    new: float
    clusters: ClusterSums


@dataclass(frozen=True, slots=True)
class EarnedGrowth:
    """Growth that customers earned the company: they returned, or brought others.

    Parameters
    ----------
    growth : float | None
        (retained + referred)/before - 1; None where nothing was paid before.
    low, high : float | None
        The 95 % interval; None where fewer than twenty customers paid.
    net_revenue_retention, earned_new : float | None
        Its two parts: retained/before, referred/before.
    customers : int
        Who paid in either period.
    """

    growth: float | None
    low: float | None
    high: float | None
    net_revenue_retention: float | None
    earned_new: float | None
    customers: int


def earned_growth(paid: Revenues) -> EarnedGrowth:
    """Return Earned Growth (Reichheld, Darnell and Burns 2021, "Net Promoter 3.0").

    Parameters
    ----------
    paid : Revenues

    Notes
    -----
    A ratio with customers as clusters: var = N/(N-1) sum (k - R m)^2 / (sum m)^2, R = sum k / sum m, t at N - 1.

    Examples
    --------
    >>> sums = ClusterSums.of((90 + n % 3 * 10, 100, 0) for n in range(30))
    >>> found = earned_growth(Revenues(3000, 2700, 300, 500, sums))
    >>> found.growth, found.net_revenue_retention, found.earned_new, round(found.low, 3), round(found.high, 3)
    (0.0, 0.9, 0.1, -0.031, 0.031)
    """
    customers = paid.clusters.customers
    if paid.before <= 0:
        return EarnedGrowth(None, None, None, None, None, customers)
    retained, referred = paid.retained / paid.before, paid.referred / paid.before
    growth = retained + referred - 1
    if customers < FEWEST_CUSTOMERS:
        return EarnedGrowth(growth, None, None, retained, referred, customers)
    half = student_t_quantile(UPPER_95, customers - 1) * sqrt(paid.clusters.variance_of_mean)
    return EarnedGrowth(growth, growth - half, growth + half, retained, referred, customers)
