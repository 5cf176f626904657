"""Instants, local days and kinds."""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.values import (
    DAY_US,
    HOUR_US,
    Kind,
    day_span,
    end_of_local_day,
    from_micros,
    instant,
    kind_of,
    local_day,
    micros,
    span_of_text,
    start_of_local_day,
)

ZONES = ("UTC", "America/Sao_Paulo", "Europe/Lisbon", "Asia/Kathmandu", "Pacific/Auckland", "America/Havana")


class Demand(StrEnum):
    """As a text column gives it."""

    FAILURE = "failure"


class Minutes(int):
    """A number of another name."""


def at(text: str) -> int:
    return micros(datetime.fromisoformat(text))


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001 - zone follows
def test_an_instant_survives_microseconds_exactly(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert from_micros(micros(aware)) == aware


def test_a_time_without_a_zone_is_no_instant() -> None:
    with pytest.raises(TypeError):
        micros(datetime(2026, 5, 4))  # noqa: DTZ001 - the point


@given(st.integers(at("1975-01-01T00:00Z"), at("2035-01-01T00:00Z")), st.sampled_from(ZONES))
def test_an_instant_lies_within_its_local_day(moment_us: int, zone: str) -> None:
    first, last = start_of_local_day(moment_us, zone), end_of_local_day(moment_us, zone)
    assert first <= moment_us <= last
    assert local_day(first, zone) == local_day(moment_us, zone) == local_day(last, zone)
    assert local_day(first - 1, zone) < local_day(moment_us, zone) < local_day(last + 1, zone)
    assert (first, last) == day_span(local_day(moment_us, zone), zone)
    assert end_of_local_day(last, zone) == last


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 5, 4), "UTC", 24),
        (date(2026, 3, 29), "Europe/Lisbon", 23),
        (date(2026, 10, 25), "Europe/Lisbon", 25),
        (date(2017, 10, 15), "America/Sao_Paulo", 23),  # there is no midnight
        (date(2018, 2, 17), "America/Sao_Paulo", 25),  # its last hour comes twice
    ],
)
def test_a_day_on_which_clocks_change_is_shorter_or_longer(day: date, zone: str, hours: int) -> None:
    first, last = day_span(day, zone)
    assert last + 1 - first == hours * HOUR_US


def test_the_last_day_there_is_has_an_end() -> None:
    assert from_micros(day_span(date(9999, 12, 31), "UTC")[1]).year == 9999


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, Kind.NUMBER),
        (1.5, Kind.NUMBER),
        (Minutes(3), Kind.NUMBER),
        ("a", Kind.TEXT),
        (Demand.FAILURE, Kind.TEXT),
        (True, Kind.FLAG),
        (None, None),
        (float("nan"), None),
        ([1], None),
        ({"a": 1}, None),
    ],
)
def test_a_value_has_the_kind_it_is_compared_as(value: Any, kind: Kind | None) -> None:
    assert kind_of(value) is kind


@pytest.mark.parametrize("text", ["1970-01-01T01:00:00+01:00", "1970-01-01t00:00:00z", "1970-01-01 00:00:00.000000Z"])
def test_rfc_3339_is_read_in_all_its_spellings(text: str) -> None:
    assert span_of_text(text, "America/Sao_Paulo") == (0, 0)
    assert instant(text) == 0


def test_a_date_is_a_whole_day_of_its_zone() -> None:
    assert span_of_text("1970-01-01", "UTC") == (0, DAY_US - 1)
    assert span_of_text("1970-01-01", "Asia/Kathmandu") != (0, DAY_US - 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-02-30",
        "2026-02-30T00:00:00Z",
        "2026-05-04T25:00:00Z",
        "20260504",
        "2026-05-04T10:00:00",
    ],
)
def test_what_is_no_time_is_read_as_none(text: str) -> None:
    assert span_of_text(text, "UTC") is None
    assert instant(text) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        (datetime(1970, 1, 1), None),  # noqa: DTZ001 - the point
        (True, None),
        (1.5, None),
        (None, None),
        ("1970-01-01", None),
    ],
)
def test_an_instant_is_read_from_what_a_record_may_hold(value: Any, expected: int | None) -> None:
    assert instant(value) == expected
