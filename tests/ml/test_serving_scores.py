"""The API process scores as scikit-learn does with the same weights, whatever the features."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn.linear_model import LogisticRegression

from ml.design import design_matrix
from ml.risk import PriorLogistic, to_risk_model
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel

CARD = scorecard_for(["late", "lost", "rude"], ["pair", "triple"])
NAMES = sorted(set(CARD.features))
RAW = some.one_of(some.none(), some.floats(-1e6, 1e6), some.integers(0, 20).map(float), some.just(0.0))


def learnt(seed: int) -> PriorLogistic:
    """Learn a model of the scorecard's terms from made-up rows."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(400, len(CARD.terms)))
    y = rng.random(400) < 1 / (1 + np.exp(2 - X[:, 0] + 0.5 * X[:, 5]))
    return PriorLogistic(prior_mean=CARD.weights, prior_sd=CARD.sds, intercept_mean=-2.0, strength=0.7).fit(X, y)


ESTIMATORS = [learnt(seed) for seed in range(3)]


def as_scikit_learn_has_it(model: RiskModel) -> LogisticRegression:
    """Give scikit-learn's own classifier with a model's weights."""
    plain = LogisticRegression()
    plain.classes_ = np.array([0, 1])
    plain.coef_, plain.intercept_ = np.array([model.weights]), np.array([model.intercept])
    plain.n_features_in_ = len(model.weights)
    return plain


@pytest.mark.parametrize("place", range(len(ESTIMATORS)))
@settings(max_examples=60, deadline=None)
@given(values=some.lists(RAW, min_size=len(NAMES), max_size=len(NAMES)))
def test_the_api_scores_as_scikit_learn_does(place: int, values: list[float | None]) -> None:
    estimator = ESTIMATORS[place]
    model = to_risk_model(estimator, CARD, horizon_days=90, gap_days=7)
    features = dict(zip(NAMES, values, strict=True))
    score, added = RiskModel.from_json(model.to_json()).explained(features)
    row = design_matrix(CARD, {name: [np.nan if value is None else value] for name, value in features.items()})
    for told in (estimator, as_scikit_learn_has_it(model)):
        assert abs(score.risk - told.predict_proba(row)[0, 1]) < 1e-9
    assert score == model.score(features)
    assert added == model.contributions(features)
    assert sum(added.values()) == pytest.approx(float(row[0] @ np.ravel(estimator.coef_)), abs=1e-9)
