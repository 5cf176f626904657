"""Candidate sets, enumerated from the failing rows only, with their counts over all rows.

A conjunction can only be interesting where it fails: one with fewer than `least` failures is never counted, nor
any superset of it. What stays is held as a sparse candidate x failing-row incidence, so that one product per scan
weighs every candidate under the current model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ml.mining.bitsets import Flags, Floats, Indices, conjunction, count, count_with_each, pack
from ml.mining.counting import count_complete
from ml.mining.items import ItemPool, incidence
from ml.mining.scan import gains

Members: TypeAlias = tuple[int, ...]
Counts: TypeAlias = NDArray[np.int64]

_SIZE = 3
_ENOUGH = 15_000  # failing rows scanned at least, if they fit
_AT_ONCE = 1 << 20  # bytes of incidence made at once
_BUDGET = 24_000_000  # entries of the incidence held at once, about 200 MB


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Counts and gain of a base joined with each item of the pool, shape (items,) each."""

    failures: Counts
    gain: Floats


@dataclass(slots=True)
class _Found:
    """What the enumeration collects, in blocks of candidates of equal size."""

    members: list[NDArray[np.int32]] = field(default_factory=list)
    lengths: list[Counts] = field(default_factory=list)
    indices: list[NDArray[np.int32]] = field(default_factory=list)

    def take(self, members: Sequence[Indices], lengths: Counts, indices: NDArray[np.int32]) -> None:
        """Take candidates of one size; `members` gives the first, second, ... member of each."""
        block = np.full((len(lengths), _SIZE), -1, dtype=np.int32)
        for place, items in enumerate(members):
            block[:, place] = items
        self.members.append(block)
        self.lengths.append(lengths)
        self.indices.append(indices)


