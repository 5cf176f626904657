"""What comes round comes round once: soon enough, never twice, at night where it is night."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.rounds import Every, Nightly, Round, share_of

ROUNDS = [Every(timedelta(minutes=1)), Nightly(hour=1), Nightly(hour=3, weekly=True), Nightly(hour=23, hours=1)]
moments = st.datetimes(datetime(1990, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"])
shares = st.floats(0, 1, exclude_max=True)


@given(st.sampled_from(ROUNDS), moments, zones, shares)
def test_the_next_time_is_after_now_and_not_later_than_it_can_be(
    found: Round, now: datetime, zone: str, share: float
) -> None:
    following = found.after(now, zone, share)
    assert now < following <= now + found.longest


@given(st.sampled_from(ROUNDS), moments, zones, shares)
def test_nothing_lies_between_one_time_and_the_next(found: Round, now: datetime, zone: str, share: float) -> None:
    following = found.after(now, zone, share)
    assert found.after(following - timedelta(microseconds=1), zone, share) == following
    assert found.after(following, zone, share) > following


@given(moments, zones, shares)
def test_a_night_is_a_night_of_the_workspace(now: datetime, zone: str, share: float) -> None:
    local = Nightly(hour=1, hours=2).after(now, zone, share).astimezone(ZoneInfo(zone))
    assert 0 <= local.hour <= 4  # a night in which the clock is changed has an hour more or less


def test_workspaces_and_kinds_are_spread_evenly() -> None:
    shares = [share_of(UUID(int=number), "score") for number in range(1000)]
    assert [sum(tenth / 10 <= share < (tenth + 1) / 10 for share in shares) for tenth in range(10)] == pytest.approx(
        [100] * 10, abs=40
    )
    days = {Nightly(3, weekly=True).after(datetime(2026, 1, 1, tzinfo=UTC), "UTC", share).weekday() for share in shares}
    assert days == set(range(7))
    assert share_of(UUID(int=1), "score") != share_of(UUID(int=1), "prune")
