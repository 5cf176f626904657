"""How often charts of a world in which nothing happens cry out, and how soon they do where something did: p', u', XmR.

Days differ by more than chance: each day has a share (or rate) of its own. That is what Laney's charts are for and what
plain p and u charts, whose limits know of chance within a day alone, cry out about.

False alarms are told of 24 points held against limits that all 24 made, and against limits as charts have them, which
are frozen at 20: the last four are then held against others' limits. Beside Laney's limits stand the same ones leant by
how skewed shares of few rows are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import sqrt

import numpy as np

from bench.figures import Figure
from models.rules.charts import FROZEN_AT, Limits, limits_of, plotted
from models.rules.individuals import IndividualLimits, individual_limits, individuals
from models.rules.statistics import Z_95

POINTS = 24
SIZES = (30, 500, 5_000)
SHARES = (0.1, 0.3, 0.8)
RATES = (0.1, 2.0)
DAY_TO_DAY = 0.15
"""Standard deviation from day to day as a part of what there is room for: of the share, or of 1 less it."""
SHIFT = 3.0
"""How far the share moves, in standard deviations of a day's."""
WITHIN = 8
ASKED = 0.10
LEAST, MOST = 0.002, 0.998
Points = list[tuple[int, int]]
Draw = Callable[[int, float], Points]


def false_alarms(rounds: int) -> Iterator[Figure]:
    """Tell how many charts of 24 points cry out though nothing changed, and how many see a shift."""
    for n in SIZES:
        for share in SHARES:
            random = np.random.default_rng(n)
            yield from _laney(f"p', n = {n}, share {share}", rounds, shares(random, n, share), counts=False)
    for n in SIZES:
        for rate in RATES:
            random = np.random.default_rng(n)
            yield from _laney(f"u', n = {n}, {rate} a unit", rounds, events(random, n, rate), counts=True)
    for sd in (0.3, 1.2):
        yield from _singles(f"XmR of log elapsed, sd {sd}", rounds, sd)


def shares(random: np.random.Generator, n: int, share: float) -> Draw:
    """Draw days of n rows whose shares differ, moved by some standard deviations of a day's."""

    def draw(points: int, moved: float) -> Points:
        room = DAY_TO_DAY * min(share, 1 - share)
        centre = min(MOST, max(LEAST, share + moved * sqrt(share * (1 - share) / n + room**2)))
        room = DAY_TO_DAY * min(centre, 1 - centre)
        size = centre * (1 - centre) / room**2 - 1
        own = random.beta(size * centre, size * (1 - centre), points)
        rows = random.poisson(n, points) + 1
        return list(zip(random.binomial(rows, own).tolist(), rows.tolist(), strict=True))

    return draw


def events(random: np.random.Generator, n: int, rate: float) -> Draw:
    """Draw days of n units whose rates differ, moved by some standard deviations of a day's."""
    shape = 1 / DAY_TO_DAY**2

    def draw(points: int, moved: float) -> Points:
        centre = max(LEAST, rate + moved * sqrt(rate / n + (DAY_TO_DAY * rate) ** 2))
        own = random.gamma(shape, centre / shape, points)
        units = random.poisson(n, points) + 1
        return list(zip(random.poisson(own * units).tolist(), units.tolist(), strict=True))

    return draw


def _laney(name: str, rounds: int, draw: Draw, *, counts: bool) -> Iterator[Figure]:
    """Count charts that cry out, by what made their limits, and those that see a shift after frozen ones."""
    told: list[list[bool]] = []
    leaning: list[list[bool]] = []
    for _ in range(rounds):
        points = draw(FROZEN_AT + POINTS, 0.0)
        first, later = points[:POINTS], points[FROZEN_AT:]
        own, frozen = limits_of(first, counts=counts, frozen_at=POINTS), limits_of(first, counts=counts)
        assert own is not None
        assert frozen is not None
        signals = plotted(first, frozen)
        higher, lower = draw(WITHIN, SHIFT), draw(WITHIN, -SHIFT)
        told.append(
            [
                _cries(first, own),
                _cries(first, frozen),
                any(point.outside or point.run for point in signals),
                _cries(later, frozen),
                _cries(first, replace(own, spread=1.0)),
                _cries(higher, frozen),
                _cries(lower, frozen),
            ]
        )
        leaning.append(
            [_leant(first, own), _leant(first, frozen), _leant(higher, frozen), _leant(lower, frozen)],
        )
    whole, drawn, both, after, plain, up, down = np.mean(told, axis=0).tolist()
    leant = np.mean(leaning, axis=0).tolist()
    yield _alarms(f"{name}: limits of all 24", rounds, whole, f"plain {plain:.2f}, leant {leant[0]:.3f}")
    words = f"both rules {both:.2f}, next 24 {after:.2f}, leant {leant[1]:.3f}"
    yield _alarms(f"{name}: limits frozen at 20", rounds, drawn, words)
    words = f"up {up:.0%}, down {down:.0%} (leant: up {leant[2]:.0%}, down {leant[3]:.0%})"
    yield Figure(f"{name}: 3 sd seen within 8 points", "-", words, None)


def _cries(points: Points, limits: Limits) -> bool:
    return any(point.outside for point in plotted(points, limits))


def _leant(points: Points, limits: Limits) -> bool:
    """Tell whether a point lies beyond limits moved to where the distribution leans.

    The quantiles of a skewed distribution (Cornish and Fisher 1938; for p and u charts Winterbottom 1993), as of
    n / s_z^2 independent rows: limits + (3^2 - 1)/6 (1 - 2 pbar) s_z^2 / n, for counts without the 2 pbar.
    """
    centre = limits.centre
    variance, skewed = (centre, 1.0) if limits.counts else (centre * (1 - centre), 1 - 2 * centre)
    for k, n in points:
        lean = 8 / 6 * skewed * limits.spread**2 / n
        if abs(k / n - centre - lean) > 3 * sqrt(variance / n) * limits.spread:
            return True
    return False


def _singles(name: str, rounds: int, sd: float) -> Iterator[Figure]:
    """Count XmR charts of the logarithms of elapsed times, each alone lognormal."""
    random = np.random.default_rng(1)
    told: list[list[bool]] = []
    for _ in range(rounds):
        values = random.normal(3.5, sd, FROZEN_AT + POINTS).tolist()
        first, later = values[:POINTS], values[FROZEN_AT:]
        own, frozen = individual_limits(first, frozen_at=POINTS), individual_limits(first)
        assert own is not None
        assert frozen is not None
        signals = individuals(first, frozen)
        told.append(
            [
                _beyond(first, own),
                _beyond(first, frozen),
                any(one.outside or one.run for one in signals),
                any(one.jumped for one in signals),
                _beyond(later, frozen),
            ]
        )
    whole, drawn, both, jumped, after = np.mean(told, axis=0).tolist()
    yield _alarms(f"{name}: limits of all 24", rounds, whole, "exactly normal")
    words = f"both rules {both:.2f}, next 24 {after:.2f}, jumps {jumped:.2f}"
    yield _alarms(f"{name}: limits frozen at 20", rounds, drawn, words)


def _beyond(values: Sequence[float], limits: IndividualLimits) -> bool:
    return any(one.outside for one in individuals(values, limits))


def _alarms(name: str, rounds: int, share: float, words: str) -> Figure:
    """Tell a share of charts that cry out, with what so many rounds can tell of it."""
    off = Z_95 * sqrt(share * (1 - share) / rounds)
    return Figure(name, f"<= {ASKED:.2f}", f"{share:.3f} +- {off:.3f} ({words})", share <= ASKED)
