"""How good a risk model is: figures, forward-in-time folds with customers whole, and the arms it is compared with.

Arrays in, numbers out; nothing here knows which estimator it judges. Never a random split where there is time: it
flatters.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.resampling import customer_draws

BINS = 10
SMALLEST = 1e-12

Reals = NDArray[np.float64]
Indices = NDArray[np.intp]
Statistic = Callable[[Reals, Reals], float]


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures of pooled out-of-sample probabilities `p` against outcomes `y`.

    Attributes
    ----------
    n, events : int
        Rows, and how many of them have the outcome.
    log_loss : float
        Mean negative log-likelihood; 0 is perfect.
    brier_skill : float
        1 - BS / (b (1 - b)) with b the held-out rate; 0 is no better than saying b to everybody.
    average_precision : float
        Area under precision and recall; b for no order at all, 1 is perfect.
    auc : float
        Chance that an event ranks above a non-event; .5 for no order at all, 1 is perfect.
    precision_at_capacity : float
        Share of events among the highest-ranked `capacity` of the rows.
    ece : float
        `expected_calibration_error`; 0 is perfect.
    """

    n: int
    events: int
    log_loss: float
    brier_skill: float
    average_precision: float
    auc: float
    precision_at_capacity: float
    ece: float


def expected_calibration_error(y: ArrayLike, p: ArrayLike, *, bins: int = BINS) -> float:
    """Return sum n_b/n |mean y_b - mean p_b| over bins of equal count after a stable sort by `p`.

    Examples
    --------
    >>> expected_calibration_error([0, 0, 1, 1], [0.1, 0.1, 0.9, 0.9], bins=2)
    0.1
    """
    outcome, risk = _pair(y, p)
    order = np.argsort(risk, kind="stable")
    parts = [part for part in np.array_split(order, bins) if part.size]
    gaps = [part.size * abs(outcome[part].mean() - risk[part].mean()) for part in parts]
    return float(round(sum(gaps) / risk.size, 15))


def precision_at_capacity(y: ArrayLike, p: ArrayLike, capacity: float = 0.1) -> float:
    """Return the share of events among the `capacity` share of rows with the highest `p` (at least one row)."""
    outcome, risk = _pair(y, p)
    count = max(1, round(capacity * risk.size))
    return float(outcome[np.argsort(-risk, kind="stable")[:count]].mean())


def brier_skill(y: ArrayLike, p: ArrayLike) -> float:
    """Return 1 - BS / (b (1 - b)), b the rate among `y`; NaN where all outcomes are the same."""
    outcome, risk = _pair(y, p)
    rate = outcome.mean()
    spread = rate * (1 - rate)
    return float(1 - np.mean((risk - outcome) ** 2) / spread) if spread > 0 else float("nan")


def mean_log_loss(y: ArrayLike, p: ArrayLike) -> float:
    """Return the mean negative log-likelihood in nats, probabilities kept 1e-12 away from certainty."""
    outcome, risk = _pair(y, p)
    return float(log_loss(outcome, np.clip(risk, SMALLEST, 1 - SMALLEST), labels=[0.0, 1.0]))


def judge(y: ArrayLike, p: ArrayLike, *, capacity: float = 0.1) -> Quality:
    """Return all figures of one set of out-of-sample probabilities.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1; both must occur.
    p : array-like of shape (n,)
        Probabilities given without knowledge of the row's outcome.
    capacity : float
        Share of the rows there are hands for.
    """
    outcome, risk = _pair(y, p)
    return Quality(
        n=outcome.size,
        events=int(outcome.sum()),
        log_loss=mean_log_loss(outcome, risk),
        brier_skill=brier_skill(outcome, risk),
        average_precision=float(average_precision_score(outcome, risk)),
        auc=float(roc_auc_score(outcome, risk)),
        precision_at_capacity=precision_at_capacity(outcome, risk, capacity),
        ece=expected_calibration_error(outcome, risk),
    )


