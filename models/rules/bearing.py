"""Whether a figure the company steers by goes with what happened to customers: an association, and never a cause.

Of each case there is the figure's value as it was known in time, whose case it was, and whether something happened:
the need was met in full, the customer left. Customers are the clusters. Too few of them, or nobody to whom it happened,
is no answer; and *no sign* is said only where a sign of any size would have been seen.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import fsum, sqrt

from models.rules.quantiles import student_t_quantile, student_t_tails
from models.rules.shifts import holm
from models.rules.statistics import UPPER_95, Z_95, ClusterSums, ShareInterval, share_interval, wilson

FEWEST_CUSTOMERS = 50
FEWEST_A_SIDE = 20
"""So many customers to whom it happened at some time, and so many to whom it did not, are the least."""
NOTHING = 0.5
NEAR_NOTHING = 0.1
"""No sign is said where the whole interval of the rank statistic lies so near to what chance gives."""


class Matters(StrEnum):
    """Whether a figure matters to the customer, as far as anybody can tell from what is recorded."""

    YES = "yes"
    NO_SIGN = "no_sign"
    NOT_KNOWN = "not_known"


class Lacking(StrEnum):
    """Why nothing is said."""

    CUSTOMERS = "too_few_customers"
    HAPPENED = "too_few_to_whom_it_happened"
    DID_NOT_HAPPEN = "too_few_to_whom_it_did_not_happen"
    ONE_VALUE = "one_value_only"


@dataclass(frozen=True, slots=True)
class Row:
    """A case: whose it was, the figure's value in it as known in time, and whether it happened."""

    customer: Hashable
    value: float
    happened: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Association:
    """How a figure goes with what happened.

    Parameters
    ----------
    cut : float
        Cases with a value of at most this are the low ones, the others the high ones: about half of them each.
    when_low, when_high : ShareInterval
        The share of cases in which it happened, where the figure is low and where it is high.
    difference : Interval
        Of the two shares: high less low.
    rank : Interval
        How often, of a case in which it happened and one in which it did not, the first has the higher value: .5 is
        what chance gives, 1 that it always has, 0 that it never has.
    probability : float
        Of a rank so far from .5 where there is no association.
    """

    cut: float
    when_low: ShareInterval
    when_high: ShareInterval
    difference: Interval
    rank: Interval
    probability: float

    @property
    def is_near_nothing(self) -> bool:
        """Whether the rank's whole interval lies near what chance gives."""
        return self.rank.low >= NOTHING - NEAR_NOTHING and self.rank.high <= NOTHING + NEAR_NOTHING


@dataclass(frozen=True, slots=True)
class Bearing:
    """What is known of how a figure goes with what happened.

    Parameters
    ----------
    rows, customers : int
        Cases, and whose they are.
    happened, did_not_happen : int
        Customers in some of whose cases it happened, and in some of whose it did not; one may be both.
    lacking : Lacking | None
        Why nothing is said.
    association : Association | None
        None exactly where something is lacking.
    """

    rows: int
    customers: int
    happened: int
    did_not_happen: int
    lacking: Lacking | None
    association: Association | None


def bearing(rows: Sequence[Row]) -> Bearing:
    """Return how a figure goes with what happened.

    Parameters
    ----------
    rows : Sequence[Row]
        In any order. Those whose value was not known in time are left out by whoever reads them.

    Returns
    -------
    Bearing
        Without an association below 50 customers, below 20 on either side, or where all values are one.

    Notes
    -----
    The rank statistic is the area under the ROC curve, theta = P(X > Y) + P(X = Y)/2, with customers as clusters
    (Obuchowski 1997, doi:10.2307/2533958) in the form u_c = sum over c of (V10 - theta)/P + (V01 - theta)/Q,
    var = C/(C-1) sum u_c^2, with P rows in which it happened and Q in which it did not. Its interval is Wilson's on the
    effective number theta(1 - theta)/var, with t at the rarer side's degrees of freedom, as for any share. The
    interval of the difference joins those of both shares (MOVER, Zou and Donner 2008, doi:10.1002/sim.3095) with the
    correlation of customers who have cases on both sides.

    Examples
    --------
    >>> found = bearing([Row(n, n % 10, n % 10 < 5) for n in range(100)])
    >>> found.association.rank.value, found.association.difference.value
    (0.0, -1.0)
    >>> bearing([Row(n, 1.0, n % 2 == 0) for n in range(100)]).lacking.value
    'one_value_only'
    """
    # Sums must not depend on the order in which a database gives the rows.
    rows = sorted(rows, key=lambda row: (row.value, row.happened))
    happened = {row.customer for row in rows if row.happened}
    did_not = {row.customer for row in rows if not row.happened}
    customers = len(happened | did_not)
    lacking = _lacking(rows, customers, len(happened), len(did_not))
    association = _association(rows, customers) if lacking is None else None
    return Bearing(len(rows), customers, len(happened), len(did_not), lacking, association)


def matter(weighed: Sequence[Sequence[Bearing | None]]) -> list[Matters]:
    """Say of figures weighed together whether each matters to the customer.

    Parameters
    ----------
    weighed : Sequence[Sequence[Bearing | None]]
        Of each figure how it goes with each thing that may happen; None where that was not looked at.

    Returns
    -------
    list[Matters]
        *Yes* where a test says so of anything: of all tests made together Holm's procedure keeps the probability of any
        false *yes* at 5 %. *No sign* where no test does and all that could be weighed lies near what chance gives.
        Else not known.

    Examples
    --------
    >>> strong = bearing([Row(n, n % 10, n % 10 < 5) for n in range(100)])
    >>> [said.value for said in matter([[strong, None], [None], []])]
    ['yes', 'not_known', 'not_known']
    """
    found = [[each.association for each in of if each is not None and each.association is not None] for of in weighed]
    told = iter(holm([one.probability for of in found for one in of]))
    return [_said(of, [next(told) for _ in of]) for of in found]


