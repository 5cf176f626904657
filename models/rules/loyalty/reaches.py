"""How far the composite's interval reaches to either side: a straight line, or what its shares' own intervals tell."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import exp, hypot, log, sqrt

from models.rules.loyalty.composite import LEAST, Composite, Line
from models.rules.loyalty.dimensions import ABOUT_STAFF, PARTS, Dimension, Part
from models.rules.loyalty.profile import FULL, PartSums
from models.rules.quantiles import student_t_quantile
from models.rules.statistics import UPPER_95, share_interval

RARE, NEARLY_ALL = 0.05, 0.95
"""With a share outside of these the straight line misses too often: towards the end the share is near."""
_LEAST_LIMIT = LEAST / FULL


class IntervalBy(StrEnum):
    """What an interval of the composite is made of."""

    DELTA = "delta"
    MOVER = "mover"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an interval goes to one side, in logarithms.

    Parameters
    ----------
    lines : dict of Part to Line
        Of every share that is customers': what one customer's counts add to u_c.
    apart : float
        What N/(N-1) sum u_c^2 leaves out: shares that are no customers', and by MOVER those in which none differ.
    """

    lines: dict[Part, Line]
    apart: float


@dataclass(frozen=True, slots=True)
class Reaches:
    """How far an interval goes below and above, and by what."""

    below: Reach
    above: Reach
    by: IntervalBy


def reaches(weights: Mapping[Dimension, float], parts: Mapping[Part, PartSums]) -> Reaches:
    """Return how far the interval of a composite goes.

    Parameters
    ----------
    weights : Mapping[Dimension, float]
        Of the dimensions it stands on, all measured.
    parts : Mapping[Part, PartSums]

    Notes
    -----
    By the delta method where each share lies from .05 to .95: the lines are those of u_c = sum_d w_d (k_cd - p_d m_cd)/
    (p_d n_d), alike to both sides, and `apart` is a variance: what is reached is t sqrt(N/(N-1) sum u_c^2 + apart).

    Else by the variances that the shares' own intervals (l, h) imply (MOVER, Zou and Donner 2008): downwards

        sqrt(sum_d sum_e r_de a_d a_e),  a_d = w_d (ln x_d - ln l_d),  upwards with b_d = w_d (ln h_d - ln x_d),

    r_de how two dimensions go together over customers. With u_c = sum_d (a_d/s_d)(k_cd - p_d m_cd)/n_d and s_d^2 the
    variance of p_d, that is sqrt(N/(N-1) sum u_c^2), so that no correlation need be known by itself. A share in which
    no customer differs has no s_d: its a_d^2 is `apart`. Of a dimension of several shares x = mean(p_j),
    x - l = sqrt(sum_j (p_j - l_j)^2)/r, and each share has its part of a_d. Above the floor a limit is followed below
    it, to a hundredth: what was reached upwards from there would else seem too sure. At the floor a_d = 0.

    References
    ----------
    Zou, G. Y. and Donner, A. (2008), Construction of confidence limits about effect measures, Statistics in Medicine
    27:1693-1702.

    Examples
    --------
    >>> from models.rules.statistics import ClusterSums
    >>> kept = ClusterSums.of((1, 1, 1) if at < 2 else (0, 1, 0) for at in range(100))
    >>> found = reaches({Dimension.KEEP: 1.0}, {Part.KEPT: PartSums(kept, 100)})
    >>> found.by.value, round(found.below.lines[Part.KEPT].k, 2), round(found.above.lines[Part.KEPT].k, 2)
    ('mover', 0.93, 0.9)
    """
    counting: dict[Dimension, float] = {
        dimension: weight for dimension, weight in weights.items() if dimension != Dimension.LEARN
    }
    shares = [parts[part].share or 0.0 for dimension in counting for part in PARTS[dimension]]
    if all(RARE <= share <= NEARLY_ALL for share in shares):
        straight = _straight(counting, parts)
        return Reaches(straight, straight, IntervalBy.DELTA)
    distances = [_distances(dimension, weight, parts) for dimension, weight in counting.items()]
    down = {part: below for own in distances for part, (below, _) in own.items()}
    up = {part: above for own in distances for part, (_, above) in own.items()}
    return Reaches(_recovered(down, parts), _recovered(up, parts), IntervalBy.MOVER)


