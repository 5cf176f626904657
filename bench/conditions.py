"""Condition sets: each figure asked of the engine beside the one measured.

    python bench/conditions.py [--data FOLDER] [--quick] [--only worlds|peers|table|data] [--write FOLDER]

With --data (the folder of public evaluation data) AI4I and Olist are measured too; --quick takes fewer and smaller
worlds and says so in the names. --write writes the worlds as tables for `steadfast analyse --table` instead.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from bench.condition_data import Cases, machines, orders
from bench.condition_peers import compared
from bench.figures import Figure, print_figures
from bench.worlds import SHUFFLED, World, planted_world, write_table
from ml.conditions import ConditionSetMiner, FoundSet

STATUS = Path("/proc/self/status")
RESET_PEAK = Path("/proc/self/clear_refs")


def mine(world: World) -> ConditionSetMiner:
    """Run the engine on a world with all that the world has."""
    return ConditionSetMiner(feature_names=world.names).fit(world.X, world.y, groups=world.groups, strata=world.strata)


def features(found: FoundSet) -> frozenset[str]:
    """Return the names of a set's members."""
    return frozenset(condition.feature for condition in found.items)


def exact(worlds: Iterator[World]) -> tuple[float, float, float]:
    """Return precision and recall of the exact sets and CPU seconds per world."""
    right = found = planted = count = 0
    spent = 0.0
    for world in worlds:
        truth = {frozenset(world.names[j] for j in members) for members in world.planted}
        began = time.process_time()
        sets = {features(each) for each in mine(world).sets_}
        spent += time.process_time() - began
        right += len(truth & sets)
        found += len(sets)
        planted += len(truth)
        count += 1
    return right / max(found, 1), right / planted, spent / count


def planted(seeds: int) -> Figure:
    """Measure the planted worlds at 50 000 rows."""
    precision, recall, spent = exact(planted_world(seed, 50_000) for seed in range(seeds))
    return Figure(
        f"planted sets, 50 000 rows x {seeds} seeds",
        "precision and recall >= .95",
        f"{precision:.3f} and {recall:.3f}, {spent:.2f} CPU s each",
        min(precision, recall) >= 0.95,
    )


def million(rows: int) -> Figure:
    """Measure one planted world of a million rows: sets, CPU seconds and memory above the data."""
    right, told, spent, above = _whole(planted_world(1, rows))
    fine = right and spent < 5 and above < 500
    return Figure(f"planted sets, {rows:,} rows".replace(",", " "), "8/8, < 5 CPU s, < 500 MB above data", told, fine)


def wide(rows: int) -> Figure:
    """Measure a planted world of three hundred conditions, most of them noise."""
    _, told, _, _ = _whole(planted_world(1, rows, conditions=300))
    return Figure(f"300 conditions, {rows:,} rows".replace(",", " "), "an answer", told, reached=None)


def _whole(world: World) -> tuple[bool, str, float, float]:
    """Return whether the planted sets came out exactly, what came out in words, CPU seconds and MB above the data."""
    before = _memory("VmRSS")
    if RESET_PEAK.exists():
        RESET_PEAK.write_text("5")
    began = time.process_time()
    sets = {features(each) for each in mine(world).sets_}
    spent = time.process_time() - began
    above = (_memory("VmHWM") - before) / 1024
    truth = {frozenset(world.names[j] for j in members) for members in world.planted}
    told = f"{len(truth & sets)}/{len(truth)}, {len(sets - truth)} extra, {spent:.1f} CPU s, {above:.0f} MB"
    return sets == truth, told, spent, above


def _memory(key: str) -> int:
    """Return a memory figure of this process in kB, 0 where the system does not tell."""
    told = re.search(rf"{key}:\s+(\d+)", STATUS.read_text()) if STATUS.exists() else None
    return int(told.group(1)) if told else 0


def many_conditions(seeds: int) -> Figure:
    """Measure worlds of 150 conditions with a planted set of four."""
    worlds = (planted_world(seed, 100_000, conditions=150, with_four=True) for seed in range(seeds))
    precision, recall, spent = exact(worlds)
    return Figure(
        f"150 conditions, a set of four, 100 000 rows x {seeds}",
        "all found",
        f"recall {recall:.3f}, precision {precision:.3f}, {spent:.1f} CPU s each",
        recall == 1,
    )


