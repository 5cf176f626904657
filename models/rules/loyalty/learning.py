"""LEARN: of what condition sets cost, the share that countermeasures verified since have answered."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.rules.loyalty.profile import FULL

CONFIRMED_BEFORE_US = 30 * 86_400_000_000
"""So long before the window's end a set must have been confirmed for an answer to be owed."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A condition set that was owed an answer.

    Parameters
    ----------
    cost : float | None
        Its cost in the 90 days before its first countermeasure, or before the window's end where it has none: frozen,
        because success would otherwise delete itself. None where it is not known.
    failures : float
        Failures credited to it in the same days.
    answered : float
        0-1: how far verified countermeasures cover it. One on a single member of three gives 0, and a return clears it.
    """

    cost: float | None
    failures: float
    answered: float


@dataclass(frozen=True, slots=True)
class Learnt:
    """How much of it was answered.

    Parameters
    ----------
    value : float | None
        0-100; None without a set, or where all sets weigh nothing.
    answered, owed : float
        The sums it is made of.
    sets : int
    by_cost : bool
        Weighed by money; by credited failures where one cost is not known.
    """

    value: float | None
    answered: float
    owed: float
    sets: int
    by_cost: bool


def learnt(sets: Iterable[Owed]) -> Learnt:
    """Return the share answered of what condition sets cost.

    Parameters
    ----------
    sets : Iterable[Owed]
        Those confirmed at least 30 days before the window's end.

    Examples
    --------
    >>> learnt([Owed(900.0, 30, 1.0), Owed(100.0, 50, 0.0)]).value
    90.0
    >>> learnt([Owed(900.0, 30, 1.0), Owed(None, 50, 0.0)]).value
    37.5
    """
    rows = list(sets)
    by_cost = all(row.cost is not None for row in rows)
    weighed = [(row.cost if by_cost and row.cost is not None else row.failures, row.answered) for row in rows]
    owed = sum(weight for weight, _ in weighed)
    answered = sum(weight * share for weight, share in weighed)
    return Learnt(FULL * answered / owed if owed > 0 else None, answered, owed, len(rows), by_cost and bool(rows))
