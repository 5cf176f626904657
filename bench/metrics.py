"""Whether the intervals and tests of `GET /v1/metrics` hold what they say.

`PYTHONPATH=. python bench/metrics.py --rounds 2000`. Worlds are drawn with an intraclass correlation of .2: each
customer has a share, a mean or a promoter's temper of their own, and one to eight answers. A stable world's customers
keep theirs; a third of them answer in each period, so that some answer in neighbouring ones.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import sqrt
from random import Random

from bench.figures import Figure, print_figures
from models.rules.shifts import LEVEL, SharedSums, holm, shift_probability
from models.rules.statistics import ClusterSums, clustered_nps, clustered_share

ICC = 0.2
ANSWERS = (1, 1, 2, 3, 5, 8)
KINDS = ("share", "mean", "nps")
ASKED_FALSE = "<= .05 a series of 13 periods"
Customer = Callable[[int], list[float]]
Told = dict[int, tuple[float, int, float]]


def own_share(random: Random, share: float) -> float:
    """Draw a customer's own share."""
    size = 1 / ICC - 1
    return random.betavariate(size * share, size * (1 - share))


def a_customer(random: Random, kind: str, share: float) -> Customer:
    """Draw a customer; they give so many answers of theirs."""
    own = own_share(random, share)
    if kind == "share":
        return lambda n: [float(random.random() < own) for _ in range(n)]
    if kind == "mean":
        return lambda n: [1.0 + sum(random.random() < own for _ in range(4)) for _ in range(n)]
    return lambda n: [float(random.random() < own) - float(random.random() < 0.4 * (1 - own)) for _ in range(n)]


def naive_wilson(k: int, n: int) -> tuple[float, float]:
    """Give Wilson's interval that takes answers for independent."""
    p, z = k / n, 1.96
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    centre = p + z * z / (2 * n)
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def coverage(rounds: int) -> Iterator[Figure]:
    """Tell how often intervals hold the figure of the world they were drawn from."""
    for customers in (30, 100, 400):
        random = Random(customers)  # noqa: S311 - a simulation
        held = naive = nps_held = 0
        for _ in range(rounds):
            rows = []
            for _ in range(customers):
                m = random.choice(ANSWERS)
                rows.append((int(sum(a_customer(random, "share", 0.3)(m))), m))
            found = clustered_share(rows)
            held += found.low <= 0.3 <= found.high
            low, high = naive_wilson(sum(k for k, _ in rows), sum(m for _, m in rows))
            naive += low <= 0.3 <= high
            nps_held += nps_covers(random, customers)
        asked = "92-97 % (naive about 82 %)"
        measured = f"{held / rounds:.1%} (naive Wilson {naive / rounds:.1%})"
        yield Figure(f"share, {customers} customers: coverage", asked, measured, 0.92 <= held / rounds <= 0.97)
        yield Figure(f"NPS, {customers} customers: coverage", "-", f"{nps_held / rounds:.1%}", None)


def nps_covers(random: Random, customers: int) -> bool:
    """Draw a world with half promoters and a fifth detractors; tell whether the interval holds its score."""
    rows = []
    for _ in range(customers):
        shares = [random.gammavariate(4 * part, 1) for part in (0.5, 0.3, 0.2)]
        drawn = random.choices((0, 1, 2), shares, k=random.choice(ANSWERS))
        rows.append((drawn.count(0), drawn.count(1), drawn.count(2)))
    found = clustered_nps(rows)
    return found.low <= 0.3 <= found.high


def a_period(people: Sequence[Customer], random: Random, customers: int) -> Told:
    """Let some customers answer; give of each the total, the answers and the sum of their squares."""
    answered = {one: people[one](random.choice(ANSWERS)) for one in random.sample(range(len(people)), customers)}
    return {one: (sum(values), len(values), sum(x * x for x in values)) for one, values in answered.items()}


def tested(before: Told, now: Told) -> list[float]:
    """Test one period against the one before."""
    both = [(*now[one][:2], *before[one][:2]) for one in now.keys() & before.keys()]
    found = shift_probability(ClusterSums.of(before.values()), ClusterSums.of(now.values()), SharedSums.of(both))
    return [] if found is None else [found]


def series(random: Random, kind: str, customers: int, periods: int, share: float) -> list[float]:
    """Draw a stable world's periods; give the probabilities of the tests between neighbours."""
    people = [a_customer(random, kind, share) for _ in range(3 * customers)]
    told = [a_period(people, random, customers) for _ in range(periods)]
    return [found for before, now in pairwise(told) for found in tested(before, now)]


def false_changes(rounds: int) -> Iterator[Figure]:
    """Tell how many series of stable worlds say anywhere that they changed."""
    for kind in KINDS:
        for share in (0.05, 0.3, 0.9):
            for customers in (30, 100):
                random = Random(customers)  # noqa: S311 - a simulation
                drawn = [series(random, kind, customers, 13, share) for _ in range(rounds)]
                false = sum(any(holm(tests)) for tests in drawn) / rounds
                alone = [probability <= LEVEL for tests in drawn for probability in tests]
                measured = f"{false:.3f} (one test alone {sum(alone) / len(alone):.3f})"
                yield Figure(f"{kind} {share}, {customers}: false changes", ASKED_FALSE, measured, false <= LEVEL)


def true_changes(rounds: int) -> Iterator[Figure]:
    """Tell how often a share that rises from .3 to .5 is said to have changed where it did, among 12 tests."""
    for customers in (30, 100, 300):
        random = Random(customers)  # noqa: S311 - a simulation
        seen = 0
        for _ in range(rounds):
            tests = series(random, "share", customers, 7, 0.3)
            worlds = [[a_customer(random, "share", share) for _ in range(customers)] for share in (0.3, 0.5)]
            turned = tested(*(a_period(people, random, customers) for people in worlds))
            seen += holm([*tests, *turned, *series(random, "share", customers, 6, 0.5)])[len(tests)]
        yield Figure(f"share .3 to .5, {customers}: said to have changed", "-", f"{seen / rounds:.1%}", None)


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=2000)
    rounds = asked.parse_args().rounds
    fine = print_figures(coverage(rounds))
    fine &= print_figures(false_changes(rounds // 4))
    print_figures(true_changes(rounds // 10))
    sys.exit(not fine)


if __name__ == "__main__":
    main()
