"""Figures against their definitions, folds that never look ahead nor split a customer, intervals by customer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.evaluation import (
    brier_skill,
    clustered_interval,
    expected_calibration_error,
    forward_folds,
    judge,
    mean_log_loss,
    out_of_sample,
    plain_logistic,
    precision_at_capacity,
)
from ml.risk import PriorLogistic


def test_saying_the_rate_to_everybody_has_no_skill_and_no_order() -> None:
    y = np.array([1, 0, 0, 0] * 25)
    quality = judge(y, np.full(100, 0.25))
    assert (quality.n, quality.events) == (100, 25)
    assert quality.brier_skill == pytest.approx(0)
    assert quality.auc == 0.5
    assert quality.average_precision == pytest.approx(0.25)
    assert quality.log_loss == pytest.approx(-(0.25 * np.log(0.25) + 0.75 * np.log(0.75)))


def test_a_perfect_forecast_has_every_perfect_figure() -> None:
    y = np.array([1, 0] * 20)
    quality = judge(y, y.astype(float), capacity=0.5)
    assert (quality.brier_skill, quality.auc, quality.average_precision, quality.ece) == (1, 1, 1, 0)
    assert quality.precision_at_capacity == 1
    assert quality.log_loss == pytest.approx(0, abs=1e-9)


def test_calibration_error_is_read_in_ten_bins_of_equal_count_after_a_stable_sort() -> None:
    rng = np.random.default_rng(0)
    p = np.round(rng.random(1003), 1)
    y = (rng.random(1003) < p).astype(float)
    order = sorted(range(1003), key=lambda row: p[row])
    sizes = [101] * 3 + [100] * 7
    parts = np.split(np.array(order), np.cumsum(sizes)[:-1])
    expected = sum(abs(y[part].mean() - p[part].mean()) * part.size for part in parts) / 1003
    assert expected_calibration_error(y, p) == pytest.approx(expected, rel=1e-12)


def test_calibration_error_of_fewer_rows_than_bins_is_the_mean_error() -> None:
    assert expected_calibration_error([1, 0], [0.8, 0.3]) == pytest.approx(0.25)


def test_precision_at_capacity_takes_the_highest_ranked() -> None:
    assert precision_at_capacity([0, 1, 1, 0], [0.1, 0.9, 0.5, 0.8], 0.5) == 0.5
    assert precision_at_capacity([0, 1], [0.1, 0.9], 0.001) == 1.0


def test_skill_against_a_rate_without_spread_is_no_number() -> None:
    assert np.isnan(brier_skill([0, 0], [0.1, 0.2]))


def test_certainty_that_proves_wrong_costs_much_but_not_everything() -> None:
    assert 20 < mean_log_loss([1], [0.0]) < 30


@pytest.mark.parametrize(("y", "p"), [([], []), ([1, 0], [0.5]), ([[1]], [[0.5]])])
def test_outcomes_that_do_not_match_are_refused(y: list[float], p: list[float]) -> None:
    with pytest.raises(ValueError, match="same length"):
        brier_skill(y, p)


def test_an_interval_by_customer_is_wider_than_one_by_row_where_customers_repeat() -> None:
    rng = np.random.default_rng(1)
    owner = np.repeat(np.arange(60), 10)
    p = np.full(600, 0.4)
    y = np.repeat(rng.random(60) < 0.4, 10).astype(float)
    by_row = clustered_interval(brier_skill_against_mean, y, p)
    by_customer = clustered_interval(brier_skill_against_mean, y, p, owner)
    assert by_customer[1] - by_customer[0] > 2 * (by_row[1] - by_row[0])
    assert by_customer[0] < y.mean() < by_customer[1]


def brier_skill_against_mean(y: np.ndarray, _p: np.ndarray) -> float:
    return float(y.mean())


def test_an_interval_that_never_sees_both_outcomes_is_no_number() -> None:
    assert np.isnan(clustered_interval(brier_skill_against_mean, [1.0], [0.5], draws=5)).all()


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 9)), min_size=2, max_size=60),
    st.integers(2, 5),
    st.integers(0, 4),
)
def test_folds_look_only_back_and_keep_customers_whole(
    drawn: list[tuple[int, int]], periods: int, embargo: int
) -> None:
    time, groups = map(np.array, zip(*drawn, strict=True))
    tested: list[int] = []
    for train, test in forward_folds(time, groups, periods=periods, embargo=embargo):
        assert train.size
        assert time[train].max() < time[test].min()
        assert time[train].max() + embargo <= time[test].min()
        if np.unique(groups).size >= 3 and np.unique(groups).size < groups.size:
            assert not set(groups[train]) & set(groups[test])
        tested.extend(test)
    assert len(tested) == len(set(tested))


def test_everything_after_the_first_period_is_tested_once() -> None:
    time, groups = np.repeat(np.arange(40), 25), np.tile(np.arange(100), 10)
    tested = np.concatenate([test for _, test in forward_folds(time, groups)])
    assert sorted(tested) == list(range(250, 1000))


def test_customers_with_one_row_each_need_no_dealing() -> None:
    folds = list(forward_folds(np.arange(100), np.arange(100)))
    assert [(train.size, test.size) for train, test in folds] == [(25, 25), (50, 25), (75, 25)]


def test_one_moment_cannot_be_split() -> None:
    assert list(forward_folds(np.zeros(10))) == []


def test_each_row_is_predicted_by_a_model_that_did_not_see_it() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 2)), rng.integers(0, 2, 200)
    folds = list(forward_folds(np.arange(200)))
    p = out_of_sample(PriorLogistic(strength=1.0), X, y, folds, sample_weight=np.ones(200), groups=np.arange(200))
    assert np.isnan(p[:50]).all()
    train, test = folds[0]
    own = PriorLogistic(strength=1.0).fit(X[train], y[train]).predict_proba(X[test])[:, 1]
    np.testing.assert_allclose(p[test], own)


def test_the_ordinary_arm_finds_a_plain_effect() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 2))
    y = (rng.random(600) < 1 / (1 + np.exp(-2 * X[:, 0]))).astype(int)
    p = out_of_sample(plain_logistic(), X, y, list(forward_folds(np.arange(600), periods=2)))
    known = ~np.isnan(p)
    assert judge(y[known], p[known]).auc > 0.8


def test_periods_before_the_first_tested_are_only_learnt_from() -> None:
    folds = list(forward_folds(np.arange(100), first=2))
    assert [(train.size, test.min(), test.max()) for train, test in folds] == [(50, 50, 74), (75, 75, 99)]
