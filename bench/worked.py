"""The two worked examples of docs/method: every figure of their prose, and their plots.

    python bench/worked.py --data FOLDER [--write docs/method/plots]

Counts, shares and intervals only: no row of the data leaves its folder.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from bench.condition_data import Cases, machines, orders
from bench.plots import Share, profile_plot, shares_plot
from ml.conditions import ConditionSetMiner, FoundSet
from ml.mining.grouping import collapse
from ml.mining.intervals import rate_interval
from ml.mining.items import Item
from ml.mining.observed import Observed

SIGNS = {"le": "at most", "gt": "above"}
BOTH = ("promise_broken", "still_waiting")


def words(found: FoundSet) -> str:
    """Return a set in words."""
    named = (
        c.feature.replace("_", " ") if c.op == "eq" else f"{c.feature} {SIGNS[c.op]} {c.value:.5g}" for c in found.items
    )
    return ", ".join(named)


def described(found: FoundSet) -> Iterator[str]:
    """Yield what is said of a set."""
    interval = f"[{found.low:.3f}, {found.high:.3f}]"
    yield f"{words(found)}: {found.status}"
    yield f"  {found.failures} of {found.rows} failed, completion {found.completion:.3f} {interval}"
    for condition, rate in found.rate_without.items():
        if len(found.items) > 1:
            share = found.essentiality[condition]
            essential = "unknown" if share is None else f"{share:.2f}"
            lacking = "none seen" if rate is None else f"{rate:.3f}"
            yield f"  without {condition.feature}: {lacking}, essentiality {essential}"
    yield f"  credited {found.credited:.1f} failures, {found.near} with all members but one"


def cells(cases: Cases) -> list[Share]:
    """Return the failing share of orders by the two conditions, counting customers."""
    assert cases.groups is not None
    customer = np.unique(cases.groups, return_inverse=True)[1]
    broken, waiting = (cases.columns[name] == 1 for name in BOTH)
    shares = []
    for label, inside in (
        ("neither", ~broken & ~waiting),
        ("only still waiting", ~broken & waiting),
        ("only promise broken", broken & ~waiting),
        ("promise broken, still waiting", broken & waiting),
    ):
        low, high = rate_interval(
            np.bincount(customer, weights=inside & (cases.y == 1)).astype(float), np.bincount(customer, weights=inside)
        )
        share = float(cases.y[inside].mean())
        shares.append(
            Share(label, f"{int(inside.sum())} orders", share, low, high, own=bool(label.startswith("promise")))
        )
    return shares


def worked_orders(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the lines and plots of the orders."""
    cases = orders(folder)
    miner = ConditionSetMiner(feature_names=list(cases.columns))
    miner.fit(cases.X, cases.y, groups=cases.groups, time=cases.time)
    shares = cells(cases)
    lines = [f"{len(cases.y)} delivered orders, {int(cases.y.sum())} failing reviews"]
    lines += [f"{s.label}: {s.value:.3f} [{s.low:.3f}, {s.high:.3f}], {s.note}" for s in shares]
    for found in miner.sets_:
        lines += described(found)
    lines.append(f"leak {miner.leak_.share:.3f}; credited and leak {_total(miner):.6f} failures")
    title = "Failing reviews by what was so when the survey was sent"
    told = "; ".join(f"{s.label} {s.value:.2f} of {s.note}" for s in shares)
    return lines, {"orders-cells.svg": shares_plot(title, told, shares, bars=True)}


def worked_machines(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the lines and plots of the machines."""
    cases = machines(folder)
    miner = ConditionSetMiner(feature_names=list(cases.columns)).fit(cases.X, cases.y)
    lines = [f"{len(cases.y)} machines, {int(cases.y.sum())} failures"]
    for found in miner.sets_:
        lines += described(found)
    lines.append(f"leak {miner.leak_.share:.3f}; credited and leak {_total(miner):.6f} failures")
    shares = [Share(words(s), f"{s.failures} of {s.rows} failed", s.completion, s.low, s.high) for s in miner.sets_]
    told = "; ".join(f"{s.label} {s.value:.2f}, from {s.low:.2f} to {s.high:.2f}" for s in shares)
    points = heat_profile(cases, miner)
    best = max(points, key=lambda point: point[1])
    near = [x for x, y in points if y > best[1] - 2]
    lines.append(
        f"cut of the difference {best[0]:.3f} K; within 2 log-likelihood units: {min(near):.3f} to {max(near):.3f}"
    )
    title = "Log-likelihood below its peak, by where the temperature difference is cut"
    profile = profile_plot(title, f"The peak is at {best[0]:.2f} K.", points, unit="K", depth=60)
    sets = shares_plot("Completion of each set, with its 95 % interval", told, shares, bars=False)
    return lines, {"machines-sets.svg": sets, "machines-cut.svg": profile}


def heat_profile(cases: Cases, miner: ConditionSetMiner) -> list[tuple[float, float]]:
    """Return the log-likelihood of all sets for every place of the cut of the temperature difference."""
    names = list(cases.columns)
    sets = [tuple(Item(names.index(c.feature), c.op, c.value) for c in found.items) for found in miner.sets_]
    heat = next(at for at, members in enumerate(sets) if any(names[item.column] == "difference" for item in members))
    observed, y = Observed(cases.X), cases.y == 1
    distinct = np.unique(cases.columns["difference"].round(6))
    points = []
    for cut in (distinct[1:] + distinct[:-1]) / 2:
        moved = tuple(
            Item(item.column, item.op, float(cut)) if names[item.column] == "difference" else item
            for item in sets[heat]
        )
        cells_now = collapse(
            y, np.zeros(len(y), np.intp), observed.matrix([*sets[:heat], moved, *sets[heat + 1 :]])
        ).cells
        points.append((float(cut), cells_now.fit(range(len(sets)), np.full(len(sets), 0.2)).loglik))
    return points


def _total(miner: ConditionSetMiner) -> float:
    return sum(found.credited for found in miner.sets_) + miner.leak_.failures


def main() -> None:
    """Print the figures; write the plots where told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public evaluation data")
    parser.add_argument("--write", type=Path, help="folder for the plots")
    chosen = parser.parse_args()
    for name, make in (("Orders", worked_orders), ("Machines", worked_machines)):
        lines, plots = make(chosen.data)
        print(name, *lines, sep="\n  ")
        for file, drawn in plots.items():
            if chosen.write is not None:
                (chosen.write / file).write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
