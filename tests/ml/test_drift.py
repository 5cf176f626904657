"""Drift is what chance does not explain: customers counted, missing values apart, and what came true over time."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from ml.drift import calibration_in_the_large, drift_report, stability


def test_psi_is_the_formula_over_deciles_with_half_added_to_every_count() -> None:
    then = np.arange(1_000.0)
    now = np.concatenate([np.arange(0, 1_000, 2.0), np.arange(500.0)])
    expected, actual = np.full(10, 100.5) / 1_005, np.array([150.5] * 5 + [50.5] * 5) / 1_005
    found = stability(then, now)
    assert found.psi == pytest.approx(((actual - expected) * np.log(actual / expected)).sum(), rel=0.02)
    assert found.critical == pytest.approx(0.1)
    assert found.drifted


def test_few_customers_differ_by_much_more_than_a_tenth_without_drift() -> None:
    rng = np.random.default_rng(0)
    found = stability(rng.normal(size=60), rng.normal(size=60))
    assert found.critical == pytest.approx(chi2.isf(0.001, 9) * 2 / 60)
    assert not found.drifted


def test_unchanged_columns_are_seldom_called_drifted() -> None:
    rng = np.random.default_rng(1)
    called = [stability(rng.poisson(0.5, 150), rng.poisson(0.5, 150)).drifted for _ in range(300)]
    called += [stability(rng.normal(size=150), rng.normal(size=150)).drifted for _ in range(300)]
    assert sum(called) <= 4


def test_the_same_customers_again_and_again_are_few() -> None:
    rng = np.random.default_rng(2)
    then, now = np.repeat(rng.normal(size=60), 40), np.repeat(rng.normal(0.4, size=60), 40)
    customers = np.repeat(np.arange(60), 40)
    assert stability(then, now).drifted
    found = stability(then, now, customers_then=customers, customers_now=customers)
    assert (found.n_then, found.n_now, found.drifted) == (60, 60, False)


@pytest.mark.parametrize(("then", "now"), [(5.0, 3.0), (5.0, 7.0), (0.0, 1.0)])
def test_a_column_that_was_one_value_and_is_another_drifted(then: float, now: float) -> None:
    assert stability(np.full(300, then), np.full(300, now)).drifted
    same = stability(np.full(300, then), np.full(200, then))
    assert same.psi == pytest.approx(0, abs=0.01)
    assert not same.drifted


def test_too_few_known_values_give_no_index() -> None:
    rare = np.where(np.arange(300) < 49, 1.0, np.nan)
    found = stability(rare, np.ones(300), name="rare")
    assert (found.name, found.psi, found.critical, found.drifted) == ("rare", None, None, False)
    assert found.unknown_then == pytest.approx(251 / 300)
    assert found.missing_changed


def test_missing_values_are_looked_at_apart() -> None:
    rng = np.random.default_rng(3)
    then, now = rng.normal(size=2_000), rng.normal(size=2_000)
    now[rng.random(2_000) < 0.2] = np.nan
    found = stability(then, now)
    assert (found.drifted, found.missing_changed) == (False, True)
    assert not stability(now, now[::-1]).missing_changed
    assert not stability(np.full(10, np.nan), np.full(10, np.nan)).missing_changed


@pytest.mark.parametrize("column", [[], [[1.0]], [np.inf]])
def test_what_is_no_column_is_refused(column: list[float]) -> None:
    with pytest.raises(ValueError, match="a column is one array"):
        stability(column, [1.0])


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=50, max_size=200), st.randoms())
def test_order_does_not_matter_and_the_same_values_do_not_drift(values: list[float], random: object) -> None:
    column = np.array(values)
    shuffled = column.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's own generator
    found = stability(column, shuffled)
    assert not found.drifted
    assert not found.missing_changed
    assert found.psi is None or found.psi == pytest.approx(0, abs=1e-12)


def test_calibration_in_the_large_is_held_against_what_was_expected() -> None:
    rng = np.random.default_rng(4)
    moments = np.repeat(np.arange(12), 1_000)
    risk = rng.uniform(0.05, 0.2, moments.size)
    left = rng.random(moments.size) < np.where(moments == 11, 2 * risk, risk)
    points = calibration_in_the_large(moments, left, risk)
    assert [point.outside for point in points] == [False] * 11 + [True]
    assert (points[0].customers, points[0].departures) == (1_000, int(left[:1_000].sum()))
    assert points[0].expected == pytest.approx(risk[:1_000].mean())
    report = drift_report({}, {}, customers_then=[], customers_now=[], calibration=points)
    assert report.drifted
    assert not drift_report({}, {}, customers_then=[], customers_now=[], calibration=points[:11]).drifted


def test_a_model_that_was_certain_is_held_against_that() -> None:
    points = calibration_in_the_large([0, 0, 1, 1], [0, 0, 1, 1], [0.0, 0.0, 0.0, 0.0])
    assert [point.outside for point in points] == [False, True]
    assert calibration_in_the_large([], [], []) == ()


@pytest.mark.parametrize(("arrays", "said"), [(([0], [0, 1], [0.1]), "one length"), (([0], [0], [1.5]), "probability")])
def test_what_is_no_calibration_is_refused(arrays: tuple[list[float], ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        calibration_in_the_large(*arrays)


def test_a_report_begins_with_what_moved() -> None:
    rng = np.random.default_rng(5)
    then = {name: rng.normal(size=500) for name in ("a", "b", "c", "gone")}
    now = {"a": rng.normal(size=500), "b": rng.normal(2, size=500), "c": then["c"].copy(), "new": np.ones(500)}
    now["c"][:100] = np.nan
    report = drift_report(then, now, customers_then=np.arange(500), customers_now=np.arange(500))
    assert [drift.name for drift in report.columns] == ["b", "c", "a"]
    assert report.drifted
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["columns"][0]["name"] == "b"
    quiet = drift_report({"a": then["a"]}, now, customers_then=np.arange(500), customers_now=np.arange(500))
    assert not quiet.drifted
