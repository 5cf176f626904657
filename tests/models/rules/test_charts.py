"""p' charts: provisional below 12 points, frozen at 20, signals outside and in a run."""

import random

import pytest

from models.rules.charts import against_expected, limits_of, plotted
from models.rules.verification import Evidence, still_lacking


def test_without_points_there_are_no_limits_and_a_single_one_makes_plain_ones() -> None:
    assert limits_of([]) is None
    single = limits_of([(5, 50)])
    assert single is not None
    assert (single.centre, single.spread, single.provisional) == (0.1, 1.0, True)


@pytest.mark.parametrize(("points", "provisional", "made_of"), [(11, True, 11), (12, False, 12), (30, False, 20)])
def test_limits_are_provisional_then_firm_then_frozen(points: int, provisional: bool, made_of: int) -> None:
    limits = limits_of([(10 + at % 2, 100) for at in range(points)])
    assert limits is not None
    assert (limits.provisional, limits.points) == (provisional, made_of)


@pytest.mark.parametrize("share", [0, 100])
def test_a_share_that_is_always_the_same_end_signals_nothing(share: int) -> None:
    limits = limits_of([(share, 100)] * 5)
    assert limits is not None
    assert not any(point.outside or point.run for point in plotted([(share, 100)] * 10, limits))


def test_eight_on_one_side_are_a_run_and_a_point_on_the_centre_ends_it() -> None:
    limits = limits_of([(10, 100), (12, 100), (8, 100), (10, 100)])
    assert limits is not None
    assert [p.run for p in plotted([(11, 100)] * 9, limits)] == [False] * 7 + [True] * 2
    assert not any(p.run for p in plotted([(11, 100)] * 7 + [(10, 100)] + [(11, 100)] * 7, limits))
    assert not any(p.run for p in plotted([(11, 100)] * 7 + [(9, 100)] * 7, limits))


def test_its_own_limits_seldom_call_what_did_not_change_out_of_the_ordinary() -> None:
    chosen = random.Random(11)  # noqa: S311 - a simulation, no secret
    alarms = 0
    for _ in range(200):
        points = [(sum(chosen.random() < 0.2 for _ in range(80)), 80) for _ in range(24)]
        limits = limits_of(points)
        assert limits is not None
        alarms += any(point.outside for point in plotted(points[:20], limits))
    assert alarms <= 20


@pytest.mark.parametrize(
    ("evidence", "lacking"),
    [
        (Evidence(30, 8, 8, [0.01, 0.001]), []),
        (Evidence(29.9, 8, 8, [0.01]), ["covered_too_short"]),
        (Evidence(None, 8, 8, [0.01]), ["conditions_uncovered"]),
        (Evidence(60, 7, 8, [0.01]), ["no_baseline_after_discovery"]),
        (Evidence(60, 8, 7, [0.01]), ["too_few_points"]),
        (Evidence(60, 8, 8, [0.01, 0.02]), ["no_fall_in_prevalence"]),
        (Evidence(60, 8, 8, [0.01, None]), ["no_fall_in_prevalence"]),
        (Evidence(60, 8, 8, []), ["no_fall_in_prevalence"]),
    ],
)
def test_verified_takes_all_of_it(evidence: Evidence, lacking: list[str]) -> None:
    assert still_lacking(evidence) == lacking


def test_points_are_held_against_what_was_expected_of_each() -> None:
    held = against_expected([(5, 100, 0.05), (30, 100, 0.3), (30, 100, 0.05)])
    assert [point.outside for point in held] == [False, False, True]
    assert held[1].low < 0.3 < held[1].high
    assert against_expected([]) == []


def test_one_point_far_out_does_not_widen_its_own_limits() -> None:
    assert [point.outside for point in against_expected([(10, 100, 0.1), (10, 100, 0.1), (60, 100, 0.1)])][-1]


def test_eight_points_above_what_was_expected_are_a_run() -> None:
    held = against_expected([(12, 100, 0.1)] * 9)
    assert [point.run for point in held] == [False] * 7 + [True] * 2
    level = against_expected([(10, 100, 0.1), (12, 100, 0.1)] * 8)
    assert not any(point.run for point in level)


def test_points_alike_because_they_overlap_do_not_draw_the_limits_together() -> None:
    held = against_expected([(10, 100, 0.1)] * 30 + [(17, 100, 0.1)])
    assert not held[-1].outside
    assert held[-1].high == pytest.approx(0.19)


def test_points_that_spread_more_than_chance_have_wider_limits() -> None:
    held = against_expected([(2, 100, 0.1), (18, 100, 0.1)] * 6 + [(25, 100, 0.1)])
    assert not held[-1].outside
