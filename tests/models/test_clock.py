"""Now never comes before what was told already, unless what was told was far out."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from models.clock import HELD, Clock

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("back", [timedelta(microseconds=1), timedelta(hours=1), HELD - timedelta(minutes=1)])
def test_a_clock_that_is_set_back_a_little_is_waited_for(back: timedelta) -> None:
    clock = Clock()
    with time_machine.travel(NOON, tick=False):
        assert clock.now() == clock.now() == NOON
    with time_machine.travel(NOON - back, tick=False):
        assert [clock.now() - NOON for _ in range(3)] == [timedelta(microseconds=ahead) for ahead in (1, 2, 3)]
    with time_machine.travel(NOON + timedelta(seconds=1), tick=False):
        assert clock.now() == NOON + timedelta(seconds=1)


def test_a_clock_that_was_far_out_is_believed_once_it_is_right() -> None:
    clock = Clock()
    with time_machine.travel(NOON + timedelta(days=400), tick=False):
        clock.now()
    with time_machine.travel(NOON, tick=False):
        assert clock.now() == NOON
