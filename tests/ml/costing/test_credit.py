"""What failures cost is credited whole: to the sets and to the leak, with intervals that count customers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.root_cost import CUSTOMERS, DAY_US, HORIZON_US, departing, world
from ml.costing.credit import Costs, Credited, credit
from ml.costing.departure import Matched


def parts(found: Credited) -> float:
    return float(found.sets.value.sum() + found.leak.value[0])


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(0, 1), st.integers(0, 3))
def test_sets_and_leak_are_the_total(seed: int, customers: int, unknown: float, sets: int) -> None:
    rng = np.random.default_rng(seed)
    costs = world(rng, customers, unknown).costs
    states = costs.states[:, :sets].copy()
    states[rng.random(states.shape) < 0.1] = 2  # not observed
    stratum = rng.integers(0, 3, len(states))
    costs = replace(costs, states=states, members=costs.members[:, :sets], stratum=stratum)
    found = credit(costs, draws=2)
    total = float(found.total.value[0])
    assert total == pytest.approx(costs.cost.sum(), rel=1e-12)
    assert parts(found) == pytest.approx(total, rel=1e-9, abs=1e-9)
    assert float(found.shared.value.sum() + found.leak.value[0]) == pytest.approx(total, rel=1e-9, abs=1e-9)
    assert float(found.groups[0].value.sum()) == pytest.approx(total, rel=1e-9, abs=1e-9)
    assert np.allclose(found.shares.sum(axis=1), 1.0)
    assert (found.sets.value >= 0).all()


def test_intervals_hold_what_was_planted() -> None:
    large = world(np.random.default_rng(1), 100_000)
    truth = large.credited[:-1] * CUSTOMERS / 100_000
    avoidable = large.avoidable * CUSTOMERS / 100_000
    found = [credit(world(np.random.default_rng(seed)).costs, draws=100) for seed in range(10)]
    held = np.array([(each.sets.low <= truth) & (truth <= each.sets.high) for each in found])
    spared = np.array([(each.avoidable.low <= avoidable) & (avoidable <= each.avoidable.high) for each in found])
    assert held.sum(axis=0).min() >= 7
    assert spared.sum(axis=0).min() >= 7


def test_of_few_customers_there_is_no_interval() -> None:
    found = credit(world(np.random.default_rng(3), 5).costs, draws=5)
    assert np.isnan(found.total.low[0])
    assert np.isnan(found.sets.high).all()


def test_a_set_of_which_no_cost_is_known_avoids_an_unknown_sum() -> None:
    costs = world(np.random.default_rng(4), 300).costs
    with_first = costs.states[:, 0] == 1
    costs = replace(costs, known=costs.known & ~with_first, cost=np.where(with_first, 0.0, costs.cost))
    found = credit(costs, draws=20)
    assert np.isnan(found.avoidable.value[0])
    assert not np.isnan(found.avoidable.value[1:]).any()
    assert np.isnan(found.avoidable.low[0])


def test_the_excess_departure_is_drawn_anew_with_the_customers() -> None:
    episodes = departing(np.random.default_rng(5), 0.08, 600)
    matched = Matched(episodes, HORIZON_US, 500 * DAY_US)
    excess = matched.excess()
    assert excess is not None
    n = len(episodes.failed)
    value = np.where(episodes.failed, 1000.0, 0.0)
    states, nothing = np.zeros((n, 0), dtype=np.int8), np.zeros(n, dtype=np.intp)
    none = np.zeros((0, 0), dtype=bool)
    failed, whose = episodes.failed, episodes.customer
    costs = Costs(states, failed, nothing, whose, value * excess, value, failed, [], none)
    fixed, drawn = credit(costs, excess, draws=60), credit(costs, excess, matched, draws=60)
    assert fixed.total.value == drawn.total.value
    assert drawn.total.high[0] - drawn.total.low[0] > 2 * (fixed.total.high[0] - fixed.total.low[0])


def test_the_same_rows_give_the_same_figures() -> None:
    costs: Costs = world(np.random.default_rng(6), 60).costs
    once, again = credit(costs, draws=10), credit(costs, draws=10)
    assert once.total.low == again.total.low
    assert once.avoidable.high.tolist() == again.avoidable.high.tolist()
