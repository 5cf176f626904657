"""What became of sets between two analyses: by what was found, and by a test where it is about strength."""

from random import Random

import pytest

from models.rules.standing import Became, Standing, compare


def became(now: Standing | None, before: Standing | None, *, held: bool = False) -> str | None:
    """Give what became of one set."""
    told = compare(
        {} if now is None else {"s": now}, {} if before is None else {"s": before}, held={"s"} if held else ()
    )
    return told[0].became.value if told else None


CONFIRMED, STOPPED = Standing("confirmed", 0.5, 0.1), Standing("stopped", 0.1, 0.1)


@pytest.mark.parametrize(
    ("now", "before", "held", "expected"),
    [
        (CONFIRMED, None, False, "new"),
        (CONFIRMED, None, True, "returned"),
        (CONFIRMED, STOPPED, True, "returned"),
        (CONFIRMED, Standing("not_supported"), False, "new"),
        (CONFIRMED, CONFIRMED, True, "unchanged"),
        (Standing("not_confirmed", 0.5, 0.1), CONFIRMED, True, "unchanged"),
        (None, CONFIRMED, True, "gone"),
        (STOPPED, CONFIRMED, True, "gone"),
        (STOPPED, STOPPED, True, None),
        (STOPPED, None, False, None),
        (None, STOPPED, True, None),
    ],
)
def test_what_becomes_of_a_set(now: Standing | None, before: Standing | None, held: bool, expected: str | None) -> None:
    assert became(now, before, held=held) == expected


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ((1.5, 0.1), (0.5, 0.1), "stronger"),
        ((0.5, 0.1), (1.5, 0.1), "weaker"),
        ((0.0, 0.1), (1.5, 0.1), "weaker"),
        ((0.7, 0.1), (0.5, 0.1), "unchanged"),
        ((20.0, 0.1), (0.5, 0.1), "unchanged"),
        ((1.5, 0.0), (0.5, 0.0), "unchanged"),
        ((1.5, None), (0.5, 0.1), "unchanged"),
    ],
)
def test_strength_is_told_by_a_test(
    now: tuple[float, float | None], before: tuple[float, float], expected: str
) -> None:
    [told] = compare({"s": Standing("confirmed", *now)}, {"s": Standing("confirmed", *before)}, held=())
    assert told.became.value == expected
    assert (told.p_value is None) == (now in {(20.0, 0.1), (1.5, 0.0), (1.5, None)})


def test_of_many_sets_that_did_not_change_few_comparisons_tell_of_any() -> None:
    chosen = Random(3)  # noqa: S311 - a world that is the same each time

    def drawn() -> dict[int, Standing]:
        return {number: Standing("confirmed", 1 + chosen.gauss(0, 0.1), 0.1) for number in range(20)}

    told = [compare(drawn(), drawn(), held=()) for _ in range(200)]
    alarms = sum(any(each.became is not Became.UNCHANGED for each in comparison) for comparison in told)
    assert alarms <= 20


def test_sets_keep_their_order() -> None:
    told = compare({"b": CONFIRMED, "a": CONFIRMED}, {"z": CONFIRMED, "a": CONFIRMED}, held=())
    assert [each.key for each in told] == ["b", "a", "z"]
