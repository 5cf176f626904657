"""Countermeasures: each figure asked beside the one measured.

    python bench/countermeasures.py [--quick]

What-if is held against countermeasures simulated in the generator, by the true model, never by the fitted one. Whether
countermeasures are verified is asked of simulated companies: customers come again and again, some have a condition far
more often than others, and weeks differ. --quick takes fewer and smaller worlds and says so in the names.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from bench import worlds
from bench.figures import Figure, print_figures
from ml.conditions import ConditionSetMiner
from ml.effects.cases import Cases, KnownSet, Question
from ml.effects.exposure import exposures
from ml.effects.judging import judge
from ml.effects.weeks import WEEK_US
from ml.mining.items import Item
from models.rules.avoided import Exposures, Measure, WhatIf, what_if

SLIP = 3.0


@dataclass(frozen=True)
class Truth:
    """A planted world with the model that made it."""

    real: worlds.Flags
    planted: tuple[worlds.Members, ...]
    completion: NDArray[np.float64]
    leak: NDArray[np.float64]
    names: tuple[str, ...]
    X: worlds.Matrix
    y: NDArray[np.int64]

    def risk(self, real: worlds.Flags) -> NDArray[np.float64]:
        """Return P(failure) of every row under the true model."""
        eta = self.leak.copy()
        for members, q in zip(self.planted, self.completion, strict=True):
            eta[worlds.complete(real, members)] -= np.log1p(-q)
        risk: NDArray[np.float64] = -np.expm1(-eta)
        return risk


def truth(seed: int, n: int) -> Truth:
    """Build a world like the planted ones: 15 real conditions, 6 proxies, 3 symptoms, 16 of noise."""
    rng = np.random.default_rng(40_000 + seed)
    prevalence = np.concatenate([rng.uniform(0.005, 0.01, 2), rng.uniform(0.04, 0.08, 5), rng.uniform(0.1, 0.18, 8)])
    pools = {1: range(2), 2: range(2, 7), 3: range(7, 15)}
    planted = worlds.draw_sets(rng, (1, 1, 2, 2, 2, 3, 3, 3), pools)
    real = worlds.correlated(rng, n, np.concatenate([prevalence, rng.uniform(0.05, 0.3, 16)]))
    held = [worlds.complete(real, members) for members in planted]
    completion = rng.uniform(0.25, 0.8, len(planted))
    leak = worlds._leak(rng, held, completion, None, n)  # noqa: SLF001 - what worlds are made of
    names = worlds._names(40)  # noqa: SLF001 - same
    made = Truth(real, planted, completion, leak, names, np.empty(0), np.empty(0, dtype=np.int64))
    y = (rng.random(n) < made.risk(real)).astype(np.int64)
    others = [worlds._proxies(rng, real, planted), worlds._symptoms(rng, held)]  # noqa: SLF001 - same
    return replace(made, X=np.hstack([real[:, :15], *others, real[:, 15:]]).astype(np.float64), y=y)


def planned(world: Truth, seed: int) -> list[Measure]:
    """Plan a countermeasure on every condition of four of the sets, one of them on two conditions."""
    rng = np.random.default_rng(50_000 + seed)
    chosen = sorted(frozenset().union(*(world.planted[k] for k in rng.choice(8, 4, replace=False))))
    effects = rng.uniform(0.3, 0.9, len(chosen))
    each = [Measure(f"M{j}", frozenset({f"real_{j + 1}"}), float(e)) for j, e in zip(chosen, effects, strict=True)]
    return [*each[1:], replace(each[0], conditions=each[0].conditions | each[1].conditions)]


def simulated(world: Truth, measures: list[Measure], slipped: frozenset[str], seed: int, rounds: int = 10) -> float:
    """Return the failures avoided when the generator removes conditions: every countermeasure works for itself."""
    rng = np.random.default_rng(60_000 + seed)
    before = world.risk(world.real).sum()
    after = 0.0
    for _ in range(rounds):
        real = world.real.copy()
        for measure in measures:
            e = measure.effectiveness / (SLIP if measure.reference in slipped else 1.0)
            for name in measure.conditions:
                real[rng.random(len(real)) < e, int(name.removeprefix("real_")) - 1] = False
        after += float((rng.random(len(real)) < world.risk(real)).sum()) / rounds
    return float(before) - after


def mined(world: Truth) -> Exposures:
    """Mine a world and keep what an analysis keeps."""
    found = ConditionSetMiner(feature_names=world.names).fit(world.X, world.y).sets_
    place = {name: column for column, name in enumerate(world.names)}
    sets = [tuple(Item(place[c.feature], c.op, c.value) for c in each.items) for each in found]
    return exposures(
        world.X,
        world.y.astype(bool),
        stratum=np.zeros(len(world.y), dtype=np.intp),
        customer=None,
        sets=sets,
        names=world.names,
        reckoned=[True] * len(sets),
    )


def what_ifs(seeds: int, rows: int) -> Iterator[Figure]:
    """Hold the three numbers against the generator's."""
    told: dict[str, list[float]] = {"all hold": [], "best slips": [], "all slip": []}
    inside = total = 0
    for seed in range(seeds):
        world = truth(seed, rows)
        measures = planned(world, seed)
        found: WhatIf = what_if(mined(world), measures)
        slips: tuple[frozenset[str | None], ...] = (
            frozenset(),
            frozenset({found.best}),
            frozenset(m.reference for m in measures),
        )
        for name, figure, slipped in zip(told, (found.all_hold, found.best_slips, found.all_slip), slips, strict=True):
            real = simulated(world, measures, frozenset(str(one) for one in slipped), seed)
            told[name].append(figure.value / real - 1)
            inside += figure.low <= real <= figure.high
            total += 1
    for name, errors in told.items():
        worst = max(abs(error) for error in errors)
        yield Figure(
            f"what-if, {name}, {rows // 1000}k rows x {seeds}",
            "within 5 % of the generator",
            f"worst {worst:.1%}, mean {np.mean(errors):+.1%}",
            worst <= 0.05,
        )
    yield Figure("what-if, generator within the interval", "about 95 %", f"{inside} of {total}", reached=None)


