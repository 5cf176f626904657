"""The loyalty measures: each figure asked of them beside the one measured.

    python bench/measures.py [--only intervals|composite|teams|charts|felt|orders|kept|speed] [--rounds 2000]
                             [--data FOLDER] [--cases 200000] [--explained FOLDER]

Intervals are simulated with an intraclass correlation of .2; charts over worlds in which nothing happens; with --data
(the folder of public evaluation data) the orders are counted too. `speed` loads --cases cases into PostgreSQL, SQLite
and DuckDB, `kept` asks a company of as many in SQLite twice; both are left out unless asked for by name. --explained
keeps PostgreSQL's plans.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from bench.felt import FORMS, consistency_covered
from bench.figures import Figure, print_figures
from bench.measure_charts import false_alarms
from bench.measure_intervals import composites_covered, restore_covered, shares_covered, teams_covered
from bench.measure_orders import orders_kept
from bench.measures_kept import kept_sums
from bench.measures_speed import speed
from ml.felt.factor import alpha, omega, one_factor
from models.rules.statistics import Z_95

PARTS = ("intervals", "composite", "teams", "charts", "felt", "orders", "kept", "speed")
BY_NAME = {"kept", "speed"}
MANIA = np.array(
    [
        [4913, 3022, 1772, 1758, 2689],
        [3022, 4124, 964, 1854, 2612],
        [1772, 964, 4820, 1626, 2140],
        [1758, 1854, 1626, 4164, 1956],
        [2689, 2612, 2140, 1956, 5729],
    ]
) / (77 * 78)
"""Covariances of the Altman Self-Rating Mania Scale, of 78 people, as Bayesrel and JASP are tested with."""
PUBLISHED = {"omega": 0.7919616, "alpha": 0.7899854}


def felt(rounds: int) -> Iterator[Figure]:
    """Yield omega and alpha of a published example beside what was published of it, and how often intervals hold."""
    found = {"omega": float(omega(one_factor([MANIA]))[0]), "alpha": float(alpha([MANIA])[0])}
    for name, published in PUBLISHED.items():
        fine = abs(found[name] - published) < 5e-7
        yield Figure(f"{name} of the mania scale", f"{published:.7f}", f"{found[name]:.7f}", fine)
    worlds = max(1, rounds // 5)
    for name, held in zip(PUBLISHED, consistency_covered(worlds), strict=True):
        off = Z_95 * (held * (1 - held) / worlds) ** 0.5
        words = f"{held:.1%} +- {off:.1%} of {worlds} worlds"
        yield Figure(f"{name} of {FORMS} forms: coverage", "told as 95 %", words, None)


def measured(chosen: argparse.Namespace) -> Iterator[Figure]:
    """Yield every figure of the parts asked for, as soon as it is measured."""
    rounds = chosen.rounds
    parts: dict[str, Callable[[], Iterator[Figure]]] = {
        "intervals": lambda: shares_covered(rounds),
        "composite": lambda: (figure for part in (restore_covered, composites_covered) for figure in part(rounds)),
        "teams": lambda: teams_covered(max(1, rounds // 50)),
        "charts": lambda: false_alarms(rounds),
        "felt": lambda: felt(rounds),
        "orders": lambda: orders_kept(chosen.data),
        "kept": lambda: kept_sums(chosen.cases),
        "speed": lambda: speed(chosen.cases, chosen.explained),
    }
    for name, part in parts.items():
        if chosen.only == name or (chosen.only is None and name not in BY_NAME):
            yield from part()


def main() -> None:
    """Print the table; exit 1 if a figure falls short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    parser.add_argument(
        "--rounds", type=int, default=2000, help="simulations of each world; of teams a fiftieth, of omega a fifth"
    )
    parser.add_argument("--data", type=Path, help="folder of the public evaluation data")
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--explained", type=Path, help="folder for PostgreSQL's plans")
    sys.exit(0 if print_figures(measured(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
