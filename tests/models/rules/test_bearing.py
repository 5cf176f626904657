"""Whether a figure goes with what happened: said where there is enough to say it, and as surely as customers allow."""

from math import sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models.rules.bearing import Bearing, Lacking, Matters, Row, bearing, matter
from models.rules.statistics import ClusterSums, share_interval


def rows(customers: int, strength: float, seed: int = 1) -> list[Row]:
    """Give customers with one to three cases each; `strength` of what happens is the value's doing."""
    chosen = Random(seed)  # noqa: S311 - an example, no secret
    found = []
    for customer in range(customers):
        for _ in range(1 + customer % 3):
            value = chosen.random()
            happened = chosen.random() < (value if chosen.random() < strength else 0.5)
            found.append(Row(customer, value, happened))
    return found


@pytest.mark.parametrize(
    ("given_rows", "lacking"),
    [
        ([], Lacking.CUSTOMERS),
        ([Row(n, n, n % 2 == 0) for n in range(49)], Lacking.CUSTOMERS),
        ([Row(n, n, n < 19) for n in range(100)], Lacking.HAPPENED),
        ([Row(n, n, n >= 19) for n in range(100)], Lacking.DID_NOT_HAPPEN),
        ([Row(n, 2.0, n % 2 == 0) for n in range(100)], Lacking.ONE_VALUE),
    ],
)
def test_too_little_is_said_to_be_too_little(given_rows: list[Row], lacking: Lacking) -> None:
    found = bearing(given_rows)
    assert (found.lacking, found.association, found.rows) == (lacking, None, len(given_rows))
    assert matter([[found]]) == [Matters.NOT_KNOWN]


def test_customers_are_counted_and_not_rows() -> None:
    once = [Row(n, n % 7, n % 3 == 0) for n in range(60)]
    found = bearing(once * 4)
    assert (found.rows, found.customers, found.happened, found.did_not_happen) == (240, 60, 20, 40)
    assert found.association is not None
    alone = bearing(once).association
    assert alone is not None
    assert found.association.rank.value == pytest.approx(alone.rank.value)
    assert found.association.rank.low == pytest.approx(alone.rank.low, abs=0.01)
    assert found.association.probability == pytest.approx(alone.probability, abs=0.01)


def test_the_rank_is_mann_whitneys_with_ties_as_halves() -> None:
    given_rows = [Row(n, n % 4, (n * 7) % 5 < 2) for n in range(100)]
    yes, no = ([row.value for row in given_rows if row.happened is happened] for happened in (True, False))
    expected = stats.mannwhitneyu(yes, no).statistic / (len(yes) * len(no))
    found = bearing(given_rows).association
    assert found is not None
    assert found.rank.value == pytest.approx(expected)


def test_with_one_row_a_customer_its_variance_is_delongs() -> None:
    given_rows = [Row(place, row.value, row.happened) for place, row in enumerate(rows(80, 0.6))]
    yes, no = ([row.value for row in given_rows if row.happened is happened] for happened in (True, False))
    above = [sum(one > other for other in no) / len(no) for one in yes]
    under = [sum(one > other for one in yes) / len(yes) for other in no]
    theta = sum(above) / len(above)
    delong = sum((x - theta) ** 2 for x in above) / len(yes) ** 2 + sum((x - theta) ** 2 for x in under) / len(no) ** 2
    customers = len(given_rows)
    df = min(len(yes), len(no)) - 1
    t = (theta - 0.5) / sqrt(delong * customers / (customers - 1))
    found = bearing(given_rows).association
    assert found is not None
    assert found.probability == pytest.approx(2 * stats.t.sf(abs(t), df))


def test_shares_are_of_the_halves_below_and_above_the_median() -> None:
    given_rows = rows(90, 0.8)
    found = bearing(given_rows).association
    assert found is not None
    low, high = ([row for row in given_rows if (row.value > found.cut) is above] for above in (False, True))
    assert abs(len(low) - len(high)) <= 1
    each = [(sum(r.happened for r in low if r.customer == c), sum(r.customer == c for r in low)) for c in range(90)]
    assert found.when_low == share_interval(ClusterSums.of((k, m, k) for k, m in each))
    assert found.difference.value == pytest.approx(
        sum(row.happened for row in high) / len(high) - sum(row.happened for row in low) / len(low)
    )
    assert found.difference.low < found.difference.value < found.difference.high


