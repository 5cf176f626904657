"""Cut points moved to where the likelihood is largest: a profile-likelihood line search per numeric member.

For one member of one set, every gap of distinct values is a possible cut. The rows where the rest of the set is
complete are binned by the member's value and by what the other sets predict, so that cumulative counts give the
exposed rows of every cut at once and the set's l is profiled for all of them together.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Flags, Floats, Indices
from ml.mining.cuts import midpoints
from ml.mining.grouping import collapse
from ml.mining.items import Item, Items
from ml.mining.likelihood import LARGEST, TINY
from ml.mining.observed import PRESENT, Observed
from ml.mining.packed import Matrix

_AT_ONCE = 1024  # cuts profiled together; more are reached by zooming in
_SWEEPS = 2
_NEWTON = 25
_DIGITS = 9


def refine(X: Matrix, y: Flags, stratum: Indices, sets: Sequence[Items], rows: Indices | None = None) -> list[Items]:
    """Return the sets with their numeric cuts at the best place, each searched with the others held.

    Parameters
    ----------
    X : ndarray of float, shape (n, m), or Packed
    y : ndarray of bool, shape (rows,)
    stratum : ndarray of int, shape (rows,)
    sets : sequence of tuple of Item
    rows : ndarray of int, optional
        The rows to look at (all by default).
    """
    refined = list(sets)
    observed = Observed(X, rows)
    for _ in range(_SWEEPS):
        before = list(refined)
        for k in range(len(refined)):
            for at, item in enumerate(refined[k]):
                if item.op != "eq":
                    offset, exposure = _without(observed, y, stratum, refined, k)
                    cut = _best_cut(observed, y, refined[k], at, offset, exposure)
                    refined[k] = (*refined[k][:at], replace(item, value=cut), *refined[k][at + 1 :])
        if refined == before:
            break
    return refined


def _without(observed: Observed, y: Flags, stratum: Indices, sets: list[Items], k: int) -> tuple[Floats, float]:
    """Return what the other sets and the leak predict for every row (eta), and the set's own l."""
    grouping = collapse(y, stratum, observed.matrix(sets))
    cells = grouping.cells
    fit = cells.fit(range(len(sets)), np.full(len(sets), 0.2))
    design = cells.table(range(len(sets))).design.copy()
    own = design.shape[1] - len(sets) + k
    level = float(fit.coefficients[own])
    design[:, own] = 0.0
    return np.maximum(design @ fit.coefficients, TINY)[grouping.codes], level


def _best_cut(observed: Observed, y: Flags, members: Items, at: int, offset: Floats, level: float) -> float:
    item = members[at]
    rest = members[:at] + members[at + 1 :]
    values = observed.values(item.column)
    possible = ~np.isnan(values)
    if rest:
        possible &= observed.states(rest) == PRESENT
    inside = np.flatnonzero(possible)
    values = values[inside].astype(np.float64)
    ordered = np.sort(values)
    boundaries = np.flatnonzero(ordered[1:] > ordered[:-1])
    if not boundaries.size:
        return item.value
    profile = _Profile(values, y[inside], offset[inside], item)
    low, high = 0, len(boundaries) - 1
    while True:
        step = max(1, -(-(high - low) // _AT_ONCE))
        tried = np.unique(np.append(np.arange(low, high + 1, step), high))
        cuts = midpoints(ordered, boundaries[tried])
        best = int(np.argmax(profile.loglik(cuts, level)))
        if step == 1:
            return float(cuts[best])
        low, high = int(tried[max(best - 1, 0)]), int(tried[min(best + 1, len(tried) - 1)])


class _Profile:
    """The profile log-likelihood of a cut, the rest of the model held."""

    def __init__(self, values: NDArray[np.floating], y: Flags, offset: Floats, item: Item) -> None:
        self.values = values.astype(np.float64, copy=False)
        self.y = y
        self.item = item
        self.offsets, inverse = np.unique(offset.round(_DIGITS), return_inverse=True)
        self.offsets = np.maximum(self.offsets, TINY)
        self.kind = inverse.reshape(-1)

    def loglik(self, cuts: Floats, level: float) -> Floats:
        """Return for every cut the log-likelihood at the l that suits it best."""
        rows, failed = self._exposed(cuts, None), self._exposed(cuts, self.y)
        everyone = self._everyone(None), self._everyone(self.y)
        length = self._profiled(rows, failed, level)
        with_set = self.offsets + length[:, None]
        spared = np.log(-np.expm1(-self.offsets))
        inside = failed * np.log(-np.expm1(-with_set)) - (rows - failed) * with_set
        outside = (everyone[1] - failed) * spared - (everyone[0] - rows - everyone[1] + failed) * self.offsets
        total: Floats = (inside + outside).sum(axis=1)
        return total

    def _profiled(self, rows: Floats, failed: Floats, level: float) -> Floats:
        """Newton on the score in l, which is convex and falling: from the left it never overshoots."""
        length = np.full(len(rows), level)
        for _ in range(_NEWTON):
            p = -np.expm1(-np.maximum(self.offsets + length[:, None], TINY))
            score = (failed / p - rows).sum(axis=1)
            slope = (failed * (1 - p) / p**2).sum(axis=1)
            moved = np.clip(length + score / np.maximum(slope, TINY), 0.0, LARGEST)
            if np.abs(moved - length).max() < 1e-9:  # noqa: PLR2004 - far below any digit shown
                break
            length = moved
        return length

    def _exposed(self, cuts: Floats, chosen: Flags | None) -> Floats:
        """Count exposed rows by cut and by what the others predict."""
        counts = self._binned(cuts, chosen)
        below = np.cumsum(counts, axis=0)[:-1]
        exposed: Floats = below if self.item.op == "le" else counts.sum(axis=0) - below
        return exposed

    def _everyone(self, chosen: Flags | None) -> Floats:
        kind = self.kind if chosen is None else self.kind[chosen]
        return np.bincount(kind, minlength=len(self.offsets)).astype(float)

    def _binned(self, cuts: Floats, chosen: Flags | None) -> Floats:
        values = self.values if chosen is None else self.values[chosen]
        kind = self.kind if chosen is None else self.kind[chosen]
        width = len(self.offsets)
        flat = np.searchsorted(cuts, values) * width + kind
        counted = np.bincount(flat, minlength=(len(cuts) + 1) * width)
        return counted.reshape(len(cuts) + 1, width).astype(float)
