"""Dimensions and their composite: by hand, merged, refused, and intervals that cover what they say."""

from math import exp, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.loyalty.composite import (
    WeightsRefused,
    checked_weights,
    composite,
    composite_interval,
    dimension_lines,
)
from models.rules.loyalty.dimensions import COUNTED, PARTS, Dimension, Part
from models.rules.loyalty.learning import Owed, learnt
from models.rules.loyalty.profile import Measured, PartSums, measured
from models.rules.statistics import ClusterSums

Rows = list[tuple[int, int]]
FIVE = (Dimension.KEEP, Dimension.FLOW, Dimension.FIRST, Dimension.NO_NEEDLESS_CONTACT, Dimension.FAIR)
EQUAL = dict.fromkeys(Dimension, 1 / 8)
SOME = st.lists(st.integers(0, 3).flatmap(lambda m: st.tuples(st.integers(0, m), st.just(m))), max_size=8)


def sums(rows: Rows, unknown: int = 0) -> PartSums:
    return PartSums(ClusterSums.of((k, m, k) for k, m in rows), sum(m for _, m in rows) + unknown)


def profile_of(parts: dict[Part, PartSums]) -> dict[Dimension, Measured]:
    return {dimension: measured(dimension, parts) for dimension in Dimension}


def of_shares(*shares: float, n: int = 200) -> dict[Part, PartSums]:
    return {
        PARTS[dimension][0]: sums([(int(i < share * n), 1) for i in range(n)])
        for dimension, share in zip(FIVE, shares, strict=True)
    }


def test_every_share_says_what_it_counts_and_what_to_connect() -> None:
    assert set(COUNTED) == set(Part) == {part for parts in PARTS.values() for part in parts}
    assert set(PARTS) == set(Dimension)


def test_below_a_coverage_of_60_percent_nothing_is_said() -> None:
    rows = [(1, 1)] * 60
    assert measured(Dimension.KEEP, {Part.KEPT: sums(rows, 40)}).is_measured
    found = measured(Dimension.KEEP, {Part.KEPT: sums(rows, 41)})
    assert (found.value, found.low, found.high, found.missing) == (None, None, None, (Part.KEPT,))
    assert found.coverage == pytest.approx(60 / 101)
    assert measured(Dimension.KEEP, {}).coverage is None


@given(SOME, st.integers(0, 5), st.integers(0, 50))
def test_what_is_unknown_never_changes_a_value(rows: Rows, unknown: int, more: int) -> None:
    one, other = sums(rows, unknown), sums(rows, unknown + more)
    assert one.share == other.share
    assert (other.coverage or 0) <= (one.coverage or 0)


@given(SOME, SOME)
def test_shards_of_disjoint_customers_merge(one: Rows, other: Rows) -> None:
    assert sums(one, 1) + sums(other, 2) == sums([*one, *other], 3)


def test_restore_is_the_mean_of_its_shares_and_needs_them_all() -> None:
    parts = {
        Part.TOLD_FIRST: sums([(1, 1)] * 5 + [(0, 1)] * 5),
        Part.PUT_BACK: sums([(1, 1)] * 8 + [(0, 1)] * 2),
        Part.RESTORED_IN_TIME: sums([(1, 1)] * 2 + [(0, 1)] * 8),
    }
    found = measured(Dimension.RESTORE, parts)
    assert found.value == pytest.approx(50)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low < 50 < found.high <= 100
    del parts[Part.PUT_BACK]
    assert measured(Dimension.RESTORE, parts).missing == (Part.PUT_BACK,)


def test_shares_of_the_same_customers_move_together() -> None:
    rows = [(i % 2, 1) for i in range(40)]
    parts = dict.fromkeys(PARTS[Dimension.RESTORE], sums(rows))
    lines = dimension_lines(Dimension.RESTORE, parts)
    squares = sum(sum(line.k * k - line.m * m for line in lines.values()) ** 2 for k, m in rows)
    apart, together = measured(Dimension.RESTORE, parts), measured(Dimension.RESTORE, parts, squares=squares)
    assert apart.low is not None
    assert together.low is not None
    assert together.low < apart.low
    # Three shares that are always alike are one share: its own variance, not a third of it.
    assert (50 - together.low) / (50 - apart.low) == pytest.approx(3**0.5)


def test_one_customer_tells_nothing_about_others() -> None:
    parts = dict.fromkeys(PARTS[Dimension.RESTORE], sums([(2, 4)]))
    found = measured(Dimension.RESTORE, parts)
    assert (found.value, found.low, found.high) == (50, 0, 100)


def test_the_composite_is_a_geometric_mean() -> None:
    parts = of_shares(0.9, 0.8, 0.5, 0.7, 0.6)
    found = composite(profile_of(parts), parts)
    assert found is not None
    assert found.of == FIVE
    assert found.value == pytest.approx(exp(sum(log(x) for x in (90, 80, 50, 70, 60)) / 5))
    assert found.lowest < found.value < found.highest
    assert not found.is_rare
    assert found.weights == dict.fromkeys(FIVE, 0.2)