def clustered_interval(
    statistic: Statistic,
    y: ArrayLike,
    p: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    level: float = 0.95,
    draws: int = 200,
    seed: int = 0,
) -> tuple[float, float]:
    """Return a percentile bootstrap interval that draws whole customers, because people come in clusters.

    Parameters
    ----------
    statistic : callable
        ``statistic(y, p) -> float``, such as `expected_calibration_error`.
    y, p : array-like of shape (n,)
    groups : array-like of shape (n,), optional
        The customer of each row; without it every row is its own customer.
    level, draws, seed
        Coverage, bootstrap draws, seed of the draws. Draws in which only one outcome occurs are left out.

    Returns
    -------
    (low, high) : tuple of float
    """
    outcome, risk = _pair(y, p)
    values = [
        statistic(outcome[chosen], risk[chosen])
        for chosen in customer_draws(groups, outcome.size, draws=draws, seed=seed)
        if 0 < outcome[chosen].sum() < chosen.size
    ]
    if not values:
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def forward_folds(
    time: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    periods: int = 4,
    first: int = 1,
    embargo: float = 0,
    customer_folds: int = 3,
    seed: int = 0,
) -> Iterator[tuple[Indices, Indices]]:
    """Yield (train, test) row numbers, forward in time and with customers whole.

    The span of time is cut into periods of about equal row counts (a moment is never split). Each period but
    the first is tested by what came before it. Where customers recur they are dealt into folds, and a fold's
    rows are tested by the *other* customers' past: no customer stands on both sides.

    Parameters
    ----------
    time : array-like of shape (n,)
        Moment of each row, any ordered number.
    groups : array-like of shape (n,), optional
        The customer of each row.
    periods : int
        At least 2. Fewer are used where fewer distinct moments exist.
    first : int
        The first period that is tested, from 1; those before it are only learnt from.
    embargo : float
        How long a row's outcome takes to become known (gap + horizon), in units of `time`: training rows end that
        long before the period tested begins.
    customer_folds : int
        Folds the customers are dealt into, where any has more than one row.
    seed : int
        Seed of the deal.

    Yields
    ------
    (train, test) : tuple of int arrays
        Neither is empty.
    """
    moment = np.asarray(time)
    fold = _customer_fold(groups, moment.size, customer_folds, seed)
    cuts = np.unique(np.quantile(moment, np.arange(first, periods) / periods, method="higher"))
    for index, cut in enumerate(cuts):
        until = cuts[index + 1] if index + 1 < cuts.size else np.inf
        past = (moment < cut) & (moment + embargo <= cut)
        period = (moment >= cut) & (moment < until)
        for member in np.unique(fold):
            train = np.flatnonzero(past & ((fold != member) | (fold.max() == 0)))
            test = np.flatnonzero(period & (fold == member))
            if train.size and test.size:
                yield train, test


def _customer_fold(groups: ArrayLike | None, size: int, customer_folds: int, seed: int) -> NDArray[np.intp]:
    if groups is None:
        return np.zeros(size, dtype=np.intp)
    distinct, owner = np.unique(np.asarray(groups), return_inverse=True)
    if distinct.size in {1, size} or distinct.size < customer_folds:
        return np.zeros(size, dtype=np.intp)
    deal = np.random.default_rng(seed).permutation(distinct.size) % max(customer_folds, 1)
    return np.asarray(deal[owner], dtype=np.intp)


def out_of_sample(
    estimator: BaseEstimator,
    X: Reals,
    y: NDArray[Any],
    folds: Sequence[tuple[Indices, Indices]],
    *,
    sample_weight: Reals | None = None,
    groups: NDArray[Any] | None = None,
) -> Reals:
    """Return each row's probability by models that did not see it: mean over folds, NaN where never tested.

    Parameters
    ----------
    estimator : estimator with ``fit`` and ``predict_proba``
        Cloned for every fold. `groups` is passed on only where its ``fit`` takes them.
    X : array of shape (n, p)
    y : array of shape (n,)
    folds : sequence of (train, test)
        From `forward_folds`, or any splitter.
    sample_weight, groups : arrays of shape (n,), optional
    """
    total, times = np.zeros(len(X)), np.zeros(len(X))
    for train, test in folds:
        extra: dict[str, Any] = {} if sample_weight is None else {"sample_weight": sample_weight[train]}
        if groups is not None:
            extra["groups"] = groups[train]
        fitted = clone(estimator).fit(X[train], y[train], **extra)
        total[test] += fitted.predict_proba(X[test])[:, 1]
        times[test] += 1
    total[times == 0] = np.nan
    return np.asarray(total / np.maximum(times, 1), dtype=np.float64)


def plain_logistic() -> BaseEstimator:
    """Return the ordinary arm: standardised columns, scikit-learn's logistic regression as it comes."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def _pair(y: ArrayLike, p: ArrayLike) -> tuple[Reals, Reals]:
    outcome, risk = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if outcome.shape != risk.shape or outcome.ndim != 1 or not outcome.size:
        raise ValueError("outcomes and probabilities are two arrays of the same length, not empty")
    return outcome, risk