def composite_interval(
    found: Composite, reached: Reaches, customers: int, below: float, above: float
) -> tuple[float, float]:
    """Return the 95 % interval of a composite.

    Parameters
    ----------
    found : Composite
    reached : Reaches
    customers : int
        N: those with a row in any of its shares.
    below, above : float
        Sum over customers of u_c squared, u_c being what the lines of either side add up to for one customer.

    Returns
    -------
    tuple[float, float]
        Within 1 and 100, which is the whole interval for one customer or none.

    Notes
    -----
    C exp(-+ sqrt(N/(N-1) sum u_c^2 + apart)), times t where the lines are straight ones (`reaches`). Customers who do
    not differ at all leave a straight line's interval without width, the shares' own ones with theirs.
    """
    if customers < 2:  # noqa: PLR2004 - N - 1
        return LEAST, FULL
    times = student_t_quantile(UPPER_95, customers - 1) if reached.by == IntervalBy.DELTA else 1.0
    whole = customers / (customers - 1)
    down = times * sqrt(whole * below + reached.below.apart)
    up = times * sqrt(whole * above + reached.above.apart)
    return max(LEAST, found.value * exp(-down)), min(FULL, found.value * exp(up))


def dimension_lines(dimension: Dimension, parts: Mapping[Part, PartSums]) -> dict[Part, Line]:
    """Return the lines of one measured dimension itself, as a share of 1: for `profile.measured`'s sum of squares."""
    return _lines({part: 1 / len(PARTS[dimension]) for part in PARTS[dimension]}, parts)


def _straight(weights: Mapping[Dimension, float], parts: Mapping[Part, PartSums]) -> Reach:
    slopes: dict[Part, float] = {}
    for dimension, weight in weights.items():
        of = PARTS[dimension]
        slopes |= dict.fromkeys(of, weight / sum(parts[part].share or 0.0 for part in of))
    staff = sum(slopes[part] ** 2 * parts[part].known.variance_of_mean for part in ABOUT_STAFF & set(slopes))
    return Reach(_lines(slopes, parts), staff)


def _distances(dimension: Dimension, weight: float, parts: Mapping[Part, PartSums]) -> dict[Part, tuple[float, float]]:
    """Return a_d and b_d of one dimension, divided among its shares."""
    of = PARTS[dimension]
    found = [share_interval(parts[part].known) for part in of]
    shares = [one.value or 0.0 for one in found]
    down = [(share - one.low) / len(of) for share, one in zip(shares, found, strict=True)]
    up = [(one.high - share) / len(of) for share, one in zip(shares, found, strict=True)]
    value = FULL * sum(shares) / len(of)
    at = log(max(value, LEAST))
    below = 0.0 if value <= LEAST else at - log(max(value - FULL * hypot(*down), _LEAST_LIMIT))
    above = log(max(value + FULL * hypot(*up), LEAST)) - at
    pairs = zip(_divided(weight * below, down), _divided(weight * above, up), strict=True)
    return dict(zip(of, pairs, strict=True))


def _divided(whole: float, among: Collection[float]) -> list[float]:
    """Return parts of a distance whose squares add up to its own."""
    length = hypot(*among)
    return [whole * one / length if length else 0.0 for one in among]


def _recovered(distances: Mapping[Part, float], parts: Mapping[Part, PartSums]) -> Reach:
    slopes: dict[Part, float] = {}
    apart = 0.0
    for part, distance in distances.items():
        variance = parts[part].known.variance_of_mean
        told_by_customers = variance > 0 and part not in ABOUT_STAFF
        # A line that moves nothing still counts the customers of its share.
        slopes[part] = distance / sqrt(variance) if told_by_customers else 0.0
        apart += 0.0 if told_by_customers else distance * distance
    return Reach(_lines(slopes, parts), apart)


def _lines(slopes: Mapping[Part, float], parts: Mapping[Part, PartSums]) -> dict[Part, Line]:
    """Return how a weighted sum of shares moves with the customers' counts."""
    found: dict[Part, Line] = {}
    for part in slopes:
        if part not in ABOUT_STAFF:
            k = slopes[part] / parts[part].known.n
            found[part] = Line(k, k * (parts[part].share or 0.0))
    return found