def test_weights_are_stretched_over_what_is_measured_and_zero_leaves_out() -> None:
    parts = of_shares(0.9, 0.8, 0.5, 0.7, 0.6)
    weights = {**EQUAL, Dimension.KEEP: 2 / 8, Dimension.LEARN: 0.0}
    found = composite(profile_of(parts), parts, checked_weights(weights))
    assert found is not None
    assert found.weights[Dimension.KEEP] == pytest.approx(2 / 6)
    weights = {**EQUAL, Dimension.FAIR: 0.0, Dimension.LEARN: 2 / 8}
    assert composite(profile_of(parts), parts, checked_weights(weights)) is None


def test_fewer_than_five_or_without_flow_there_is_no_composite() -> None:
    parts = of_shares(0.9, 0.8, 0.5, 0.7, 0.6)
    assert composite(profile_of(parts), parts, only=FIVE[:4]) is None
    without: dict[Part, PartSums] = {part: found for part, found in parts.items() if part != Part.DONE_IN_TIME}
    without |= dict.fromkeys(PARTS[Dimension.RESTORE], sums([(1, 1), (0, 1)]))
    assert composite(profile_of(without), without) is None


def test_a_dimension_near_nothing_is_held_at_one_and_told_to_be_rare() -> None:
    parts = of_shares(0.9, 0.8, 0.0, 0.7, 0.6)
    found = composite(profile_of(parts), parts)
    assert found is not None
    assert found.is_rare
    assert Part.FIRST_TIME not in found.lines
    assert found.value == pytest.approx(exp(sum(log(x) for x in (90, 80, 1, 70, 60)) / 5))


def test_what_staff_are_owed_adds_its_own_variance_and_learning_none() -> None:
    parts = of_shares(0.9, 0.8, 0.5, 0.7, 0.6)
    parts |= dict.fromkeys(PARTS[Dimension.ENABLE], sums([(1, 1), (0, 1), (1, 1), (1, 1)]))
    parts[Part.LEARNT] = sums([(1, 2)])
    found = composite(profile_of(parts), parts)
    assert found is not None
    assert found.staff_variance > 0
    assert Part.WITHOUT_PERMISSION in found.lines
    assert not {Part.LEARNT, Part.REQUESTS_MET, Part.PROPOSALS_ANSWERED} & set(found.lines)


def test_one_customer_leaves_the_composite_open() -> None:
    parts = of_shares(0.9, 0.8, 0.5, 0.7, 0.6)
    found = composite(profile_of(parts), parts)
    assert found is not None
    assert composite_interval(found, 1, 0.0) == (1, 100)


@pytest.mark.parametrize(
    ("weights", "matter"),
    [
        ({Dimension.KEEP: 1.0}, "needed of"),
        ({**EQUAL, Dimension.FAIR: -0.1}, "0 or more"),
        ({**EQUAL, Dimension.KEEP: 0.0}, "above 0"),
        ({**EQUAL, Dimension.FAIR: float("nan")}, "0 or more"),
        ({**EQUAL, Dimension.FAIR: 0.2}, "add up to 1"),
    ],
)
def test_weights_that_are_none_are_refused(weights: dict[Dimension, float], matter: str) -> None:
    with pytest.raises(WeightsRefused, match=matter):
        checked_weights(weights)


def test_the_composite_s_interval_covers_what_it_says() -> None:
    chance = Random(5)  # noqa: S311 - simulated customers
    truth = dict(zip(FIVE, (0.9, 0.75, 0.5, 0.8, 0.6), strict=True))
    true_value = exp(sum(log(100 * share) for share in truth.values()) / 5)
    covered, worlds = 0, 60
    for _ in range(worlds):
        rows = [_customer(chance, list(truth.values())) for _ in range(60)]
        parts = {PARTS[d][0]: sums([row[i] for row in rows]) for i, d in enumerate(FIVE)}
        found = composite(profile_of(parts), parts)
        assert found is not None
        lines = [found.lines[PARTS[d][0]] for d in FIVE]
        squares = sum(
            sum(line.k * k - line.m * m for line, (k, m) in zip(lines, row, strict=True)) ** 2 for row in rows
        )
        low, high = composite_interval(found, len(rows), squares)
        covered += low <= true_value <= high
    assert covered / worlds >= 0.87


def _customer(chance: Random, shares: list[float]) -> Rows:
    """One customer's rows: one to four of each share, alike within the customer, and across the shares."""
    lucky, rows = chance.random(), []
    for share in shares:
        m = chance.randint(1, 4)
        mine = chance.betavariate(share * 4, (1 - share) * 4)
        mine = 0.8 * mine + 0.2 * (1.0 if lucky < share else 0.0)
        rows.append((sum(chance.random() < mine for _ in range(m)), m))
    return rows


def test_learning_is_weighed_by_what_sets_cost() -> None:
    assert learnt([]).value is None
    assert learnt([Owed(0.0, 0, 1.0)]).value is None
    found = learnt([Owed(10.0, 5, 1.0), Owed(30.0, 5, 0.5)])
    assert (found.value, found.by_cost, found.sets) == (62.5, True, 2)
    assert not learnt([Owed(None, 5, 1.0)]).by_cost
