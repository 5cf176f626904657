"""Departures that failures bring on are found where they were planted, and none where none were."""

from dataclasses import replace

import numpy as np
import pytest

from bench.root_cost import DAY_US, HORIZON_US, departing
from ml.costing.departure import NEVER, Episodes, Matched

NOW_US = 500 * DAY_US
CUSTOMERS = 1500


def matched(episodes: Episodes) -> Matched:
    return Matched(episodes, HORIZON_US, NOW_US)


def episodes(*rows: tuple[int, float, bool, float | None], strata: list[list[int]] | None = None) -> Episodes:
    """Give episodes as (customer, day, failed, day of departure)."""
    left = [NEVER if row[3] is None else int(row[3] * DAY_US) for row in rows]
    codes = np.zeros((len(rows), 0), dtype=np.intp) if strata is None else np.array(strata, dtype=np.intp)
    return Episodes(
        np.array([row[0] for row in rows], dtype=np.intp),
        np.array([int(row[1] * DAY_US) for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=bool),
        np.array(left, dtype=np.int64),
        codes,
    )


@pytest.mark.parametrize("planted", [0.0, 0.08])
def test_a_planted_excess_is_found_though_the_segment_confounds(planted: float) -> None:
    worlds = [departing(np.random.default_rng(seed), planted, CUSTOMERS) for seed in range(12)]
    found = [matched(world).excess() or 0.0 for world in worlds]
    naive = [matched(replace(world, strata=world.strata[:, :0])).excess() or 0.0 for world in worlds]
    assert abs(np.mean(found) - planted) < 0.015
    assert np.mean(naive) - planted > 0.03
    held = 0
    for world in worlds:
        low, high = matched(world).interval(CUSTOMERS, 60)
        held += low <= planted <= high
    assert held >= 9
    assert matched(worlds[0]).described().enough


def test_controls_are_followed_until_a_failure_of_their_own() -> None:
    controls = [(10 + at, 5.0, False, None) for at in range(4)]
    # The fifth leaves after it was failed itself: that departure is no control's.
    fifth = [(14, 5.0, False, 60.0), (14, 20.0, True, 60.0)]
    found = matched(episodes((0, 3.0, True, 40.0), *controls, *fifth)).described()
    assert (found.failed_customers, found.controls, found.departures_failed, found.departures_ok) == (2, 5, 2, 0)
    assert found.value == pytest.approx(1.0)
    left = matched(episodes((0, 3.0, True, None), *controls, (14, 5.0, False, 60.0))).described()
    assert left.departures_ok == 1
    assert left.value == pytest.approx(-0.2)


def test_where_nobody_is_followed_to_the_end_the_hazard_so_far_goes_on() -> None:
    # All controls are failed after half of the horizon; one of six has left by then.
    rows = [(at, 1.0, False, 30.0 if at == 5 else None) for at in range(6)]
    failures = [(at, 1.0 + 45.0, True, None) for at in range(5)]
    found = matched(episodes((9, 2.0, True, None), *rows, *failures)).excess()
    assert found is not None
    # Six were failed, five of whom nobody was alike in their month.
    assert found == pytest.approx(-(1 - (5 / 6) ** 2))


def test_whoever_nobody_is_alike_is_left_out_and_counted() -> None:
    rows = [(at, 5.0, False, None) for at in range(6)]
    strata = [[1]] * 6 + [[1], [2]]
    found = matched(episodes(*rows, (6, 4.0, True, 20.0), (7, 4.0, True, None), strata=strata)).described()
    assert (found.failed_customers, found.unmatched) == (1, 1)
    assert found.value == pytest.approx(1.0)


def test_a_coarser_cell_is_taken_where_a_fine_one_has_too_few() -> None:
    rows = [(at, 5.0, False, None) for at in range(6)]
    strata = [[1, at % 3] for at in range(6)] + [[1, 0]]
    assert matched(episodes(*rows, (6, 4.0, True, None), strata=strata)).described().unmatched == 0


def test_what_was_not_followed_for_the_whole_horizon_is_not_used() -> None:
    day = (NOW_US - HORIZON_US) / DAY_US
    rows = [(at, day + 1, False, None) for at in range(6)]
    found = matched(episodes(*rows, (6, day + 1, True, day + 2))).described()
    assert (found.value, found.failed_customers, found.controls, found.enough) == (None, 0, 0, False)


def test_whoever_had_left_before_was_not_at_risk() -> None:
    rows = [(at, 5.0, False, None) for at in range(6)]
    assert matched(episodes(*rows, (6, 5.0, True, 4.0))).described().failed_customers == 0


def test_of_nobody_nothing_is_said() -> None:
    nobody = episodes()
    found = matched(nobody).described()
    assert (found.value, found.enough) == (None, False)


def test_a_drawing_without_any_of_those_matched_says_nothing() -> None:
    rows = [(at, 5.0, False, None) for at in range(6)]
    found = matched(episodes(*rows, (6, 4.0, True, None)))
    weight = np.ones(7)
    weight[6] = 0
    assert found.excess(weight) is None
    weight = np.zeros(7)
    weight[6] = 1
    assert found.excess(weight) is None
