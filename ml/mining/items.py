"""From a matrix of conditions to items: one yes-or-no column each, packed, with "not observed" kept apart.

A binary column is one item (present), an integer-coded category one item per level, a numeric column one item
per kept cut and side. Columns that say the same of every row share one item; the others are its aliases.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import WORD, Flags, Indices, Words, count, pack
from ml.mining.packed import Flagged, Matrix, Packed, packed

Operator: TypeAlias = Literal["eq", "le", "gt"]
Kind: TypeAlias = Literal["binary", "category", "numeric"]


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One member of a condition set: a column, an operator and a value.

    Attributes
    ----------
    column : int
        Position of the condition in the matrix.
    op : {"eq", "le", "gt"}
        How the condition is compared with the value.
    value : float
        1 for a binary condition, the level's code for a category, the cut (in the column's unit) for a number.
    """

    column: int
    op: Operator
    value: float

    def holds(self, values: NDArray[np.floating]) -> Flags:
        """Tell for each value whether the item is present; a value not observed (NaN) is not.

        Examples
        --------
        >>> import numpy as np
        >>> Item(0, "le", 2.5).holds(np.array([1.0, 3.0, np.nan])).tolist()
        [True, False, False]
        """
        match self.op:
            case "eq":
                held = values == self.value
            case "le":
                held = values <= self.value
            case "gt":
                held = values > self.value
        return np.asarray(held, dtype=np.bool_)


Items: TypeAlias = tuple[Item, ...]


@dataclass(slots=True)
class ItemPool:
    """The items of one analysis over its rows.

    Attributes
    ----------
    items : list of Item
    present : ndarray of uint64, shape (items, words)
        Bit set: the item is known to be present.
    unknown : ndarray of uint64, shape (items, words), or None
        Bit set: the condition was not observed. None when everything was observed.
    n : int
        Number of rows.
    aliases : dict
        For a kept item, the items that say the same of every row.
    """

    items: list[Item]
    present: Words
    unknown: Words | None
    n: int
    aliases: dict[Item, list[Item]] = field(default_factory=dict)

    def undetermined(self, members: tuple[int, ...]) -> Words | None:
        """Return the rows in which the set could be complete but a member was not observed."""
        if self.unknown is None or not self.unknown[list(members)].any():
            return None
        possible = self.present[members[0]] | self.unknown[members[0]]
        complete = self.present[members[0]].copy()
        for member in members[1:]:
            possible &= self.present[member] | self.unknown[member]
            complete &= self.present[member]
        open_rows: Words = possible & ~complete
        return open_rows


def column_kinds(X: Matrix, categorical: Sequence[int] = ()) -> list[Kind]:
    """Tell binary columns (finite values within {0, 1}), categories and numbers apart.

    Parameters
    ----------
    X : ndarray of float, shape (n, m), or Packed
    categorical : sequence of int
        Columns that hold integer codes of categories.

    Examples
    --------
    >>> import numpy as np
    >>> column_kinds(np.array([[0.0, 2.5], [np.nan, 1.0]]))
    ['binary', 'numeric']
    """
    chosen = set(categorical)
    return [
        "category" if j in chosen else "binary" if isinstance(column, Flagged) else "numeric"
        for j, column in enumerate(packed(X).columns)
    ]


def plain_items(X: Matrix, kinds: Sequence[Kind]) -> list[Item]:
    """Return the items of the binary and category columns, in the order of the columns."""
    items: list[Item] = []
    held = packed(X)
    for column, kind in enumerate(kinds):
        if kind == "binary":
            items.append(Item(column, "eq", 1.0))
        elif kind == "category":
            levels = np.unique(held.values(column))
            items.extend(Item(column, "eq", float(level)) for level in levels[np.isfinite(levels)])
    return items


def cut_items(cuts: dict[int, list[float]]) -> list[Item]:
    """Return both sides of every cut as items.

    Examples
    --------
    >>> [item.op for item in cut_items({3: [1.5]})]
    ['le', 'gt']
    """
    sides: tuple[Operator, Operator] = ("le", "gt")
    return [Item(column, op, cut) for column, kept in cuts.items() for cut in kept for op in sides]


def build_pool(X: Matrix, items: Sequence[Item], rows: Indices | None = None) -> ItemPool:
    """Pack the items over the given rows; drop those that never vary, join those that are identical.

    Parameters
    ----------
    X : ndarray of float, shape (n, m), or Packed
        NaN means not observed.
    items : sequence of Item
    rows : ndarray of int, optional
        The rows to look at (all by default), so that a period needs no copy of the matrix.
    """
    held = packed(X)
    n = len(held) if rows is None else len(rows)
    present = np.zeros((len(items), -(-n // WORD)), dtype=np.uint64)
    unknown = np.zeros_like(present)
    seen: dict[int, Indices] = {}
    for at, item in enumerate(items):
        seen[item.column] = np.append(seen.get(item.column, np.empty(0, np.intp)), at)
    for column, places in seen.items():
        flags, missing = _bits(held, column, [items[at] for at in places], rows)
        present[places] = flags
        if missing is not None:
            unknown[places] = missing
    return _distinct(list(items), present, unknown if unknown.any() else None, n)


def _bits(held: Packed, column: int, items: Sequence[Item], rows: Indices | None) -> tuple[Words, Words | None]:
    """Return the items of one column as bits, and where it was not observed (None: nowhere)."""
    kept = held.columns[column]
    if isinstance(kept, Flagged) and all(item.op == "eq" and item.value == 1 for item in items):
        if rows is None:
            return kept.present[None], kept.unknown
        present, unknown = held.flags(kept, rows)
        return pack(present)[None], None if unknown is None else pack(unknown)
    values = held.values(column, rows)
    unknown = np.isnan(values)
    return pack(np.stack([item.holds(values) for item in items])), pack(unknown) if unknown.any() else None


def _distinct(items: list[Item], present: Words, unknown: Words | None, n: int) -> ItemPool:
    """Keep items that vary, one of each group of identical ones."""
    shown = count(present)
    hidden = np.zeros(len(items), np.int64) if unknown is None else count(unknown)
    first: dict[tuple[bytes, bytes], Item] = {}
    aliases: dict[Item, list[Item]] = {}
    kept: list[int] = []
    for i, item in enumerate(items):
        if shown[i] == 0 or shown[i] + hidden[i] == n:
            continue
        key = (present[i].tobytes(), b"" if unknown is None else unknown[i].tobytes())
        if key in first:
            aliases.setdefault(first[key], []).append(item)
        else:
            first[key] = item
            kept.append(i)
    return ItemPool(
        items=[items[i] for i in kept],
        present=present[kept],
        unknown=None if unknown is None else unknown[kept],
        n=n,
        aliases=aliases,
    )


def incidence(pool: ItemPool, rows: Indices) -> NDArray[np.uint8]:
    """Return items x given rows as 0/1 bytes."""
    table = np.empty((len(pool.items), len(rows)), dtype=np.uint8)
    word, bit = rows // WORD, (rows % WORD).astype(np.uint64)
    for i, column in enumerate(pool.present):
        table[i] = (column[word] >> bit) & np.uint64(1)
    return table
