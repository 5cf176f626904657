"""The profile: each dimension with its interval and coverage, and what is missing where it is not measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt

from models.rules.loyalty.dimensions import ABOUT_STAFF, PARTS, Dimension, Part
from models.rules.quantiles import student_t_quantile
from models.rules.statistics import UPPER_95, ClusterSums, share_interval

COVERAGE_NEEDED = 0.6
FULL = 100.0


@dataclass(frozen=True, slots=True)
class PartSums:
    """What was counted for one share; adding those of disjoint customers merges them.

    Parameters
    ----------
    known : ClusterSums
        Over the rows of which it is known whether the share holds.
    rows : int
        All rows, those of which it is not known among them.
    """

    known: ClusterSums = field(default_factory=ClusterSums)
    rows: int = 0

    def __add__(self, other: "PartSums") -> "PartSums":
        return PartSums(self.known + other.known, self.rows + other.rows)

    @property
    def share(self) -> float | None:
        """Share of the known rows that holds, None where none is known."""
        return self.known.total / self.known.n if self.known.n else None

    @property
    def coverage(self) -> float | None:
        """Share of all rows that is known, None where there are none."""
        return self.known.n / self.rows if self.rows else None

    @property
    def is_measured(self) -> bool:
        """Whether enough is known for a number."""
        return self.coverage is not None and self.coverage >= COVERAGE_NEEDED and self.known.n > 0


@dataclass(frozen=True, slots=True)
class Measured:
    """One dimension.

    Parameters
    ----------
    value : float | None
        0-100; None where it is not measured.
    low, high : float | None
        The 95 % interval, None where it is not measured, or where nothing tells how sure the value is.
    n : int
        Customers the known rows are of.
    known, rows : int
        Rows whose facts are known, and all of them.
    coverage : float | None
        The lowest share known/all of its parts, None without rows.
    missing : tuple of Part
        The parts of which too little is known.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    known: int
    rows: int
    coverage: float | None
    missing: tuple[Part, ...]

    @property
    def is_measured(self) -> bool:
        """Whether there is a number."""
        return self.value is not None


def measured(dimension: Dimension, parts: Mapping[Part, PartSums], *, squares: float | None = None) -> Measured:
    """Return one dimension, from what was counted for its shares.

    Parameters
    ----------
    dimension : Dimension
    parts : Mapping[Part, PartSums]
        Those missing from it count as without rows.
    squares : float | None
        For a dimension of several shares that are all customers' (RESTORE): sum over customers of u_c squared, with
        u_c = sum_j (k_cj - p_j m_cj)/(r n_j) over its r shares. Without it the interval is as wide as it could be.

    Notes
    -----
    One share: Wilson on the effective number of rows (`models.rules.statistics.share_interval`). Several: their mean
    +- t sqrt(v), v = N/(N-1) sum u_c^2, N the fewest customers of a share. Where shares are of different people
    (ENABLE) v = sum s_j^2/r^2, s_j^2 being their own variances. Where they are of the same and how they go together
    was not summed up, v = (sum s_j)^2/r^2: no covariance makes it more. Below a coverage of 60 % nothing is said, and
    nothing imputed.

    Examples
    --------
    >>> kept = PartSums(ClusterSums.of((1, 1, 1) if i % 4 else (0, 1, 0) for i in range(100)), 120)
    >>> keep = measured(Dimension.KEEP, {Part.KEPT: kept})
    >>> keep.value, round(keep.low, 1), round(keep.high, 1), round(keep.coverage, 2)
    (75.0, 65.5, 82.6, 0.83)
    >>> measured(Dimension.FLOW, {}).missing
    (<Part.DONE_IN_TIME: 'done_in_time'>,)
    """
    mine = [parts.get(part, PartSums()) for part in PARTS[dimension]]
    missing = tuple(part for part, sums in zip(PARTS[dimension], mine, strict=True) if not sums.is_measured)
    value, low, high = None, None, None
    if not missing:
        unlike = bool(ABOUT_STAFF & set(PARTS[dimension]))
        value, low, high = _one(mine[0]) if len(mine) == 1 else _mean(mine, squares, of_different_people=unlike)
    covered = [sums.coverage for sums in mine]
    return Measured(
        value,
        low,
        high,
        max(sums.known.customers for sums in mine),
        sum(sums.known.n for sums in mine),
        sum(sums.rows for sums in mine),
        None if None in covered else min(share for share in covered if share is not None),
        missing,
    )


def _one(sums: PartSums) -> tuple[float, float, float]:
    found = share_interval(sums.known)
    assert found.value is not None  # noqa: S101 - measured: rows are known
    return FULL * found.value, FULL * found.low, FULL * found.high


def _mean(mine: list[PartSums], squares: float | None, *, of_different_people: bool) -> tuple[float, float, float]:
    value = sum(sums.known.total / sums.known.n for sums in mine) / len(mine)
    customers = min(sums.known.customers for sums in mine)
    if customers < 2:  # noqa: PLR2004 - one of them tells nothing about others
        return FULL * value, 0.0, FULL
    own = [sums.known.variance_of_mean for sums in mine]
    if squares is not None:
        variance = customers / (customers - 1) * squares
    elif of_different_people:
        variance = sum(own) / len(mine) ** 2
    else:
        variance = (sum(sqrt(each) for each in own) / len(mine)) ** 2
    half = student_t_quantile(UPPER_95, customers - 1) * sqrt(variance)
    return FULL * value, FULL * max(0.0, value - half), FULL * min(1.0, value + half)
