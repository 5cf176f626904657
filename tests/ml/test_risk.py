"""The estimator: scikit-learn's contract, the prior at n = 0, customers, the strength, the plain model."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from ml.design import design_matrix, without_weak_sets
from ml.risk import PriorLogistic, to_risk_model
from ml.scorecard import FIXED_TERMS, Scorecard, base_intercept, scorecard_for
from ml.scoring import ArtefactRefused, RiskModel

MEAN = np.array([0.5, -0.3, 0.0])
SD = np.array([0.3, 0.2, 0.1])


@parametrize_with_checks([PriorLogistic()])  # type: ignore[untyped-decorator]  # scikit-learn ships no types
def test_the_estimator_keeps_scikit_learns_contract(estimator: BaseEstimator, check: Any) -> None:
    check(estimator)


def rows(size: int, seed: int = 0, *, weights: tuple[float, ...] = (1.0, -0.5, 0.3)) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(size, len(weights)))
    return X, (rng.random(size) < 1 / (1 + np.exp(1.5 - X @ np.array(weights)))).astype(int)


def test_with_no_rows_the_model_is_exactly_the_scorecard_and_its_declared_uncertainty() -> None:
    model = PriorLogistic.from_prior(MEAN, SD, intercept_mean=-2.0)
    assert model.coef_[0].tolist() == MEAN.tolist()
    assert model.intercept_.tolist() == [-2.0]
    assert model.covariance_.tolist() == np.diag([1.0, *SD**2]).tolist()
    assert (model.basis_, model.n_customers_, model.n_departures_) == ("prior", 0, 0)


def test_a_huge_prior_sd_gives_plain_maximum_likelihood() -> None:
    X, y = rows(800)
    model = PriorLogistic(prior_sd=1e4, intercept_sd=1e4, strength=1.0).fit(X, y)
    plain = LogisticRegression(C=np.inf, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(model.coef_, plain.coef_, atol=1e-5)
    np.testing.assert_allclose(model.intercept_, plain.intercept_, atol=1e-5)


def test_a_tiny_prior_sd_keeps_the_scorecard_and_still_learns_the_base_rate() -> None:
    X, y = rows(2000)
    model = PriorLogistic(prior_mean=MEAN, prior_sd=1e-4, intercept_mean=3.0, strength=1.0).fit(X, y)
    np.testing.assert_allclose(model.coef_[0], MEAN, atol=1e-3)
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), abs=0.01)


def test_the_gradient_of_the_posterior_is_zero_at_the_weights_learnt() -> None:
    X, y = rows(300)
    weight = np.linspace(0.2, 1, 300)
    model = PriorLogistic(prior_mean=MEAN, prior_sd=SD, intercept_mean=-2, strength=0.4).fit(X, y, weight)
    residual = weight * (y - model.predict_proba(X)[:, 1])
    np.testing.assert_allclose(X.T @ residual, (model.coef_[0] - MEAN) / (0.4 * SD) ** 2, atol=1e-6)
    assert residual.sum() == pytest.approx(model.intercept_[0] + 2, abs=1e-6)


def test_far_off_starting_points_and_separated_outcomes_still_converge() -> None:
    X = np.linspace(-1, 1, 40)[:, None] * 1e3
    model = PriorLogistic(prior_mean=5.0, prior_sd=0.5, intercept_mean=40.0, strength=1.0).fit(X, X[:, 0] > 0)
    assert np.isfinite(model.coef_).all()
    assert model.n_iter_ < 100
    assert model.score(X, X[:, 0] > 0) == 1.0


@pytest.mark.parametrize(("departures", "basis"), [(1, "blended"), (299, "blended"), (300, "learned")])
def test_the_basis_counts_the_departures_learnt_from(departures: int, basis: str) -> None:
    y = np.arange(600) < departures
    assert PriorLogistic(strength=1.0).fit(rows(600)[0], y).basis_ == basis


def test_rows_without_a_departure_leave_the_basis_prior_but_lower_the_base_rate() -> None:
    X, _ = rows(200)
    model = PriorLogistic(prior_mean=MEAN, prior_sd=SD, intercept_mean=-2.0).fit(X, np.zeros(200))
    assert model.basis_ == "prior"
    assert model.intercept_[0] < -2.0


def test_one_class_that_is_neither_zero_nor_one_is_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        PriorLogistic().fit(np.ones((3, 1)), ["left"] * 3)


def test_a_customer_who_left_is_counted_once_however_many_snapshots_say_so() -> None:
    X, _ = rows(6)
    model = PriorLogistic().fit(X, [1, 1, 0, 1, 0, 0], groups=["a", "a", "a", "b", "c", "c"])
    assert (model.n_customers_, model.n_departures_) == (3, 2)


def test_repeating_every_row_of_a_customer_does_not_make_the_model_surer() -> None:
    X, y = rows(400)
    flat = PriorLogistic(prior_sd=1e3, intercept_sd=1e3, strength=1.0)
    once = flat.fit(X, y).covariance_
    owner = np.tile(np.arange(400), 5)
    clustered = flat.fit(np.tile(X, (5, 1)), np.tile(y, 5), groups=owner).covariance_
    naive = flat.fit(np.tile(X, (5, 1)), np.tile(y, 5)).covariance_
    np.testing.assert_allclose(clustered, once, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(naive * 5, once, rtol=0.01, atol=1e-5)


def test_holding_the_weights_nearer_to_the_scorecard_never_makes_the_model_look_surer_than_the_prior_allows() -> None:
    X, y = rows(20)
    model = PriorLogistic(prior_mean=MEAN, prior_sd=SD, intercept_mean=-2, strength=0.1).fit(X, y)
    np.testing.assert_allclose(np.sqrt(np.diag(model.covariance_))[1:], SD, rtol=0.02)


def test_the_interval_covers_the_true_risk_about_as_often_as_it_says() -> None:
    inside = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        true = MEAN + SD * rng.normal(size=3)
        X = rng.normal(size=(300, 3))
        p = 1 / (1 + np.exp(1.5 - X @ true))
        y = rng.random(300) < p
        model = PriorLogistic(prior_mean=MEAN, prior_sd=SD, intercept_mean=-1.5, strength=1.0).fit(X, y)
        low, high = model.predict_interval(X).T
        inside.append(np.mean((low <= p) & (p <= high)))
    assert 0.85 <= np.mean(inside) <= 0.95


def test_intervals_are_ordered_around_the_risk_and_widen_with_the_level() -> None:
    X, y = rows(100)
    model = PriorLogistic().fit(X, y)
    p = model.predict_proba(X)[:, 1]
    low, high = model.predict_interval(X).T
    wide = model.predict_interval(X, level=0.99)
    assert ((low < p) & (p < high) & (wide[:, 0] < low) & (wide[:, 1] > high)).all()


def test_contributions_and_the_intercept_are_the_whole_score() -> None:
    X, y = rows(100)
    model = PriorLogistic().fit(X, y)
    total = model.contributions(X).sum(axis=1) + model.intercept_[0]
    np.testing.assert_allclose(total, model.decision_function(X), atol=1e-12)


def test_below_a_hundred_departures_the_strength_is_a_fifth() -> None:
    X, y = rows(300)
    assert y.sum() < 100
    assert PriorLogistic().fit(X, y, time=np.arange(300)).strength_ == 0.2


@pytest.mark.parametrize(("truth", "expected"), [((0.5, -0.3, 0.0), {0.1, 0.2}), ((3.0, 3.0, -3.0), {1.0})])
def test_the_strength_follows_forward_log_loss(truth: tuple[float, ...], expected: set[float]) -> None:
    X, y = rows(3000, weights=truth)
    model = PriorLogistic(prior_mean=MEAN, prior_sd=SD, intercept_mean=-1.5).fit(X, y, time=np.arange(3000) // 100)
    assert model.strength_ in expected
    assert model.strength_ == min(model.strength_scores_, key=model.strength_scores_.__getitem__)


def test_without_time_the_declared_sds_stand() -> None:
    X, y = rows(2000)
    assert PriorLogistic().fit(X, y).strength_ == 1.0


def test_an_embargo_that_leaves_nothing_to_compare_keeps_to_the_scorecard() -> None:
    X, y = rows(2000)
    assert PriorLogistic(embargo=1e9).fit(X, y, time=np.arange(2000)).strength_ == 0.2


def test_the_same_rows_give_the_same_model_to_the_last_bit() -> None:
    X, y = rows(800)
    first, second = (PriorLogistic().fit(X, y, time=np.arange(800)) for _ in range(2))
    assert first.coef_.tobytes() + first.covariance_.tobytes() == second.coef_.tobytes() + second.covariance_.tobytes()


@pytest.mark.parametrize("prior", [{"prior_mean": [1.0]}, {"prior_sd": [1.0, 0.0, 1.0]}, {"prior_mean": math.nan}])
def test_a_prior_that_does_not_fit_the_features_is_refused(prior: dict[str, Any]) -> None:
    X, y = rows(20)
    with pytest.raises(ValueError, match="prior_"):
        PriorLogistic(**prior).fit(X, y)


def test_groups_of_another_length_are_refused() -> None:
    X, y = rows(20)
    with pytest.raises(ValueError, match="groups"):
        PriorLogistic().fit(X, y, groups=[1, 2])


@given(st.lists(st.one_of(st.just(math.nan), st.floats(0, 1e6)), min_size=1, max_size=5), st.sampled_from(FIXED_TERMS))
def test_arrays_and_plain_numbers_are_transformed_alike(values: list[float], term: Any) -> None:
    matrix = design_matrix(Scorecard((term,)), {term.feature: values})
    plain = [0.0 if math.isnan(x) else term.transform(x) for x in values]
    np.testing.assert_allclose(matrix[:, 0], plain, atol=1e-12)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        design_matrix(scorecard_for(), {"score_last": [1.0], "effort_last": [1.0, 2.0]})


def test_a_set_stays_a_term_of_its_own_only_where_its_posterior_z_is_above_three() -> None:
    card = scorecard_for(["late"], ["strong", "weak"])
    z = [0.0] * (len(card.terms) - 2) + [3.1, 3.0]
    kept = without_weak_sets(card, z)
    assert kept.features == (*scorecard_for(["late"]).features, "set:strong")


def test_the_plain_model_scores_as_the_estimator_does() -> None:
    card = scorecard_for(["late", "lost"], ["s"])
    rng = np.random.default_rng(3)
    columns = {name: np.where(rng.random(500) < 0.3, np.nan, rng.exponential(2.0, 500)) for name in card.features}
    X = design_matrix(card, columns)
    y = rng.random(500) < 0.2
    estimator = PriorLogistic(
        prior_mean=card.weights, prior_sd=card.sds, intercept_mean=base_intercept(0.2, 90), strength=0.7
    ).fit(X, y, groups=np.arange(500) // 2)
    model = RiskModel.from_json(to_risk_model(estimator, card, horizon_days=90, gap_days=7).to_json())
    scores = np.array(
        [
            model.score({name: None if math.isnan(column[i]) else float(column[i]) for name, column in columns.items()})
            for i in range(500)
        ]
    )
    np.testing.assert_allclose(scores[:, 0], estimator.predict_proba(X)[:, 1], atol=1e-9)
    np.testing.assert_allclose(scores[:, 1:], estimator.predict_interval(X), atol=1e-9)
    assert (model.basis, model.n_customers) == (estimator.basis_, 250)


def test_a_scorecard_of_another_size_is_refused() -> None:
    with pytest.raises(ArtefactRefused):
        to_risk_model(
            PriorLogistic.from_prior(MEAN, SD, intercept_mean=-2), scorecard_for(), horizon_days=90, gap_days=7
        )
