"""Planted worlds: the exact sets come out, proxies and symptoms do not, and nothing comes from nothing."""

from pathlib import Path

import numpy as np
import pytest

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
