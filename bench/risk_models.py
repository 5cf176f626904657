"""Figures of the risk model: public data forward in time, cold start, and whether reasons name what conspired.

Run: python bench/risk_models.py --data FOLDER [--quick]
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from timeit import repeat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from scipy.stats import t as student
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold

from bench.figures import Figure, print_figures
from bench.risk_data import Rows, cdnow, forward_split, incidents, olist, standardised, telco
from bench.risk_reasons import named_exactly
from bench.risk_worlds import HORIZON_DAYS, YEARLY_LOSS, World, draw_rows, scorecard_world, until_departures
from ml.evaluation import brier_skill, challenger, clustered_interval, expected_calibration_error, plain_logistic
from ml.explain import ConfirmedSet, explain
from ml.risk import PriorLogistic
from ml.scorecard import base_intercept, scorecard_for
from ml.scoring import RiskModel

Reals = NDArray[np.float64]
Outcomes = NDArray[np.int64]
Arm = Callable[[Rows, Rows], Reals]

STATISTICS = {
    "AUC": lambda y, p: float(roc_auc_score(y, p)),
    "average precision": lambda y, p: float(average_precision_score(y, p)),
    "Brier skill": brier_skill,
    "ECE": expected_calibration_error,
}
DEPARTURES = (10, 30, 100, 300, 1000)
BETTER_THAN_PLAIN_TO = 300


def prior_arm(train: Rows, test: Rows) -> Reals:
    """Score with the product's estimator under a weak prior, its strength chosen forward in time where there is."""
    X, later = standardised(train.X, test.X)
    model = PriorLogistic(prior_sd=1.0, intercept_mean=float(logit(train.y.mean())), intercept_sd=3.0)
    timed = train.asked if np.unique(train.asked).size > 1 else None
    return np.asarray(model.fit(X, train.y, groups=train.groups, time=timed).predict_proba(later)[:, 1])


def challenger_arm(train: Rows, test: Rows) -> Reals:
    """Score with the small gradient boosting."""
    return np.asarray(challenger(int(train.y.sum())).fit(train.X, train.y).predict_proba(test.X)[:, 1])


ARMS: dict[str, Arm] = {"PriorLogistic": prior_arm, "challenger": challenger_arm}


def judged(
    name: str, y: Outcomes, p: Reals, groups: NDArray[np.generic], asked: dict[str, float], *, binding: bool
) -> list[Figure]:
    """Return a figure for each statistic asked for, with its interval by customer; ECE has to stay below."""
    figures = []
    for statistic, bound in asked.items():
        of = STATISTICS[statistic]
        value = of(y, p)
        low, high = clustered_interval(of, y, p, groups)
        below = statistic == "ECE"
        text = f"{value:.3f} [{low:.3f}, {high:.3f}]"
        if below:
            text += f"; perfectly calibrated: {_ece_of_perfect(p):.3f}"
        wanted = f"{'<=' if below else '>='} {bound}"
        reached = (value <= bound if below else value >= bound) if binding else None
        figures.append(Figure(f"{name}: {statistic}", wanted, text, reached))
    return figures


def _ece_of_perfect(p: Reals) -> float:
    """Return the mean calibration error of these very probabilities, were every one of them true: pure chance."""
    rng = np.random.default_rng(0)
    return float(np.mean([expected_calibration_error(rng.random(p.size) < p, p) for _ in range(100)]))


def forward_figures(name: str, rows: Rows, asked: dict[str, float], *, known_only: bool = True) -> list[Figure]:
    """Hold the last quarter out and judge both arms on it; the product's estimator is the one that binds."""
    train, test = forward_split(rows, known_only=known_only)
    figures = []
    for label, arm in ARMS.items():
        p = arm(train, test)
        figures += judged(f"{name}, {label}", test.y, p, test.groups, asked, binding=arm is prior_arm)
    return figures


def pooled_figures(name: str, rows: Rows, asked: dict[str, float], *, repeats: int) -> list[Figure]:
    """Judge both arms on pooled cross-validated probabilities, for data without time."""
    figures = []
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats, random_state=0)
    for label, arm in ARMS.items():
        tests, scores = [], []
        for learnt, held in folds.split(rows.X, rows.y):
            tests.append(held)
            scores.append(arm(rows.of(learnt), rows.of(held)))
        held = np.concatenate(tests)
        figures += judged(
            f"{name}, {label}",
            rows.y[held],
            np.concatenate(scores),
            rows.groups[held],
            asked,
            binding=arm is prior_arm,
        )
    return figures


