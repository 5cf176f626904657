"""What is counted over the rows of a first member alone is what all rows count."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.mining import counting
from ml.mining.bitsets import pack
from ml.mining.counting import count_complete


@given(rows=st.integers(1, 400), items=st.integers(1, 6), at_once=st.sampled_from([1, 64, 1 << 12, 1 << 26]))
def test_every_candidate_is_counted_as_its_rows_are(rows: int, items: int, at_once: int) -> None:
    flags = np.random.default_rng(rows).random((items, rows)) < 0.4
    chosen = sorted(members for size in (1, 2, 3) for members in combinations(range(items), size))
    members = np.array([[*each, -1, -1][:3] for each in chosen], dtype=np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_UNPACKED", at_once)
        patch.setattr(counting, "_WORDS", at_once)
        counted = count_complete(pack(flags), members)
    assert counted.tolist() == [int(flags[list(each)].all(axis=0).sum()) for each in chosen]


def test_where_there_is_no_candidate_nothing_is_counted() -> None:
    assert count_complete(pack(np.ones((2, 5), dtype=bool)), np.empty((0, 3), np.int32)).tolist() == []
    assert count_complete(np.empty((0, 0), np.uint64), np.empty((0, 3), np.int32)).tolist() == []
