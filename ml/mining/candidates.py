"""Candidate sets, enumerated from the failing rows only, with their counts over all rows.

A conjunction can only be interesting where it fails: one with fewer than `least` failures is never counted, nor
any superset of it. What stays is held as a sparse candidate x failing-row incidence, so that one product per scan
weighs every candidate under the current model.
"""

from dataclasses import dataclass, field
from math import comb
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ml.mining.bitsets import Flags, Floats, Indices, conjunction, count, count_with_each, pack
from ml.mining.items import ItemPool, incidence
from ml.mining.scan import gains

Members: TypeAlias = tuple[int, ...]
Counts: TypeAlias = NDArray[np.int64]

_SIZE = 3
_ENOUGH = 15_000  # failing rows scanned at least, if they fit
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
    rows: list[Counts] = field(default_factory=list)
    lengths: list[Counts] = field(default_factory=list)
    indices: list[NDArray[np.int32]] = field(default_factory=list)

    def take(self, base: Members, last: Indices, rows: Counts, lengths: Counts, indices: NDArray[np.int32]) -> None:
        block = np.full((len(last), _SIZE), -1, dtype=np.int32)
        block[:, : len(base)] = base
        block[:, len(base)] = last
        self.members.append(block)
        self.rows.append(rows)
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
        self.rows = np.concatenate([np.empty(0, np.int64), *found.rows])
        lengths = np.concatenate([np.empty(0, np.int64), *found.lengths])
        self._matrix = _incidence_matrix(lengths, found.indices, len(self._scanned))
        self.failures = lengths if share == 1 else self._exact_failures()

    def _sample(self) -> Indices:
        """Return the failing rows that are scanned: all, or an even share of very many.

        The scan only ranks what is then tested exactly on all rows, so a share of many thousands serves as well.
        """
        shown = np.bincount(self._table.sum(axis=0, dtype=np.int64))
        entries = sum(int(n) * (t + comb(t, 2) + comb(t, 3)) for t, n in enumerate(shown))
        return np.arange(0, len(self.failing), max(1, -(-entries // _BUDGET), len(self.failing) // _ENOUGH))

    def _enumerate(self, least: int) -> _Found:
        table = np.ascontiguousarray(self._table[:, self._scanned])
        present, found = self.pool.present, _Found()
        for i in range(len(table)):
            rows_i = np.flatnonzero(table[i]).astype(np.int32)
            if len(rows_i) < least:
                continue
            alone = np.array([i])
            found.take((), alone, count(present[alone]), np.array([len(rows_i)]), rows_i)
            later = i + 1 + np.flatnonzero(self._compatible[i, i + 1 :])
            pairs = _join(table, later, rows_i, least)
            found.take((i,), pairs[0], count_with_each(present[i], present[pairs[0]]), *pairs[1:])
            bounds = np.concatenate([[0], np.cumsum(pairs[1])])
            for at, j in enumerate(pairs[0]):
                later = pairs[0][at + 1 :]
                rows_ij = pairs[2][bounds[at] : bounds[at + 1]]
                triples = _join(table, later[self._compatible[j, later]], rows_ij, least)
                if len(triples[0]):
                    counted = count_with_each(present[i] & present[j], present[triples[0]])
                    found.take((i, int(j)), triples[0], counted, *triples[1:])
        return found

    def _exact_failures(self) -> Counts:
        """Count failures over all failing rows where only a share was enumerated."""
        packed = pack(self._table.astype(np.bool_))
        failures = np.zeros(len(self.members), dtype=np.int64)
        width = max(1, (1 << 18) // max(1, packed.shape[1]))
        everywhere = np.concatenate([packed, np.full((1, packed.shape[1]), ~np.uint64(0))])
        for start in range(0, len(failures), width):
            chosen = self.members[start : start + width]
            failures[start : start + width] = count(
                everywhere[chosen[:, 0]] & everywhere[chosen[:, 1]] & everywhere[chosen[:, 2]]
            )
        return failures

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


def _join(
    table: NDArray[np.uint8], others: Indices, rows: NDArray[np.int32], least: int
) -> tuple[Indices, Counts, NDArray[np.int32]]:
    """Return which items share at least `least` of the rows, how many each, and those rows one after another."""
    if len(rows) < least or not len(others):
        return np.empty(0, np.intp), np.empty(0, np.int64), np.empty(0, np.int32)
    shared = table[np.ix_(others, rows)]
    counted = shared.sum(axis=1, dtype=np.int64)
    kept = counted >= least
    return others[kept], counted[kept], rows[np.nonzero(shared[kept])[1]]


def _incidence_matrix(lengths: Counts, indices: list[NDArray[np.int32]], width: int) -> csr_array:
    joined = np.concatenate([np.empty(0, np.int32), *indices])
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return csr_array((np.ones(len(joined), np.float32), joined, bounds), shape=(len(lengths), width))
