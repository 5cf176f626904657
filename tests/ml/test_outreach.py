"""The effect of outreach: an interval about the difference as drawn, and what it makes of the chance that it helps."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.flagging import Bar, FlagRule, Stake, Stakes, bar_for
from ml.outreach import Help, Known, learnt_help, uplift
from models.rules.statistics import ClusterSums

ARM = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60)


def arm(left: int, of: int) -> ClusterSums:
    """Give an arm in which so many of so many customers left, each drawn once."""
    return ClusterSums.of([(1, 1, 1)] * left + [(0, 1, 0)] * (of - left))


def sums(customers: Sequence[tuple[int, int]]) -> ClusterSums:
    """Give an arm of customers with so many departures after so many draws."""
    return ClusterSums.of((k, k + rest, k) for k, rest in customers)


@pytest.mark.parametrize(
    ("offered", "held_out", "known"),
    [
        (arm(0, 0), arm(0, 0), Known.NOT_YET),
        (arm(5, 100), arm(0, 0), Known.NOT_YET),
        (arm(100, 1000), arm(20, 29), Known.NOT_YET),
        (arm(2, 1000), arm(7, 40), Known.NOT_YET),
        (arm(100, 1000), arm(30, 100), Known.LOWERS),
        (arm(300, 1000), arm(10, 100), Known.RAISES),
        (arm(200, 1000), arm(22, 100), Known.NOT_YET),
        (arm(2000, 20_000), arm(200, 2000), Known.NO_MORE),
    ],
)
def test_an_effect_is_known_only_when_numbers_and_interval_allow(
    offered: ClusterSums, held_out: ClusterSums, known: Known
) -> None:
    found = uplift(offered, held_out)
    assert found.known is known
    assert -1 <= found.low <= found.high <= 1
    if not offered.n or not held_out.n:
        assert (found.value, found.low, found.high) == (None, -1, 1)


@given(ARM, ARM)
def test_the_interval_holds_the_difference_and_turns_with_the_arms(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    there, back = uplift(sums(one), sums(other)), uplift(sums(other), sums(one))
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    if there.value is not None:
        assert there.low <= there.value + 1e-12
        assert there.value <= there.high + 1e-12


@given(ARM, ARM)
def test_the_chance_that_a_contact_helps_stays_one_and_never_knows_less_than_the_prior(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    learnt = learnt_help(uplift(sums(one), sums(other)))
    assert 0 < learnt.mean < 1
    assert learnt.alpha + learnt.beta >= 10
    assert min(learnt.alpha - 2, learnt.beta - 8) >= 0


def test_without_anybody_held_out_the_prior_stays() -> None:
    assert learnt_help(uplift(arm(5, 100), arm(0, 0))) == Help(2, 8)
    assert learnt_help(uplift(arm(5, 100), arm(0, 20))) == Help(2, 8)


def test_few_held_out_move_the_prior_little_and_many_as_far_as_what_was_measured() -> None:
    few, many = (learnt_help(uplift(arm(3 * n, 10 * n), arm(n // 2, n))).mean for n in (10, 4000))
    assert 0.2 < few < 0.27
    assert many == pytest.approx(0.4, abs=0.01)
    assert learnt_help(uplift(arm(0, 1000), arm(50, 100))).mean > 0.5
    assert learnt_help(uplift(arm(600, 1000), arm(400, 1000))).mean < 0.05


STAKE = Stake(50_000, 2000, 0.2)


@pytest.mark.parametrize(
    ("general", "stake", "bar"),
    [
        (None, STAKE, Bar(None, FlagRule.UNDECLARED)),
        (0.08, None, Bar(0.08, FlagRule.BASE_RATE)),
        (0.08, Stake(None, 2000, 0.2), Bar(None, FlagRule.VALUE_UNKNOWN)),
        (0.08, Stake(5000, 2000, 0.2), Bar(None, FlagRule.NEVER_PAYS)),
        (0.08, STAKE, Bar(0.2, FlagRule.COST)),
    ],
)
def test_the_bar_says_which_rule_it_comes_from(general: float | None, stake: Stake | None, bar: Bar) -> None:
    assert bar_for(general, stake) == bar


def test_at_the_bar_a_contact_saves_what_it_costs() -> None:
    threshold = bar_for(0.08, STAKE).threshold
    assert threshold is not None
    assert (STAKE.worth(threshold), STAKE.worth(2 * threshold)) == (0, 2000)
    assert Stake(None, 2000, 0.2).worth(0.5) is None


@pytest.mark.parametrize(
    ("value", "currency", "at_stake"),
    [(7, "EUR", 7), (0, "EUR", 0), (7, "USD", 30), (-7, "EUR", 30), (None, None, 30)],
)
def test_what_is_not_known_in_our_currency_is_the_median(
    value: int | None, currency: str | None, at_stake: int
) -> None:
    assert Stakes(2000, "EUR", 0.2, 30).at(value, currency) == Stake(at_stake, 2000, 0.2)
