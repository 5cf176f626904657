"""Planted worlds: the exact sets come out, proxies and symptoms do not, and nothing comes from nothing."""

from pathlib import Path
from time import process_time

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.worlds import World, planted_world, shuffled_clustered, shuffled_numeric, write_table
from ml.conditions import ConditionSetMiner


def found_and_planted(world: World) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    miner = ConditionSetMiner(feature_names=world.names).fit(world.X, world.y, groups=world.groups, strata=world.strata)
    found = {frozenset(c.feature for c in each.items) for each in miner.sets_}
    return found, {frozenset(world.names[j] for j in members) for members in world.planted}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_eight_planted_sets_come_out_exactly(seed: int) -> None:
    found, planted = found_and_planted(planted_world(seed, 40_000))
    assert found == planted


def test_a_segment_given_as_stratum_confounds_nothing() -> None:
    found, planted = found_and_planted(planted_world(3, 40_000, segments=5))
    assert found == planted


def test_a_set_of_four_is_grown_from_its_parts() -> None:
    found, planted = found_and_planted(planted_world(4, 60_000, conditions=60, with_four=True))
    assert max(map(len, planted)) == 4
    assert found == planted


def flags(rng: np.random.Generator, n: int, conditions: int) -> NDArray[np.float64]:
    """Conditions of which the first five are common and the others rarer."""
    prevalence = np.concatenate([np.full(5, 0.5), np.full(conditions - 5, 0.1)])
    return (rng.random((n, conditions)) < prevalence).astype(float)


def test_a_set_of_five_is_grown_from_its_parts() -> None:
    rng = np.random.default_rng(1)
    X = flags(rng, 30_000, 20)
    y = rng.random(30_000) < np.where(X[:, :5].all(axis=1), 0.7, 0.01)
    [found] = ConditionSetMiner().fit(X, y).sets_
    assert {c.feature for c in found.items} == {"x0", "x1", "x2", "x3", "x4"}
    assert found.low < 0.7 < found.high
    assert all(rate is not None and rate < 0.05 for rate in found.rate_without.values())


def test_of_three_hundred_conditions_the_two_sets_are_told() -> None:
    rng = np.random.default_rng(2)
    X = flags(rng, 20_000, 300)
    both, three = X[:, 5:7].all(axis=1), X[:, 1:4].all(axis=1)
    y = rng.random(20_000) < 1 - 0.985 * np.where(both, 0.3, 1) * np.where(three, 0.8, 1)
    before = process_time()
    miner = ConditionSetMiner().fit(X, y)
    spent = process_time() - before
    assert {frozenset(c.feature for c in found.items) for found in miner.sets_} == {
        frozenset({"x5", "x6"}),
        frozenset({"x1", "x2", "x3"}),
    }
    assert miner.tested_[3] == 5 * 300 * 299 * 298 // 6
    assert spent < 60


def test_nothing_comes_out_of_nothing() -> None:
    worlds = [shuffled_clustered(seed, 8000) for seed in range(6)] + [shuffled_numeric(seed, 4000) for seed in range(3)]
    assert sum(bool(found_and_planted(world)[0]) for world in worlds) <= 1


def test_a_world_is_the_same_each_time_and_can_be_written(tmp_path: Path) -> None:
    world = planted_world(5, 300)
    assert (world.X == planted_world(5, 300).X).all()
    write_table(world, tmp_path / "world.csv")
    header, *rows = (tmp_path / "world.csv").read_text().splitlines()
    assert header.replace('"', "").split(",")[-1] == "failed"
    assert len(rows) == 300
    assert np.isin(world.X, (0, 1)).all()
