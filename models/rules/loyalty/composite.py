"""One number of several dimensions, where it must be one: with its interval, its set, and what other weights do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from random import Random

from models.rules.loyalty.dimensions import ABOUT_STAFF, NEEDED, PARTS, Dimension, Part
from models.rules.loyalty.profile import FULL, Measured, PartSums
from models.rules.quantiles import student_t_quantile
from models.rules.statistics import UPPER_95

DIMENSIONS_NEEDED = 5
DRAWS = 1000
LEAST = 1.0
RARE = 0.05
"""Below this share of one of its parts, the composite's interval is a bootstrap's and no straight line's."""
_SUMS_TO_ONE = 1e-6
_TAIL = 0.025


class WeightsRefused(ValueError):  # noqa: N818 - a refusal
    """Weights that are no weights."""


@dataclass(frozen=True, slots=True)
class Line:
    """How the logarithm of the composite, or a dimension, moves with one customer's counts of a share.

    u_c adds up `k` times the rows that hold, less `m` times the rows.
    """

    k: float
    m: float


@dataclass(frozen=True, slots=True)
class Composite:
    """A weighted geometric mean of dimensions.

    Parameters
    ----------
    value : float
        1-100.
    of : tuple of Dimension
        The dimensions it stands on. Composites of different sets are compared on what both have.
    weights : dict of Dimension to float
        Of those, adding up to 1.
    lowest, highest : float
        The central 95 % of what 1 000 other weightings would have made of the same dimensions.
    lines : dict of Part to Line
        For the sum of squares that its interval needs: see `composite_interval`.
    staff_variance : float
        What shares that are no customers' add to the variance of its logarithm.
    is_rare : bool
        A share below .05 is among its parts.
    """

    value: float
    of: tuple[Dimension, ...]
    weights: dict[Dimension, float]
    lowest: float
    highest: float
    lines: dict[Part, Line]
    staff_variance: float
    is_rare: bool


def checked_weights(weights: Mapping[Dimension, float]) -> dict[Dimension, float]:
    """Return weights of all eight dimensions.

    Raises
    ------
    WeightsRefused
        If one is missing or below 0, if those of the needed dimensions are not above 0, or if they do not add up to 1.

    Examples
    --------
    >>> checked_weights({Dimension.KEEP: 1.0})
    Traceback (most recent call last):
    models.rules.loyalty.composite.WeightsRefused: Weights are needed of: enable, fair, first, flow, learn, ...
    """
    missing = sorted(set(Dimension) - set(weights))
    if missing:
        raise WeightsRefused(f"Weights are needed of: {', '.join(missing)}.")
    wrong = sorted(name for name, weight in weights.items() if not weight >= 0 or (name in NEEDED and not weight))
    if wrong:
        raise WeightsRefused(f"Weights must be 0 or more, and above 0 for what a composite needs: {', '.join(wrong)}.")
    total = sum(weights.values())
    if abs(total - 1) > _SUMS_TO_ONE:
        raise WeightsRefused(f"Weights must add up to 1; these add up to {total:g}.")
    return dict(weights)


