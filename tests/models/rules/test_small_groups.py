"""Shares of small groups: drawn together, and intervals that cover."""

from random import Random

import pytest

from models.rules.quantiles import beta_cdf
from models.rules.small_groups import LEAST_ALIKE, MOST_ALIKE, common_to, shrunk


@pytest.mark.parametrize(
    ("x", "a", "b", "probability"),
    # By scipy.special.betainc.
    [
        (0.2, 0.5, 0.5, 0.29516723530086653),
        (0.9, 30, 2, 0.16956463310086597),
        (0.01, 3, 700, 0.9713590757039612),
        (1e-9, 2, 3, 0.0),
    ],
)
def test_the_beta_distribution(x: float, a: float, b: float, probability: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(probability, abs=1e-4)


def test_the_beta_distribution_ends_at_0_and_1() -> None:
    assert (beta_cdf(0, 2, 2), beta_cdf(-1, 2, 2), beta_cdf(1, 2, 2)) == (0, 0, 1)


def test_a_small_group_is_drawn_further_than_a_large_one() -> None:
    small, large, *_ = shrunk([(4, 4), (400, 400), (20, 40), (22, 40), (300, 400)])
    assert small.value < large.value < 1
    assert small.high - small.low > large.high - large.low


def test_the_same_groups_give_the_same_intervals() -> None:
    groups = [(1, 9), (5, 20), (0, 3)]
    assert shrunk(groups) == shrunk(groups)
    assert shrunk(groups) != shrunk(groups, seed=1)


def test_groups_without_rows_get_what_all_have() -> None:
    empty, *_ = shrunk([(0, 0), (10, 40), (12, 40)])
    assert empty.value == pytest.approx(22 / 80)
    assert shrunk([]) == shrunk([(0, 0)]) == []


def test_all_or_none_holding_stays_off_the_ends() -> None:
    assert common_to([(0, 5), (0, 5)]).mean == pytest.approx(0.05)
    assert common_to([(5, 5), (5, 5)]).mean == pytest.approx(0.95)
    assert common_to([(3, 5)]).alike == LEAST_ALIKE
    assert common_to([(50, 50), (0, 50)]).alike == MOST_ALIKE
    every = shrunk([(0, 5), (0, 5)])
    assert all(0 < group.low < group.value < group.high < 1 for group in every)


def test_intervals_of_teams_cover_their_own_shares() -> None:
    chance = Random(3)  # noqa: S311 - simulated teams
    covered = teams = 0
    for world in range(2):
        true = [chance.betavariate(8, 4) for _ in range(10)]
        rows = [chance.choice([5, 10, 30, 60]) for _ in true]
        groups = [(sum(chance.random() < p for _ in range(n)), n) for p, n in zip(true, rows, strict=True)]
        found = shrunk(groups, seed=world)
        covered += sum(group.low <= p <= group.high for group, p in zip(found, true, strict=True))
        teams += len(true)
    assert covered / teams >= 0.85
