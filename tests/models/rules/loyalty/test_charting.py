"""Charts of loyalty over time: stretches between recorded reasons, limits that freeze, and what is a signal."""

from collections.abc import Callable, Sequence

import pytest

from models.rules.loyalty.charting import (
    Observed,
    Series,
    SignalKind,
    Stretch,
    elapsed,
    rates,
    shares,
    signals,
    stretches,
)

Drawn = Callable[[Series, Sequence[int]], Stretch | None]
QUIET = [Observed(10 + 2 * (at % 2), 100) for at in range(24)]


def kinds(series: Series, *starts: int, drawn: Drawn = shares) -> list[tuple[str, int, int]]:
    """Give the signals of a series in short."""
    return [(one.kind.value, one.first, one.last) for one in signals(stretches(series, starts, drawn))]


@pytest.mark.parametrize("drawn", [shares, rates, elapsed])
def test_nothing_has_no_stretch_and_no_signal(drawn: Drawn) -> None:
    assert stretches([], [], drawn) == []
    assert stretches([None, None], [1], drawn) == []
    assert signals([]) == []


def test_one_point_has_provisional_limits_and_an_xmr_chart_needs_two() -> None:
    [one] = stretches([Observed(5, 50)], [], shares)
    assert (one.centre, one.points, one.provisional, one.frozen) == (0.1, 1, True, False)
    assert stretches([Observed(5.0, 50)], [], elapsed) == []
    assert kinds([Observed(5, 50)]) == []


@pytest.mark.parametrize(
    ("points", "made_of", "provisional", "frozen"),
    [(11, 11, True, False), (12, 12, False, False), (20, 20, False, True), (24, 20, False, True)],
)
def test_limits_are_provisional_below_twelve_and_frozen_at_twenty(
    points: int, made_of: int, provisional: bool, frozen: bool
) -> None:
    for drawn in (shares, rates, elapsed):
        [found] = stretches(QUIET[:points], [], drawn)
        assert (found.points, found.provisional, found.frozen) == (made_of, provisional, frozen)
    before = stretches(QUIET, [], shares)[0]
    later = stretches([*QUIET, Observed(90, 100)], [], shares)[0]
    assert (later.centre, later.low, later.high) == (before.centre, before.low, before.high)


def test_one_outside_is_a_signal_and_so_is_the_eighth_on_one_side() -> None:
    assert kinds([*QUIET, Observed(60, 100)]) == [("outside", 24, 24)]
    # Twelve in a hundred lies above the centre of eleven: seven of them say nothing, the eighth tells of all.
    assert kinds([*QUIET[:23], *[Observed(12, 100)] * 7]) == []
    assert kinds([*QUIET[:23], *[Observed(12, 100)] * 9]) == [("run", 23, 31)]


def test_periods_without_rows_are_passed_over_in_a_run() -> None:
    above = [Observed(12, 100), None] * 8
    assert kinds([*QUIET[:23], *above]) == [("run", 23, 37)]


def test_a_split_draws_limits_anew_and_ends_a_run() -> None:
    moved = [*QUIET, *[Observed(30 + at % 2, 100) for at in range(13)]]
    assert {kind for kind, _, _ in kinds(moved)} == {"outside", "run"}
    assert kinds(moved, 24) == []
    before, after = stretches(moved, [24, 24, 99, -1], shares)
    assert (before.first, before.after, after.first, after.after) == (0, 24, 24, 37)
    assert (round(before.centre, 2), round(after.centre, 3)) == (0.11, 0.305)
    assert (before.frozen, after.frozen, after.provisional) == (True, False, False)


def test_what_has_not_settled_makes_no_limits_and_is_no_signal() -> None:
    series = [*QUIET[:11], Observed(90, 100, makes_limits=False)]
    [found] = stretches(series, [], shares)
    assert (found.points, found.provisional) == (11, True)
    assert found.held[11].low < 0.11 < found.held[11].high < 0.9
    assert kinds(series) == []
    assert stretches([Observed(9, 10, makes_limits=False)], [], shares) == []


def test_counts_may_pass_one_a_unit_and_times_are_given_back_as_times() -> None:
    [found] = stretches([Observed(150, 100), Observed(160, 100), Observed(140, 100)], [], rates)
    assert found.centre == 1.5
    times = [Observed(20.0 + at % 3, 9) for at in range(20)]
    [lines] = stretches(times, [], elapsed)
    assert 0 < lines.low < 20 < lines.centre < 22 < lines.high
    assert kinds([*times, Observed(400.0, 9)], drawn=elapsed) == [
        (SignalKind.JUMP.value, 20, 20),
        (SignalKind.OUTSIDE.value, 20, 20),
    ]


def test_limits_are_wider_for_a_point_of_fewer_rows() -> None:
    [found] = stretches([*QUIET, Observed(1, 10)], [], shares)
    assert found.held[24].high - found.held[24].low > found.held[23].high - found.held[23].low
