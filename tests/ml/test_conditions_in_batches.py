"""Rows in several batches: however they are divided, the same sets with the same figures."""

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.worlds import planted_world
from ml.conditions import Batch, ConditionSetMiner
from ml.mining.packed import Packed

Rows = NDArray[np.intp]


def world(n: int = 6000) -> dict[str, NDArray[Any]]:
    """Give flags of which two conspire with a number; some not observed; customers, strata and moments beside them."""
    rng = np.random.default_rng(1)
    X = (rng.random((n, 5)) < 0.3).astype(float)
    X[:, 4] = rng.normal(size=n).round(2)
    y = rng.random(n) < np.where((X[:, 0] == 1) & (X[:, 1] == 1) & (X[:, 4] > 0.5), 0.8, 0.02)
    X[rng.random(X.shape) < 0.02] = np.nan
    customers = np.array([f"C-{number}" for number in rng.integers(0, n // 2, n)])
    return {"X": X, "y": y, "groups": customers, "strata": rng.integers(0, 3, n), "time": np.arange(n) // 7}


def divided(whole: dict[str, NDArray[Any]], rows: list[Rows]) -> Iterator[Batch]:
    for some in rows:
        yield Batch(**{name: values[some] for name, values in whole.items()})


def learnt(miner: ConditionSetMiner) -> list[Any]:
    return [miner.sets_, miner.leak_, miner.tested_, miner.notes_]


def numbers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = [*value.items()]
    if isinstance(value, list | tuple):
        for part in value:
            yield from numbers(part)
    else:
        yield value


WORLD = world()
WHOLE = learnt(ConditionSetMiner().fit(**WORLD))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 6000), max_size=12))
def test_batches_in_order_give_what_the_whole_gives_to_the_last_digit(cuts: list[int]) -> None:
    rows = np.split(np.arange(6000), sorted(cuts))
    assert learnt(ConditionSetMiner().fit_batches(divided(WORLD, rows))) == WHOLE


def test_batches_in_any_order_of_the_rows_differ_by_rounding_alone() -> None:
    drawn = np.random.default_rng(2)
    place = drawn.integers(0, 7, 6000)
    rows = [drawn.permutation(np.flatnonzero(place == shard)) for shard in range(7)]
    found = ConditionSetMiner().fit_batches(divided(WORLD, rows))
    assert [each.items for each in found.sets_] == [each.items for each in WHOLE[0]]
    for one, other in zip(found.sets_, WHOLE[0], strict=True):
        assert list(numbers(astuple(one))) == [
            pytest.approx(figure, rel=1e-7) if isinstance(figure, float) else figure
            for figure in numbers(astuple(other))
        ]
    assert found.leak_.failures == pytest.approx(WHOLE[1].failures, rel=1e-7)


def test_the_planted_sets_come_out_of_shards() -> None:
    made = planted_world(1, 40_000)
    shards = [Batch(made.X[shard::4], made.y[shard::4]) for shard in range(4)]
    found = ConditionSetMiner(feature_names=made.names).fit_batches(shards).sets_
    assert {frozenset(made.names.index(c.feature) for c in each.items) for each in found} == set(made.planted)


@given(st.integers(0, 200), st.integers(0, 10))
def test_parts_join_to_the_bits_of_the_whole(cut: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.choice([0.0, 1.0, np.nan], (200, 3))
    X[150:, 2] = 5.5
    whole, parts = Packed.of(X), Packed.joined([Packed.of(X[:cut]), Packed.of(X[cut:])])
    for column in range(3):
        assert type(whole.columns[column]) is type(parts.columns[column])
        np.testing.assert_array_equal(parts.values(column), X[:, column])
        np.testing.assert_array_equal(parts.values(column, np.arange(0, 200, 3)), X[::3, column])


def test_an_empty_batch_adds_nothing_and_none_at_all_is_refused() -> None:
    empty = Batch(**{name: values[:0] for name, values in WORLD.items()})
    assert learnt(ConditionSetMiner().fit_batches([empty, *divided(WORLD, [np.arange(6000)]), empty])) == WHOLE
    for batches in ([], [empty]):
        with pytest.raises(ValueError, match="no rows"):
            ConditionSetMiner().fit_batches(batches)


def test_customers_are_named_in_every_batch_or_in_none() -> None:
    first, second = divided(WORLD, [np.arange(3000), np.arange(3000, 6000)])
    with pytest.raises(ValueError, match="1 of 2 batches have groups"):
        ConditionSetMiner().fit_batches([first, second._replace(groups=None)])
    with pytest.raises(ValueError, match="groups as different kinds"):
        ConditionSetMiner().fit_batches([first, second._replace(groups=np.arange(3000))])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ConditionSetMiner().fit_batches([first._replace(time=np.arange(5)), second])


def test_batches_have_the_same_columns() -> None:
    first, second = divided(WORLD, [np.arange(3000), np.arange(3000, 6000)])
    with pytest.raises(ValueError, match="expecting 5 features"):
        ConditionSetMiner().fit_batches([first, second._replace(X=WORLD["X"][3000:, :4])])