def composite(
    profile: Mapping[Dimension, Measured],
    parts: Mapping[Part, PartSums],
    weights: Mapping[Dimension, float] | None = None,
    *,
    only: Collection[Dimension] | None = None,
) -> Composite | None:
    """Return the composite of the dimensions that are measured.

    Parameters
    ----------
    profile : Mapping[Dimension, Measured]
    parts : Mapping[Part, PartSums]
        What the profile was made of.
    weights : Mapping[Dimension, float] | None
        Equal ones by default. Those of the measured dimensions are stretched to add up to 1.
    only : Collection[Dimension] | None
        Restricts it to some: what two periods both have.

    Returns
    -------
    Composite | None
        None with fewer than five measured, or without KEEP, FLOW and NO NEEDLESS CONTACT among them.

    Notes
    -----
    C = exp sum_d w_d ln max(x_d, 1). Being geometric it does not let one dimension pay for another: where one is near
    nothing, so is C.
    """
    of = tuple(d for d in Dimension if d in profile and profile[d].is_measured and (only is None or d in only))
    given = {d: 1.0 if weights is None else weights[d] for d in of}
    of = tuple(d for d in of if given[d] > 0)
    if len(of) < DIMENSIONS_NEEDED or not set(of) >= NEEDED:
        return None
    total = sum(given[d] for d in of)
    mine = {d: given[d] / total for d in of}
    logs = {d: log(max(profile[d].value or 0.0, LEAST)) for d in of}
    lowest, highest = _under_other_weights([logs[d] for d in of])
    lines, staff = _lines(mine, parts)
    shares = [parts[part].share for d in of for part in PARTS[d] if part != Part.LEARNT]
    return Composite(
        exp(sum(mine[d] * logs[d] for d in of)),
        of,
        mine,
        lowest,
        highest,
        lines,
        staff,
        is_rare=any(share is not None and share < RARE for share in shares),
    )


def composite_interval(found: Composite, customers: int, squares: float) -> tuple[float, float]:
    """Return the 95 % interval of a composite.

    Parameters
    ----------
    found : Composite
    customers : int
        N: those with a row in any of its shares.
    squares : float
        Sum over customers of u_c squared, u_c being what `lines` add up to for one customer.

    Returns
    -------
    tuple[float, float]
        Within 1 and 100, which is the whole interval for one customer or none.

    Notes
    -----
    The delta method with customers as clusters: u_c = sum_d w_d (k_cd - p_d m_cd)/(p_d n_d),
    Var ln C = N/(N-1) sum u_c^2; C exp(-+ t sd). Customers who do not differ at all give an interval without width.
    """
    if customers < 2:  # noqa: PLR2004 - N - 1
        return LEAST, FULL
    variance = customers / (customers - 1) * squares + found.staff_variance
    reach = student_t_quantile(UPPER_95, customers - 1) * sqrt(variance)
    return max(LEAST, found.value * exp(-reach)), min(FULL, found.value * exp(reach))


def dimension_lines(dimension: Dimension, parts: Mapping[Part, PartSums]) -> dict[Part, Line]:
    """Return the lines of one measured dimension itself, as a share of 1: for `profile.measured`'s sum of squares."""
    of = PARTS[dimension]
    return {part: _line(1 / len(of), parts[part]) for part in of if part not in ABOUT_STAFF}


def _lines(weights: Mapping[Dimension, float], parts: Mapping[Part, PartSums]) -> tuple[dict[Part, Line], float]:
    lines: dict[Part, Line] = {}
    staff = 0.0
    for dimension, weight in weights.items():
        of = PARTS[dimension]
        mean = sum(parts[part].share or 0.0 for part in of) / len(of)
        if FULL * mean <= LEAST or dimension == Dimension.LEARN:
            # At its floor it does not move; and what was learnt is no sample of customers.
            continue
        for part in of:
            slope = weight / (len(of) * mean)
            if part in ABOUT_STAFF:
                staff += slope * slope * parts[part].known.variance_of_mean
            else:
                lines[part] = _line(slope, parts[part])
    return lines, staff


def _line(slope: float, sums: PartSums) -> Line:
    k = slope / sums.known.n
    return Line(k, k * (sums.share or 0.0))


def _under_other_weights(logs: list[float]) -> tuple[float, float]:
    """Return the central 95 % over weights drawn evenly from all that add up to 1 (Dirichlet with ones)."""
    chance = Random(DRAWS)  # noqa: S311 - the same draws each time, no secret
    values = []
    for _ in range(DRAWS):
        drawn = [chance.expovariate(1.0) for _ in logs]
        values.append(sum(w * x for w, x in zip(drawn, logs, strict=True)) / sum(drawn))
    values.sort()
    return exp(values[int(_TAIL * DRAWS)]), exp(values[int((1 - _TAIL) * DRAWS) - 1])
