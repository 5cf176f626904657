"""Coverage, redundancy and the fewest conditions that hit every set."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.coverage import (
    Cover,
    Coverage,
    Standing,
    coverage_of,
    covered_by,
    hitting_set,
    redundancy,
    standing_of_condition,
)

CODES = st.sampled_from("abcdefg")
SETS = st.frozensets(CODES, min_size=1, max_size=4)
ORDER = [Coverage.OPEN, Coverage.POINT, Coverage.PARTIAL, Coverage.COVERED]
COVERS = st.lists(
    st.builds(Cover, st.sampled_from(["m", "n", "o"]), SETS, st.sampled_from(list(Standing))),
    max_size=5,
)


@pytest.mark.parametrize(
    ("members", "covered", "told"),
    [
        ("a", "", "open"),
        ("a", "a", "covered"),
        ("ab", "a", "point"),
        ("ab", "ab", "covered"),
        ("abc", "ab", "partial"),
        ("abc", "xyz", "open"),
        ("abcd", "abcdx", "covered"),
    ],
)
def test_how_much_of_a_set_is_covered(members: str, covered: str, told: str) -> None:
    assert coverage_of(members, covered) == told


@given(SETS, SETS, CODES)
def test_covering_one_more_condition_never_leaves_a_set_more_exposed(
    members: frozenset[str], covered: frozenset[str], more: str
) -> None:
    before, after = coverage_of(members, covered), coverage_of(members, covered | {more})
    assert ORDER.index(after) >= ORDER.index(before)


@given(SETS, COVERS)
def test_what_is_covered_does_not_depend_on_the_order(members: frozenset[str], covers: list[Cover]) -> None:
    assert covered_by(covers) == covered_by(covers[::-1])
    assert redundancy(members, covers) == redundancy(members, covers[::-1])
    assert (redundancy(members, covers) > 0) == (coverage_of(members, covered_by(covers)) != "open")


def test_what_is_planned_or_retired_covers_nothing() -> None:
    covers = [Cover("m", frozenset("a"), Standing.PLANNED), Cover("n", frozenset("a"), Standing.RETIRED)]
    assert (covered_by(covers), redundancy("ab", covers)) == (frozenset(), 0)
    assert standing_of_condition("a", covers) == "planned"
    assert standing_of_condition("a", covers[1:]) == "none"


@given(st.sets(SETS, max_size=6))
def test_no_smaller_choice_hits_every_set(sets: set[frozenset[str]]) -> None:
    chosen = hitting_set(sets)
    assert all(members & set(chosen) for members in sets)
    smaller = combinations("abcdefg", max(len(chosen) - 1, 0))
    assert not chosen or not any(all(members & set(some) for members in sets) for some in smaller)