def test_where_most_have_the_highest_value_low_is_what_lies_under_it() -> None:
    found = bearing([Row(n, float(n % 4 != 0), n % 2 == 0) for n in range(100)]).association
    assert found is not None
    assert (found.cut, found.when_low.n, found.when_high.n) == (0.0, 25, 75)


def test_what_never_varies_has_an_interval_all_the_same() -> None:
    found = bearing([Row(n, n % 2, n % 2 == 0) for n in range(100)]).association
    assert found is not None
    assert (found.rank.value, found.rank.low) == (0.0, 0.0)
    assert 0 < found.rank.high < 0.15
    assert found.difference.value == -1.0 == found.difference.low
    assert found.difference.high > -1.0
    assert found.probability < 1e-6


def test_customers_on_both_sides_make_the_difference_surer() -> None:
    """Each customer has a low and a high case that go alike: what they share is no doubt about the difference."""
    alike = [Row(n, value, n % 2 == 0) for n in range(100) for value in (0.0, 1.0)]
    apart = [Row(2 * n + value, value, n % 2 == 0) for n in range(100) for value in (0, 1)]
    sure, unsure = bearing(alike).association, bearing(apart).association
    assert sure is not None
    assert unsure is not None
    assert sure.difference.value == unsure.difference.value == 0
    assert sure.difference.high - sure.difference.low < 0.01 < unsure.difference.high - unsure.difference.low


@given(st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_neither_the_order_of_rows_nor_what_measures_it_in_changes_anything(chosen: Random) -> None:
    given_rows = rows(60, 0.5)
    mixed = chosen.sample(given_rows, len(given_rows))
    assert bearing(mixed) == bearing(given_rows)
    in_minutes = bearing([Row(row.customer, row.value * 64, row.happened) for row in mixed]).association
    plain = bearing(given_rows).association
    assert in_minutes is not None
    assert plain is not None
    assert (in_minutes.rank, in_minutes.difference) == (plain.rank, plain.difference)


def test_the_other_way_round_is_the_mirror() -> None:
    given_rows = rows(100, 0.7)
    plain = bearing(given_rows).association
    turned = bearing([Row(row.customer, -row.value, row.happened) for row in given_rows]).association
    assert plain is not None
    assert turned is not None
    assert turned.rank.value == pytest.approx(1 - plain.rank.value)
    assert turned.rank.low == pytest.approx(1 - plain.rank.high)
    assert turned.rank.high == pytest.approx(1 - plain.rank.low)


def strong() -> Bearing:
    """Give what goes with what happened."""
    return bearing(rows(200, 0.9))


def nothing(customers: int = 2000) -> Bearing:
    """Give what does not, of enough customers to tell."""
    return bearing([Row(n, n % 10, (n // 10) % 2 == 0) for n in range(customers)])


def test_what_matters_is_said_by_a_test_and_what_does_not_by_an_interval() -> None:
    assert matter([[strong(), None], [nothing(), None], [nothing(), strong()]]) == [
        Matters.YES,
        Matters.NO_SIGN,
        Matters.YES,
    ]
    wide = nothing(60)
    assert wide.association is not None
    assert not wide.association.is_near_nothing
    assert matter([[wide], [nothing(), wide], [None, None], []]) == [Matters.NOT_KNOWN] * 4
    assert matter([]) == []


def test_of_many_tests_few_say_yes_where_there_is_nothing() -> None:
    said = matter([[bearing(rows(60, 0.0, seed))] for seed in range(60)])
    assert said.count(Matters.YES) <= 1
    assert sum(matter([[bearing(rows(60, 0.0, seed))]]) == [Matters.YES] for seed in range(60)) <= 8


def test_intervals_hold_what_they_say() -> None:
    held = 0
    for seed in range(100):
        found = bearing(rows(60, 0.0, seed)).association
        assert found is not None
        held += found.rank.low <= 0.5 <= found.rank.high
    assert 90 <= held <= 99
