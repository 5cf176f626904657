"""Whether the intervals and tests of `/v1/metrics` hold what they say, and how long one series takes.

    python bench/metrics.py [--rounds 2000] [--responses 500000 --url postgresql://…]

Worlds are drawn with an intraclass correlation of .2: each customer has a share, a mean or a promoter's temper of their
own, and one to eight answers. A stable world's customers keep theirs; some of them answer in several periods.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from random import Random

from bench.figures import Figure, print_figures
from models.rules.shifts import SharedSums, holm, shift_probability
from models.rules.statistics import ClusterSums, clustered_nps, clustered_share

ICC = 0.2
ANSWERS = (1, 1, 2, 3, 5, 8)
KINDS = ("share", "mean", "nps")
Customer = Callable[[int], list[float]]


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


def series(random: Random, kind: str, customers: int, periods: int, share: float) -> list[float]:
    """Draw a stable world's periods; give the probabilities of the tests between neighbours."""
    people = [a_customer(random, kind, share) for _ in range(3 * customers)]
    found, before = [], None
    for _ in range(periods):
        answered = {
            person: values
            for person in random.sample(range(len(people)), customers)
            if (values := people[person](random.choice(ANSWERS)))
        }
        told = {person: (sum(v), len(v), sum(x * x for x in v)) for person, v in answered.items()}
        sums = ClusterSums.of(told.values())
        if before is not None:
            both = [(*told[person][:2], *before[0][person][:2]) for person in told if person in before[0]]
            probability = shift_probability(before[1], sums, SharedSums.of(both))
            if probability is not None:
                found.append(probability)
        before = told, sums
    return found


def false_changes(
    rounds: int, counts: Sequence[int] = (10, 30, 100), shares: Sequence[float] = (0.3,)
) -> Iterator[Figure]:
    """Tell how many series of stable worlds say anywhere that they changed."""
    for kind in KINDS:
        for share in shares:
            for customers in counts:
                random = Random(customers)  # noqa: S311 - a simulation
                drawn = [series(random, kind, customers, 13, share) for _ in range(rounds)]
                false = sum(any(holm(tests)) for tests in drawn) / rounds
                single = [p for tests in drawn for p in tests]
                alone = sum(p <= 0.05 for p in single) / max(1, len(single))
                measured = f"{false:.3f} (one test alone {alone:.3f}; {len(single) / rounds:.1f} tests)"
                name = f"{kind} {share}, {customers} customers a period: false changes"
                yield Figure(name, "<= .05 a series of 13 periods", measured, false <= 0.05)


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--rounds", type=int, default=2000)
    given = asked.parse_args()
    print_figures(false_changes(given.rounds // 5, shares=(0.05, 0.3, 0.5, 0.9)))


if __name__ == "__main__":
    main()
