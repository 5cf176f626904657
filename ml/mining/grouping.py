"""Rows collapsed by stratum and by the states of the sets in the model.

Every exact test of the search runs on such a table of some hundred cells, whatever the number of rows. Rows whose
membership in a set is undetermined get their own leak stratum: unknown is not false.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Flags, Floats, Indices
from ml.mining.likelihood import Fit, Table, fit_table
from ml.mining.observed import PRESENT, UNDETERMINED


@dataclass(frozen=True, slots=True)
class Cells:
    """A collapsed table.

    Attributes
    ----------
    rows, failures : ndarray of float, shape (cells,)
    stratum : ndarray of int, shape (cells,)
    states : ndarray of int8, shape (cells, sets)
        0 absent, 1 complete, 2 undetermined.
    """

    rows: Floats
    failures: Floats
    stratum: Indices
    states: NDArray[np.int8]

    def leak_columns(self) -> Floats:
        """Return one indicator per leak stratum: the stratum, apart where any set is undetermined."""
        kind = self.stratum * 2 + (self.states == UNDETERMINED).any(axis=1)
        if (kind == kind[:1]).all():
            return np.ones((len(kind), 1))
        columns: Floats = (kind[:, None] == np.unique(kind)).astype(np.float64)
        return columns

    def table(self, chosen: Sequence[int]) -> Table:
        """Return the regression table with the chosen sets as columns; leaks follow all sets of the cells."""
        leaks = self.leak_columns()
        exposed = (self.states[:, list(chosen)] == PRESENT).astype(float)
        return Table(self.rows, self.failures, np.hstack([leaks, exposed]))

    def fit(self, chosen: Sequence[int], sets: Floats, leaks: Floats | None = None) -> Fit:
        """Fit the chosen sets.

        Parameters
        ----------
        chosen : sequence of int
            Columns of `states`.
        sets : ndarray of float, shape (len(chosen),)
            Coefficients to begin with.
        leaks : ndarray of float, optional
            Leaks to begin with, used where the leak strata are still the same number.
        """
        table = self.table(chosen)
        needed = table.design.shape[1] - len(chosen)
        if leaks is None or len(leaks) != needed:
            leaks = np.full(needed, max(float(self.failures.sum() / self.rows.sum()) / 2, 1e-6))
        return fit_table(table, np.concatenate([np.maximum(leaks, 1e-6), sets]))


@dataclass(frozen=True, slots=True)
class Split:
    """The cells with a set tried as last column, and which rows it holds in."""

    cells: Cells
    parent: Indices
    complete: Indices
    undetermined: Indices | None


class Grouping:
    """The cell of every row, kept up to date as sets join and leave the model.

    Parameters
    ----------
    y : ndarray of bool, shape (n,)
    stratum : ndarray of int, shape (n,)
        Codes from 0.
    """

    def __init__(self, y: Flags, stratum: Indices) -> None:
        self.y = y
        self.codes = stratum.astype(np.intp)
        self.cells = self._count(np.arange(int(stratum.max(initial=0)) + 1), None)

    def _count(self, stratum: Indices, states: NDArray[np.int8] | None) -> Cells:
        cells = len(stratum)
        rows = np.bincount(self.codes, minlength=cells).astype(float)
        failures = np.bincount(self.codes[self.y], minlength=cells).astype(float)
        return Cells(rows, failures, stratum, np.zeros((cells, 0), np.int8) if states is None else states)

    def split(self, complete: Indices, undetermined: Indices | None) -> Split:
        """Return the cells with one more set as last column, leaving the rows' codes as they are.

        Parameters
        ----------
        complete, undetermined : ndarray of int
            Rows in which the new set is complete, or undetermined.
        """
        now = self.cells
        parts = {PRESENT: self._counts(complete)}
        if undetermined is not None:
            parts[UNDETERMINED] = self._counts(undetermined)
        rest = (now.rows - sum(p[0] for p in parts.values()), now.failures - sum(p[1] for p in parts.values()))
        rows, failures = (np.stack(some) for some in zip(rest, *parts.values(), strict=True))
        state, cell = np.nonzero(rows > 0)
        states = np.hstack([now.states[cell], state[:, None].astype(np.int8)])
        cells = Cells(rows[state, cell], failures[state, cell], now.stratum[cell], states)
        return Split(cells, parent=cell, complete=complete, undetermined=undetermined)

    def cell_of(self, split: Split) -> Indices:
        """Return the cell of every row in a split."""
        state = np.zeros(len(self.codes), dtype=np.intp)
        state[split.complete] = PRESENT
        if split.undetermined is not None:
            state[split.undetermined] = UNDETERMINED
        position = np.zeros((3, len(self.cells.rows)), dtype=np.intp)
        position[split.cells.states[:, -1], split.parent] = np.arange(len(split.parent))
        located: Indices = position[state, self.codes]
        return located

    def _counts(self, rows: Indices) -> tuple[Floats, Floats]:
        cells = len(self.cells.rows)
        codes = self.codes[rows]
        counted = np.bincount(codes, minlength=cells).astype(float)
        return counted, np.bincount(codes[self.y[rows]], minlength=cells).astype(float)

    def add(self, complete: Indices, undetermined: Indices | None) -> None:
        """Take one more set into the cells."""
        now = self.cells
        state = np.zeros(len(self.codes), dtype=np.int8)
        state[complete] = PRESENT
        if undetermined is not None:
            state[undetermined] = UNDETERMINED
        wide = self.codes * 3 + state
        used, inverse = _compress(wide, len(now.rows) * 3)
        self.codes = inverse[wide]
        states = np.hstack([now.states[used // 3], (used % 3).astype(np.int8)[:, None]])
        self.cells = self._count(now.stratum[used // 3], states)

    def remove(self, position: int) -> None:
        """Forget one set: join the cells that only it told apart."""
        states = np.delete(self.cells.states, position, axis=1)
        joint = np.hstack([self.cells.stratum[:, None], states])
        distinct, inverse = np.unique(joint, axis=0, return_inverse=True)
        self.codes = inverse.reshape(-1)[self.codes]
        self.cells = self._count(distinct[:, 0], distinct[:, 1:].astype(np.int8))


def collapse(y: Flags, stratum: Indices, states: NDArray[np.int8]) -> Grouping:
    """Collapse rows whose set states are already known.

    Examples
    --------
    >>> import numpy as np
    >>> states = np.array([[1], [0], [1]], dtype=np.int8)
    >>> grouping = collapse(np.array([True, False, False]), np.zeros(3, dtype=np.intp), states)
    >>> grouping.cells.rows.tolist(), grouping.cells.failures.tolist(), grouping.codes.tolist()
    ([1.0, 2.0], [0.0, 1.0], [1, 0, 1])
    """
    grouping = Grouping(y, stratum)
    for k in range(states.shape[1]):
        grouping.add(*present_and_unknown(states[:, k]))
    return grouping


def present_and_unknown(state: NDArray[np.int8]) -> tuple[Indices, Indices | None]:
    """Return the rows in which a set is complete, and those in which that is undetermined (None if nowhere)."""
    unknown = np.flatnonzero(state == UNDETERMINED)
    return np.flatnonzero(state == PRESENT), unknown if unknown.size else None


def _compress(codes: Indices, size: int) -> tuple[Indices, Indices]:
    """Return the codes in use and the map from a code to its position among them."""
    used = np.flatnonzero(np.bincount(codes, minlength=size))
    position = np.zeros(size, dtype=np.intp)
    position[used] = np.arange(len(used))
    return used, position
