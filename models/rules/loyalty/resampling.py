"""The composite's interval where a share is rare: customers drawn again and again, instead of a straight line."""

from collections.abc import Mapping, Sequence
from math import exp, log, sqrt
from random import Random

from models.rules.loyalty.composite import LEAST, Composite
from models.rules.loyalty.dimensions import ABOUT_STAFF, PARTS, Dimension, Part
from models.rules.loyalty.profile import FULL, Measured

DRAWS = 400
_TAIL = 0.025
_MANY = 30
"""A Poisson number of so many or more is drawn as a rounded normal one."""

Alike = tuple[int, Mapping[Part, tuple[int, int]]]
"""How many customers counted the same, and of each share their rows that hold and their known rows."""


def bootstrapped(
    found: Composite, profile: Mapping[Dimension, Measured], customers: Sequence[Alike], *, draws: int = DRAWS
) -> tuple[float, float]:
    """Return the 95 % interval of a composite by a Poisson bootstrap over customers.

    Parameters
    ----------
    found : Composite
    profile : Mapping[Dimension, Measured]
        Its dimensions: what was learnt and what staff are owed is no customers' and stays as it is.
    customers : Sequence of Alike
        All customers, those who counted the same together.
    draws : int

    Returns
    -------
    tuple[float, float]
        Within 1 and 100.

    Notes
    -----
    Each customer counts as often as a Poisson number of mean 1 says (Hanley and MacGibbon 2006; Chamandy et al. 2012):
    for n alike that is one Poisson number of mean n. A draw in which a share has no row is drawn without it being
    moved. The percentiles of `draws` composites; the same customers give the same interval.

    Examples
    --------
    >>> from models.rules.loyalty.composite import composite
    >>> from models.rules.loyalty.profile import PartSums, measured
    >>> from models.rules.statistics import ClusterSums
    >>> shares = [Part.KEPT, Part.DONE_IN_TIME, Part.FIRST_TIME, Part.NOT_NEEDLESS, Part.AS_NEW]
    >>> counted = [(4, dict.fromkeys(shares, (1, 1))), (96, dict.fromkeys(shares, (0, 1)))]
    >>> sums = ClusterSums.of((k, m, k) for n, own in counted for k, m in [own[Part.KEPT]] * n)
    >>> parts = dict.fromkeys(shares, PartSums(sums, 100))
    >>> profile = {d: measured(d, parts) for d in Dimension}
    >>> low, high = bootstrapped(composite(profile, parts), profile, counted)
    >>> 1 <= low < 4 < high < 10
    True
    """
    chance = Random(draws)  # noqa: S311 - the same draws each time, no secret
    values = sorted(_drawn(found, profile, customers, chance) for _ in range(draws))
    return values[int(_TAIL * draws)], values[int((1 - _TAIL) * draws) - 1]


def _drawn(
    found: Composite, profile: Mapping[Dimension, Measured], customers: Sequence[Alike], chance: Random
) -> float:
    k: dict[Part, int] = {}
    m: dict[Part, int] = {}
    for count, own in customers:
        times = _poisson(count, chance)
        for part, (holds, known) in own.items():
            k[part] = k.get(part, 0) + times * holds
            m[part] = m.get(part, 0) + times * known
    total = 0.0
    for dimension, weight in found.weights.items():
        value = profile[dimension].value or 0.0
        of = PARTS[dimension]
        if dimension != Dimension.LEARN and not ABOUT_STAFF & set(of) and all(m.get(part) for part in of):
            value = FULL * sum(k[part] / m[part] for part in of) / len(of)
        total += weight * log(max(value, LEAST))
    return min(FULL, max(LEAST, exp(total)))


def _poisson(mean: int, chance: Random) -> int:
    """Return a Poisson number: by products of uniform ones (Knuth), of a great mean by the normal distribution."""
    if mean >= _MANY:
        return max(0, round(chance.gauss(mean, sqrt(mean))))
    least, product, number = exp(-mean), chance.random(), 0
    while product > least:
        product *= chance.random()
        number += 1
    return number
