"""One pass over all rows: in how many of them each candidate is complete.

A candidate can only be complete where its first member is. The rows that have it are picked out and packed anew, so
that all candidates that begin with the same member are counted over those rows alone.
"""

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import WORD, Words, count, pack

_UNPACKED = 1 << 26  # bytes: one for each item and row of what is looked at at once
_WORDS = 1 << 15  # handled at once: half of an L2 cache


def count_complete(present: Words, members: NDArray[np.int32]) -> NDArray[np.int64]:
    """Count the rows in which every member of a candidate is present.

    Parameters
    ----------
    present : ndarray of uint64, shape (items, words)
        The rows of each item as bits, 0 beyond the last row.
    members : ndarray of int, shape (candidates, 3)
        Positions of the items, -1 where a candidate has fewer; ascending by the first.

    Returns
    -------
    ndarray of int64, shape (candidates,)

    Examples
    --------
    >>> import numpy as np
    >>> present = pack(np.array([[True, True, False], [True, False, True]]))
    >>> count_complete(present, np.array([[0, -1, -1], [0, 1, -1], [1, -1, -1]], dtype=np.int32)).tolist()
    [2, 1, 2]
    """
    items, words = present.shape
    counted = np.zeros(len(members), dtype=np.int64)
    starts = np.searchsorted(members[:, 0], np.arange(items + 1))
    width = max(1, _UNPACKED // (WORD * max(1, items)))
    for at in range(0, words, width):
        block = np.ascontiguousarray(present[:, at : at + width])
        flags = np.unpackbits(block.view(np.uint8), axis=1, bitorder="little")
        for first in np.flatnonzero(starts[1:] > starts[:-1]):
            own = slice(starts[first], starts[first + 1])
            counted[own] += _with_first(flags, int(first), members[own])
    return counted


def _with_first(flags: NDArray[np.uint8], first: int, members: NDArray[np.int32]) -> NDArray[np.int64]:
    """Count the candidates that begin with one item over the rows that have it."""
    rows = np.flatnonzero(flags[first].view(np.bool_))
    inside = np.empty((len(flags) + 1, -(-len(rows) // WORD)), dtype=np.uint64)
    inside[first + 1 : -1] = pack(np.take(flags[first + 1 :], rows, axis=1))
    inside[-1] = pack(np.ones(len(rows), dtype=np.bool_))  # where a candidate has no further member
    step = max(1, _WORDS // max(1, inside.shape[1]))
    parts = [members[at : at + step] for at in range(0, len(members), step)]
    return np.concatenate([count(inside[part[:, 1]] & inside[part[:, 2]]) for part in parts])