def _said(found: Sequence[Association], tests: Sequence[bool]) -> Matters:
    if any(tests):
        return Matters.YES
    return Matters.NO_SIGN if found and all(one.is_near_nothing for one in found) else Matters.NOT_KNOWN


def _lacking(rows: Sequence[Row], customers: int, happened: int, did_not: int) -> Lacking | None:
    if customers < FEWEST_CUSTOMERS:
        return Lacking.CUSTOMERS
    if happened < FEWEST_A_SIDE:
        return Lacking.HAPPENED
    if did_not < FEWEST_A_SIDE:
        return Lacking.DID_NOT_HAPPEN
    return Lacking.ONE_VALUE if len({row.value for row in rows}) == 1 else None


def _association(rows: Sequence[Row], customers: int) -> Association:
    cut = _cut([row.value for row in rows])
    halves = _by_customer((row.customer, row.value > cut, row.happened) for row in rows)
    low, high = (share_interval(ClusterSums.of((k, m, k) for k, m in _of(halves, side))) for side in (False, True))
    rank, probability = _rank(rows, customers)
    difference = _difference(low, high, _correlation(halves, low, high))
    return Association(cut, low, high, difference, rank, probability)


def _cut(values: Sequence[float]) -> float:
    """Return the median, or where nothing lies above it the highest value below."""
    ordered = sorted(values)
    middle = ordered[(len(ordered) - 1) // 2]
    return middle if middle < ordered[-1] else max(value for value in ordered if value < middle)


Counts = Mapping[Hashable, dict[bool, tuple[int, int]]]
"""By customer and side: how many rows hold, of how many."""


def _by_customer(rows: Iterable[tuple[Hashable, bool, bool]]) -> Counts:
    found: defaultdict[Hashable, dict[bool, tuple[int, int]]] = defaultdict(dict)
    for customer, side, holds in rows:
        k, m = found[customer].get(side, (0, 0))
        found[customer][side] = (k + holds, m + 1)
    return found


def _of(counts: Counts, side: bool) -> list[tuple[int, int]]:
    return [sides[side] for sides in counts.values() if side in sides]


def _correlation(counts: Counts, low: ShareInterval, high: ShareInterval) -> float:
    """Return how the two shares move together through the customers who have cases on both sides."""
    shares = {False: low.value or 0.0, True: high.value or 0.0}
    residuals = [{side: k - shares[side] * m for side, (k, m) in sides.items()} for sides in counts.values()]
    both = fsum(each[False] * each[True] for each in residuals if len(each) > 1)
    spreads = [fsum(each.get(side, 0.0) ** 2 for each in residuals) for side in (False, True)]
    return both / sqrt(spreads[0] * spreads[1]) if spreads[0] * spreads[1] > 0 else 0.0


def _difference(low: ShareInterval, high: ShareInterval, correlation: float) -> Interval:
    p, q = high.value or 0.0, low.value or 0.0

    def reach(one: float, other: float) -> float:
        return sqrt(max(0.0, one * one - 2 * correlation * one * other + other * other))

    value = p - q
    least, most = value - reach(p - high.low, low.high - q), value + reach(high.high - p, q - low.low)
    return Interval(value, max(-1.0, least), min(1.0, most))


def _rank(rows: Sequence[Row], customers: int) -> tuple[Interval, float]:
    happened = sum(row.happened for row in rows)
    sizes = {True: happened, False: len(rows) - happened}
    above = _standing(rows, sizes)
    theta = fsum(place for row, place in zip(rows, above, strict=True) if row.happened) / sizes[True]
    moves: defaultdict[Hashable, float] = defaultdict(float)
    for row, place in zip(rows, above, strict=True):
        moves[row.customer] += (place - theta) / sizes[row.happened]
    variance = customers / (customers - 1) * fsum(move * move for move in moves.values())
    counts = _by_customer((row.customer, row.happened, True) for row in rows)
    sides = [_of(counts, side) for side in (False, True)]
    df = min(ClusterSums.of((k, m, k) for k, m in side).degrees_of_freedom for side in sides)
    fewest = min(map(len, sides))
    effective = theta * (1 - theta) / variance if variance > 0 and 0 < theta < 1 else float(fewest)
    low, high = wilson(theta, effective * (Z_95 / student_t_quantile(UPPER_95, df)) ** 2)
    # Without any spread what chance alone would give so few customers stands in (Mann and Whitney 1947).
    spread = variance if variance > 0 else (len(sides[0]) + len(sides[1]) + 1) / (12 * len(sides[0]) * len(sides[1]))
    return Interval(theta, low, high), student_t_tails((theta - NOTHING) / sqrt(spread), df)


def _standing(rows: Sequence[Row], sizes: Mapping[bool, int]) -> list[float]:
    """Return of each row its share of won comparisons with the rows of the other side.

    A row in which it happened wins against lower values, one in which it did not against higher ones; a tie is half.
    """
    counts: defaultdict[float, dict[bool, int]] = defaultdict(lambda: {True: 0, False: 0})
    for row in rows:
        counts[row.value][row.happened] += 1
    below, places = {True: 0, False: 0}, dict[tuple[float, bool], float]()
    for value in sorted(counts):
        here = counts[value]
        places[value, True] = (below[False] + here[False] / 2) / sizes[False]
        places[value, False] = 1 - (below[True] + here[True] / 2) / sizes[True]
        below = {side: below[side] + here[side] for side in (True, False)}
    return [places[row.value, row.happened] for row in rows]
