"""A candidate is worse than the champion where the paired interval, customers whole, says so, and nowhere else."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml.promotion import NOTHING_COMPARED, compare

Reals = NDArray[np.float64]


def told(size: int = 2_000, seed: int = 0) -> tuple[Reals, Reals]:
    """Give who left, and the true risk of each."""
    rng = np.random.default_rng(seed)
    risk = rng.uniform(0.02, 0.5, size)
    return (rng.random(size) < risk).astype(float), risk


def test_worse_better_and_no_difference_are_told_apart() -> None:
    left, risk = told()
    flat = np.full(left.size, left.mean())
    assert compare(left, risk, flat).reason == "worse"
    assert compare(left, flat, risk).reason == "better"
    noise = np.clip(risk + np.random.default_rng(1).normal(scale=0.001, size=risk.size), 0.001, 0.999)
    same = compare(left, risk, noise)
    assert same.reason == "no_difference"
    assert not same.worse
    assert same.low is not None
    assert same.high is not None
    assert same.low < 0 < same.high


def test_the_difference_is_the_candidates_mean_log_loss_less_the_champions() -> None:
    left, risk = told(500)
    other = np.full(500, 0.2)
    found = compare(left, risk, other)
    expected = np.mean(-np.log(np.where(left == 1, other, 1 - other)) + np.log(np.where(left == 1, risk, 1 - risk)))
    assert found.difference == pytest.approx(expected)
    assert (found.rows, found.customers, found.departures) == (500, 500, int(left.sum()))


def test_rows_of_one_customer_are_one_piece_of_evidence() -> None:
    left, risk = told(60)
    rows = [np.repeat(values, 50) for values in (left, risk, np.clip(risk + 0.05, 0, 1))]
    champion, candidate = rows[1:]
    by_row = compare(rows[0], champion, candidate)
    by_customer = compare(rows[0], champion, candidate, np.repeat(np.arange(60), 50))
    assert by_row.low is not None
    assert by_row.high is not None
    assert by_customer.low is not None
    assert by_customer.high is not None
    assert by_customer.high - by_customer.low > 5 * (by_row.high - by_row.low)
    assert by_customer.customers == 60


@pytest.mark.parametrize(("customers", "departures"), [(29, 20), (100, 9)])
def test_too_few_are_not_compared(customers: int, departures: int) -> None:
    left = (np.arange(customers) < departures).astype(float)
    found = compare(left, np.full(customers, 0.1), np.full(customers, 0.9))
    assert (found.worse, found.difference, found.low, found.reason) == (False, None, None, "too_few")


def test_nothing_to_compare_with_is_said() -> None:
    assert NOTHING_COMPARED.to_dict()["reason"] == "no_champion"
    assert json.dumps(NOTHING_COMPARED.to_dict(), allow_nan=False)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1), st.floats(0, 1)), min_size=40, max_size=80))
def test_a_candidate_is_never_worse_than_itself_and_sides_mirror(rows: list[tuple[bool, float, float]]) -> None:
    left, champion, candidate = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    assert not compare(left, champion, champion, draws=20).worse
    one, other = compare(left, champion, candidate, draws=20), compare(left, candidate, champion, draws=20)
    if one.difference is not None and other.difference is not None:
        assert one.difference == pytest.approx(-other.difference)
        assert not (one.worse and other.worse)


@pytest.mark.parametrize(
    ("left", "champion", "said"),
    [
        ([1.0], [0.1, 0.2], "one length"),
        ([[1.0]], [[0.1]], "one length"),
        ([1.0], [1.1], "probability"),
        ([0.5], [0.1], "0 or 1"),
        ([1.0], [float("nan")], "probability"),
    ],
)
def test_what_is_no_comparison_is_refused(left: list[float], champion: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compare(left, champion, left)
    with pytest.raises(ValueError, match="one customer for each row"):
        compare([1.0], [0.5], [0.5], ["a", "b"])


def test_neither_the_learner_nor_scipy_is_loaded_to_compare_or_to_draw_a_curve() -> None:
    code = "import sys, ml.promotion; assert not {'sklearn', 'scipy'} & set(sys.modules);assert 'numpy' in sys.modules"
    curve = "import sys, ml.reliability_curve; assert not {'sklearn', 'scipy', 'numpy'} & set(sys.modules)"
    for program in (code, curve):
        assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0  # noqa: S603