def shuffled(kind: str, worlds: int) -> Figure:
    """Count the worlds without any effect in which a set was found all the same."""
    false = sum(bool(mine(SHUFFLED[kind](seed)).sets_) for seed in range(worlds))
    return Figure(
        f"shuffled outcome, {kind}, {worlds} worlds",
        "a false set in about 5 of 100 (<= 10)",
        f"{false} of {worlds}",
        false <= 0.10 * worlds,
    )


def confounded(seeds: int) -> Figure:
    """Measure worlds whose segments move both leak and conditions, the segment given as stratum."""
    precision, recall, _ = exact(planted_world(seed, 50_000, segments=5) for seed in range(seeds))
    return Figure(
        f"confounded by segment, x {seeds} seeds",
        "precision >= .98, recall >= .95",
        f"{precision:.3f} and {recall:.3f}",
        precision >= 0.98 and recall >= 0.95,
    )


def _near(column: np.ndarray, cut: float, true: float) -> bool:
    """Tell whether a cut lies in the same gap of distinct values as the true one, or in a neighbouring one."""
    distinct = np.unique(column)
    return abs(int((distinct <= cut).sum()) - int((distinct < true).sum())) <= 1


def _is_heat(found: FoundSet, cases: Cases) -> bool:
    if features(found) != {"difference", "speed"}:
        return False
    cuts = {condition.feature: condition for condition in found.items}
    return all(
        cuts[name].op == "le" and _near(cases.columns[name], cuts[name].value, true)
        for name, true in (("difference", 8.6), ("speed", 1380.0))
    )


def _is_cut(found: FoundSet, cases: Cases, name: str, op: str, true: float, also: str | None = None) -> bool:
    if features(found) != {name, *([also] if also else [])}:
        return False
    cut = next(condition for condition in found.items if condition.feature == name)
    return cut.op == op and abs(cut.value - true) < 0.02 * true and name in cases.columns


def ai4i(folder: Path) -> list[Figure]:
    """Measure the sets of AI4I against the rules its failures were made by."""
    cases = machines(folder)
    miner = ConditionSetMiner(feature_names=list(cases.columns)).fit(cases.X, cases.y)
    wanted: dict[str, Callable[[FoundSet], bool]] = {
        "heat: difference < 8.6 K and speed < 1380 rpm": lambda s: _is_heat(s, cases),
        "power < 3500 W": lambda s: _is_cut(s, cases, "power", "le", 3500),
        "power > 9000 W": lambda s: _is_cut(s, cases, "power", "gt", 9000),
        "overstrain > 11 000 for type L": lambda s: _is_cut(s, cases, "strain", "gt", 11_000, "type L"),
    }
    figures = []
    for name, test in wanted.items():
        hits = [found for found in miner.sets_ if test(found)]
        figures.append(Figure(f"AI4I {name}", "found", _words(hits[0]) if hits else "missing", bool(hits)))
    wear = [found for found in miner.sets_ if features(found) == {"wear"}]
    known = [found for found in miner.sets_ if any(test(found) for test in wanted.values())]
    others = [found for found in miner.sets_ if found not in known and found not in wear]
    measured = f"{len(wear)} tool-wear set, others: {'; '.join(map(_words, others)) or 'none'}"
    figures.append(Figure("AI4I nothing else", "tool wear at most", measured, not others and len(wear) <= 1))
    return figures


def _words(found: FoundSet) -> str:
    return " and ".join(f"{c.feature} {c.op} {c.value:.6g}" for c in found.items)


def olist(folder: Path) -> list[Figure]:
    """Measure the delivered orders of Olist: the pair promise broken and still waiting, confirmed."""
    cases = orders(folder)
    miner = ConditionSetMiner(feature_names=list(cases.columns)).fit(
        cases.X, cases.y, groups=cases.groups, time=cases.time
    )
    confirmed = [found for found in miner.sets_ if found.status in {"confirmed", "amplifier"}]
    figures = [Figure("Olist sets confirmed", "at most 12", str(len(confirmed)), len(confirmed) <= 12)]
    first = miner.sets_[0] if miner.sets_ else None
    if first is None or features(first) != {"promise_broken", "still_waiting"}:
        return [Figure("Olist first set", "promise broken, still waiting", str(first), reached=False), *figures]
    without = {condition.feature: rate for condition, rate in first.rate_without.items()}
    figures.insert(
        0, Figure("Olist first set", "promise broken, still waiting", _words(first), first.status == "confirmed")
    )
    both = first.rate or 0.0
    figures.insert(1, Figure("Olist failing with both", ".75 to .82", f"{both:.3f}", 0.75 <= both <= 0.82))
    told = ", ".join(f"without {name} {rate:.3f}" for name, rate in without.items())
    low = all(rate is not None and rate < 0.25 for rate in without.values())
    figures.insert(2, Figure("Olist with one removed", "under .25", told, low))
    return figures