class Candidates:
    """All conjunctions of up to three items with enough failures.

    Parameters
    ----------
    pool : ItemPool
    failing : ndarray of int
        The failing rows, ascending.
    least : int
        Fewest failures of a candidate.

    Attributes
    ----------
    members : ndarray of int, shape (candidates, 3)
        Positions in the pool, -1 where the set is shorter.
    sizes, rows, failures : ndarray of int, shape (candidates,)
    """

    def __init__(self, pool: ItemPool, failing: Indices, least: int) -> None:
        self.pool = pool
        self.failing = failing
        self._table = incidence(pool, failing)
        self._scanned = self._sample()
        self._compatible = _compatible(pool)
        share = len(self._scanned) / max(1, len(failing))
        found = self._enumerate(least if share == 1 else max(3, int(least * share)))
        self.members = np.concatenate([np.empty((0, _SIZE), np.int32), *found.members])
        self.sizes = (self.members >= 0).sum(axis=1)
        self.rows = count_complete(pool.present, self.members)
        lengths = np.concatenate([np.empty(0, np.int64), *found.lengths])
        self._matrix = _incidence_matrix(lengths, found.indices, len(self._scanned))
        # Where only a share of the failing rows was enumerated, all of them are counted.
        self.failures = lengths if share == 1 else count_complete(pack(self._table.view(np.bool_)), self.members)

    def _sample(self) -> Indices:
        """Return the failing rows that are scanned: all, or an even share of very many.

        The scan only ranks what is then tested exactly on all rows, so a share of many thousands serves as well.
        """
        shown = np.bincount(self._table.sum(axis=0, dtype=np.int64))
        entries = sum(int(n) * (t + comb(t, 2) + comb(t, 3)) for t, n in enumerate(shown))
        return np.arange(0, len(self.failing), max(1, -(-entries // _BUDGET), len(self.failing) // _ENOUGH))

    def _enumerate(self, least: int) -> _Found:
        table = np.ascontiguousarray(self._table[:, self._scanned])
        found = _Found()
        for i in range(len(table)):
            rows = np.flatnonzero(table[i]).astype(np.int32)
            if len(rows) < least:
                continue
            found.take([np.array([i])], np.array([len(rows)]), rows)
            later = i + 1 + np.flatnonzero(self._compatible[i, i + 1 :])
            shared = table[later[:, None], rows]
            counted = shared.sum(axis=1, dtype=np.int64)
            enough = counted >= least
            pairs, shared = later[enough], shared[enough]
            found.take([np.full_like(pairs, i), pairs], counted[enough], _rows_of_each(shared, rows))
            self._take_triples(found, i, pairs, shared, rows, least)
        return found

    def _take_triples(
        self,
        found: _Found,
        i: int,
        pairs: Indices,
        shared: NDArray[np.uint8],
        rows: NDArray[np.int32],
        least: int,
    ) -> None:
        """Enumerate the triples that begin with item i; `shared` tells which of its rows each of its pairs has."""
        counted = _in_common(shared)
        enough = np.triu((counted >= least) & self._compatible[pairs[:, None], pairs], 1)
        second, third = np.nonzero(enough)
        width = max(1, _AT_ONCE // len(rows))
        for at in range(0, len(second), width):
            j, k = second[at : at + width], third[at : at + width]
            held = _rows_of_each(shared[j] & shared[k], rows)
            found.take([np.full_like(j, i), pairs[j], pairs[k]], counted[j, k], held)

    longest = _SIZE

    def set_at(self, position: int) -> Members:
        """Return the members of one candidate."""
        return tuple(int(item) for item in self.members[position] if item >= 0)

    def gains(self, weight: Floats) -> Floats:
        """Return the gain of every candidate; `weight` is 1/p of the failing rows."""
        w = weight[self._scanned].astype(np.float32)
        share = len(self._scanned) / max(1, len(self.failing))
        sums = self._matrix @ np.stack([w, w * w], axis=1)
        return gains(sums[:, 0] / share, sums[:, 1] / share, self.rows, self.failures)

    def neighbours(self, base: Members, weight: Floats) -> Neighbours:
        """Return the gain of `base` joined with every item of the pool (`base` may be empty)."""
        present = self.pool.present
        inside = self._table[list(base)].all(axis=0) if base else np.ones(len(self.failing), np.bool_)
        rows = count_with_each(conjunction(present, base), present) if base else count(present)
        table = self._table[:, inside].astype(np.float64)
        w = weight[inside]
        failures = table.sum(axis=1).astype(np.int64)
        return Neighbours(failures, gains(table @ w, table @ (w * w), rows, failures))

    def joins(self, base: Members) -> Flags:
        """Tell which items may join a set: not its own members, nor a second cut on the same side."""
        allowed = np.ones(len(self.pool.items), dtype=np.bool_)
        for member in base:
            allowed &= self._compatible[member]
        return allowed


def _compatible(pool: ItemPool) -> Flags:
    """Tell which pairs of items may share a set; two cuts of one column on one side are one condition."""
    sides: dict[tuple[int, str], int] = {}
    side = np.array([sides.setdefault((item.column, item.op), len(sides)) for item in pool.items], dtype=np.intp)
    apart: Flags = side[:, None] != side[None, :]
    return apart


def _rows_of_each(shared: NDArray[np.uint8], rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the rows that each line of a 0/1 table has, one line after another."""
    return rows[np.nonzero(shared.view(np.bool_))[1]]


def _in_common(shared: NDArray[np.uint8]) -> Counts:
    """Count the columns that each two rows of a 0/1 table share: a product, exact in single precision up to 2^24."""
    flags = shared.astype(np.float32)
    counted: Counts = (flags @ flags.T).astype(np.int64)
    return counted


def _incidence_matrix(lengths: Counts, indices: list[NDArray[np.int32]], width: int) -> csr_array:
    joined = np.concatenate([np.empty(0, np.int32), *indices])
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return csr_array((np.ones(len(joined), np.float32), joined, bounds), shape=(len(lengths), width))
