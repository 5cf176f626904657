"""Intervals over customers: by hand, merged, and covering what they say they cover."""

from collections.abc import Iterator
from functools import reduce
from itertools import islice
from math import inf, sqrt
from operator import add
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.quantiles import student_t_quantile
from models.rules.statistics import (
    ClusterSums,
    ShareInterval,
    clustered_mean,
    clustered_nps,
    clustered_share,
    mean_interval,
    share_interval,
)

SHARES = st.lists(
    st.integers(1, 9).flatmap(lambda m: st.tuples(st.integers(0, m), st.just(m))), min_size=1, max_size=20
)


def by_the_formula(rows: list[tuple[int, int]]) -> tuple[float, float, float]:
    """Give n_e, low and high as METHOD 3.3 writes them, term by term."""
    count, n, total = len(rows), sum(m for _, m in rows), sum(k for k, _ in rows)
    p, z = total / n, 1.96
    squares = sum(k * k for k, _ in rows) - 2 * p * sum(k * m for k, m in rows) + p * p * sum(m * m for _, m in rows)
    v = count / (count - 1) * squares / n**2
    n_e = min(n, p * (1 - p) / v) if v > 1e-12 else count
    t = student_t_quantile(0.975, n**2 / sum(m * m for _, m in rows) - 1)
    n_star = n_e * (1.96 / t) ** 2
    half = z * sqrt(p * (1 - p) / n_star + z * z / (4 * n_star**2))
    middle, scale = p + z * z / (2 * n_star), 1 + z * z / n_star
    return n_e, (middle - half) / scale, (middle + half) / scale


@given(SHARES.filter(lambda rows: len(rows) > 1))
def test_a_share_is_given_by_the_formula(rows: list[tuple[int, int]]) -> None:
    share = clustered_share(rows)
    n_e, low, high = by_the_formula(rows)
    assert share.n == sum(m for _, m in rows)
    assert share.n_effective == pytest.approx(n_e)
    assert share.low == pytest.approx(low, abs=1e-9)
    assert share.high == pytest.approx(high, abs=1e-9)


@given(SHARES)
def test_a_share_lies_in_its_interval_and_that_between_0_and_1(rows: list[tuple[int, int]]) -> None:
    share = clustered_share(rows)
    assert share.value is not None
    assert 0 <= share.low <= share.value + 1e-12
    assert share.value - 1e-12 <= share.high <= 1
    assert 0 < share.n_effective <= share.n


def test_without_rows_there_is_no_value() -> None:
    assert clustered_share([]) == ShareInterval(None, 0, 1, 0, 0)
    assert clustered_share([(0, 0)]) == ShareInterval(None, 0, 1, 0, 0)
    assert clustered_nps([(0, 0, 0)]) == ShareInterval(None, -1, 1, 0, 0)
    assert clustered_mean([[]]) == ShareInterval(None, -inf, inf, 0, 0)


def test_one_customer_tells_nothing_about_others() -> None:
    assert clustered_share([(30, 40)]) == ShareInterval(0.75, 0, 1, 40, 1)
    mean = clustered_mean([[4, 5, 3]])
    assert (mean.value, mean.low, mean.high, mean.n_effective) == (4, -inf, inf, 1)


def test_customers_who_do_not_differ_count_once_each() -> None:
    assert clustered_share([(3, 3)] * 20).n_effective == 20
    assert clustered_share([(1, 2)] * 20).n_effective == 20
    assert clustered_mean([[0.1, 0.2]] * 20).n_effective == 20


def test_a_customer_with_many_rows_widens_the_interval() -> None:
    even = clustered_share([(1, 1)] * 50 + [(0, 1)] * 50)
    uneven = clustered_share([(1, 1)] * 25 + [(0, 1)] * 50 + [(25, 25)])
    assert even.value == uneven.value
    assert uneven.high - uneven.low > 1.5 * (even.high - even.low)


@given(SHARES, SHARES)
def test_shards_of_whole_customers_merge_exactly(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    shards = [ClusterSums.of((k, m, k) for k, m in rows) for rows in (left, right)]
    assert share_interval(reduce(add, shards, ClusterSums())) == clustered_share([*left, *right])
    means = [ClusterSums.of((k, m, k) for k, m in rows) for rows in (left, right)]
    merged = [[1] * k + [0] * (m - k) for k, m in [*left, *right]]
    assert mean_interval(sum(means, ClusterSums())) == clustered_mean(merged)


def test_a_mean_takes_t_on_the_variance_over_customers() -> None:
    values = [4.0, 3.5, 5.0, 2.0, 4.5]
    centre = sum(values) / 5
    error = sqrt(sum((value - centre) ** 2 for value in values) / 4 / 5)
    mean = clustered_mean([[value] for value in values])
    assert mean.value == pytest.approx(centre)
    assert mean.high - centre == pytest.approx(student_t_quantile(0.975, 4) * error)
    assert centre - mean.low == pytest.approx(student_t_quantile(0.975, 4) * error)
    assert mean.n_effective == pytest.approx(0.8 * 5)


def test_a_net_promoter_score_is_an_adjusted_wald() -> None:
    rows = [(1, 0, 0)] * 50 + [(0, 1, 0)] * 30 + [(0, 0, 1)] * 20
    nps = clustered_nps(rows)
    row_variance = 0.7 - 0.09
    n_e = min(100, row_variance / (row_variance / 99))
    above, below = (n_e * 0.5 + 0.75) / (n_e + 3), (n_e * 0.2 + 0.75) / (n_e + 3)
    half = 1.96 * sqrt((above + below - (above - below) ** 2) / (n_e + 3))
    assert nps.value == pytest.approx(0.3)
    assert nps.n_effective == pytest.approx(n_e)
    assert nps.low == pytest.approx(above - below - half)
    assert nps.high == pytest.approx(above - below + half)


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=9))
def test_a_net_promoter_score_stays_between_its_ends(rows: list[tuple[int, int, int]]) -> None:
    nps = clustered_nps(rows)
    assert -1 <= nps.low < nps.high <= 1
    assert 0 <= nps.n_effective <= nps.n


def worlds(random: Random, customers: int, share: float) -> Iterator[list[list[int]]]:
    """Draw the answers of customers with an intraclass correlation of .2, world after world."""
    while True:
        owns = (random.betavariate(4 * share, 4 * (1 - share)) for _ in range(customers))
        yield [[int(random.random() < own) for _ in range(random.choice([1, 1, 2, 3, 5, 8]))] for own in owns]


@pytest.mark.no_cover  # a million draws show coverage no line that the first does not
@pytest.mark.parametrize("share", [0.15, 0.4])
@pytest.mark.parametrize(("customers", "times"), [(30, 1500), (100, 600), (400, 250)])
def test_intervals_cover_what_they_say(customers: int, times: int, share: float) -> None:
    drawn = list(islice(worlds(Random(customers), customers, share), times))  # noqa: S311 - a simulation
    shares = [clustered_share((sum(answers), len(answers)) for answers in world) for world in drawn]
    means = [clustered_mean(world) for world in drawn]
    assert 0.92 <= sum(found.low <= share <= found.high for found in shares) / times <= 0.97
    # A symmetric interval about a skewed share falls a little short with few customers.
    assert 0.90 <= sum(found.low <= share <= found.high for found in means) / times <= 0.97
