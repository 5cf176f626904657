"""A median read from counts lies beside the median itself, whatever was counted and wherever."""

from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.histograms import EDGES, MOST, median_of_counts, quantile_of_counts


def counted(amounts: list[int]) -> Counter[int]:
    """Count what falls into each bin."""
    return Counter(bisect_right(EDGES, amount) - 1 for amount in amounts)


@given(amounts=st.lists(st.integers(1, MOST), min_size=1, max_size=200))
def test_it_is_off_by_no_more_than_its_bin_is_wide(amounts: list[int]) -> None:
    found = median_of_counts(counted(amounts))
    assert found is not None
    place = bisect_right(EDGES, median_low(amounts)) - 1
    assert EDGES[place] <= found <= EDGES[min(place + 1, len(EDGES) - 1)]


@given(some=st.lists(st.integers(0, MOST)), others=st.lists(st.integers(0, MOST)))
def test_counts_of_parts_add_up(some: list[int], others: list[int]) -> None:
    assert counted(some) + counted(others) == counted(some + others)
    assert median_of_counts(counted(some + others)) == median_of_counts(counted(some) + counted(others))


def test_nothing_counted_has_no_median_and_what_is_under_one_is_none() -> None:
    assert median_of_counts({}) is None
    assert median_of_counts({3: 0}) is None
    assert median_of_counts({-1: 3, 5: 1}) == 0
    assert median_of_counts({len(EDGES) - 1: 1}) == EDGES[-1]


def test_bins_begin_one_after_the_other_and_are_a_tenth_wide() -> None:
    assert EDGES[0] == 1
    assert EDGES[-1] >= MOST
    assert all(low < high <= max(low + 1, low * 1.16) for low, high in pairwise(EDGES))


@pytest.mark.parametrize("counts", [{-2: 1}, {len(EDGES): 1}, {0: -1}])
def test_what_cannot_have_been_counted_is_refused(counts: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="bins there are"):
        median_of_counts(counts)


@given(amounts=st.lists(st.integers(1, MOST), min_size=1, max_size=200), tenths=st.integers(1, 10))
def test_so_many_do_not_pass_a_quantile_and_the_others_reach_its_bin(amounts: list[int], tenths: int) -> None:
    found = quantile_of_counts(counted(amounts), tenths / 10)
    assert found is not None
    place = bisect_right(EDGES, sorted(amounts)[max(0, -(-len(amounts) * tenths // 10) - 1)]) - 1
    assert EDGES[place] <= found <= EDGES[min(place + 1, len(EDGES) - 1)]
