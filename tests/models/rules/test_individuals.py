"""Single values on a chart, by hand; and how seldom steady ones raise an alarm."""

from math import log
from random import Random

import pytest

from models.rules.charts import limits_of, plotted
from models.rules.individuals import individual_limits, individuals


def test_limits_by_hand() -> None:
    limits = individual_limits([10, 12, 11, 13])
    assert limits is not None
    assert limits.moved == pytest.approx(5 / 3)
    assert [limits.low, limits.high] == pytest.approx([11.5 - 2.66 * 5 / 3, 11.5 + 2.66 * 5 / 3])
    assert limits.provisional


def test_one_value_makes_no_limits_and_twenty_freeze_them() -> None:
    assert individual_limits([3]) is None
    steady = [float(10 + i % 2) for i in range(20)]
    assert individual_limits(steady) == individual_limits([*steady, 99.0])


def test_a_jump_and_a_run_are_signals_of_their_own() -> None:
    limits = individual_limits([float(10 + i % 2) for i in range(20)])
    assert limits is not None
    found = individuals([10.0, 11.0, *[10.6] * 8, 20.0], limits)
    assert found[0].moved is None
    assert [value.run for value in found[-2:]] == [True, True]
    assert (found[-1].outside, found[-1].jumped, found[-2].jumped) == (True, True, False)


def test_logarithms_come_back_as_hours() -> None:
    limits = individual_limits([log(2), log(8), log(2), log(8)])
    assert limits is not None
    low, centre, high = limits.natural()
    assert centre == pytest.approx(4)
    assert low == pytest.approx(4 / high * 4)


def test_counts_have_no_upper_end_of_one() -> None:
    points = [(30, 10), (34, 10), (29, 10), (31, 10)]
    limits = limits_of(points, counts=True)
    assert limits is not None
    assert limits.centre == pytest.approx(3.1)
    low, high = limits.around(10)
    assert [low, high] == pytest.approx([3.1 - 3 * (3.1 / 10) ** 0.5 * limits.spread, 6.2 - low])
    assert plotted([(90, 10)], limits)[0].outside
    assert limits_of([(0, 10), (0, 10)], counts=True).around(10) == (0, 0)  # type: ignore[union-attr]


@pytest.mark.parametrize("n", [30, 500, 5000])
def test_steady_shares_seldom_raise_an_alarm(n: int) -> None:
    """Laney's limits know day-to-day variation: of charts of 24 points a tenth at most has one outside its own."""
    chance = Random(n)  # noqa: S311 - simulated days
    alarms, charts = 0, 400
    for _ in range(charts):
        points = []
        for _ in range(24):
            p = min(max(chance.gauss(0.3, 0.03), 0), 1)
            k = round(chance.gauss(n * p, (n * p * (1 - p)) ** 0.5))
            points.append((min(max(k, 0), n), n))
        limits = limits_of(points)
        assert limits is not None
        alarms += any(point.outside for point in plotted(points, limits))
    # Limits that are frozen at 20 hold the last four against what was.
    assert alarms / charts <= 0.15
