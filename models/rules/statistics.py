"""Intervals that count customers and not rows: shares, net promoter scores and means.

Answers of one customer resemble each other. Every interval here therefore takes customers as clusters:
the sums it needs add up over *whole customers*, so shards that hold whole customers merge exactly, and
periods, which cut customers in pieces, do not. The level is 95 %.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, sqrt

from models.rules.quantiles import student_t_quantile

Z_95 = 1.96
UPPER_95 = 0.975
_NPS_PSEUDO, _NPS_PSEUDO_ALL = 0.75, 3.0
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """A number with the interval it is never shown without.

    Parameters
    ----------
    value : float | None
        The estimate; None where there is nothing to estimate it from.
    low, high : float
        The 95 % interval.
    n : int
        Rows: answers, cases.
    n_effective : float
        The number of independent rows that would tell as much.
    """

    value: float | None
    low: float
    high: float
    n: int
    n_effective: float


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """Sums over customers of a total k and a count m; adding those of disjoint customers merges them.

    Parameters
    ----------
    customers : int
        Customers with at least one row.
    n : int
        Sum of m: rows.
    total : float
        Sum of k: rows that hold, or what the rows add up to.
    total_squared : float
        Sum of k squared.
    total_by_n : float
        Sum of k m.
    n_squared : int
        Sum of m squared.
    row_squares : float
        Sum over rows of their values squared; for a share, its rows that hold.
    """

    customers: int = 0
    n: int = 0
    total: float = 0
    total_squared: float = 0
    total_by_n: float = 0
    n_squared: int = 0
    row_squares: float = 0

    def __add__(self, other: "ClusterSums") -> "ClusterSums":
        return ClusterSums(
            self.customers + other.customers,
            self.n + other.n,
            self.total + other.total,
            self.total_squared + other.total_squared,
            self.total_by_n + other.total_by_n,
            self.n_squared + other.n_squared,
            self.row_squares + other.row_squares,
        )

    @classmethod
    def of(cls, customers: Iterable[tuple[float, int, float]]) -> "ClusterSums":
        """Sum up customers.

        Parameters
        ----------
        customers : Iterable[tuple[float, int, float]]
            Of each customer the total k, the number of rows m and the sum of the rows' squares.

        Returns
        -------
        ClusterSums
            Customers without rows are left out.
        """
        known = [(k, m, squares) for k, m, squares in customers if m]
        return cls(
            len(known),
            sum(m for _, m, _ in known),
            sum(k for k, _, _ in known),
            sum(k * k for k, _, _ in known),
            sum(k * m for k, m, _ in known),
            sum(m * m for _, m, _ in known),
            sum(squares for _, _, squares in known),
        )

    @property
    def degrees_of_freedom(self) -> float:
        """Effective customers less one: n^2 / sum m^2 - 1, which uneven customers make few."""
        return self.n * self.n / self.n_squared - 1

    @property
    def variance_of_mean(self) -> float:
        """Variance of total/n over customers: N/(N-1) sum (k - p m)^2 / n^2, from the sums."""
        n, total = self.n, self.total
        # Multiplied out by n^2: with whole numbers exact, so that no spread is exactly 0.
        spread = n * n * self.total_squared - 2 * total * n * self.total_by_n + total * total * self.n_squared
        if self.customers < 2 or spread <= _ROUNDING * n * n * self.total_squared:  # noqa: PLR2004 - N - 1
            return 0.0
        return self.customers / (self.customers - 1) * spread / n**4

    def effective_n(self, row_variance: float) -> float:
        """Give the number of independent rows that would tell as much.

        Parameters
        ----------
        row_variance : float
            Variance of one row.

        Returns
        -------
        float
            At most n; the number of customers where customers do not differ at all.
        """
        variance = self.variance_of_mean
        return min(self.n, row_variance / variance) if variance else self.customers


def clustered_share(customers: Iterable[tuple[int, int]]) -> ShareInterval:
    """Give a share with its interval, customers as clusters.

    Parameters
    ----------
    customers : Iterable[tuple[int, int]]
        Of each customer k rows that hold, of m rows.

    Returns
    -------
    ShareInterval
        See `share_interval`.

    Examples
    --------
    >>> share = clustered_share([(1, 2), (0, 1), (2, 2), (0, 3), (1, 1)])
    >>> round(share.value, 3), round(share.low, 3), round(share.high, 3), share.n
    (0.444, 0.073, 0.891, 9)
    """
    return share_interval(ClusterSums.of((k, m, k) for k, m in customers))


def share_interval(sums: ClusterSums) -> ShareInterval:
    """Give a share with a Wilson interval on the effective number of rows.

    Parameters
    ----------
    sums : ClusterSums
        With k the rows that hold.

    Returns
    -------
    ShareInterval
        Within 0 and 1, which is the whole interval where there is one customer or none: one customer
        tells nothing about others.

    Notes
    -----
    p = K/n; v = N/(N-1) (sum k^2 - 2 p sum k m + p^2 sum m^2)/n^2; n_e = min(n, p(1-p)/v), N where v = 0;
    n* = n_e (1.96/t)^2 with t at df = n^2/sum m^2 - 1; Wilson (1927) at n* with z = 1.96. The idea of an
    effective sample size with a t correction is Korn and Graubard's (1998).
    """
    if not sums.n:
        return ShareInterval(None, 0.0, 1.0, 0, 0.0)
    share = sums.total / sums.n
    effective = sums.effective_n(share * (1 - share))
    t = student_t_quantile(UPPER_95, sums.degrees_of_freedom)
    low, high = wilson(share, effective * (Z_95 / t) ** 2)
    return ShareInterval(share, low, high, sums.n, effective)


def clustered_nps(customers: Iterable[tuple[int, int, int]]) -> ShareInterval:
    """Give a net promoter score with its interval, customers as clusters.

    Parameters
    ----------
    customers : Iterable[tuple[int, int, int]]
        Of each customer the answers that are promoters (9-10), passives (7-8), detractors (0-6).

    Returns
    -------
    ShareInterval
        Between -1 and 1: promoters' share less detractors'; pages show it times 100. The interval is about
        the adjusted score and may leave out the raw value at its very end where answers are few.

    Notes
    -----
    Adjusted Wald (Rocks 2016; Lewis and Sauro): a = (n_e P/n + .75)/(n_e + 3), d likewise with D;
    a - d +- 1.96 sqrt((a + d - (a - d)^2)/(n_e + 3)). n_e is that of the score itself, +1, 0 or -1 a row.

    Examples
    --------
    >>> nps = clustered_nps([(1, 0, 0)] * 5 + [(0, 1, 0)] * 3 + [(0, 0, 1)] * 2)
    >>> nps.value, round(nps.low, 2), round(nps.high, 2)
    (0.3, -0.21, 0.66)
    """
    return nps_interval(ClusterSums.of((p - d, p + passive + d, p + d) for p, passive, d in customers))


def nps_interval(sums: ClusterSums) -> ShareInterval:
    """Give a net promoter score with its interval.

    Parameters
    ----------
    sums : ClusterSums
        With k the promoters less the detractors, so that the rows' squares are both together.

    Returns
    -------
    ShareInterval
        See `clustered_nps`.
    """
    if not sums.n:
        return ShareInterval(None, -1.0, 1.0, 0, 0.0)
    score = sums.total / sums.n
    effective = sums.effective_n(sums.row_squares / sums.n - score * score)
    promoters, detractors = (sums.row_squares + sums.total) / 2, (sums.row_squares - sums.total) / 2
    above = (effective * promoters / sums.n + _NPS_PSEUDO) / (effective + _NPS_PSEUDO_ALL)
    below = (effective * detractors / sums.n + _NPS_PSEUDO) / (effective + _NPS_PSEUDO_ALL)
    centre = above - below
    half = Z_95 * sqrt((above + below - centre * centre) / (effective + _NPS_PSEUDO_ALL))
    return ShareInterval(score, max(-1.0, centre - half), min(1.0, centre + half), sums.n, effective)


def clustered_mean(customers: Iterable[Iterable[float]]) -> ShareInterval:
    """Give a mean with its interval, customers as clusters.

    Parameters
    ----------
    customers : Iterable[Iterable[float]]
        Of each customer the values, one a row.

    Returns
    -------
    ShareInterval
        See `mean_interval`.

    Examples
    --------
    >>> mean = clustered_mean([[4, 5], [3], [5], [2, 2]])
    >>> round(mean.value, 2), round(mean.low, 2), round(mean.high, 2)
    (3.5, 0.86, 6.14)
    """
    rows = [list(values) for values in customers]
    return mean_interval(ClusterSums.of((sum(r), len(r), sum(x * x for x in r)) for r in rows))


def mean_interval(sums: ClusterSums) -> ShareInterval:
    """Give a mean with Student's t on the variance over customers.

    Parameters
    ----------
    sums : ClusterSums
        With k what a customer's rows add up to.

    Returns
    -------
    ShareInterval
        Infinitely wide for one customer or none. Customers who do not differ at all give an interval
        without width: t on a variance of 0 says no more, and n beside it must.

    Notes
    -----
    v and df as for `share_interval`; mean +- t sqrt(v).
    """
    if not sums.n:
        return ShareInterval(None, -inf, inf, 0, 0.0)
    mean = sums.total / sums.n
    effective = sums.effective_n(max(0.0, sums.row_squares / sums.n - mean * mean))
    t = student_t_quantile(UPPER_95, sums.degrees_of_freedom)
    half = inf if t == inf else t * sqrt(sums.variance_of_mean)
    return ShareInterval(mean, mean - half, mean + half, sums.n, effective)


def wilson(share: float, n: float) -> tuple[float, float]:
    """Give the interval of a share of so many independent rows (Wilson 1927).

    Parameters
    ----------
    share : float
    n : float
        Not necessarily whole.

    Returns
    -------
    tuple[float, float]
        At 95 %, within 0 and 1, which is the whole interval for no rows.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(0.5, 10)]
    [0.237, 0.763]
    """
    # Multiplied out by n, so that no rows at all give the whole interval.
    z_squared = Z_95 * Z_95
    centre = n * share + z_squared / 2
    half = Z_95 * sqrt(n * share * (1 - share) + z_squared / 4)
    return max(0.0, (centre - half) / (n + z_squared)), min(1.0, (centre + half) / (n + z_squared))