def real_figures(data: Path, *, quick: bool) -> list[Figure]:
    """Return the figures on public data."""
    repeats = 1 if quick else 5
    olist_asked = {"AUC": 0.68, "average precision": 0.28, "Brier skill": 0.08, "ECE": 0.02}
    telco_asked = {"AUC": 0.845, "average precision": 0.655, "ECE": 0.02}
    breaches = incidents(data)
    return [
        *forward_figures("Olist failing review at survey send, last quarter", olist(data), olist_asked),
        *pooled_figures(f"Telco churn, {repeats}x5 folds pooled", telco(data), telco_asked, repeats=repeats),
        *pooled_figures("CDNOW departure, 39 weeks from 39", cdnow(data), {"AUC": 0.76, "ECE": 0.015}, repeats=1),
        recency_figure(cdnow(data)),
        *forward_figures("Incident SLA breach at opening, last quarter", breaches, {"AUC": 0.77}, known_only=False),
        closed_figure(breaches),
    ]


def recency_figure(rows: Rows) -> Figure:
    """Say what recency alone is worth, beside the implicit departures."""
    auc = roc_auc_score(rows.y, rows.X[:, rows.names.index("silence")])
    return Figure("CDNOW departure, recency alone: AUC", "shown beside", f"{auc:.3f}", None)


def closed_figure(rows: Rows) -> Figure:
    """Say what is left where only incidents closed before the held-out quarter are learnt from."""
    train, test = forward_split(rows)
    auc = roc_auc_score(test.y, prior_arm(train, test))
    late = f"{auc:.3f} (breach rate {train.y.mean():.2f} learnt from, {test.y.mean():.2f} held out)"
    return Figure("Incident SLA breach, learning from closed incidents only: AUC", "shown beside", late, None)


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


def reason_figures(*, worlds: int) -> list[Figure]:
    """Return how often removal names the conspiring triple exactly, linear contributions beside it."""
    total, top_set, removal, linear = named_exactly(worlds)
    shares = {"top set by removal": top_set, "three largest falls by removal": removal}
    figures = [
        Figure(
            f"triple named exactly, {name}", ">= .95", f"{hits} of {total} ({hits / total:.3f})", hits >= 0.95 * total
        )
        for name, hits in shares.items()
    ]
    return [
        *figures,
        Figure("triple named exactly, linear contributions", "shown beside", f"{linear} of {total}", None),
    ]


def cost_figures() -> list[Figure]:
    """Time one customer with a dozen known features under a model of 60 conditions and 20 sets."""
    codes = [f"condition_{number}" for number in range(60)]
    sets = [ConfirmedSet(f"set_{number}", tuple(codes[number : number + 3])) for number in range(20)]
    model = RiskModel.prior(scorecard_for(codes, [known.id for known in sets]), YEARLY_LOSS)
    fixed = {"contacts_90": 3.0, "failure_contacts_90": 2.0, "promises_broken_90": 1.0, "tenure_days": 700.0}
    features = fixed | {f"seen:{code}": 1.0 for code in codes[:5]} | {f"set:set_{number}": 1.0 for number in range(3)}
    score = min(repeat(lambda: model.score(features), number=200, repeat=20)) / 200
    reason = min(repeat(lambda: explain(model, features, present=codes[:5], sets=sets), number=50, repeat=20)) / 50
    return [
        Figure("one score with its interval", "about 20 us", f"{score * 1e6:.0f} us", None),
        Figure("one explanation", "< 1 ms", f"{reason * 1e3:.2f} ms", reason < 1e-3),
    ]


def figures(data: Path, quick: bool) -> list[Figure]:
    """Return every figure of the risk model; without the data folder those on real data are left out."""
    real = real_figures(data, quick=quick) if data.is_dir() else []
    return [*real, *cold_start_figures(seeds=20), *reason_figures(worlds=2 if quick else 12), *cost_figures()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 1 where one that was asked for is not reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data sets")
    parser.add_argument("--quick", action="store_true", help="fewer folds and worlds")
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        print(f"{options.data} is absent: figures on real data are left out")
    measured = figures(options.data, options.quick)
    print_figures(measured)
    return int(any(figure.reached is False for figure in measured))


if __name__ == "__main__":
    raise SystemExit(main())