def as_table(rows: int) -> Figure:
    """Write a planted world as a table, run the command over it, and hold its sets beside those of the engine."""
    world = planted_world(1, rows)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "world.csv"
        write_table(world, file)
        command = [sys.executable, "-m", "api.cli", "analyse", "--table", str(file), "--outcome", "failed", "--json"]
        told = subprocess.run(command, capture_output=True, check=True, timeout=300)  # noqa: S603 - our own module
    read = {
        frozenset(condition["feature"] for condition in one["conditions"]) for one in json.loads(told.stdout)["sets"]
    }
    here = {features(found) for found in mine(world).sets_}
    return Figure(
        f"`steadfast analyse --table`, {rows:,} rows".replace(",", " "),
        "the sets of the engine",
        f"{len(read & here)} of {len(here)} the same, {len(read - here)} others",
        read == here and bool(here),
    )


def write_worlds(folder: Path, rows: int) -> None:
    """Write every kind of world as a table and say what is planted in it."""
    folder.mkdir(parents=True, exist_ok=True)
    worlds = {"planted": planted_world(1, rows), "segments": planted_world(1, rows, segments=5)}
    worlds["large"] = planted_world(1, rows, conditions=150, with_four=True)
    worlds |= {f"nothing-{kind}": make(1) for kind, make in SHUFFLED.items()}
    for name, world in worlds.items():
        write_table(world, folder / f"{name}.csv")
        options = ("" if world.groups is None else " --customer customer") + (
            "" if world.strata is None else " --strata segment"
        )
        print(f"steadfast analyse --table {folder / name}.csv --outcome failed{options}")
        for members in world.planted:
            print("  planted:", ", ".join(world.names[j] for j in sorted(members)))


def figures(data: Path | None, quick: bool) -> list[Figure]:
    """Return every figure, with the parameters of `measured`."""
    return list(measured(data, quick=quick))


def measured(data: Path | None, *, quick: bool, only: str | None = None) -> Iterator[Figure]:
    """Yield every figure as soon as it is measured.

    Parameters
    ----------
    data : Path or None
        Folder of the public evaluation data; without it AI4I and Olist are reported as not measured.
    quick : bool
        Fewer and smaller worlds.
    only : {"worlds", "peers", "table", "data"}, optional
        One part alone.
    """
    parts = {
        "worlds": lambda: worlds_figures(quick=quick),
        "peers": lambda: peers_figures(quick=quick),
        "table": lambda: iter([as_table(20_000 if quick else 50_000)]),
        "data": lambda: data_figures(data),
    }
    for name, part in parts.items():
        if only in {None, name}:
            yield from part()


def worlds_figures(*, quick: bool) -> Iterator[Figure]:
    """Yield what comes out of worlds whose sets are known."""
    yield planted(3 if quick else 10)
    yield million(200_000 if quick else 1_000_000)
    yield many_conditions(1 if quick else 3)
    yield wide(10_000 if quick else 50_000)
    for kind in SHUFFLED:
        yield shuffled(kind, 10 if quick else 100)
    yield confounded(3 if quick else 10)


def peers_figures(*, quick: bool) -> Iterator[Figure]:
    """Yield what peers find in the same worlds."""
    yield from compared(50_000, list(range(1 if quick else 5)))
    if not quick:
        yield from compared(1_000_000, [1])


def data_figures(data: Path | None) -> Iterator[Figure]:
    """Yield what is found in public data."""
    for name, measure, file in (("AI4I", ai4i, "ai4i.csv.gz"), ("Olist", olist, "olist_orders.csv.gz")):
        if data is not None and (data / file).exists():
            yield from measure(data)
        else:
            yield Figure(name, "see the method", "data folder not given", reached=None)


def main() -> None:
    """Print the table; exit 1 if a figure falls short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the public evaluation data")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller worlds")
    parser.add_argument("--only", choices=["worlds", "peers", "table", "data"], help="one part alone")
    parser.add_argument("--write", type=Path, help="write the worlds as tables into this folder")
    chosen = parser.parse_args()
    if chosen.write is not None:
        write_worlds(chosen.write, 5_000 if chosen.quick else 50_000)
        return
    sys.exit(0 if print_figures(measured(chosen.data, quick=chosen.quick, only=chosen.only)) else 1)


if __name__ == "__main__":
    main()
