"""Figures as they are kept and shown: plain values by name."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from ml.effects.credit import Failures
from ml.effects.cusum import Cusum
from ml.effects.shares import Change
from ml.effects.trends import Estimate
from ml.mining.bitsets import Indices
from models.rules.charts import limits_of, plotted
from models.rules.statistics import ShareInterval

Figures: TypeAlias = dict[str, Any]


def path_of(found: Cusum, week: Indices) -> Figures:
    """Return a CUSUM, one point at the end of each week."""
    last = np.flatnonzero(np.diff(week, append=week[-1] + 1))
    return {
        "limit": found.limit,
        "signal_week": None if found.signal is None else int(week[found.signal]),
        "cases": len(found.path),
        "failures": found.failures,
        "expected": found.expected,
        "path": [{"week": int(week[at]), "value": float(found.path[at])} for at in last],
    }


def chart_of(points: Sequence[tuple[int, int, int]]) -> list[Figures]:
    """Return the stretches of a p' chart: its limits are drawn anew where the countermeasure went live."""
    stretches = []
    for part in ([p for p in points if p[0] < 0], [p for p in points if p[0] >= 0]):
        counts = [(k, n) for _, k, n in part]
        limits = limits_of(counts)
        if limits is None:
            continue
        stretches.append(
            {
                "centre": limits.centre,
                "spread": limits.spread,
                "made_of": limits.points,
                "provisional": limits.provisional,
                "points": [
                    {"week": week, "k": k, "n": n, "low": at.low, "high": at.high, "outside": at.outside, "run": at.run}
                    for (week, k, n), at in zip(part, plotted(counts, limits), strict=True)
                ],
            }
        )
    return stretches


def change_of(changed: Change) -> Figures:
    """Return a share before and after."""
    return {
        "before": share_of(changed.before, changed.customers_before),
        "after": share_of(changed.after, changed.customers_after),
        "p_fall": changed.fall,
    }


def share_of(share: ShareInterval, customers: int) -> Figures:
    """Return a share with its interval and what it stands on."""
    return {"value": share.value, "low": share.low, "high": share.high, "n": share.n, "customers": customers}


def estimate_of(found: Estimate) -> Figures:
    """Return an estimate with its interval."""
    return {"value": found.value, "low": found.low, "high": found.high}


def failing_of(found: Failures) -> Figures:
    """Return how readily and how often failures followed a set, before and after."""
    return {
        "completion_before": found.before,
        "completion_after": found.after,
        "failing": change_of(found.joint),
    }
