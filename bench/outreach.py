"""Whether the effect of outreach holds what its interval says, and hysteresis keeps flags from flickering.

`PYTHONPATH=. python bench/outreach.py --worlds 1000`. In each world customers flagged for outreach are drawn by the
service's own keyed draw, anew after each horizon, until they leave; everybody has a propensity of their own, so what
follows one customer's draws is alike. A contact keeps a share of those who would have left. The flags of the second
part follow a risk that wanders from month to month; the third part asks whom a week's capacity is best spent on.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure, print_figures
from ml.flagging import Stake, flag
from ml.outreach import Known, learnt_help, uplift
from ml.scoring import Score
from models.rules.follow_ups import is_held_out
from models.rules.statistics import ClusterSums

MOST_DRAWS = 4
SHARE = 0.1
HELPS = 0.3
ASKED = (0.92, 0.97)
FALSELY = 0.08
"""What the intervals asked for leave."""
MONTHS = 36


class World(NamedTuple):
    """By arm, of each customer how many draws and how many of them were followed by a departure."""

    offered: ClusterSums
    held_out: ClusterSums


def world(rng: np.random.Generator, number: int, customers: int, helps: float) -> World:
    """Draw customers until they leave, or have been drawn often enough, with the service's own draw."""
    propensity = rng.beta(2.0, 5.0, customers)
    counts = np.zeros((2, 2, customers), dtype=np.int64)  # arm, (departures, draws), customer
    there = np.ones(customers, dtype=bool)
    key = f"world {number}".encode()
    for draw in range(MOST_DRAWS):
        flagged = np.flatnonzero(there & (rng.random(customers) < 0.6))
        held = np.array([is_held_out(key, SHARE, (str(one), str(draw))) for one in flagged], dtype=np.int64)
        left = rng.random(len(flagged)) < propensity[flagged] * np.where(held, 1.0, 1.0 - helps)
        counts[held, 0, flagged] += left
        counts[held, 1, flagged] += 1
        there[flagged] = ~left
    return World(*(_sums(*counts[arm]) for arm in range(2)))


def _sums(k: NDArray[np.int64], m: NDArray[np.int64]) -> ClusterSums:
    squared, by_n, n_squared = (int((one * other).sum()) for one, other in ((k, k), (k, m), (m, m)))
    return ClusterSums(int((m > 0).sum()), int(m.sum()), int(k.sum()), squared, by_n, n_squared, int(k.sum()))


def true_uplift(helps: float) -> float:
    """Give the difference that worlds without end would show."""
    rng = np.random.default_rng(7)
    sums = [world(rng, -1 - number, 20_000, helps) for number in range(20)]
    offered, held_out = (sum((part[arm] for part in sums), ClusterSums()) for arm in range(2))
    return held_out.total / held_out.n - offered.total / offered.n


def coverage(worlds: int, customers: int, helps: float, truth: float) -> tuple[float, float, float]:
    """Give how often the interval holds the truth, how often an effect is told, and the mean learnt chance."""
    rng = np.random.default_rng(customers)
    found = [uplift(*world(rng, number, customers, helps)) for number in range(worlds)]
    held = [one.low <= truth <= one.high for one in found]
    told = [one.known in {Known.LOWERS, Known.RAISES} for one in found]
    return float(np.mean(held)), float(np.mean(told)), float(np.mean([learnt_help(one).mean for one in found]))


def flips(customers: int) -> tuple[int, int]:
    """Count changes of a flag over three years: without hysteresis, and with it."""
    rng = np.random.default_rng(3)
    centre = rng.normal(-1.6, 0.6, customers)
    wander = np.zeros(customers)
    plain, kept = np.zeros(customers, dtype=bool), np.zeros(customers, dtype=bool)
    changes = [0, 0]
    for _ in range(MONTHS):
        wander = 0.8 * wander + rng.normal(0, 0.2, customers)
        risks = 1 / (1 + np.exp(-(centre + wander)))
        now = [Score(float(risk), 0.8 * float(risk), 1.2 * float(risk)) for risk in risks]
        plainly = np.array([flag(score, 0.2).flagged for score in now])
        keeping = np.array(
            [flag(score, 0.2, was_flagged=bool(was)).flagged for score, was in zip(now, kept, strict=True)]
        )
        changes[0] += int((plainly != plain).sum())
        changes[1] += int((keeping != kept).sum())
        plain, kept = plainly, keeping
    return changes[0], changes[1]


def saved(customers: int, capacity: int) -> float:
    """Give what contacts save by worth, over what as many save by risk alone; value and risk are unrelated here."""
    rng = np.random.default_rng(5)
    risks, values = rng.beta(2, 8, customers), rng.lognormal(10, 1, customers)
    worth = np.array(
        [Stake(int(value), 2000, 0.2).worth(float(risk)) for risk, value in zip(risks, values, strict=True)]
    )
    by_worth, by_risk = np.argsort(-worth)[:capacity], np.argsort(-risks)[:capacity]
    return float(worth[by_worth].sum() / worth[by_risk].sum())


def intervals(worlds: int) -> Iterator[Figure]:
    """Tell how often the interval holds the truth, and how often an effect is told where there is none."""
    for helps in (HELPS, 0.0):
        truth = true_uplift(helps) if helps else 0.0
        for customers in (200, 600, 2000):
            held, told, learnt = coverage(worlds, customers, helps, truth)
            name = f"{customers} flagged, contact helps {helps:.1f}"
            measured = f"{held:.1%} of {truth:+.4f} (told {told:.1%}, chance learnt {learnt:.3f})"
            yield Figure(f"{name}: interval", "92-97 %", measured, ASKED[0] <= held <= ASKED[1])
            if not helps:
                yield Figure(f"{name}: told falsely", "<= 8 %", f"{told:.1%}", told <= FALSELY)


def choosing() -> Iterator[Figure]:
    """Tell what hysteresis does to flags, and ordering by worth to what a week's capacity saves."""
    plain, kept = flips(1000)
    measured = f"{kept} changes of flags instead of {plain} ({kept / plain:.0%})"
    yield Figure("hysteresis, 1 000 customers, 36 months", "fewer than without", measured, kept < plain)
    ratio = saved(5000, 100)
    yield Figure("100 of 5 000 by worth", "saves more than by risk", f"{ratio:.2f} times as much", ratio > 1)


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--worlds", type=int, default=1000)
    worlds = asked.parse_args().worlds
    fine = print_figures(choosing())
    fine &= print_figures(intervals(worlds))
    sys.exit(not fine)


if __name__ == "__main__":
    main()
