"""The chance that no set brings a failure about: exact against every way counted out, its slopes by small steps."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from math import exp, isclose, prod

from hypothesis import given
from hypothesis import strategies as st

from models.rules.sparing import Sparing

CHANCE = st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])
SETS = st.lists(st.frozensets(st.sampled_from("abcdef"), min_size=1, max_size=3), min_size=1, max_size=7, unique=True)
REMOVED = st.dictionaries(st.sampled_from("abcdefz"), CHANCE)
STEP = 1e-6


def counted_out(sets: Sequence[frozenset[str]], lengths: Sequence[float], removed: Mapping[str, float]) -> float:
    """Go through every way in which conditions are removed or not."""
    codes = sorted(frozenset().union(*sets))
    spared = 0.0
    for gone in product((False, True), repeat=len(codes)):
        chance = prod(
            removed.get(code, 0) if went else 1 - removed.get(code, 0) for code, went in zip(codes, gone, strict=True)
        )
        left = {code for code, went in zip(codes, gone, strict=True) if not went}
        spared += chance * exp(-sum(length for members, length in zip(sets, lengths, strict=True) if members <= left))
    return spared


@given(SETS, REMOVED)
def test_it_is_exact_however_many_sets_share_a_condition(sets: list[frozenset[str]], removed: dict[str, float]) -> None:
    lengths = [0.1 + at / 4 for at in range(len(sets))]
    told = Sparing(sets, lengths, removed)
    for complete in (range(len(sets)), range(0, len(sets), 2), ()):
        exact = counted_out([sets[at] for at in complete], [lengths[at] for at in complete], removed)
        assert isclose(told.chance(complete), exact, abs_tol=1e-12)
        assert isclose(told.chance(complete), exact, abs_tol=1e-12), "asked again it is the same"


@given(SETS, REMOVED)
def test_the_slopes_are_what_small_steps_of_the_lengths_show(
    sets: list[frozenset[str]], removed: dict[str, float]
) -> None:
    lengths = [0.1 + at / 4 for at in range(len(sets))]
    value, slopes = Sparing(sets, lengths, removed).with_slopes(range(len(sets)))
    for at in range(len(sets)):
        moved = [length + STEP * (place == at) for place, length in enumerate(lengths)]
        step = (Sparing(sets, moved, removed).chance(range(len(sets))) - value) / STEP
        assert isclose(slopes.get(at, 0.0), step, abs_tol=1e-5)


def test_a_set_that_always_brings_the_failure_about_spares_nobody() -> None:
    value, slopes = Sparing([frozenset("a"), frozenset("b")], [1e9, 0.5], {"b": 0.5}).with_slopes([0, 1])
    assert (value, slopes) == (0.0, {0: 0.0, 1: 0.0})


def test_forty_sets_over_twelve_conditions_are_soon_reckoned_with() -> None:
    sets = [frozenset(pair) for pair in combinations("abcdefghijkl", 2)][:40]
    told = Sparing(sets, [0.01] * len(sets), dict.fromkeys("abcdefghijkl", 0.5))
    assert exp(-0.01 * len(sets)) < told.chance(range(len(sets))) < 1
