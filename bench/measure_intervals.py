"""Whether the intervals of the loyalty profile hold what they say: shares, RESTORE, the composite, and small teams.

Worlds are drawn with an intraclass correlation of .2: each customer has a share of their own, and one to eight rows of
it. Of half the customers all shares stand at the same place of their distributions, so that what one customer has had
moves all of them: intervals that took the shares for different people's would be too narrow.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.figures import Figure
from bench.metrics import ANSWERS, ICC, naive_wilson
from models.rules.loyalty.composite import Composite, Line, composite
from models.rules.loyalty.dimensions import PARTS, Dimension, Part
from models.rules.loyalty.profile import Measured, PartSums, measured
from models.rules.loyalty.reaches import IntervalBy, composite_interval, dimension_lines, reaches
from models.rules.quantiles import student_t_quantile
from models.rules.small_groups import shrunk
from models.rules.statistics import UPPER_95, ClusterSums, clustered_share

CUSTOMERS = (30, 60, 100, 200, 400)
SHARES = (0.3, 0.1, 0.93)
"""The last is about what KEEP comes to where a shop is good."""
ASKED = "92-97 %"
RESTORED = {Part.TOLD_FIRST: 0.35, Part.PUT_BACK: 0.6, Part.RESTORED_IN_TIME: 0.75}
PROFILE = {
    Part.KEPT: 0.93,
    Part.DONE_IN_TIME: 0.75,
    Part.FIRST_TIME: 0.5,
    Part.NOT_NEEDLESS: 0.7,
    **RESTORED,
    Part.AS_NEW: 0.6,
}
FIRST_TIME = (0.01, 0.03, 0.1, 0.3, 0.8)
"""Beside PROFILE's: what the one number's interval holds where one of its shares is rare, or not."""
NEARLY_ALL = {**dict.fromkeys(PROFILE, 0.97), **dict.fromkeys(RESTORED, 0.9)}
TEAMS = (10, 30)
"""Of so many teams each interval is one."""
TEAM_ROWS = (1, 2, 3, 5, 8, 13, 21)
Rows = dict[Part, list[tuple[int, int]]]


def drawn(random: np.random.Generator, customers: int, shares: dict[Part, float]) -> Rows:
    """Draw of each customer k of m rows of every share; RESTORE's three are of the same failures."""
    rows: Rows = {}
    size = 1 / ICC - 1
    common = random.random(customers) < 0.5
    lucky = random.random(customers)
    failures = random.choice(ANSWERS, customers)
    for part, share in shares.items():
        m = failures if part in RESTORED else random.choice(ANSWERS, customers)
        own = random.beta(size * share, size * (1 - share), customers)
        # Half of the customers have the same quantile of every share: each share's own distribution stays what it was.
        steps = quantiles(size * share, size * (1 - share))
        own = np.where(common, steps[(lucky * len(steps)).astype(int)], own)
        k = random.binomial(m, own)
        rows[part] = list(zip(k.tolist(), m.tolist(), strict=True))
    return rows


@cache
def quantiles(a: float, b: float) -> NDArray[np.float64]:
    """Return a beta distribution in 4 000 steps."""
    return np.asarray(stats.beta.ppf((np.arange(4000) + 0.5) / 4000, a, b))


def shares_covered(rounds: int) -> Iterator[Figure]:
    """Tell how often a share's interval holds the share of the world it was drawn from."""
    for share in SHARES:
        for customers in CUSTOMERS:
            random = np.random.default_rng(customers)
            held = naive = 0
            for _ in range(rounds):
                rows = drawn(random, customers, {Part.KEPT: share})[Part.KEPT]
                found = clustered_share(rows)
                held += found.low <= share <= found.high
                low, high = naive_wilson(sum(k for k, _ in rows), sum(m for _, m in rows))
                naive += low <= share <= high
            words = f"{held / rounds:.1%} (naive Wilson {naive / rounds:.1%})"
            fine = 0.92 <= held / rounds <= 0.97
            yield Figure(f"share {share}, {customers} customers: coverage", "92-97 % (naive 81-83 %)", words, fine)


def restore_covered(rounds: int) -> Iterator[Figure]:
    """Tell how often the interval of RESTORE, a mean of three shares, holds the world's own."""
    truth = 100 * sum(RESTORED.values()) / len(RESTORED)
    for customers in CUSTOMERS:
        random = np.random.default_rng(customers)
        held = apart = 0
        for _ in range(rounds):
            rows = drawn(random, customers, RESTORED)
            sums = summed(rows)
            lines = dimension_lines(Dimension.RESTORE, sums)
            together = measured(Dimension.RESTORE, sums, squares=squares(lines, rows))
            alone = measured(Dimension.RESTORE, sums)
            held += holds(together, truth)
            apart += holds(alone, truth)
        words = f"{held / rounds:.1%} (without the squares {apart / rounds:.1%}, asked 92 % at least)"
        fine = 0.92 <= held / rounds <= 0.97 and apart / rounds >= 0.92
        yield Figure(f"RESTORE, {customers} customers: coverage", ASKED, words, fine)


