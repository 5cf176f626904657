"""Where to cut a number: positions searched on a grid of ranks, the few kept by trees.

A coarse cut is enough to find a set; `ml.mining.refinement` then moves it to its best place. What is paid for in
the critical values is every position searched here, not the few that are kept.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy
from sklearn.tree import DecisionTreeClassifier

from ml.mining.bitsets import Flags, Floats, Indices
from ml.mining.packed import Matrix, packed

Positions: TypeAlias = dict[int, Floats]

SPACING = 0.012  # of rank, between neighbouring positions
KEPT = 6
_ALONE = 4  # of the kept cuts, how many the column may choose by itself
_SAMPLE = 60_000  # rows the joint tree looks at: every failure up to a third, the rest drawn evenly
_LEAVES = 48
_LEAST_LEAF = 8


def positions(values: NDArray[np.floating]) -> Floats:
    """Return the cut positions searched of one column: midpoints about 1.2 % of rank apart.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        NaN is left out.

    Examples
    --------
    >>> import numpy as np
    >>> positions(np.array([1.0, 1.0, 2.0, 4.0])).tolist()
    [1.5, 3.0]
    """
    ordered = np.sort(values[~np.isnan(values)]).astype(np.float64)
    boundaries = np.flatnonzero(ordered[1:] > ordered[:-1])
    if not boundaries.size:
        return np.empty(0)
    wanted = np.arange(SPACING / 2, 1, SPACING) * len(ordered) - 1
    after = np.clip(np.searchsorted(boundaries, wanted), 0, len(boundaries) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.where(np.abs(boundaries[before] - wanted) <= np.abs(boundaries[after] - wanted), before, after)
    return midpoints(ordered, boundaries[np.unique(nearer)])


def midpoints(ordered: Floats, boundaries: Indices) -> Floats:
    """Return the middle of each gap after the given places of a sorted column, never the upper value itself."""
    below, above = ordered[boundaries], ordered[boundaries + 1]
    middle = below / 2 + above / 2
    cut: Floats = np.where((middle < above) & (middle >= below), middle, below)
    return cut


def choose_cuts(
    X: Matrix, y: Flags, searched: Positions, others: Sequence[int], rows: Indices | None = None
) -> dict[int, list[float]]:
    """Keep about six cuts per column: its own tree's first, then those of one tree over all columns.

    Parameters
    ----------
    X : ndarray of float, shape (n, m), or Packed
    y : ndarray of bool, shape (rows,)
    searched : dict of int to ndarray
        The positions of each numeric column.
    others : sequence of int
        Columns that are not numeric; the joint tree may branch on them.
    rows : ndarray of int, optional
        The rows to look at (all by default).
    """
    if not searched:
        return {}
    held, sample = packed(X), _sampled(y)
    joint = np.zeros((len(sample), len(searched) + len(others)), dtype=np.float32)
    kept: dict[int, list[int]] = {}
    for k, (column, cuts) in enumerate(searched.items()):
        values = held.values(column, rows)
        known = ~np.isnan(values)
        bins = np.searchsorted(cuts, values)
        kept[column] = _own_cuts(bins[known], y[known], len(cuts))
        joint[:, k] = np.where(known[sample], bins[sample], -1)
    where = sample if rows is None else rows[sample]
    for k, column in enumerate(others):
        joint[:, len(searched) + k] = np.nan_to_num(held.values(column, where), nan=-1.0)
    shared = _joint_cuts(joint, y[sample], len(searched))
    for k, column in enumerate(searched):
        _fill(kept[column], shared[k], len(searched[column]))
    return {column: [float(searched[column][at]) for at in sorted(chosen)] for column, chosen in kept.items()}


def _sampled(y: Flags) -> Indices:
    failing, fine = np.flatnonzero(y), np.flatnonzero(~y)
    failing = failing[:: max(1, -(-len(failing) // (_SAMPLE // 3)))]
    fine = fine[:: max(1, -(-len(fine) // (_SAMPLE - len(failing))))]
    return np.sort(np.concatenate([failing, fine]))


def _own_cuts(bins: Indices, y: Flags, cuts: int) -> list[int]:
    """Split one column again and again where the Bernoulli likelihood gains most."""
    rows = np.concatenate([[0], np.cumsum(np.bincount(bins, minlength=cuts + 1))]).astype(float)
    failed = np.concatenate([[0], np.cumsum(np.bincount(bins[y], minlength=cuts + 1))]).astype(float)
    chosen: list[int] = []
    for _ in range(min(_ALONE, cuts)):
        edges = [0, *(at + 1 for at in sorted(chosen)), cuts + 1]
        best, reached = -1, 0.0
        for low, high in pairwise(edges):
            inner = np.arange(low + 1, high)
            if not inner.size:
                continue
            gained = _segment(rows, failed, low, inner) + _segment(rows, failed, inner, high)
            gained = gained - _segment(rows, failed, low, np.array([high]))
            at = int(np.argmax(gained))
            if gained[at] > reached:
                best, reached = int(inner[at]) - 1, float(gained[at])
        if best < 0:
            break
        chosen.append(best)
    return chosen


def _segment(rows: Floats, failed: Floats, low: int | Indices, high: int | Indices) -> Floats:
    """Return the Bernoulli log-likelihood of the bins from `low` up to `high`."""
    n = rows[high] - rows[low]
    f = failed[high] - failed[low]
    value: Floats = np.asarray(xlogy(f, f) + xlogy(n - f, n - f) - xlogy(n, n))
    return value


def _joint_cuts(joint: NDArray[np.float32], y: Flags, numeric: int) -> list[list[int]]:
    """Return each numeric column's cuts in one tree over all columns, the most useful first."""
    tree = DecisionTreeClassifier(
        criterion="log_loss", max_leaf_nodes=_LEAVES, min_samples_leaf=_LEAST_LEAF, random_state=0
    )
    grown = tree.fit(joint, y).tree_
    worth = grown.impurity * grown.weighted_n_node_samples
    inner = grown.children_left >= 0
    gained = np.zeros(grown.node_count)
    gained[inner] = worth[inner] - worth[grown.children_left[inner]] - worth[grown.children_right[inner]]
    found: list[list[int]] = [[] for _ in range(numeric)]
    for node in np.argsort(-gained, kind="stable"):
        column = int(grown.feature[node])
        if inner[node] and column < numeric and grown.threshold[node] >= 0:
            found[column].append(int(grown.threshold[node]))
    return found


def _fill(chosen: list[int], shared: list[int], cuts: int) -> None:
    """Fill up to the number kept: from the joint tree, then evenly over the positions."""
    even = [int(at) for at in np.linspace(0, cuts - 1, KEPT + 2)[1:-1].round()] if cuts else []
    for at in [*shared, *even]:
        if len(chosen) >= KEPT:
            return
        if at not in chosen and at < cuts:
            chosen.append(at)
