"""What was observed of items and sets, row by row: absent, present, or undetermined because something was not seen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Flags, Indices
from ml.mining.items import Item, Items
from ml.mining.packed import Matrix, Packed

ABSENT, PRESENT, UNDETERMINED = 0, 1, 2


class Observed:
    """What was observed of single items in the rows of a period, each looked up once.

    Parameters
    ----------
    X : ndarray of float, shape (n, m), or Packed
        NaN means not observed.
    rows : ndarray of int, optional
        The rows to look at (all by default).
    """

    def __init__(self, X: Matrix, rows: Indices | None = None) -> None:
        self._X = X
        self._rows = rows
        self._seen: dict[Item, tuple[Flags, Flags | None]] = {}
        self.n = len(X) if rows is None else len(rows)

    def values(self, column: int) -> NDArray[np.floating]:
        """Return one column over the rows."""
        if isinstance(self._X, Packed):
            return self._X.values(column, self._rows)
        return self._X[:, column] if self._rows is None else self._X[self._rows, column]

    def item(self, item: Item) -> tuple[Flags, Flags | None]:
        """Return where an item is present and where it was not observed (None: observed everywhere)."""
        if item not in self._seen:
            values = self.values(item.column)
            unknown = np.isnan(values)
            self._seen[item] = item.holds(values), unknown if unknown.any() else None
        return self._seen[item]

    def absent(self, item: Item) -> Flags:
        """Tell where an item is known to be absent."""
        held, unknown = self.item(item)
        return ~held if unknown is None else ~held & ~unknown

    def states(self, members: Items) -> NDArray[np.int8]:
        """Return for each row whether a set is absent (0), complete (1) or undetermined (2).

        A set with one member known to be absent is absent, whatever was not observed of the others.

        Examples
        --------
        >>> from ml.mining.items import Item
        >>> pair = (Item(0, "eq", 1.0), Item(1, "eq", 1.0))
        >>> Observed(np.array([[1, 1], [1, np.nan], [0, np.nan]])).states(pair).tolist()
        [1, 2, 0]
        """
        looked_up = [self.item(item) for item in members]
        complete = np.logical_and.reduce([held for held, _ in looked_up])
        if all(unknown is None for _, unknown in looked_up):
            known: NDArray[np.int8] = complete.view(np.int8)
            return known
        possible = np.logical_and.reduce([held if unknown is None else held | unknown for held, unknown in looked_up])
        states: NDArray[np.int8] = complete.astype(np.int8)
        states[possible & ~complete] = UNDETERMINED
        return states

    def matrix(self, sets: Sequence[Items]) -> NDArray[np.int8]:
        """Return the states of several sets side by side, shape (rows, sets)."""
        states = np.zeros((self.n, len(sets)), dtype=np.int8, order="F")
        for k, members in enumerate(sets):
            states[:, k] = self.states(members)
        return states
