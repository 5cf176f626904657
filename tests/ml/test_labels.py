"""Who left, seen from which moment: the edges of every window, and nothing later than now."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.labels import (
    DAY_US,
    NEVER,
    departure_labels,
    implicit_departures,
    monthly_snapshots,
    row_weight,
    treated_within,
)

T = 100 * DAY_US
LATER = 10_000 * DAY_US


def label_of(departed_us: int, *, now_us: int = LATER) -> int | None:
    """Label of one customer seen at T with gap 7 and horizon 90; None where the row is left out."""
    rows = departure_labels(np.array([T]), np.array([departed_us]), now_us=now_us)
    return int(rows.label[0]) if rows.kept[0] else None


@pytest.mark.parametrize(
    ("departed_us", "label"),
    [
        (T - 1, None),
        (T, None),
        (T + 1, None),
        (T + 7 * DAY_US, None),
        (T + 7 * DAY_US + 1, 1),
        (T + 97 * DAY_US, 1),
        (T + 97 * DAY_US + 1, 0),
        (NEVER, 0),
    ],
)
def test_each_edge_of_the_windows_belongs_where_the_method_says(departed_us: int, label: int | None) -> None:
    assert label_of(departed_us) == label


@pytest.mark.parametrize("departed_us", [T + 8 * DAY_US, T + 50 * DAY_US, NEVER])
def test_a_snapshot_not_yet_observable_is_censored_whole_even_where_the_departure_is_known(departed_us: int) -> None:
    assert label_of(departed_us, now_us=T + 97 * DAY_US - 1) is None
    assert label_of(departed_us, now_us=T + 97 * DAY_US) is not None


def test_a_customer_who_was_not_yet_one_is_left_out() -> None:
    rows = departure_labels(np.array([T]), np.array([NEVER] * 3), now_us=LATER, since_us=np.array([0, T, T + 1]))
    assert rows.kept.tolist() == [True, True, False]


@given(st.integers(0, 400 * DAY_US), st.integers(0, 300 * DAY_US))
def test_no_label_reads_what_happens_after_now(departed_us: int, now_us: int) -> None:
    as_known_later = departure_labels(np.array([T]), np.array([departed_us]), now_us=now_us)
    as_known_now = departure_labels(
        np.array([T]), np.array([departed_us if departed_us <= now_us else NEVER]), now_us=now_us
    )
    assert as_known_later.kept == as_known_now.kept
    assert not as_known_now.kept[0] or as_known_later.label == as_known_now.label


@pytest.mark.parametrize(("horizon", "gap"), [(0, 7), (90, -1)])
def test_windows_that_are_none_are_refused(horizon: int, gap: int) -> None:
    with pytest.raises(ValueError, match="horizon"):
        departure_labels(np.array([T]), np.array([T]), now_us=LATER, horizon_days=horizon, gap_days=gap)


def test_snapshots_are_the_first_moments_of_the_months_within() -> None:
    start, end = (int(np.datetime64(day, "us").astype(int)) for day in ("2024-01-01", "2024-03-01"))
    days = monthly_snapshots(start, end).astype("datetime64[us]").astype("datetime64[D]").astype(str)
    assert days.tolist() == ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert monthly_snapshots(start + 1, end - 1).size == 1
    assert monthly_snapshots(end, start).size == 0


def test_monthly_rows_of_a_quarter_weigh_a_third_each() -> None:
    assert row_weight(30, 90) == pytest.approx(1 / 3)
    assert row_weight(365, 90) == 1


@pytest.mark.parametrize(("step", "horizon"), [(0, 90), (30, 0)])
def test_a_step_or_horizon_that_is_none_is_refused(step: float, horizon: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        row_weight(step, horizon)


def silent(days: list[int], *, floor: float, now: int) -> float | None:
    """Day on which one customer with events on these days has left, by the implicit rule."""
    moments = np.array(days, dtype=np.int64) * DAY_US
    _, departed = implicit_departures(
        np.zeros(len(days), dtype=np.int64), moments, floor_days=floor, now_us=now * DAY_US
    )
    return None if departed[0] == NEVER else departed[0] / DAY_US


def test_a_silence_is_dated_when_it_outgrows_the_floor() -> None:
    assert silent([0, 10], floor=60, now=71) == 70
    assert silent([0, 10], floor=60, now=70) is None


def test_a_customer_with_long_gaps_of_their_own_is_given_longer() -> None:
    assert silent([0, 100, 200, 300], floor=60, now=390) == 60
    assert silent([0, 50, 100, 150], floor=20, now=165) == 20
    assert silent([0, 50, 100, 150], floor=55, now=400) == 205
    assert silent([0, 50, 100, 150, 200], floor=10, now=249) == 10


def test_own_gaps_count_from_three_on_and_only_those_closed_before_the_silence() -> None:
    days = [0, 40, 80, 120]
    assert silent(days, floor=40, now=159) is None
    assert silent(days, floor=40, now=161) == 160
    assert silent([0, 10, 20, 60], floor=45, now=200) == 105
    assert silent([0, 30, 60, 100], floor=45, now=200) == 145


def test_a_customer_who_came_back_had_left_all_the_same() -> None:
    assert silent([0, 200], floor=60, now=210) == 60


def test_events_after_now_are_not_read() -> None:
    assert silent([0, 50], floor=60, now=40) is None


def test_customers_are_told_apart_and_come_in_order() -> None:
    customers, departed = implicit_departures(
        np.array([7, 3, 7]), np.array([0, 0, 50]) * DAY_US, floor_days=60, now_us=100 * DAY_US
    )
    assert customers.tolist() == [3, 7]
    assert departed.tolist() == [60 * DAY_US, NEVER]


def test_no_events_give_no_customers() -> None:
    nothing = np.array([], dtype=np.int64)
    customers, departed = implicit_departures(nothing, nothing, floor_days=60, now_us=0)
    assert (customers.size, departed.size) == (0, 0)


@given(
    rows=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4)), max_size=20),
    contacts=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 80)), max_size=12),
    days=st.integers(1, 30),
)
def test_a_snapshot_is_treated_where_its_customer_was_contacted_before_its_horizon_was_over(
    rows: list[tuple[int, int]], contacts: list[tuple[int, int]], days: int
) -> None:
    moments, whose = (np.array([row[place] for row in rows], dtype=np.int64) for place in (0, 1))
    contacted, at = (np.array([one[place] for one in contacts], dtype=np.int64) for place in (0, 1))
    found = treated_within(moments * DAY_US, whose, contacted, at * DAY_US, days=days)
    expected = [any(c == who and t < when <= t + days for c, when in contacts) for t, who in rows]
    assert found.tolist() == expected
