"""Changed is said by a test over customers: seldom where nothing changed, and where something did."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models.rules.quantiles import student_t_quantile, student_t_tails
from models.rules.shifts import FEWEST_CUSTOMERS, LEVEL, SharedSums, holm, shift_probability
from models.rules.statistics import ClusterSums

Told = dict[int, list[float]]
CUSTOMERS = st.dictionaries(
    st.integers(0, 30), st.lists(st.integers(0, 5).map(float), min_size=1, max_size=2), min_size=9, max_size=16
)


def summed(told: Told) -> ClusterSums:
    """Add up customers."""
    return ClusterSums.of((sum(values), len(values), sum(x * x for x in values)) for values in told.values())


def shared(before: Told, now: Told) -> SharedSums:
    """Add up those who are in both."""
    both = sorted(before.keys() & now.keys())
    return SharedSums.of([(sum(now[who]), len(now[who]), sum(before[who]), len(before[who])) for who in both])


def probability(before: Told, now: Told) -> float | None:
    """Test one period against the one before."""
    return shift_probability(summed(before), summed(now), shared(before, now))


def by_the_formula(before: Told, now: Told) -> float:
    """Give the probability term by term, customer by customer."""
    n = [sum(map(len, told.values())) for told in (before, now)]
    totals = [sum(map(sum, told.values())) for told in (before, now)]
    common = sum(totals) / sum(n)
    rest = [{who: sum(v) - common * len(v) for who, v in told.items()} for told in (before, now)]
    parts = [
        len(one) / (len(one) - 1) * sum(x * x for x in one.values()) / m**2 for one, m in zip(rest, n, strict=True)
    ]
    both = sum(rest[0][who] * rest[1][who] for who in rest[0].keys() & rest[1].keys()) / (n[0] * n[1])
    most = 0.9 * sqrt(parts[0] * parts[1])
    variance = sum(parts) - 2 * max(-most, min(most, both))
    dfs = [m**2 / sum(len(v) ** 2 for v in told.values()) - 1 for told, m in zip((before, now), n, strict=True)]
    df = sum(parts) ** 2 / sum(part**2 / own for part, own in zip(parts, dfs, strict=True))
    difference = totals[1] / n[1] - totals[0] / n[0]
    return float(2 * stats.t.sf(abs(difference) / sqrt(variance), df))


@given(CUSTOMERS, CUSTOMERS)
def test_it_is_given_by_the_formula_and_alike_from_either_side(before: Told, now: Told) -> None:
    found = probability(before, now)
    if found is None or found == 1:
        return
    assert found == pytest.approx(by_the_formula(before, now), rel=1e-6, abs=1e-12)
    assert found == pytest.approx(probability(now, before), rel=1e-9)


@given(CUSTOMERS, CUSTOMERS, st.integers(0, 30))
def test_shards_of_whole_customers_give_the_same(before: Told, now: Told, cut: int) -> None:
    left = [{who: v for who, v in told.items() if who < cut} for told in (before, now)]
    right = [{who: v for who, v in told.items() if who >= cut} for told in (before, now)]
    assert shared(*left) + shared(*right) == shared(before, now)
    assert summed(left[0]) + summed(right[0]) == summed(before)


def test_too_few_customers_say_nothing() -> None:
    many = {who: [float(who % 2)] for who in range(FEWEST_CUSTOMERS)}
    few = {who: [1.0] for who in range(FEWEST_CUSTOMERS - 1)}
    assert probability(many, many) == 1
    assert probability(many, few) is None
    assert probability(few, many) is None
    assert probability({}, many) is None
    # One who gives half of the answers leaves too few that count.
    assert probability(many, {**few, 99: [1.0] * 7}) is None


def test_where_nobody_differs_there_is_no_change_to_see() -> None:
    same = {who: [3.0] for who in range(20)}
    assert probability(same, same) == 1
    fallen = probability(same, {who: [1.0] for who in range(20, 40)})
    assert fallen is not None
    assert fallen < 1e-6
    # All of the same customers fell by as much: what is shared is never all.
    together = probability(same, {who: [1.0] for who in range(20)})
    assert together is not None
    assert together < 1e-4
    tenth = {who: [0.1] for who in range(20)}
    assert probability(tenth, {who: [0.1] * 3 for who in range(20)}) == 1


def test_customers_who_fall_together_are_seen_to_fall() -> None:
    random = Random(5)  # noqa: S311 - a simulation
    own = {who: random.uniform(1, 4) for who in range(30)}
    before, now = ({who: [mean + shift] for who, mean in own.items()} for shift in (0.0, 0.4))
    others = {who + 100: values for who, values in now.items()}
    tied, apart = probability(before, now), probability(before, others)
    assert tied is not None
    assert apart is not None
    assert tied < LEVEL < apart


def test_of_many_tests_the_least_probable_must_be_the_less_probable() -> None:
    assert holm([]) == []
    assert holm([0.05]) == [True]
    assert holm([0.03, 0.03]) == [False, False]
    assert holm([0.025, 0.05]) == [True, True]
    assert holm([0.9, 0.001, 0.026, 0.016]) == [False, True, False, True]


@given(st.floats(-40, 40), st.floats(0.05, 3e5))
def test_tails_meet_another_implementation(t: float, df: float) -> None:
    assert student_t_tails(t, df) == pytest.approx(float(2 * stats.t.sf(abs(t), df)), rel=3e-5, abs=1e-300)


def test_tails_are_what_quantiles_leave_over() -> None:
    for df in (0.5, 3, 77.7, 5e3, 2e7):
        assert student_t_tails(student_t_quantile(0.99, df), df) == pytest.approx(0.02, rel=1e-6)
    assert student_t_tails(5, 0) == 1
    assert student_t_tails(0, 5) == 1


def draws(random: Random, kind: str) -> Callable[[], float]:
    """Draw a customer; they answer by a temper of their own, with an intraclass correlation of .2."""
    own = random.betavariate(4 * 0.3, 4 * 0.7)
    if kind == "share":
        return lambda: float(random.random() < own)
    if kind == "nps":
        return lambda: float(random.random() < own) - float(random.random() < 0.4 * (1 - own))
    return lambda: 1.0 + sum(random.random() < own for _ in range(4))


def series(random: Random, kind: str, fall: float = 0.0) -> Iterator[list[bool]]:
    """Draw worlds of customers of whom two in three answer in each of eight periods; say where they changed."""
    while True:
        people = [draws(random, kind) for _ in range(60)]
        told: list[Told] = []
        for period in range(8):
            who = random.sample(range(60), 40)
            count = {one: random.choice((1, 1, 2, 3)) for one in who}
            down = fall if period >= 4 else 0.0
            told.append({one: [people[one]() - down for _ in range(count[one])] for one in who})
        tests = [probability(before, now) for before, now in pairwise(told)]
        yield holm([1.0 if found is None else found for found in tests])


@pytest.mark.no_cover  # draws by the hundred show coverage no line that the first does not
@pytest.mark.parametrize("kind", ["share", "mean", "nps"])
def test_a_stable_world_seldom_changes(kind: str) -> None:
    random = Random(11)  # noqa: S311 - a simulation
    worlds = series(random, kind)
    assert sum(any(next(worlds)) for _ in range(200)) / 200 <= 0.06
    fallen = series(random, kind, fall=1.2)
    assert sum(next(fallen)[3] for _ in range(20)) >= 18
