"""Bits count what rows count."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ml.mining.bitsets import conjunction, count, count_with_each, pack, rows_of, unpack


@given(st.integers(1, 400), st.integers(0, 99))
def test_packed_rows_are_the_rows_that_were_packed(n: int, seed: int) -> None:
    flags = np.random.default_rng(seed).random((3, n)) < 0.4
    packed = pack(flags)
    assert all((unpack(packed[i], n) == flags[i]).all() for i in range(3))
    assert (count(packed) == flags.sum(axis=1)).all()
    assert (rows_of(conjunction(packed, (0, 2)), n) == np.flatnonzero(flags[0] & flags[2])).all()
    assert (count_with_each(packed[1], packed) == (flags & flags[1]).sum(axis=1)).all()


def test_counts_of_shards_add_up_to_the_count_of_the_whole() -> None:
    flags = np.random.default_rng(1).random((4, 1000)) < 0.3
    shards = [pack(flags[:, start : start + 300]) for start in range(0, 1000, 300)]
    assert np.sum([count(shard) for shard in shards], axis=0).tolist() == count(pack(flags)).tolist()
