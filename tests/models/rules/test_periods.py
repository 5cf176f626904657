"""Periods lie end to end on the workspace's clock, whatever it does."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.periods import SETTLING_US, Interval, Period, first_day, next_first_day, periods_between
from models.rules.values import DAY_US, HOUR_US, day_span, from_micros

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"]
MOMENTS = st.integers(0, 2**52)


@given(MOMENTS, st.integers(1, 200 * DAY_US), st.sampled_from(Interval), st.sampled_from(ZONES))
def test_they_hold_all_of_the_time_asked_for_and_begin_where_days_do(
    start_us: int, length_us: int, interval: Interval, zone: str
) -> None:
    before, *found = periods_between(start_us, start_us + length_us, interval, zone, most=400)
    assert found[0].start_us <= start_us < found[0].end_us
    assert found[-1].start_us < start_us + length_us <= found[-1].end_us
    assert all(one.end_us == other.start_us for one, other in pairwise([before, *found]))
    for period in [before, *found]:
        first = from_micros(period.start_us).astimezone(ZoneInfo(zone)).date()
        assert first_day(first, interval) == first or zone == "Pacific/Apia"
        assert day_span(first, zone)[0] == period.start_us or zone == "Pacific/Apia"


def test_days_of_a_changed_clock_are_an_hour_shorter_or_longer() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        start = day_span(day, "Europe/Berlin")[0]
        found = periods_between(start, start + 1, Interval.DAY, "Europe/Berlin", most=1)
        assert [(period.end_us - period.start_us) // HOUR_US for period in found] == [24, hours]


def test_weeks_begin_on_monday_and_months_on_their_first() -> None:
    assert first_day(date(2026, 1, 1), Interval.WEEK) == date(2025, 12, 29)
    assert next_first_day(date(2025, 12, 29), Interval.WEEK) == date(2026, 1, 5)
    assert next_first_day(date(2025, 12, 1), Interval.MONTH) == date(2026, 1, 1)
    assert next_first_day(date(2026, 1, 1), Interval.MONTH) == date(2026, 2, 1)


def test_so_many_and_no_more_are_given() -> None:
    assert len(periods_between(0, 5 * DAY_US, Interval.DAY, "UTC", most=5)) == 6
    with pytest.raises(ValueError, match="At most 5"):
        periods_between(0, 5 * DAY_US + 1, Interval.DAY, "UTC", most=5)
    with pytest.raises(ValueError, match="ends after it begins"):
        periods_between(5, 5, Interval.DAY, "UTC", most=5)


def test_a_period_is_closed_when_it_is_over_and_settled_two_weeks_later() -> None:
    week = Period(0, 7 * DAY_US)
    ends = [7 * DAY_US - 1, 7 * DAY_US, 7 * DAY_US + SETTLING_US - 1, 7 * DAY_US + SETTLING_US]
    assert [week.is_closed(now) for now in ends] == [False, True, True, True]
    assert [week.is_provisional(now) for now in ends] == [True, True, True, False]
    assert timedelta(microseconds=SETTLING_US) == timedelta(days=14)
    assert datetime(1970, 1, 8, tzinfo=ZoneInfo("UTC")) == from_micros(week.end_us)
