"""One number of several dimensions, where it must be one: with its set, and what other weights do.

How sure it is, `models.rules.loyalty.reaches` tells.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from math import exp, log
from random import Random

from models.rules.loyalty.dimensions import NEEDED, Dimension
from models.rules.loyalty.profile import FULL, Measured

DIMENSIONS_NEEDED = 5
DRAWS = 1000
LEAST = 1.0
"""A dimension below it counts as it."""
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
    """

    value: float
    of: tuple[Dimension, ...]
    weights: dict[Dimension, float]
    lowest: float
    highest: float


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
    weights: Mapping[Dimension, float] | None = None,
    *,
    only: Collection[Dimension] | None = None,
) -> Composite | None:
    """Return the composite of the dimensions that are measured.

    Parameters
    ----------
    profile : Mapping[Dimension, Measured]
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
    # Logarithms added up and taken back may end a hair above what all of them are.
    value = min(FULL, exp(sum(mine[d] * logs[d] for d in of)))
    return Composite(value, of, mine, lowest, highest)


def _under_other_weights(logs: list[float]) -> tuple[float, float]:
    """Return the central 95 % over other weights."""
    values = sorted(sum(w * x for w, x in zip(drawn, logs, strict=True)) for drawn in _weightings(len(logs)))
    return exp(values[int(_TAIL * DRAWS)]), exp(values[int((1 - _TAIL) * DRAWS) - 1])


@cache
def _weightings(size: int) -> list[list[float]]:
    """Draw weights evenly from all that add up to 1 (Dirichlet with ones), the same ones each time."""
    chance = Random(DRAWS)  # noqa: S311 - the same draws each time, no secret
    found = []
    for _ in range(DRAWS):
        drawn = [chance.expovariate(1.0) for _ in range(size)]
        whole = sum(drawn)
        found.append([one / whole for one in drawn])
    return found
