"""Expected failures avoided: exact against a world counted out in full, and its laws."""

from itertools import product
from math import exp, isclose, log, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules import sparing
from models.rules.avoided import (
    Cell,
    Exposures,
    Measure,
    avoided,
    expected_failures,
    never_complete,
    removal,
    risk_under,
    what_if,
)

SETS = (frozenset("ab"), frozenset("bc"), frozenset("d"))
LENGTHS = (0.7, 0.4, 1.1)
NONE = ((0.0,) * 3,) * 3
CELLS = (Cell(0.02, 500.0, ()), Cell(0.02, 80.0, (0,)), Cell(0.05, 40.0, (0, 1)), Cell(0.02, 30.0, (0, 1, 2)))
WORLD = Exposures(SETS, LENGTHS, NONE, CELLS)
CHANCE = st.floats(0, 1)
MEASURES = st.lists(st.tuples(st.frozensets(st.sampled_from("abcdz"), min_size=1), CHANCE), min_size=1, max_size=4).map(
    lambda told: [Measure(f"m{at}", codes, e) for at, (codes, e) in enumerate(told)]
)


def counted_out(leak: float, places: tuple[int, ...], removed: dict[str, float]) -> float:
    """Give the risk of a case by going through every way in which its conditions are removed or not."""
    codes = sorted(frozenset().union(*(SETS[place] for place in places)))
    risk = 0.0
    for gone in product((False, True), repeat=len(codes)):
        chance = prod(
            removed.get(code, 0) if went else 1 - removed.get(code, 0) for code, went in zip(codes, gone, strict=True)
        )
        left = {code for code, went in zip(codes, gone, strict=True) if not went}
        eta = leak + sum(LENGTHS[place] for place in places if SETS[place] <= left)
        risk += chance * (1 - exp(-eta))
    return risk


@given(st.dictionaries(st.sampled_from("abcd"), CHANCE), st.sampled_from([(), (0,), (0, 1), (0, 1, 2), (1, 2)]))
def test_the_risk_is_that_of_every_way_counted_out(removed: dict[str, float], places: tuple[int, ...]) -> None:
    told = risk_under(0.03, [SETS[k] for k in places], [LENGTHS[k] for k in places], removed)
    assert isclose(told, counted_out(0.03, places, removed), abs_tol=1e-12)


def test_where_no_condition_is_shared_it_is_the_product_over_sets() -> None:
    removed = {"a": 0.5, "b": 0.2, "d": 0.9}
    told = risk_under(0.1, [SETS[0], SETS[2]], [0.7, 1.1], removed)
    q = [1 - exp(-0.7), 1 - exp(-1.1)]
    assert told == pytest.approx(1 - exp(-0.1) * (1 - q[0] * 0.5 * 0.8) * (1 - q[1] * 0.1))


def test_beyond_the_most_shared_conditions_sets_are_taken_as_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    pair, lengths = [frozenset("a"), frozenset("ab")], [log(2), log(2)]
    exact = risk_under(0.0, pair, lengths, {"a": 0.5})
    monkeypatch.setattr(sparing, "MOST_SHARED", 0)
    assert exact == pytest.approx(0.375)
    assert risk_under(0.0, pair, lengths, {"a": 0.5}) == pytest.approx(1 - 0.75 * 0.75)


@given(MEASURES)
def test_all_slip_is_at_most_best_slips_is_at_most_all_hold(measures: list[Measure]) -> None:
    told = what_if(WORLD, measures)
    assert -1e-9 <= told.all_slip.value <= told.best_slips.value + 1e-9 <= told.all_hold.value + 2e-9
    assert told.all_hold.value <= expected_failures(WORLD) + 1e-9


@given(MEASURES)
def test_the_order_does_not_matter(measures: list[Measure]) -> None:
    one, other = what_if(WORLD, measures), what_if(WORLD, measures[::-1])
    assert one.all_hold.value == pytest.approx(other.all_hold.value)
    assert one.best_slips.value == pytest.approx(other.best_slips.value)


@given(MEASURES, st.frozensets(st.sampled_from("abcd"), min_size=1), CHANCE)
def test_one_more_never_avoids_less(measures: list[Measure], codes: frozenset[str], e: float) -> None:
    more = [*measures, Measure("more", codes, e)]
    assert avoided(WORLD, removal(more)).value >= avoided(WORLD, removal(measures)).value - 1e-9


@given(st.sampled_from("abcd"), CHANCE, CHANCE)
def test_what_works_better_avoids_more(code: str, e: float, other: float) -> None:
    low, high = (avoided(WORLD, {code: chance}).value for chance in sorted((e, other)))
    assert low <= high + 1e-12


def test_without_a_measure_nothing_is_avoided() -> None:
    told = what_if(WORLD, [])
    assert (told.all_hold.value, told.best_slips.value, told.all_slip.value, told.best) == (0, 0, 0, None)


def test_a_set_that_never_came_together_leaves_the_others_as_they_are() -> None:
    told = never_complete(WORLD, frozenset("ab")).value
    left = [Cell(cell.leak, cell.rows, tuple(k for k in cell.complete if k != 0)) for cell in CELLS]
    others = Exposures(SETS, LENGTHS, NONE, tuple(left))
    assert told == pytest.approx(expected_failures(WORLD) - expected_failures(others))
    assert WORLD.rows == 650


def test_the_interval_is_that_of_the_completions() -> None:
    surer = Exposures(SETS, LENGTHS, tuple(tuple(0.01 * (i == j) for j in range(3)) for i in range(3)), CELLS)
    told, sure = avoided(surer, {"a": 0.8}), avoided(WORLD, {"a": 0.8})
    assert told.low < told.value < told.high
    assert sure.low == sure.value == sure.high == told.value
