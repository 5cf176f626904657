"""Whether a figure changed from one period to the next, which only a test may say.

Customers are the clusters of both periods, and one who answered in both ties them together: what the two periods share
is taken out of the variance of their difference, or added where it tells against it. Of all the tests of one answer
together Holm's procedure (1979) keeps the probability that any of them says *changed* where nothing did at 5 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from models.rules.quantiles import student_t_tails
from models.rules.statistics import ClusterSums

LEVEL = 0.05
FEWEST_CUSTOMERS = 8
"""Below so many effective customers in either period nothing is said: the variance over customers is not known."""
_MOST_SHARED = 0.9
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class SharedSums:
    """Sums over the customers of both periods of products of this period's k and m with the last one's.

    Parameters
    ----------
    total_total : float
        Sum of k k'.
    total_n : float
        Sum of k m'.
    n_total : float
        Sum of m k'.
    n_n : float
        Sum of m m'.
    """

    total_total: float = 0
    total_n: float = 0
    n_total: float = 0
    n_n: float = 0

    def __add__(self, other: "SharedSums") -> "SharedSums":
        return SharedSums(
            self.total_total + other.total_total,
            self.total_n + other.total_n,
            self.n_total + other.n_total,
            self.n_n + other.n_n,
        )

    @classmethod
    def of(cls, customers: Sequence[tuple[float, int, float, int]]) -> "SharedSums":
        """Sum up customers.

        Parameters
        ----------
        customers : Sequence[tuple[float, int, float, int]]
            Of each customer of both periods the total k and the rows m in this one, then both in the last one.
        """
        return cls(
            sum(k * k_before for k, _, k_before, _ in customers),
            sum(k * m_before for k, _, _, m_before in customers),
            sum(m * k_before for _, m, k_before, _ in customers),
            sum(m * m_before for _, m, _, m_before in customers),
        )


def shift_probability(before: ClusterSums, after: ClusterSums, shared: SharedSums) -> float | None:
    """Give the probability that two figures differ at least so much where nothing changed.

    Parameters
    ----------
    before, after : ClusterSums
        Of the two periods: of a share, of a mean, or of a net promoter score.
    shared : SharedSums
        Of the customers of both.

    Returns
    -------
    float | None
        None where there are too few customers in either, or nobody differs from anybody but the periods do.

    Notes
    -----
    A score test: the variances over customers are taken about the figure that would hold in both if nothing changed,
    q = (K + K')/(n + n'), so v = N/(N-1) sum (k - q m)^2/n^2. About each period's own figure a rare answer's
    variance is least just where the share came out low, and one series in twelve said *changed* for nothing. The
    difference is referred to Student's t with Satterthwaite's degrees of freedom.

    Examples
    --------
    >>> before = ClusterSums.of([(1, 1, 1)] * 30 + [(0, 1, 0)] * 20)
    >>> after = ClusterSums.of([(1, 1, 1)] * 15 + [(0, 1, 0)] * 35)
    >>> round(shift_probability(before, after, SharedSums()), 4)
    0.0036
    """
    if any(not sums.n or sums.degrees_of_freedom + 1 < FEWEST_CUSTOMERS for sums in (before, after)):
        return None
    difference = after.total / after.n - before.total / before.n
    common = (before.total + after.total) / (before.n + after.n)
    last, now = _variance_about(common, before), _variance_about(common, after)
    together = shared.total_total - common * (shared.total_n + shared.n_total) + common * common * shared.n_n
    most = _MOST_SHARED * sqrt(last * now)
    variance = last + now - 2 * max(-most, min(most, together / (before.n * after.n)))
    if variance <= _ROUNDING * common * common:
        return 1.0 if abs(difference) <= _ROUNDING * abs(common) else None
    parts = last * last / before.degrees_of_freedom + now * now / after.degrees_of_freedom
    return student_t_tails(difference / sqrt(variance), (last + now) ** 2 / parts)


def _variance_about(common: float, sums: ClusterSums) -> float:
    spread = sums.total_squared - 2 * common * sums.total_by_n + common * common * sums.n_squared
    return max(0.0, sums.customers / (sums.customers - 1) * spread / sums.n**2)


def holm(probabilities: Sequence[float]) -> list[bool]:
    """Tell of many tests which of them say *changed*, so that with 95 % no one does where nothing changed.

    Parameters
    ----------
    probabilities : Sequence[float]
        What each test gave.

    Returns
    -------
    list[bool]
        In the order given.

    Examples
    --------
    >>> holm([0.04, 0.001, 0.02])
    [True, True, True]
    >>> holm([0.04, 0.001, 0.03])
    [False, True, False]
    """
    said = [False] * len(probabilities)
    for rank, place in enumerate(sorted(range(len(probabilities)), key=probabilities.__getitem__)):
        if probabilities[place] > LEVEL / (len(probabilities) - rank):
            break
        said[place] = True
    return said
