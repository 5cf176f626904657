"""The Gap: only how it moves is told, and only where both sides are known in both windows."""

import pytest

from models.rules.loyalty.dimensions import Dimension, Part
from models.rules.loyalty.gap import MATCHED, Counts, Level, change_of, difference, dimension_among
from models.rules.statistics import clustered_share

LOW, HIGH = Level(60, 55, 66), Level(80, 76, 83)


def test_each_dimension_that_an_item_speaks_of_is_matched() -> None:
    assert dict(MATCHED) == {
        Dimension.KEEP: "felt_1",
        Dimension.RESTORE: "felt_2",
        Dimension.FLOW: "felt_3",
        Dimension.FIRST: "felt_3",
        Dimension.FAIR: "felt_5",
    }


def test_a_difference_leans_the_way_its_figures_do() -> None:
    found = difference(HIGH, LOW)

    assert found.value == 20
    assert found.low == pytest.approx(20 - (4**2 + 6**2) ** 0.5)
    assert found.high == pytest.approx(20 + (3**2 + 5**2) ** 0.5)


def test_the_gap_moves_by_facts_less_felt() -> None:
    facts, felt, moved = change_of((LOW, HIGH), (HIGH, LOW))

    assert facts is not None
    assert felt is not None
    assert moved is not None
    assert (facts.value, felt.value, moved.value) == (20, -20, 40)
    assert moved.low < 40 < moved.high


@pytest.mark.parametrize(
    ("facts", "felt", "known"),
    [
        ((None, HIGH), (LOW, LOW), (False, True)),
        ((LOW, None), (LOW, LOW), (False, True)),
        ((LOW, HIGH), (None, LOW), (True, False)),
        ((LOW, HIGH), (LOW, None), (True, False)),
    ],
)
def test_what_is_missing_in_a_window_leaves_the_gap_unsaid(
    facts: tuple[Level | None, Level | None], felt: tuple[Level | None, Level | None], known: tuple[bool, bool]
) -> None:
    of_facts, of_felt, moved = change_of(facts, felt)

    assert (of_facts is not None, of_felt is not None) == known
    assert moved is None


def test_a_share_among_some_customers_is_that_of_the_statistics() -> None:
    counts = [(1, 2), (0, 1), (2, 2), (3, 4), (1, 1)]
    customers: list[Counts] = [*({Part.KEPT: (k, m, m)} for k, m in counts), {}]

    found, expected = dimension_among(Dimension.KEEP, customers), clustered_share(counts)

    assert (found.value, found.low, found.high) == (
        expected.value and 100 * expected.value,
        100 * expected.low,
        100 * expected.high,
    )
    assert (found.n, found.known) == (5, 10)


def test_shares_of_the_same_customers_are_taken_together() -> None:
    """Who was told first was put back too: the mean of the shares is less sure than of shares of different people."""
    same = (Part.TOLD_FIRST, Part.PUT_BACK, Part.RESTORED_IN_TIME)
    alike: list[Counts] = []
    alike += [dict.fromkeys(same, (n % 2, 1, 1)) for n in range(60)]
    mixed: list[Counts] = [
        {Part.TOLD_FIRST: (n % 2, 1, 1), Part.PUT_BACK: (n // 2 % 2, 1, 1), Part.RESTORED_IN_TIME: (n // 4 % 2, 1, 1)}
        for n in range(64)
    ]

    together, apart = dimension_among(Dimension.RESTORE, alike), dimension_among(Dimension.RESTORE, mixed)

    assert together.value == apart.value == 50
    assert together.low is not None
    assert apart.low is not None
    assert 50 - together.low > 1.5 * (50 - apart.low)


def test_of_a_share_nobody_knows_nothing_is_said() -> None:
    customers: list[Counts] = [{Part.TOLD_FIRST: (1, 1, 1), Part.PUT_BACK: (0, 0, 1)}] * 20

    found = dimension_among(Dimension.RESTORE, customers)

    assert (found.value, found.missing) == (None, (Part.PUT_BACK, Part.RESTORED_IN_TIME))
