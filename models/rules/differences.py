"""How far two figures lie apart, with the interval, where customers may have had a part in both."""

from dataclasses import dataclass
from math import inf, sqrt

from models.rules.quantiles import student_t_quantile
from models.rules.shifts import SharedSums
from models.rules.statistics import UPPER_95, ClusterSums

_MOST_SHARED = 0.9


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure less another.

    Parameters
    ----------
    value : float | None
        None where either has no rows.
    low, high : float | None
        The 95 % interval; None where either is one customer's, who tells nothing about others.
    """

    value: float | None
    low: float | None
    high: float | None


def difference(one: ClusterSums, other: ClusterSums, shared: SharedSums) -> Difference:
    """Return a mean or share less another, with its interval.

    Parameters
    ----------
    one, other : ClusterSums
    shared : SharedSums
        Of the customers of both: k and m of `one`, k' and m' of `other`.

    Notes
    -----
    d = K/n - K'/n', Var d = v + v' - 2 c, v = N/(N-1) sum (k - p m)^2/n^2, c = sum over the customers of both of
    (k - p m)(k' - p' m')/(n n'), held to .9 sqrt(v v'). d +- t sqrt(Var d) with Satterthwaite's degrees of freedom.

    Examples
    --------
    >>> happy, unhappy = ClusterSums.of([(8, 1, 64), (9, 1, 81), (7, 1, 49)]), ClusterSums.of([(2, 1, 4), (4, 1, 16)])
    >>> found = difference(unhappy, happy, SharedSums())
    >>> found.value, round(found.low, 1), round(found.high, 1)
    (-5.0, -11.0, 1.0)
    """
    if not one.n or not other.n:
        return Difference(None, None, None)
    p, q = one.total / one.n, other.total / other.n
    v, w = one.variance_of_mean, other.variance_of_mean
    most = _MOST_SHARED * sqrt(v * w)
    together = shared.total_total - q * shared.total_n - p * shared.n_total + p * q * shared.n_n
    variance = v + w - 2 * max(-most, min(most, together / (one.n * other.n)))
    df, df_other = one.degrees_of_freedom, other.degrees_of_freedom
    if min(one.customers, other.customers) < 2:  # noqa: PLR2004 - one customer tells nothing about others
        return Difference(p - q, None, None)
    parts = v * v / df + w * w / df_other
    t = student_t_quantile(UPPER_95, (v + w) ** 2 / parts if parts else inf)
    half = t * sqrt(variance)
    return Difference(p - q, p - q - half, p - q + half)