def company(seed: int, *, effect: float, weeks: int = 80, live: int = 52, a_week: int = 120) -> Cases:
    """Simulate a company: customers who come again, two conditions that make a set, one that does not matter.

    From week `live` on the two conditions occur less often by `effect`. Customers differ in how often they meet a
    condition (Beta, intraclass correlation .1), weeks by a tenth of the odds; a case fails of the set with .6, of
    nothing known with .05.
    """
    rng = np.random.default_rng(70_000 + seed)
    n = weeks * a_week
    customer = rng.integers(0, n // 5, n)
    week = np.sort(rng.integers(0, weeks, n))
    times = week.astype(np.int64) * WEEK_US + rng.integers(0, WEEK_US, n)
    X = np.empty((n, 3))
    for column, prevalence in enumerate((0.3, 0.35, 0.2)):
        own = rng.beta(prevalence * 9, (1 - prevalence) * 9, n // 5)[customer]
        odds = own / (1 - own) * np.exp(rng.normal(0, 0.1, weeks))[week]
        less = np.where((week >= live) & (column < 2), 1 - effect, 1.0)
        X[:, column] = rng.random(n) < odds / (1 + odds) * less
    failed = rng.random(n) < 1 - 0.95 * (1 - 0.6 * (X[:, 0] * X[:, 1]))
    order = np.argsort(times, kind="stable")
    return Cases(["a", "b", "c"], X[order], failed[order], customer[order], times[order], np.full(n, ""))


def is_verified(cases: Cases, live: int, now: int, members: tuple[str, ...] = ("a", "b")) -> bool:
    """Judge countermeasures on all conditions of a set, found in the first 30 weeks."""
    known = KnownSet("s", members, 30 * WEEK_US, live * WEEK_US)
    asked = Question(members, live * WEEK_US, now * WEEK_US, None, frozenset(), (known,), (members,))
    return bool(judge(cases, asked).verified_for)


def verified(seeds: int) -> Iterator[Figure]:
    """Ask of effective and of ineffective countermeasures whether they are verified."""
    for effect, right in ((0.3, True), (0.0, False)):
        told = [is_verified(company(seed, effect=effect), 52, 72) is right for seed in range(seeds)]
        yield Figure(
            f"{'effective (-30 %)' if right else 'ineffective'} countermeasure x {seeds}",
            f"{'verified' if right else 'not verified'}, at most 1 wrong",
            f"{told.count(False)} wrong",
            told.count(False) <= 1,
        )
    for members in (("a", "b"), ("a",)):
        companies = (company(1000 + seed, effect=0.0) for seed in range(2 * seeds))
        told = [any(is_verified(one, 52, now, members) for now in range(60, 79)) for one in companies]
        yield Figure(
            f"ineffective, judged weekly for 19 weeks x {2 * seeds}",
            f"nothing, set of {len(members)}",
            f"{told.count(True)} verified at some time",
            reached=None,
        )


def measured(*, quick: bool) -> Iterator[Figure]:
    """Yield every figure as soon as it is measured."""
    yield from what_ifs(2 if quick else 5, 200_000 if quick else 400_000)
    yield from verified(5 if quick else 20)


def main() -> None:
    """Print the table; exit 1 if a figure falls short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and smaller worlds")
    sys.exit(0 if print_figures(measured(quick=parser.parse_args().quick)) else 1)


if __name__ == "__main__":
    main()
