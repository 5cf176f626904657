"""The conditions of some rows, a column at a time: flags as bits, numbers as they are.

Forty flags of a million rows are five megabytes. Parts of the rows join exactly: what was packed in several batches is
bit for bit what would have been packed at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import WORD, Flags, Indices, Words, pack, unpack

_CHUNK = 128 * WORD  # rows compared at once; a multiple of the word so that chunks join without shifting


@dataclass(frozen=True, slots=True)
class Flagged:
    """A column whose observed values are all 0 or 1, as bits.

    Attributes
    ----------
    present : ndarray of uint64, shape (words,)
    unknown : ndarray of uint64, shape (words,), or None
        Where it was not observed; None where it was observed everywhere.
    """

    present: Words
    unknown: Words | None


Column: TypeAlias = Flagged | NDArray[np.floating]


class Packed:
    """Columns of conditions over the same rows.

    Parameters
    ----------
    columns : sequence of Flagged or ndarray of float
    n : int
        Number of rows.
    """

    def __init__(self, columns: Sequence[Column], n: int) -> None:
        self.columns = list(columns)
        self.n = n

    @classmethod
    def of(cls, X: NDArray[np.floating]) -> Self:
        """Pack a matrix; NaN means not observed.

        Examples
        --------
        >>> packed = Packed.of(np.array([[0.0, 2.5], [np.nan, 1.0], [1.0, 3.0]]))
        >>> packed.values(0).tolist(), packed.values(1, np.array([2])).tolist()
        ([0.0, nan, 1.0], [3.0])
        """
        n, m = X.shape
        present = np.zeros((m, -(-n // WORD)), dtype=np.uint64)
        unknown = np.zeros_like(present)
        binary = np.ones(m, dtype=bool)
        for start in range(0, n, _CHUNK):
            block = X[start : start + _CHUNK]
            at = slice(start // WORD, start // WORD - (-len(block) // WORD))
            ones, missing = block == 1, np.isnan(block)
            binary &= (ones | missing | (block == 0)).all(axis=0)
            present[:, at] = pack(ones.T)
            if missing.any():
                unknown[:, at] = pack(missing.T)
        columns: list[Column] = [
            Flagged(present[j].copy(), unknown[j].copy() if unknown[j].any() else None)
            if binary[j]
            else np.ascontiguousarray(X[:, j])
            for j in range(m)
        ]
        return cls(columns, n)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts, in their order; a column is flags only if it is in every part.

        Examples
        --------
        >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 7.0]])
        >>> whole = Packed.joined([Packed.of(X[:1]), Packed.of(X[1:])])
        >>> whole.values(1).tolist(), isinstance(whole.columns[0], Flagged)
        ([1.0, 0.0, 7.0], True)
        """
        if len(parts) == 1:
            return parts[0]
        width = len(parts[0].columns)
        return cls([_joined(parts, j) for j in range(width)], sum(part.n for part in parts))

    def __len__(self) -> int:
        return self.n

    def values(self, column: int, rows: Indices | None = None) -> NDArray[np.floating]:
        """Return one column as numbers, NaN where not observed, over the given rows (all by default)."""
        held = self.columns[column]
        if not isinstance(held, Flagged):
            return held if rows is None else held[rows]
        present, unknown = self.flags(held, rows)
        values = present.astype(np.float64)
        if unknown is not None:
            values[unknown] = np.nan
        return values

    def flags(self, held: Flagged, rows: Indices | None) -> tuple[Flags, Flags | None]:
        """Return where a flag of these rows is present and where it was not observed."""
        present = unpack(held.present, self.n)
        unknown = None if held.unknown is None else unpack(held.unknown, self.n)
        if rows is not None:
            present = present[rows]
            unknown = None if unknown is None else unknown[rows]
        return present, unknown if unknown is not None and unknown.any() else None


Matrix: TypeAlias = NDArray[np.floating] | Packed


def packed(X: Matrix) -> Packed:
    """Return the conditions packed, as they are where they already were."""
    return X if isinstance(X, Packed) else Packed.of(X)


def _joined(parts: Sequence[Packed], column: int) -> Column:
    held = [part.columns[column] for part in parts]
    flagged = [part.flags(one, None) for part, one in zip(parts, held, strict=True) if isinstance(one, Flagged)]
    if len(flagged) < len(held):
        return np.concatenate([part.values(column) for part in parts])
    present = pack(np.concatenate([one for one, _ in flagged]))
    if all(unknown is None for _, unknown in flagged):
        return Flagged(present, None)
    absent = [np.zeros(len(one), np.bool_) if unknown is None else unknown for one, unknown in flagged]
    return Flagged(present, pack(np.concatenate(absent)))