def composites_covered(rounds: int) -> Iterator[Figure]:
    """Tell how often the composite's interval holds the world's own, with and without a share near an end."""
    yield from composites(rounds, PROFILE, "composite")
    for share in FIRST_TIME:
        yield from composites(rounds, {**PROFILE, Part.FIRST_TIME: share}, f"composite, first {share}")
    yield from composites(rounds, NEARLY_ALL, "composite, all .97")


def holds(found: Measured, truth: float) -> bool:
    """Tell whether a dimension's interval holds a value."""
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth <= found.high


def composites(rounds: int, shares: dict[Part, float], name: str) -> Iterator[Figure]:
    """Tell how often the composite's interval holds the composite of the world, and how often others would."""
    of = tuple(d for d in Dimension if set(PARTS[d]) <= set(shares))
    true = {d: 100 * sum(shares[part] for part in PARTS[d]) / len(PARTS[d]) for d in of}
    truth = exp(sum(log(max(true[d], 1.0)) for d in of) / len(of))
    for customers in CUSTOMERS:
        random = np.random.default_rng(customers)
        found = np.zeros((2, 2))
        own = 0
        for _ in range(rounds):
            rows = drawn(random, customers, shares)
            sums = summed(rows)
            one = composite({d: measured(d, sums) for d in Dimension})
            assert one is not None
            told = reaches(one.weights, sums)
            below, above = (squares(side.lines, rows) for side in (told.below, told.above))
            own += told.by == IntervalBy.MOVER
            intervals = (
                composite_interval(one, told, customers, below, above),
                straight(one, sums, rows),
            )
            found += [[low - 1e-9 <= truth <= high + 1e-9, high - low] for low, high in intervals]
        (held, wide), (other, other_wide) = (found / rounds).tolist()
        words = f"{held:.1%}, {wide:.1f} wide, MOVER {own / rounds:.0%} (straight line {other:.1%}, {other_wide:.1f})"
        yield Figure(f"{name}, {customers} customers: coverage", ASKED, words, 0.92 <= held <= 0.97)


def straight(found: Composite, sums: dict[Part, PartSums], rows: Rows) -> tuple[float, float]:
    """Return the interval of the delta method, whatever the shares."""
    lines: dict[Part, Line] = {}
    for dimension, weight in found.weights.items():
        value = sum(sums[part].share or 0.0 for part in PARTS[dimension]) / len(PARTS[dimension])
        # At its floor a dimension does not move.
        slope = weight / value if 100 * value > 1 else 0.0
        of_it = dimension_lines(dimension, sums)
        lines |= {part: Line(slope * line.k, slope * line.m) for part, line in of_it.items()}
    customers = len(rows[Part.KEPT])
    reach = sqrt(customers / (customers - 1) * squares(lines, rows)) * student_t_quantile(UPPER_95, customers - 1)
    return max(1.0, found.value * exp(-reach)), min(100.0, found.value * exp(reach))


def summed(rows: Rows) -> dict[Part, PartSums]:
    """Sum up customers, as the service's database does."""
    return {
        part: PartSums(ClusterSums.of((k, m, k) for k, m in customers), sum(m for _, m in customers))
        for part, customers in rows.items()
    }


def squares(lines: dict[Part, Line], rows: Rows) -> float:
    """Sum u_c squared over customers."""
    total = np.zeros(len(next(iter(rows.values()))))
    for part, line in lines.items():
        if line.k or line.m:
            counts = np.fromiter(chain.from_iterable(rows[part]), dtype=float)
            total += line.k * counts[::2] - line.m * counts[1::2]
    return float((total**2).sum())


def teams_covered(rounds: int) -> Iterator[Figure]:
    """Tell how often the interval of a small team's share holds its own true share, and how far off values are."""
    for teams in TEAMS:
        for alike in (0.02, 0.1, 0.3):
            random = np.random.default_rng(teams)
            size = 1 / alike - 1
            told: list[tuple[bool, bool, float, float, float, float]] = []
            for at in range(rounds):
                true = random.beta(size * 0.7, size * 0.3, teams)
                n = random.choice(TEAM_ROWS, teams)
                counts = list(zip(random.binomial(n, true).tolist(), n.tolist(), strict=True))
                for own, (k, m), found in zip(true.tolist(), counts, shrunk(counts, seed=at), strict=True):
                    low, high = naive_wilson(k, m)
                    told.append(
                        (
                            found.low <= own <= found.high,
                            low <= own <= high,
                            found.high - found.low,
                            high - low,
                            (found.value - own) ** 2,
                            (k / m - own) ** 2,
                        )
                    )
            yield team_figure(teams, alike, told)


def team_figure(teams: int, alike: float, told: Sequence[tuple[bool, bool, float, float, float, float]]) -> Figure:
    """Word what came out of teams."""
    held, raw, width, raw_width, off, raw_off = (float(column.mean()) for column in np.array(told, dtype=float).T)
    words = f"{held:.1%}, {width:.2f} wide, off {off**0.5:.3f} (raw {raw:.1%}, {raw_width:.2f}, {raw_off**0.5:.3f})"
    return Figure(f"{teams} teams of 1-21 rows, rho {alike}: coverage", "told as 95 %", words, None)
