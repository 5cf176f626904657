"""Rows that come in several batches: packed as they come, joined without loss, mined as one.

Everything a search needs of the rows is a column of bits, a column of numbers, or a count: n_S and f_S of a candidate
and the cells of every exact test are plain sums. So the batches may be files, months or shards of a database.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_consistent_length

from ml.mining.packed import Packed


class Batch(NamedTuple):
    """Some of the rows of an analysis.

    Attributes
    ----------
    X : array-like of float, shape (n, m)
        Conditions: 1 present, 0 absent, NaN not observed; numbers as they are.
    y : array-like, shape (n,)
        The outcome.
    groups, strata, time : array-like, shape (n,), or None
        As in `ml.conditions.ConditionSetMiner.fit`: in every batch or in none.
    """

    X: ArrayLike
    y: ArrayLike
    groups: ArrayLike | None = None
    strata: ArrayLike | None = None
    time: ArrayLike | None = None


class Part(NamedTuple):
    """A batch whose conditions are checked and packed."""

    conditions: Packed
    y: NDArray[Any]
    groups: NDArray[Any] | None
    strata: NDArray[Any] | None
    time: NDArray[Any] | None


def part_of(X: NDArray[np.floating], y: NDArray[Any], batch: Batch) -> Part:
    """Pack the checked conditions of a batch and put its outcome, customers, strata and moments beside them.

    Raises
    ------
    ValueError
        If one has not as many entries as there are rows.
    """
    beside = [None if values is None else np.asarray(values) for values in batch[2:]]
    check_consistent_length(X, y, *(values for values in beside if values is not None))
    return Part(Packed.of(X), y, *beside)


def joined(parts: Sequence[Part]) -> Part:
    """Return all rows as one part, in the order of the batches.

    Raises
    ------
    ValueError
        If there are no rows, or if some batches name customers, strata or moments and others do not, or in another
        kind of value.

    Examples
    --------
    >>> part = part_of(np.ones((2, 1)), np.array([0, 1]), Batch(None, None, groups=["a", "b"]))
    >>> joined([part, part]).groups.tolist()
    ['a', 'b', 'a', 'b']
    """
    if not parts:
        raise ValueError("There are no rows: every batch is empty, or there is none.")
    return Part(
        Packed.joined([part.conditions for part in parts]),
        np.concatenate([part.y for part in parts]),
        *(_in_all_or_none(name, [getattr(part, name) for part in parts]) for name in Part._fields[2:]),
    )


def _in_all_or_none(name: str, given: list[NDArray[Any] | None]) -> NDArray[Any] | None:
    """Join what every batch names; refuse what only some do."""
    there = [values for values in given if values is not None]
    if not there:
        return None
    if len(there) < len(given):
        raise ValueError(f"{len(there)} of {len(given)} batches have {name}: give it with all of them or with none.")
    kinds = {values.dtype.kind.replace("u", "i") for values in there}
    if len(kinds) > 1:
        raise ValueError(f"The batches give {name} as different kinds of value: as text in all of them, or in none.")
    return np.concatenate(there)
