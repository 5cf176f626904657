"""How often charts of a world in which nothing happens cry out: p', u' and XmR, beside the plain charts.

Days differ by more than chance: each day has a share (or rate) of its own. That is what Laney's charts are for and what
plain p and u charts, whose limits know of chance within a day alone, cry out about.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from bench.figures import Figure
from models.rules.charts import FROZEN_AT, Limits, limits_of, plotted
from models.rules.individuals import individual_limits, individuals

POINTS = 24
SIZES = (30, 500, 5_000)
SHARES = (0.1, 0.3, 0.8)
DAY_TO_DAY = 0.15
"""Standard deviation from day to day as a part of what there is room for: of the share, or of 1 less it."""
Draw = Callable[[int], list[tuple[int, int]]]


def false_alarms(rounds: int) -> Iterator[Figure]:
    """Tell how many charts of 24 points cry out though nothing changed."""
    for n in SIZES:
        for share in SHARES:
            random = np.random.default_rng(n)
            yield from _laney(f"p', n = {n}, share {share}", rounds, shares(random, n, share), counts=False)
    for n in SIZES:
        for rate in (0.1, 2.0):
            random = np.random.default_rng(n)
            yield from _laney(f"u', n = {n}, {rate} a unit", rounds, events(random, n, rate), counts=True)
    yield from _singles(rounds)


def shares(random: np.random.Generator, n: int, share: float) -> Draw:
    """Draw days of n rows whose shares differ."""
    room = DAY_TO_DAY * min(share, 1 - share)
    size = share * (1 - share) / room**2 - 1

    def draw(points: int) -> list[tuple[int, int]]:
        own = random.beta(size * share, size * (1 - share), points)
        rows = random.poisson(n, points) + 1
        return list(zip(random.binomial(rows, own).tolist(), rows.tolist(), strict=True))

    return draw


def events(random: np.random.Generator, n: int, rate: float) -> Draw:
    """Draw days of n units whose rates differ."""
    shape = 1 / DAY_TO_DAY**2

    def draw(points: int) -> list[tuple[int, int]]:
        own = random.gamma(shape, rate / shape, points)
        units = random.poisson(n, points) + 1
        return list(zip(random.poisson(own * units).tolist(), units.tolist(), strict=True))

    return draw


def _laney(name: str, rounds: int, draw: Draw, *, counts: bool) -> Iterator[Figure]:
    """Count charts that cry out: by the outside rule within their own points, by both, frozen, and plain."""
    outside = both = later = plain = 0
    for _ in range(rounds):
        points = draw(FROZEN_AT + POINTS)
        limits = limits_of(points[:POINTS], counts=counts)
        assert limits is not None
        told = plotted(points[:POINTS], limits)
        outside += any(point.outside for point in told)
        both += any(point.outside or point.run for point in told)
        # The limits were frozen at 20: what is said of the 24 after them.
        later += any(point.outside for point in plotted(points[FROZEN_AT:], limits))
        plain += _cries(points[:POINTS], replace(limits, spread=1.0))
    yield _figure(name, rounds, outside, f"both rules {both / rounds:.2f}, next 24 {later / rounds:.2f}", plain)


def _cries(points: Sequence[tuple[int, int]], limits: Limits) -> bool:
    return any(point.outside for point in plotted(points, limits))


def _singles(rounds: int) -> Iterator[Figure]:
    """Count XmR charts of the logarithms of elapsed times, each alone lognormal."""
    for sd in (0.3, 1.2):
        random = np.random.default_rng(1)
        outside = both = later = jumped = 0
        for _ in range(rounds):
            values = random.normal(3.5, sd, FROZEN_AT + POINTS).tolist()
            limits = individual_limits(values[:POINTS])
            assert limits is not None
            told = individuals(values[:POINTS], limits)
            outside += any(one.outside for one in told)
            jumped += any(one.jumped for one in told)
            both += any(one.outside or one.run for one in told)
            later += any(one.outside for one in individuals(values[FROZEN_AT:], limits))
        words = f"both rules {both / rounds:.2f}, next 24 {later / rounds:.2f}, jumps {jumped / rounds:.2f}"
        yield _figure(f"XmR of log elapsed, sd {sd}", rounds, outside, words, None)


def _figure(name: str, rounds: int, outside: int, words: str, plain: int | None) -> Figure:
    beside = "" if plain is None else f", plain {plain / rounds:.2f}"
    share = outside / rounds
    return Figure(name, "<= .10 (both about .1, next 24 .27)", f"{share:.3f} ({words}{beside})", share <= 0.10)
