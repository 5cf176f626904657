"""The cases a countermeasure is judged by, and what is asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Flags, Indices
from ml.mining.items import Item, Items


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases with a known outcome.

    Attributes
    ----------
    codes : list of str
        Conditions, one a column.
    X : ndarray of float, shape (n, m)
        1 present, 0 absent, NaN not observed.
    failed : ndarray of bool, shape (n,)
    customer : ndarray of int, shape (n,)
    times_us : ndarray of int, shape (n,)
        In ascending order.
    team : ndarray of str, shape (n,)
    """

    codes: list[str]
    X: NDArray[np.floating]
    failed: Flags
    customer: Indices
    times_us: NDArray[np.int64]
    team: NDArray[np.str_]

    def some(self, rows: Flags) -> "Cases":
        """Return some of the cases."""
        parts = (self.X[rows], self.failed[rows], self.customer[rows], self.times_us[rows], self.team[rows])
        return Cases(self.codes, *parts)

    def items(self, members: Sequence[str]) -> Items:
        """Return the members of a set as items."""
        return tuple(Item(self.codes.index(code), "eq", 1.0) for code in members)


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A condition set that a countermeasure belongs to.

    Attributes
    ----------
    id : str
    members : tuple of str
    found_until_us : int or None
        The end of the period it was found in; None where people drew it.
    covered_since_us : int or None
        Since when all its conditions have had a live countermeasure; None where one has none.
    """

    id: str
    members: tuple[str, ...]
    found_until_us: int | None
    covered_since_us: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be judged.

    Attributes
    ----------
    conditions : tuple of str
        What the countermeasure answers.
    live_us, now_us : int
    team : str or None
        Where it is, if it is not everywhere; `elsewhere` are teams without any on these conditions.
    sets : tuple of KnownSet
        Those with one of its conditions.
    others : tuple of tuple of str
        The members of all sets known.
    """

    conditions: tuple[str, ...]
    live_us: int
    now_us: int
    team: str | None
    elsewhere: frozenset[str]
    sets: tuple[KnownSet, ...]
    others: tuple[tuple[str, ...], ...]
