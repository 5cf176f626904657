"""The risk model as departures come in: synthetic worlds, beside the scorecard alone and plain logistic regression."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from bench.figures import Figure
from bench.risk_worlds import HORIZON_DAYS, YEARLY_LOSS, World, draw_rows, scorecard_world, until_departures
from ml.evaluation import plain_logistic
from ml.risk import PriorLogistic
from ml.scorecard import base_intercept

DEPARTURES = (10, 30, 100, 300, 1000)
BETTER_THAN_PLAIN_TO = 300

Reals = NDArray[np.float64]


def cold_start_figures(*, seeds: int) -> list[Figure]:
    """Compare with the scorecard alone and with plain logistic regression as departures come in."""
    changes = np.array([_cold_start(seed) for seed in range(seeds)])
    figures = []
    for column, departures in enumerate(DEPARTURES):
        scorecard, plain, cover = changes[:, column].T
        upper = _upper(scorecard)
        text = f"{scorecard.mean():+.4f}, upper {upper:+.4f}"
        name = f"cold start, {departures} departures"
        figures.append(Figure(f"{name}: log-loss against the scorecard", "upper 95 % <= .001", text, upper <= 0.001))
        binding = departures <= BETTER_THAN_PLAIN_TO
        text = f"{plain.mean():+.4f}, upper {_upper(plain):+.4f}"
        reached = bool(plain.mean() < 0) if binding else None
        figures.append(Figure(f"{name}: against plain logistic regression", "< 0 to 300", text, reached))
        figures.append(Figure(f"{name}: true risk inside the 90 % interval", "about .90", f"{cover.mean():.3f}", None))
    return figures


def _upper(values: Reals) -> float:
    reach = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() + reach)


def _cold_start(seed: int) -> list[tuple[float, float, float]]:
    rng = np.random.default_rng(seed)
    scorecard, weights, intercept = scorecard_world(rng)
    test = draw_rows(rng, scorecard, weights, intercept, 20_000)
    train = draw_rows(rng, scorecard, weights, intercept, 30_000)
    declared = base_intercept(YEARLY_LOSS, HORIZON_DAYS)
    day_zero = PriorLogistic.from_prior(scorecard.weights, scorecard.sds, intercept_mean=declared)
    alone = _expected_loss(test, day_zero.predict_proba(test.X)[:, 1])
    changes = []
    for departures in DEPARTURES:
        seen = until_departures(train, departures)
        X, y, time = train.X[seen], train.y[seen], train.time[seen]
        model = PriorLogistic(prior_mean=scorecard.weights, prior_sd=scorecard.sds, intercept_mean=declared)
        model.fit(X, y, time=time)
        loss = _expected_loss(test, model.predict_proba(test.X)[:, 1])
        plain = _expected_loss(test, plain_logistic().fit(X, y).predict_proba(test.X)[:, 1])
        low, high = model.predict_interval(test.X).T
        changes.append((loss - alone, loss - plain, float(np.mean((low <= test.p) & (test.p <= high)))))
    return changes


def _expected_loss(world: World, q: Reals) -> float:
    """Return the log-loss expected under the true risk: no noise from the outcomes drawn."""
    q = np.clip(q, 1e-9, 1 - 1e-9)
    return float(-np.mean(world.p * np.log(q) + (1 - world.p) * np.log1p(-q)))
