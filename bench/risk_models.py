"""Figures of the risk model and its challenger on public data, forward in time where the data have time."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold

from bench.figures import Figure
from bench.risk_data import Rows, cdnow, forward_split, incidents, olist, parts, standardised, telco
from ml.challenger import fit_boosting
from ml.evaluation import brier_skill, clustered_interval, expected_calibration_error
from ml.risk import PriorLogistic

Reals = NDArray[np.float64]
Outcomes = NDArray[np.int64]
Arm = Callable[[Rows, Rows], Reals]

STATISTICS = {
    "AUC": lambda y, p: float(roc_auc_score(y, p)),
    "average precision": lambda y, p: float(average_precision_score(y, p)),
    "Brier skill": brier_skill,
    "ECE": expected_calibration_error,
}


def prior_arm(train: Rows, test: Rows) -> Reals:
    """Score with the product's estimator under a weak prior, its strength chosen forward in time where there is."""
    X, later = standardised(train.X, test.X)
    model = PriorLogistic(prior_sd=1.0, intercept_mean=float(logit(train.y.mean())), intercept_sd=3.0)
    timed = train.asked if np.unique(train.asked).size > 1 else None
    return np.asarray(model.fit(X, train.y, groups=train.groups, time=timed).predict_proba(later)[:, 1])


def challenger_arm(train: Rows, test: Rows) -> Reals:
    """Score with the small gradient boosting."""
    return np.asarray(fit_boosting(train.X, train.y, groups=train.groups).risk(test.X))


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
    if few := _too_few(name, train, test):
        return few
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


def _too_few(name: str, train: Rows, test: Rows) -> list[Figure]:
    """Say so where one side of a split holds one outcome only: nothing can be learnt, or nothing judged."""
    if all(0 < rows.y.sum() < rows.y.size for rows in (train, test)):
        return []
    counts = f"{train.y.sum()} of {train.y.size} to learn from, {test.y.sum()} of {test.y.size} to test"
    return [Figure(name, "-", f"too few: {counts}", None)]


def real_figures(folders: Sequence[Path], *, quick: bool) -> Iterator[Figure]:
    """Return the figures of every data set there is; one that is absent is said to be."""
    for name, stem, measured in (
        ("Olist", "olist_orders", olist_figures),
        ("Telco", "telco", telco_figures),
        ("CDNOW", "cdnow", cdnow_figures),
        ("Incident log", "incidents", incident_figures),
    ):
        if parts(folders, stem):
            yield from measured(folders, quick)
        else:
            yield Figure(name, "-", f"no {stem}*.csv or .csv.gz there", None)


def olist_figures(folders: Sequence[Path], _quick: bool) -> list[Figure]:
    """Failing reviews of delivered orders, scored when the survey is sent."""
    asked = {"AUC": 0.68, "average precision": 0.28, "Brier skill": 0.08, "ECE": 0.02}
    return forward_figures("Olist failing review at survey send, last quarter", olist(folders), asked)


def telco_figures(folders: Sequence[Path], quick: bool) -> list[Figure]:
    """Churn, cross-validated: there is no time in these data. An AUC above .855 would be a leak."""
    repeats = 1 if quick else 5
    asked = {"AUC": 0.845, "average precision": 0.655, "ECE": 0.02}
    return pooled_figures(f"Telco churn, {repeats}x5 folds pooled", telco(folders), asked, repeats=repeats)


def cdnow_figures(folders: Sequence[Path], quick: bool) -> list[Figure]:
    """Buyers of 39 weeks who bought nothing in the next 39."""
    rows = cdnow(folders)
    asked = {"AUC": 0.76, "ECE": 0.015}
    figures = pooled_figures("CDNOW departure, 39 weeks from 39", rows, asked, repeats=1 if quick else 5)
    return [*figures, recency_figure(rows)]


def incident_figures(folders: Sequence[Path], _quick: bool) -> list[Figure]:
    """Broken service promises, predicted when an incident is opened."""
    rows = incidents(folders)
    name = "Incident SLA breach at opening, last quarter"
    return [*forward_figures(name, rows, {"AUC": 0.77}, known_only=False), closed_figure(rows)]


def recency_figure(rows: Rows) -> Figure:
    """Say what recency alone is worth, beside the implicit departures."""
    auc = roc_auc_score(rows.y, rows.X[:, rows.names.index("silence")])
    return Figure("CDNOW departure, recency alone: AUC", "shown beside", f"{auc:.3f}", None)


def closed_figure(rows: Rows) -> Figure:
    """Say what is left where only incidents closed before the held-out quarter are learnt from."""
    train, test = forward_split(rows)
    if few := _too_few("Incident SLA breach, learning from closed incidents only", train, test):
        return few[0]
    auc = roc_auc_score(test.y, prior_arm(train, test))
    late = f"{auc:.3f} (breach rate {train.y.mean():.2f} learnt from, {test.y.mean():.2f} held out)"
    return Figure("Incident SLA breach, learning from closed incidents only: AUC", "shown beside", late, None)
