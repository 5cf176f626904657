"""How far two who judge the same thing agree beyond chance: the customer's own answer and what staff classified.

Both are kept, the customer's comes first, and this figure says how far one may stand in for the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import TypeVar

from models.rules.statistics import Z_95

L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cohen's kappa with its interval.

    Parameters
    ----------
    kappa : float | None
        1 for full agreement, 0 for what chance gives; None where nothing was judged twice, or where both always said
        the same one thing and chance alone would agree.
    low, high : float
        The 95 % interval, within -1 and 1; the whole of it where kappa is None.
    observed : float | None
        Share of those judged twice that were judged alike.
    n : int
        How many were judged twice.
    """

    kappa: float | None
    low: float
    high: float
    observed: float | None
    n: int


def cohens_kappa(judged: Mapping[tuple[L, L], int]) -> Agreement:
    """Return how far two judges agree beyond chance.

    Parameters
    ----------
    judged : Mapping[tuple[L, L], int]
        How many were judged (by the one, by the other).

    Notes
    -----
    kappa = (p_o - p_e)/(1 - p_e) (Cohen 1960); standard error sqrt(p_o (1 - p_o)/n)/(1 - p_e), Cohen's own, for rows
    that are independent: one row a customer or many customers with few rows each. Full agreement has no width by it.

    Examples
    --------
    >>> found = cohens_kappa({("value", "value"): 20, ("value", "failure"): 5,
    ...                       ("failure", "value"): 10, ("failure", "failure"): 15})
    >>> round(found.kappa, 2), round(found.low, 2), round(found.high, 2), found.n
    (0.4, 0.15, 0.65, 50)
    """
    n = sum(judged.values())
    if not n:
        return Agreement(None, -1.0, 1.0, None, 0)
    labels = {label for pair in judged for label in pair}
    alike = sum(count for (one, other), count in judged.items() if one == other) / n
    first = {label: sum(count for (one, _), count in judged.items() if one == label) / n for label in labels}
    second = {label: sum(count for (_, other), count in judged.items() if other == label) / n for label in labels}
    chance = sum(first[label] * second[label] for label in labels)
    if chance == 1:
        return Agreement(None, -1.0, 1.0, alike, n)
    kappa = (alike - chance) / (1 - chance)
    half = Z_95 * sqrt(alike * (1 - alike) / n) / (1 - chance)
    return Agreement(kappa, max(-1.0, kappa - half), min(1.0, kappa + half), alike, n)
