"""Whether an index goes with an outcome is said of cells enough, and no more surely than groups allow."""

from math import atanh, sqrt
from random import Random

import pytest
from scipy import stats

from models.rules.loyalty.validation import (
    FEWEST_CELLS,
    Agreement,
    Cell,
    Correlation,
    Outcome,
    Revenues,
    earned_growth,
    rank_correlation,
)
from models.rules.statistics import ClusterSums


def cells(groups: int, periods: int, own: float, seed: int = 1) -> list[Cell]:
    """Give cells whose index and outcome share what is the group's `own`, and nothing else."""
    chosen = Random(seed)  # noqa: S311 - an example, no secret
    found = []
    for group in range(groups):
        mine, theirs = chosen.gauss(0, own), chosen.gauss(0, own)
        found += [Cell(str(group), mine + chosen.gauss(0, 1), theirs + chosen.gauss(0, 1)) for _ in range(periods)]
    return found


def test_it_is_spearmans() -> None:
    chosen = cells(1, 30, 0.0)
    tied = [Cell(None, round(cell.index), round(cell.outcome + cell.index)) for cell in chosen]
    found = rank_correlation(tied)
    rho = stats.spearmanr([cell.index for cell in tied], [cell.outcome for cell in tied]).statistic
    assert found.rho == pytest.approx(rho)
    assert found.rho is not None
    half = 1.96 * sqrt((1 + rho**2 / 2) / 27)
    assert atanh(found.low) == pytest.approx(atanh(rho) - half)
    assert atanh(found.high) == pytest.approx(atanh(rho) + half)
    assert (found.cells, found.groups) == (30, 1)


def test_too_few_cells_and_what_is_the_same_everywhere_say_nothing() -> None:
    for given in ([], cells(2, FEWEST_CELLS // 2, 0.0)[1:], [Cell(None, 1.0, n) for n in range(20)]):
        found = rank_correlation(given)
        assert (found.rho, found.low, found.high) == (None, -1.0, 1.0)
        assert found.says(Outcome.FELT) is Agreement.TOO_LITTLE


def test_what_one_group_alone_says_is_not_sure() -> None:
    """In all but one group there is no association; that one lies far out."""
    even = [Cell("even", n % 5, (n * 3) % 5) for n in range(15)]
    far = [Cell("far", 100 + n, 100 + n) for n in range(15)]
    found = rank_correlation([*even, *far])
    assert found.rho is not None
    assert found.rho > 0.7
    assert found.low < 0
    assert found.says(Outcome.FELT) is Agreement.NO_SIGN


def test_a_group_without_which_nothing_can_be_ranked_makes_it_unsure() -> None:
    same = [Cell("same", 1.0, n) for n in range(6)]
    other = [Cell("other", 2.0 + n, 10.0 + n) for n in range(6)]
    found = rank_correlation([*same, *other])
    assert found.rho is not None
    assert found.low < 0 < found.high


def test_intervals_hold_what_they_say_where_cells_of_a_group_are_alike() -> None:
    held = sum((found := rank_correlation(cells(8, 6, 1.0, seed))).low <= 0 <= found.high for seed in range(200))
    assert held >= 184


def test_the_order_of_cells_changes_nothing() -> None:
    given = cells(4, 6, 1.0)
    assert rank_correlation(given[::-1]) == rank_correlation(given)


@pytest.mark.parametrize(
    ("rho", "outcome", "says"),
    [
        (0.5, Outcome.FELT, Agreement.AS_EXPECTED),
        (0.5, Outcome.EARNED_GROWTH, Agreement.AS_EXPECTED),
        (0.5, Outcome.DEPARTURES, Agreement.AGAINST),
        (-0.5, Outcome.DEPARTURES, Agreement.AS_EXPECTED),
        (-0.5, Outcome.FELT, Agreement.AGAINST),
    ],
)
def test_what_is_expected_depends_on_the_outcome(rho: float, outcome: Outcome, says: Agreement) -> None:
    assert Correlation(rho, rho - 0.1, rho + 0.1, 20, 4).says(outcome) is says


def paid(customers: list[tuple[float, float, float]]) -> Revenues:
    """Give revenues of customers who paid (before, now, of it new)."""
    clusters = ClusterSums.of((now - new, before, 0) for before, now, new in customers)  # type: ignore[misc]
    before, now, new = (sum(column) for column in zip(*customers, strict=True))
    return Revenues(before, now - new, 0, new, clusters)


def test_earned_growth_is_what_returned_or_was_brought_less_one() -> None:
    found = earned_growth(Revenues(1000, 900, 200, 500, ClusterSums.of((11, 10, 0) for _ in range(30))))
    assert (found.net_revenue_retention, found.earned_new) == (0.9, 0.2)
    assert found.growth == pytest.approx(0.1)
    # Nobody differs: no spread was seen.
    assert found.low == found.growth == found.high


def test_its_interval_is_that_of_a_ratio_over_customers() -> None:
    customers = [(100, 80 + 10 * (n % 4), 0) for n in range(40)]
    found = earned_growth(paid(customers))  # type: ignore[arg-type]
    ratio = sum(now for _, now, _ in customers) / 4000
    spread = sum((now - ratio * before) ** 2 for before, now, _ in customers)
    half = stats.t.ppf(0.975, 39) * sqrt(40 / 39 * spread) / 4000
    assert found.growth == pytest.approx(ratio - 1)
    assert found.low == pytest.approx(ratio - 1 - half)
    assert found.high == pytest.approx(ratio - 1 + half)


def test_of_few_customers_there_is_no_interval_and_of_nothing_paid_before_no_growth() -> None:
    few = earned_growth(paid([(100, 90, 0)] * 19))
    assert few.growth == pytest.approx(-0.1)
    assert (few.low, few.high, few.customers) == (None, None, 19)
    none = earned_growth(Revenues(0, 0, 0, 50, ClusterSums()))
    assert (none.growth, none.net_revenue_retention, none.earned_new, none.customers) == (None, None, None, 0)
