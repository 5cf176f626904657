"""Dimensions and their composite: by hand, merged, refused, and intervals that cover what they say."""

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.loyalty.composite import (
    WeightsRefused,
    checked_weights,
    composite,
)
from models.rules.loyalty.dimensions import COUNTED, PARTS, Dimension, Part
from models.rules.loyalty.learning import Owed, learnt
from models.rules.loyalty.profile import Measured, PartSums, measured
from models.rules.loyalty.reaches import dimension_lines
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


def width(found: Measured) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


def test_shares_of_the_same_customers_are_never_surer_without_the_squares() -> None:
    """Three shares that are always alike are one: as far as the mean can spread. Opposite ones spread less."""
    rows = [(i % 2, 1) for i in range(40)]
    parts = dict.fromkeys(PARTS[Dimension.RESTORE], sums(rows))
    lines = dimension_lines(Dimension.RESTORE, parts)
    alike = sum(sum(line.k * k - line.m * m for line in lines.values()) ** 2 for k, m in rows)
    told, *others = lines.values()
    opposite = sum(
        (told.k * (1 - k) - told.m * m + sum(line.k * k - line.m * m for line in others)) ** 2 for k, m in rows
    )
    without = measured(Dimension.RESTORE, parts)

    assert width(measured(Dimension.RESTORE, parts, squares=alike)) == pytest.approx(width(without))
    assert width(measured(Dimension.RESTORE, parts, squares=opposite)) == pytest.approx(width(without) / 3)


def test_shares_of_different_people_add_their_variances() -> None:
    rows = [(i % 2, 1) for i in range(40)]
    of_one_kind = measured(Dimension.RESTORE, dict.fromkeys(PARTS[Dimension.RESTORE], sums(rows)))
    of_three = measured(Dimension.ENABLE, dict.fromkeys(PARTS[Dimension.ENABLE], sums(rows)))

    assert width(of_one_kind) == pytest.approx(width(of_three) * 3**0.5)


def test_one_customer_tells_nothing_about_others() -> None:
    parts = dict.fromkeys(PARTS[Dimension.RESTORE], sums([(2, 4)]))
    found = measured(Dimension.RESTORE, parts)
    assert (found.value, found.low, found.high) == (50, 0, 100)


def test_the_composite_is_a_geometric_mean() -> None:
    parts = of_shares(0.9, 0.8, 0.5, 0.7, 0.6)
    found = composite(profile_of(parts))
    assert found is not None
    assert found.of == FIVE
    assert found.value == pytest.approx(exp(sum(log(x) for x in (90, 80, 50, 70, 60)) / 5))
    assert found.lowest < found.value < found.highest
    assert found.weights == dict.fromkeys(FIVE, 0.2)


def test_weights_are_stretched_over_what_is_measured_and_zero_leaves_out() -> None:
    parts = of_shares(0.9, 0.8, 0.5, 0.7, 0.6)
    weights = {**EQUAL, Dimension.KEEP: 2 / 8, Dimension.LEARN: 0.0}
    found = composite(profile_of(parts), checked_weights(weights))
    assert found is not None
    assert found.weights[Dimension.KEEP] == pytest.approx(2 / 6)
    weights = {**EQUAL, Dimension.FAIR: 0.0, Dimension.LEARN: 2 / 8}
    assert composite(profile_of(parts), checked_weights(weights)) is None


def test_fewer_than_five_or_without_flow_there_is_no_composite() -> None:
    parts = of_shares(0.9, 0.8, 0.5, 0.7, 0.6)
    assert composite(profile_of(parts), only=FIVE[:4]) is None
    without: dict[Part, PartSums] = {part: found for part, found in parts.items() if part != Part.DONE_IN_TIME}
    without |= dict.fromkeys(PARTS[Dimension.RESTORE], sums([(1, 1), (0, 1)]))
    assert composite(profile_of(without)) is None


def test_a_dimension_near_nothing_is_held_at_one() -> None:
    parts = of_shares(0.9, 0.8, 0.0, 0.7, 0.6)
    found = composite(profile_of(parts))
    assert found is not None
    assert found.value == pytest.approx(exp(sum(log(x) for x in (90, 80, 1, 70, 60)) / 5))


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


def test_learning_is_weighed_by_what_sets_cost() -> None:
    assert learnt([]).value is None
    assert learnt([Owed(0.0, 0, 1.0)]).value is None
    found = learnt([Owed(10.0, 5, 1.0), Owed(30.0, 5, 0.5)])
    assert (found.value, found.by_cost, found.sets) == (62.5, True, 2)
    assert not learnt([Owed(None, 5, 1.0)]).by_cost
