"""Whether the cost of failure adds up, its intervals hold what they say, and matching finds the planted departures.

`PYTHONPATH=. python bench/root_cost.py --rounds 200`. Costs are simulated by the generator's own sets, never by the
fitted model: customers have dearer and cheaper failures of their own, sets have their own prices, a third of the
failing cases have no known cost in one of the worlds. In the worlds of departures a segment that fails more often
leaves more often anyway.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure, print_figures
from ml.costing.credit import Costs, Credited, credit
from ml.costing.departure import NEVER, Episodes, Matched

DAY_US = 86_400_000_000
HORIZON_US = 90 * DAY_US
SETS = ((0, 1), (2,), (3, 4))
LENGTHS = np.array([0.6, 0.25, 0.9])
PRICES = np.array([9000.0, 2000.0, 15000.0])
LEAK, LEAK_PRICE = 0.03, 4000.0
CONDITIONS = 8
CUSTOMERS = 800


class World(NamedTuple):
    """Costs, and what each set truly had of them and would truly have left out."""

    costs: Costs
    credited: NDArray[np.float64]
    avoidable: NDArray[np.float64]


def world(rng: np.random.Generator, customers: int = CUSTOMERS, unknown: float = 0.0) -> World:
    """Draw customers with one to six cases; a failing case costs by the routes it failed by and by its customer."""
    cases = rng.integers(1, 7, customers)
    whose = np.repeat(np.arange(customers), cases)
    conditions = rng.random((len(whose), CONDITIONS)) < 0.3
    states = np.stack([conditions[:, list(members)].all(axis=1) for members in SETS], axis=1)
    routes = np.hstack([states * LENGTHS, np.full((len(whose), 1), LEAK)])
    eta = routes.sum(axis=1)
    failed = rng.random(len(whose)) < -np.expm1(-eta)
    dear = rng.lognormal(-0.18, 0.6, customers)
    expected = (routes * np.array([*PRICES, LEAK_PRICE])).sum(axis=1) / eta * dear[whose]
    cost = np.where(failed, np.round(expected * rng.lognormal(-0.08, 0.4, len(whose))), 0.0)
    known = failed & (rng.random(len(whose)) >= unknown)
    rest = eta[:, None] - LENGTHS
    avoided = states * (np.exp(-rest) - np.exp(-eta)[:, None])
    members = np.array([[at in some for some in SETS] for at in range(CONDITIONS)])
    nothing = np.zeros(len(whose), dtype=np.intp)
    costs = Costs(states.astype(np.int8), failed, nothing, whose, cost * known, 0.0 * cost, known, [nothing], members)
    # What is known of a set is credited by its true routes; avoidable takes what a case with it would cost.
    by_route = (cost * known)[:, None] * routes / eta[:, None]
    return World(costs, by_route.sum(axis=0), (expected[:, None] * avoided).sum(axis=0))


def adding_up(rounds: int) -> Iterator[Figure]:
    """Tell by how much what is credited misses the total."""
    worst = 0.0
    for seed in range(rounds):
        found = credit(world(np.random.default_rng(seed)).costs, draws=1)
        total = float(found.total.value[0])
        parts = (found.sets.value.sum() + found.leak.value[0], found.shared.value.sum() + found.leak.value[0])
        worst = max(worst, *(abs(float(part) - total) / total for part in parts))
        worst = max(
            worst, abs(float(found.shares[world(np.random.default_rng(seed)).costs.failed].sum(axis=1).max()) - 1)
        )
    yield Figure("credited to sets and leak = total, relative", "<= 1e-9", f"{worst:.1e}", worst <= 1e-9)


def intervals(rounds: int, draws: int) -> Iterator[Figure]:
    """Tell how often the intervals hold what is true of such customers."""
    for unknown in (0.0, 1 / 3):
        large = world(np.random.default_rng(10**6), 400_000, unknown)
        scale = CUSTOMERS / 400_000
        truth = {"set": large.credited[:-1] * scale, "leak": large.credited[-1:] * scale}
        truth |= {"avoidable": large.avoidable * scale, "total": large.credited.sum(keepdims=True) * scale}
        held = {name: np.zeros(len(true)) for name, true in truth.items()}
        drawn: dict[str, list[NDArray[np.float64]]] = {name: [] for name in truth}
        for seed in range(rounds):
            found = credit(world(np.random.default_rng(seed), unknown=unknown).costs, draws=draws)
            for name, figures in _named(found).items():
                held[name] += (figures.low <= truth[name]) & (truth[name] <= figures.high)
                drawn[name].append(figures.value)
        for name, count in held.items():
            share = count / rounds
            bias = np.mean(drawn[name], axis=0) / truth[name] - 1
            told = "all known" if not unknown else "a third unknown"
            words = f"{' '.join(f'{each:.1%}' for each in share)}; bias {' '.join(f'{each:+.1%}' for each in bias)}"
            yield Figure(f"95 % interval of {name}, {told}", ">= 90 %", words, bool((share >= 0.90).all()))


def _named(found: Credited) -> dict[str, object]:
    return {"set": found.sets, "leak": found.leak, "avoidable": found.avoidable, "total": found.total}


def departing(rng: np.random.Generator, excess: float, customers: int = 3000) -> Episodes:
    """Draw customers of two segments: one fails four times as often as the other and leaves five times as often."""
    segment = rng.integers(0, 2, customers)
    whose = np.repeat(np.arange(customers), rng.integers(1, 5, customers))
    start = rng.integers(0, 360, len(whose)) * DAY_US
    failed = rng.random(len(whose)) < np.where(segment == 1, 0.3, 0.08)[whose]
    base = np.where(segment == 1, 0.15, 0.03)
    left = rng.exponential(-HORIZON_US / np.log1p(-base))
    first = np.full(customers, NEVER, dtype=np.int64)
    np.minimum.at(first, whose[failed], start[failed])
    # So many more leave within the horizon than would have anyway.
    goes = (rng.random(customers) < excess / (1 - base)) & (first < NEVER) & (left > first)
    soon = np.where(goes, first + rng.random(customers) * HORIZON_US, left)
    left = np.minimum(left, soon).astype(np.int64)
    there = start < left[whose]
    return Episodes(whose[there], start[there], failed[there], left[whose][there], segment[whose][there][:, None])


def departures(rounds: int, draws: int) -> Iterator[Figure]:
    """Tell how near the planted excess departure is found, with the segment matched on and without."""
    for planted in (0.0, 0.08):
        found, naive, held = [], [], 0
        for seed in range(rounds):
            episodes = departing(np.random.default_rng(seed), planted)
            matched = Matched(episodes, HORIZON_US, 500 * DAY_US)
            found.append(matched.excess() or 0.0)
            unmatched = replace(episodes, strata=np.zeros((len(episodes.failed), 0), dtype=np.intp))
            naive.append(Matched(unmatched, HORIZON_US, 500 * DAY_US).excess() or 0.0)
            low, high = matched.interval(3000, draws)
            held += low <= planted <= high
        bias, without = float(np.mean(found)) - planted, float(np.mean(naive)) - planted
        name = f"excess departure of {planted:.2f}, segment confounds"
        yield Figure(f"{name}: bias", "<= .01", f"{bias:+.4f} (not matched on: {without:+.4f})", abs(bias) <= 0.01)
        yield Figure(f"{name}: interval", ">= 90 %", f"{held / rounds:.1%}", held / rounds >= 0.9)


def speed() -> Iterator[Figure]:
    """Tell what crediting costs."""
    large = world(np.random.default_rng(0), 60_000).costs
    began = time.process_time()
    credit(large)
    spent = time.process_time() - began
    yield Figure(f"{len(large.failed):,} cases, 400 drawings", "-", f"{spent:.1f} CPU s", None)


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=200)
    asked.add_argument("--draws", type=int, default=200)
    given = asked.parse_args()
    fine = print_figures(adding_up(max(given.rounds // 4, 1)))
    fine &= print_figures(intervals(given.rounds, given.draws))
    fine &= print_figures(departures(max(given.rounds // 2, 1), given.draws))
    print_figures(speed())
    sys.exit(not fine)


if __name__ == "__main__":
    main()
