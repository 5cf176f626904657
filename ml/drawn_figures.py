"""Intervals of a risk model's figures by drawing whole customers: every figure of a draw from one sorted order."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.evaluation import BINS, SMALLEST
from ml.intervals import numbered

FIGURES = ("log_loss", "brier_skill", "average_precision", "auc", "precision_at_capacity", "ece")
TAILS = (0.025, 0.975)
DRAWS = 200

Reals = NDArray[np.float64]


class _Sorted(NamedTuple):
    """Rows in the order of risk: outcome, risk, log-loss, squared error, where each run of equal risks begins."""

    left: Reals
    risk: Reals
    loss: Reals
    error: Reals
    runs: NDArray[np.intp]

    @classmethod
    def of(cls, left: Reals, risk: Reals) -> "_Sorted":
        kept = np.clip(risk, SMALLEST, 1 - SMALLEST)
        loss = -np.where(left == 1, np.log(kept), np.log1p(-kept))
        return cls(left, risk, loss, (risk - left) ** 2, np.flatnonzero(np.diff(risk, prepend=-1.0)))


def drawn_figures(
    y: ArrayLike,
    p: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    capacity: float = 0.1,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return a 95 % interval by customer for every figure of `ml.evaluation.judge`, all from the same draws.

    Parameters
    ----------
    y, p : array-like of shape (n,)
        Outcomes, 0 or 1, and probabilities given without knowledge of them.
    groups : array-like of shape (n,), optional
        The customer of each row; without it every row is its own.
    capacity : float
        Share of the rows there are hands for.
    draws, seed : int
        Draws in which only one outcome occurs are left out; where that is all of them, nothing is returned.

    Notes
    -----
    To draw customers with replacement is to count each one's rows as often as they were drawn, so rows are sorted once
    and every draw is sums. A calibration error is never below 0 and drawing adds noise to it, so its interval lies
    somewhat high: that of a perfectly calibrated model is not 0 either.

    Examples
    --------
    >>> low, high = drawn_figures(np.arange(400) % 4 == 0, np.full(400, 0.25))["auc"]
    >>> float(low), float(high)
    (0.5, 0.5)
    """
    outcome, risk = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    owner = numbered(groups, outcome.size)
    order = np.argsort(risk, kind="stable")
    rows, owner = _Sorted.of(outcome[order], risk[order]), owner[order]
    customers = int(owner.max()) + 1
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        weight = np.bincount(rng.integers(customers, size=customers), minlength=customers)[owner].astype(float)
        if 0 < weight @ rows.left < weight.sum():
            drawn.append(_figures(rows, weight, capacity))
    if not drawn:
        return {}
    low, high = np.quantile(np.array(drawn), TAILS, axis=0)
    return {name: (float(low[at]), float(high[at])) for at, name in enumerate(FIGURES)}


def _figures(rows: _Sorted, weight: Reals, capacity: float) -> tuple[float, ...]:
    """Return the figures, in the order of `FIGURES`, of rows that count as often as they weigh."""
    total = weight.sum()
    rate = (weight @ rows.left) / total
    with_zero = np.concatenate([[0.0], np.cumsum(weight)])
    left = np.concatenate([[0.0], np.cumsum(weight * rows.left)])
    first = total - max(1.0, np.round(capacity * total))
    return (
        float(weight @ rows.loss / total),
        float(1 - weight @ rows.error / total / (rate * (1 - rate))),
        *_ranked(rows, weight),
        float((left[-1] - np.interp(first, with_zero, left)) / (total - first)),
        _calibration_error(rows, weight, with_zero, left),
    )


def _ranked(rows: _Sorted, weight: Reals) -> tuple[float, float]:
    """Return average precision and AUC; rows of equal risk are one threshold."""
    events = np.add.reduceat(weight * rows.left, rows.runs)
    others = np.add.reduceat(weight * (1 - rows.left), rows.runs)
    below = np.cumsum(others) - others
    auc = events @ (below + others / 2) / (events.sum() * others.sum())
    found, taken = np.cumsum(events[::-1]), np.cumsum((events + others)[::-1])
    precision = np.divide(found, taken, out=np.zeros_like(found), where=taken > 0)
    return float(events[::-1] @ precision / events.sum()), float(auc)


def _calibration_error(rows: _Sorted, weight: Reals, with_zero: Reals, left: Reals) -> float:
    total = with_zero[-1]
    sizes = total // BINS + (np.arange(BINS) < total % BINS)
    ends = np.concatenate([[0.0], np.cumsum(sizes)])
    said = np.concatenate([[0.0], np.cumsum(weight * rows.risk)])
    # A row drawn several times may fall on both sides of an end: a part of its weight then counts on either.
    gaps = np.diff(np.interp(ends, with_zero, left)) - np.diff(np.interp(ends, with_zero, said))
    return float(np.abs(gaps).sum() / total)
