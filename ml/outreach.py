"""Whether contacting customers helps: departures of those offered outreach against those held out at random.

Standard library only: the API process reads what a worker reckoned with this.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from models.rules.statistics import ClusterSums, ShareInterval, share_interval

PRIOR_ALPHA, PRIOR_BETA = 2.0, 8.0
LEAST_CUSTOMERS = 30
LEAST_DEPARTURES = 10
NO_MORE_THAN = 0.05


class Known(StrEnum):
    """What is known of the effect of outreach."""

    NOT_YET = "not_yet_known"
    LOWERS = "lowers_departures"
    RAISES = "raises_departures"
    NO_MORE = "no_difference_above_5_points"


@dataclass(frozen=True)
class Uplift:
    """How many fewer of those offered outreach left, with the interval it is never shown without.

    Parameters
    ----------
    offered, held_out : ShareInterval
        Shares of draws followed by a departure, by arm, customers as clusters.
    value : float or None
        Share held out less share offered: positive where outreach was followed by fewer departures. None where an
        arm is empty.
    low, high : float
        The 95 % interval.
    known : Known
    """

    offered: ShareInterval
    held_out: ShareInterval
    value: float | None
    low: float
    high: float
    known: Known


@dataclass(frozen=True)
class Help:
    """Chance that a contact keeps somebody who would have left: Beta(alpha, beta)."""

    alpha: float = PRIOR_ALPHA
    beta: float = PRIOR_BETA

    @property
    def mean(self) -> float:
        """The chance that thresholds are reckoned with."""
        return self.alpha / (self.alpha + self.beta)


def uplift(offered: ClusterSums, held_out: ClusterSums) -> Uplift:
    """Compare departures by arm as drawn, whoever was reached (intention to treat).

    Parameters
    ----------
    offered, held_out : ClusterSums
        Of each customer k draws followed by a departure within the horizon, of m draws.

    Returns
    -------
    Uplift
        The whole range -1 to 1 where an arm is empty.

    Notes
    -----
    Newcombe's hybrid score interval for a difference (1998, method 10) on the clustered Wilson intervals of both
    shares: d - sqrt((p1 - l1)^2 + (u2 - p2)^2) to d + sqrt((u1 - p1)^2 + (p2 - l2)^2). A customer drawn again after a
    horizon may be in both arms; what the arms then share makes the interval a little wide, never narrow.

    Examples
    --------
    >>> found = uplift(ClusterSums.of([(1, 1, 1)] * 180 + [(0, 1, 0)] * 720),
    ...                ClusterSums.of([(1, 1, 1)] * 40 + [(0, 1, 0)] * 60))
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2), found.known.value
    (0.2, 0.1, 0.3, 'lowers_departures')
    """
    of, out = share_interval(offered), share_interval(held_out)
    if of.value is None or out.value is None:
        return Uplift(of, out, None, -1.0, 1.0, Known.NOT_YET)
    value = out.value - of.value
    low = max(-1.0, value - sqrt((out.value - out.low) ** 2 + (of.high - of.value) ** 2))
    high = min(1.0, value + sqrt((out.high - out.value) ** 2 + (of.value - of.low) ** 2))
    enough = (
        min(offered.customers, held_out.customers) >= LEAST_CUSTOMERS
        and offered.total + held_out.total >= LEAST_DEPARTURES
    )
    return Uplift(of, out, value, low, high, _known(low, high) if enough else Known.NOT_YET)


def _known(low: float, high: float) -> Known:
    if low > 0:
        return Known.LOWERS
    if high < 0:
        return Known.RAISES
    return Known.NO_MORE if max(-low, high) <= NO_MORE_THAN else Known.NOT_YET


def learnt_help(found: Uplift) -> Help:
    """Let the measured effect move the prior Beta(2, 8), by as many trials as it is worth.

    Parameters
    ----------
    found : Uplift

    Returns
    -------
    Help
        The prior itself where an arm is empty or nobody held out left.

    Notes
    -----
    The chance that a contact helps is the share of departures it prevents, s = 1 - p_offered / p_held_out. Its variance
    by the delta method is v = (v_offered + (1 - s)^2 v_held_out) / p_held_out^2, with v of a share p (1 - p) / n_e, and
    never less than that of half a departure. It is worth m = .2 (1 - .2) / v trials, .2 being the prior's mean, and s
    outside 0 to 1 is taken as the nearer end: Beta(2 + m s, 8 + m (1 - s)). With few held out m is small and the prior
    stays.

    Examples
    --------
    >>> offered = ClusterSums.of([(1, 1, 1)] * 240 + [(0, 1, 0)] * 560)
    >>> held_out = ClusterSums.of([(1, 1, 1)] * 40 + [(0, 1, 0)] * 40)
    >>> round(learnt_help(uplift(offered, held_out)).mean, 3)
    0.348
    """
    of, out = found.offered, found.held_out
    if of.value is None or not out.value:
        return Help()
    ratio = of.value / out.value
    variance = (_variance(of, of.value) + ratio**2 * _variance(out, out.value)) / out.value**2
    prior = PRIOR_ALPHA / (PRIOR_ALPHA + PRIOR_BETA)
    trials = prior * (1 - prior) / variance
    share = min(max(1 - ratio, 0.0), 1.0)
    return Help(PRIOR_ALPHA + trials * share, PRIOR_BETA + trials * (1 - share))


def _variance(share: ShareInterval, value: float) -> float:
    least = 0.5 / share.n
    held = min(max(value, least), 1 - least)
    return held * (1 - held) / share.n_effective
