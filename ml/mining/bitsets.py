"""Rows as bits: 64 rows to a word, so that a conjunction is an AND and a count is a popcount.

Counts are plain sums over words, so shards of rows merge exactly.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Words: TypeAlias = NDArray[np.uint64]
Flags: TypeAlias = NDArray[np.bool_]
Indices: TypeAlias = NDArray[np.intp]
Floats: TypeAlias = NDArray[np.float64]

WORD = 64
_BLOCK = 1 << 15  # words handled at once: half of an L2 cache, so that a count does not wait for memory


def pack(flags: Flags) -> Words:
    """Pack flags along the last axis into 64-bit words, the first row in the lowest bit.

    Parameters
    ----------
    flags : ndarray of bool, shape (..., n)

    Returns
    -------
    ndarray of uint64, shape (..., ceil(n / 64))

    Examples
    --------
    >>> import numpy as np
    >>> pack(np.array([True, False, True])).tolist()
    [5]
    """
    packed = np.packbits(flags, axis=-1, bitorder="little")
    missing = -packed.shape[-1] % 8
    if missing:
        packed = np.concatenate([packed, np.zeros((*packed.shape[:-1], missing), np.uint8)], axis=-1)
    words: Words = np.ascontiguousarray(packed).view(np.uint64)
    return words


def unpack(words: Words, n: int) -> Flags:
    """Return the flags of one packed column of `n` rows.

    Examples
    --------
    >>> import numpy as np
    >>> unpack(pack(np.array([True, False, True])), 3).tolist()
    [True, False, True]
    """
    return np.unpackbits(words.view(np.uint8), count=n, bitorder="little").view(np.bool_)


def rows_of(words: Words, n: int) -> Indices:
    """Return the ascending row numbers whose bit is set.

    Examples
    --------
    >>> import numpy as np
    >>> rows_of(pack(np.array([True, False, True])), 3).tolist()
    [0, 2]
    """
    return np.flatnonzero(unpack(words, n))


def count(words: Words) -> NDArray[np.int64]:
    """Count the set bits along the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> count(pack(np.ones((2, 70), dtype=bool))).tolist()
    [70, 70]
    """
    # Summing in 32 bits takes two thirds of the time, and four billion rows fit.
    counted: NDArray[np.int64] = np.bitwise_count(words).sum(axis=-1, dtype=np.uint32).astype(np.int64)
    return counted


def conjunction(columns: Words, members: tuple[int, ...]) -> Words:
    """Return the rows (as bits) in which every member of a condition set is present.

    Parameters
    ----------
    columns : ndarray of uint64, shape (items, words)
    members : tuple of int
        Positions of the members in `columns`; at least one.
    """
    result: Words = columns[members[0]].copy()
    for member in members[1:]:
        np.bitwise_and(result, columns[member], out=result)
    return result


def count_with_each(base: Words, columns: Words) -> NDArray[np.int64]:
    """Count, for every column, the rows it shares with `base`.

    Parameters
    ----------
    base : ndarray of uint64, shape (words,)
    columns : ndarray of uint64, shape (items, words)

    Returns
    -------
    ndarray of int64, shape (items,)

    Examples
    --------
    >>> import numpy as np
    >>> base = pack(np.array([True, True, False]))
    >>> count_with_each(base, pack(np.array([[True, False, True], [True, True, True]]))).tolist()
    [1, 2]
    """
    total = np.zeros(len(columns), dtype=np.int64)
    width = max(1, _BLOCK // max(1, len(columns)))
    for start in range(0, base.size, width):
        block = slice(start, start + width)
        total += count(base[block] & columns[:, block])
    return total
