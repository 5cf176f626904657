"""The challenger: a small gradient boosting beside the champion, scoring in silence until a person decides.

Only a worker loads this room: it stands on scikit-learn. Arrays in, no table and no session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from ml.design import design_matrix
from ml.intervals import numbered
from ml.scorecard import Scorecard
from ml.scoring import ArtefactRefused

ISOTONIC_FROM = 4000
LEAST_DEPARTURES = 50
LEAST_KNOWN = 40
FOLDS = 3
SETTINGS = {
    "learning_rate": 0.05,
    "max_iter": 150,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 40,
    "l2_regularization": 1.0,
    # Stopping early would hold rows out at random, and customers with them.
    "early_stopping": False,
}

Reals = NDArray[np.float64]
Method = Literal["sigmoid", "isotonic"]


class TooFewDepartures(ValueError):  # noqa: N818 - a refusal is named for what is the matter
    """Too few customers left, or too few stayed, for a challenger to be learnt and calibrated.

    Attributes
    ----------
    reason : str
        "too_few_departures": what the model card says in place of a challenger.
    """

    reason = "too_few_departures"


class Calibration(NamedTuple):
    """From the boosting's log-odds to probabilities.

    Attributes
    ----------
    method : {"sigmoid", "isotonic"}
        `given` is (slope, intercept) of a logistic curve, and `meant` is empty; or both are the corners of a rising
        line from log-odds to probability.
    given, meant : tuple of float
    """

    method: Method
    given: tuple[float, ...]
    meant: tuple[float, ...]

    def of(self, log_odds: Reals) -> Reals:
        """Return the probabilities meant by log-odds."""
        if self.method == "sigmoid":
            slope, intercept = self.given
            return np.asarray(expit(slope * log_odds + intercept))
        return np.asarray(np.interp(log_odds, self.given, self.meant))


@dataclass(frozen=True)
class CalibratedBoosting:
    """A fitted gradient boosting, its calibration, and the columns it reads of those it is given."""

    columns: NDArray[np.intp]
    boosting: HistGradientBoostingClassifier
    calibration: Calibration

    def risk(self, X: ArrayLike) -> Reals:
        """Return the probability of departure of each row, shape (n,); NaN is unknown."""
        rows = np.asarray(X, dtype=np.float64)[:, self.columns]
        return self.calibration.of(np.asarray(self.boosting.decision_function(rows), dtype=np.float64))


def fit_boosting(
    X: ArrayLike,
    y: ArrayLike,
    *,
    signs: Sequence[int] | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> CalibratedBoosting:
    """Learn the boosting from rows, and its calibration from customers each part of it had not seen.

    Parameters
    ----------
    X : array-like of shape (n, p)
        NaN is unknown. A column is read only where it varies and 40 rows know it: a leaf has as many.
    y : array-like of shape (n,)
        1 where the customer left, else 0.
    signs : sequence of int, optional
        Known direction of each column (-1, 0, 1), as monotone constraints.
    groups : array-like of shape (n,), optional
        The customer of each row.
    seed : int

    Raises
    ------
    TooFewDepartures
        Fewer than 50 customers left, fewer than 50 stayed, or no column says anything.

    Notes
    -----
    Learning rate .05, 150 iterations, 8 leaves, at least 40 rows a leaf, l2 1. Calibrated on the log-odds of three
    folds of whole customers: sigmoid (Platt) below 4 000 customers who left, isotonic from there on, whose steps need
    that many. Rows are never over-sampled nor classes re-weighted: both break calibration (error .12-.29 against .007).

    References
    ----------
    Niculescu-Mizil and Caruana (2005), Predicting good probabilities with supervised learning, ICML 22:625-632.
    """
    rows, left = np.asarray(X, dtype=np.float64), np.asarray(y).astype(np.int8)
    owner = numbered(groups, len(rows))
    departures = np.unique(owner[left == 1]).size
    columns = _telling(rows)
    if min(departures, np.unique(owner[left == 0]).size) < LEAST_DEPARTURES or not columns.size:
        raise TooFewDepartures(
            f"{departures} customers left, or nothing about them varies: a challenger is learnt from "
            f"{LEAST_DEPARTURES} who left and as many who stayed."
        )
    directions = None if signs is None else [signs[column] for column in columns]
    rows = rows[:, columns]
    unseen = np.empty(len(rows))
    for train, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(rows, left, owner):
        part = _boosting(directions, seed).fit(rows[train], left[train])
        unseen[test] = part.decision_function(rows[test])
    method: Method = "isotonic" if departures >= ISOTONIC_FROM else "sigmoid"
    return CalibratedBoosting(columns, _boosting(directions, seed).fit(rows, left), _calibration(method, unseen, left))


def _telling(rows: Reals) -> NDArray[np.intp]:
    known = ~np.isnan(rows)
    lowest = np.where(known, rows, np.inf).min(axis=0, initial=np.inf)
    highest = np.where(known, rows, -np.inf).max(axis=0, initial=-np.inf)
    # A column that is sometimes known and sometimes not says something even where its known values are all the same.
    varies = (highest > lowest) | ~known.all(axis=0)
    return np.flatnonzero(varies & (known.sum(axis=0) >= LEAST_KNOWN))


def _boosting(signs: Sequence[int] | None, seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(**SETTINGS, monotonic_cst=signs, random_state=seed)


def _calibration(method: Method, log_odds: Reals, left: NDArray[np.int8]) -> Calibration:
    if method == "sigmoid":
        fitted = LogisticRegression(C=np.inf, max_iter=1000).fit(log_odds[:, None], left)
        return Calibration(method, (float(fitted.coef_[0, 0]), float(fitted.intercept_[0])), ())
    # Nothing is certain: a step without a departure is not probability 0.
    least = 1 / (2 * left.size)
    steps = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip").fit(log_odds, left)
    return Calibration(method, tuple(map(float, steps.X_thresholds_)), tuple(map(float, steps.y_thresholds_)))


@dataclass(frozen=True)
class Challenger:
    """A fitted challenger and what it needs to score raw features.

    Parameters
    ----------
    scorecard : Scorecard
        Names, transformations and known signs of the columns the boosting reads, in its order.
    boosting : HistGradientBoostingClassifier
        Fitted to those columns; unknown is NaN.
    calibration : Calibration
    horizon_days, gap_days : int
        Departure is meant within (gap, gap + horizon] days.
    n_customers, n_departures : int
        Distinct customers learnt from, and distinct ones who left.

    Raises
    ------
    ml.scoring.ArtefactRefused
        A boosting of another number of columns than the scorecard has terms.
    """

    scorecard: Scorecard
    boosting: HistGradientBoostingClassifier
    calibration: Calibration
    horizon_days: int
    gap_days: int
    n_customers: int
    n_departures: int

    def __post_init__(self) -> None:
        if self.boosting.n_features_in_ != len(self.scorecard.terms):
            raise ArtefactRefused("the challenger reads another number of columns than its scorecard names")

    @property
    def card(self) -> dict[str, object]:
        """What the model card says of it."""
        return {
            "kind": "gradient boosting",
            "calibration": self.calibration.method,
            "columns": [term.feature for term in self.scorecard.terms],
            "customers": self.n_customers,
            "departures": self.n_departures,
            "horizon_days": self.horizon_days,
            "gap_days": self.gap_days,
        }


def fit_challenger(
    scorecard: Scorecard,
    columns: Mapping[str, ArrayLike],
    left: ArrayLike,
    customers: ArrayLike | None = None,
    *,
    horizon_days: int,
    gap_days: int,
    seed: int = 0,
) -> Challenger:
    """Learn a challenger from raw features.

    Parameters
    ----------
    scorecard : Scorecard
        Terms it may read; their known signs are monotone constraints.
    columns : mapping of str to array-like of shape (n,)
        Raw features by name; NaN is unknown.
    left, customers : array-like of shape (n,)
        1 where the customer left; the customer of each row.

    Raises
    ------
    TooFewDepartures
    """
    rows = design_matrix(scorecard, columns, unknown=np.nan)
    fitted = fit_boosting(rows, left, signs=[term.sign for term in scorecard.terms], groups=customers, seed=seed)
    owner = numbered(customers, len(rows))
    return Challenger(
        Scorecard(tuple(scorecard.terms[column] for column in fitted.columns), scorecard.protected),
        fitted.boosting,
        fitted.calibration,
        horizon_days,
        gap_days,
        int(np.unique(owner).size),
        int(np.unique(owner[np.asarray(left) == 1]).size),
    )


def challenger_scores(challenger: Challenger, columns: Mapping[str, ArrayLike]) -> Reals:
    """Return the challenger's probability of departure for many customers, shape (n,).

    Parameters
    ----------
    challenger : Challenger
    columns : mapping of str to array-like of shape (n,)
        Raw features by name, as `ml.snapshots.Snapshots.columns` has them; NaN and an absent column are unknown.

    Raises
    ------
    ValueError
        Columns that differ in length.
    """
    rows = design_matrix(challenger.scorecard, columns, unknown=np.nan)
    if not len(rows):
        return np.empty(0)
    return challenger.calibration.of(np.asarray(challenger.boosting.decision_function(rows), dtype=np.float64))
