"""The auditor finds whatever could be derived of a few, and nothing else: compared with looking at every few."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.anonymity import auditing
from models.rules.anonymity.auditing import is_derivable

ALL = [True, True, True]


def rank(rows: Sequence[Sequence[int]]) -> int:
    """Give the rank of some rows, by fractions."""
    left = [[Fraction(number) for number in row] for row in rows]
    found = 0
    for column in range(len(left[0]) if left else 0):
        pivot = next((place for place in range(found, len(left)) if left[place][column]), None)
        if pivot is None:
            continue
        left[found], left[pivot] = left[pivot], left[found]
        for place in range(found + 1, len(left)):
            share = left[place][column] / left[found][column]
            left[place] = [own - share * other for own, other in zip(left[place], left[found], strict=True)]
        found += 1
    return found


def by_every_few(released: Sequence[Sequence[bool]], people: Sequence[int], few: int) -> bool:
    """Return whether a vector of the span is zero on all but fewer than `few`: whether leaving some out costs rank."""
    kinds = [place for place, many in enumerate(people) if many]
    whole = rank([[int(row[place]) for place in kinds] for row in released])
    for many in range(1, len(kinds) + 1):
        for chosen in combinations(kinds, many):
            if sum(people[place] for place in chosen) < few:
                others = [place for place in kinds if place not in chosen]
                if rank([[int(row[place]) for place in others] for row in released]) < whole:
                    return True
    return False


@st.composite
def releases(draw: st.DrawFn) -> tuple[list[list[bool]], list[int], int]:
    """Give figures over some kinds of people, how many there are of each, and how many are too few."""
    kinds = draw(st.integers(1, 7))
    people = draw(st.lists(st.integers(0, 6), min_size=kinds, max_size=kinds))
    sets = st.lists(st.booleans(), min_size=kinds, max_size=kinds)
    return draw(st.lists(sets, max_size=6)), people, draw(st.integers(3, 7))


@given(releases())
def test_it_finds_what_looking_at_every_few_finds(of: tuple[list[list[bool]], list[int], int]) -> None:
    released, people, few = of
    assert is_derivable(released, people, few) is by_every_few(released, people, few)


@pytest.mark.parametrize(
    ("released", "people", "derivable"),
    [
        ([], [1, 1, 1], False),
        ([ALL], [1, 1, 1], True),
        ([ALL], [2, 2, 1], False),
        ([ALL, [True, True, False]], [4, 4, 4], True),
        ([ALL, [True, True, False]], [4, 4, 5], False),
        # Two of three sets that overlap give the third's people: the half of what is left of all of them.
        ([[True, True, False], [False, True, True], [True, False, True]], [9, 9, 4], True),
        ([ALL, ALL], [9, 0, 0], False),
    ],
    ids=["nothing", "too few", "enough", "the rest are too few", "the rest are enough", "by three", "twice the same"],
)
def test_what_is_told_of_some_is_told_of_the_rest(
    released: list[list[bool]], people: list[int], derivable: bool
) -> None:
    assert is_derivable(released, people, 5) is derivable


def test_what_cannot_be_looked_through_is_taken_for_derivable(monkeypatch: pytest.MonkeyPatch) -> None:
    apart = [[place == own for place in range(3)] for own in range(3)]
    assert is_derivable(apart, [9, 9, 9], 5) is False
    monkeypatch.setattr(auditing, "MOST_STEPS", 2)
    assert is_derivable(apart, [9, 9, 9], 5) is True
