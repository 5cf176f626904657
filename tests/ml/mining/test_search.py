"""Of very many candidates those that score highest are tried, in the order of a full sort."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ml.mining.scan import gains
from ml.mining.search import _highest


@given(st.lists(st.integers(0, 5), max_size=60), st.integers(1, 20))
def test_the_highest_come_as_a_full_sort_has_them(scores: list[int], number: int) -> None:
    score = np.array(scores, dtype=float)
    assert _highest(score, number).tolist() == np.argsort(-score, kind="stable")[:number].tolist()


def test_what_does_no_harm_gains_nothing_and_each_is_weighed_by_itself() -> None:
    rng = np.random.default_rng(1)
    rows = rng.integers(1, 400, 500)
    failures = np.minimum(rng.integers(0, 60, 500), rows)
    weight, square = failures * rng.uniform(0.5, 30, 500), failures * rng.uniform(1, 900, 500)
    found = gains(weight, square, rows, failures)
    assert (found[(weight <= rows) | (failures == 0)] == 0).all()
    assert (found > 0).sum() > 100
    each = [slice(at, at + 1) for at in range(500)]
    alone = [gains(weight[at], square[at], rows[at], failures[at])[0] for at in each]
    assert found.tolist() == alone
