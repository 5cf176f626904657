"""The risk estimator: logistic regression that begins as the expert scorecard and moves as far as data allow.

Arrays in, no table and no session. `PriorLogistic` keeps scikit-learn's contract; ``ml.design`` makes its rows;
`to_risk_model` hands what was learnt to the API as plain numbers (``ml.scoring``).
"""

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtri
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ml.evaluation import forward_folds
from ml.intervals import numbered
from ml.posterior import Evidence, Prior, Reals, posterior_covariance, posterior_mode, row_loss
from ml.scorecard import INTERCEPT_SD, Scorecard
from ml.scoring import Basis, RiskModel, basis_for

STRENGTHS = (0.1, 0.2, 0.4, 0.7, 1.0)
FEW_STRENGTH = 0.2
FEW_DEPARTURES = 100
BINARY = 2


class PriorLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Binary logistic regression with a Gaussian prior and a customer-sandwiched Laplace covariance.

    Parameters
    ----------
    prior_mean, prior_sd : float or array-like of shape (n_features,), default=0, 1
        Mean and standard deviation of each weight's prior: the scorecard's `weights` and `sds`.
    intercept_mean, intercept_sd : float, default=0, 1
        The same for the intercept; its sd is never scaled by `strength`.
    strength : float or None, default=None
        Factor on the weights' sds while fitting: how far data may move them. ``None`` chooses from
        {.1, .2, .4, .7, 1} by forward log-loss where `time` is given to `fit`, .2 below 100 departures. Without
        `time` from 100 departures on the declared sds stand (1).
    embargo : float, default=0
        How long an outcome takes to become known (gap + horizon), in units of `time`.
    max_iter : int, default=100
        Newton steps.
    tol : float, default=1e-10
        Newton stops once the squared decrement falls below this share of the objective.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The second is departure. Outcomes that are all 0 or all 1 still give ``[0, 1]``.
    coef_ : ndarray of shape (1, n_features)
    intercept_ : ndarray of shape (1,)
    covariance_ : ndarray of shape (n_features + 1, n_features + 1)
        Of (intercept, weights).
    z_ : ndarray of shape (n_features,)
        Weight over its standard error; a product term is kept only above 3 beside all main effects.
    strength_ : float
    strength_scores_ : dict of float to float
        Mean forward log-loss by strength, empty where none was compared.
    n_customers_, n_departures_ : int
        Distinct customers learnt from, and distinct ones who left.
    basis_ : {"prior", "blended", "learned"}
    n_features_in_, n_iter_ : int

    Notes
    -----
    Maximises  sum_i w_i log p(y_i | x_i, b) - (b - m)' P (b - m) / 2,  P = diag(1 / (strength sd)^2). With
    H = X' W X + P at the maximum, S the sum over customers of their score's outer product times N/(N-1), and D the
    declared prior covariance,

        V = H^-1 (S + P D P) H^-1.

    Where the strength is 1, P D P = P and V is the Laplace covariance sandwiched by customers. Below 1 the weights
    are held nearer to the scorecard than its authors declared it sure; P D P charges that to the interval, so that
    shrinking never makes the model look surer. With no rows V = D: the scorecard and its own uncertainty.

    References
    ----------
    Liang and Zeger (1986), Longitudinal data analysis using generalized linear models, Biometrika 73:13-22.
    MacKay (1992), The evidence framework applied to classification networks, Neural Computation 4:720-736.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 2))
    >>> y = rng.random(400) < 1 / (1 + np.exp(2 - X[:, 0]))
    >>> model = PriorLogistic(prior_mean=[1.0, 0.0], prior_sd=0.5, intercept_mean=-2).fit(X, y)
    >>> model.basis_, model.predict_proba(X).shape
    ('blended', (400, 2))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "prior_mean": [Real, "array-like"],
        "prior_sd": [Interval(Real, 0, None, closed="neither"), "array-like"],
        "intercept_mean": [Real],
        "intercept_sd": [Interval(Real, 0, None, closed="neither")],
        "strength": [Interval(Real, 0, 1, closed="right"), None],
        "embargo": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Real, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        prior_mean: ArrayLike = 0.0,
        prior_sd: ArrayLike = 1.0,
        intercept_mean: float = 0.0,
        intercept_sd: float = INTERCEPT_SD,
        strength: float | None = None,
        embargo: float = 0.0,
        max_iter: int = 100,
        tol: float = 1e-10,
    ) -> None:
        self.prior_mean = prior_mean
        self.prior_sd = prior_sd
        self.intercept_mean = intercept_mean
        self.intercept_sd = intercept_sd
        self.strength = strength
        self.embargo = embargo
        self.max_iter = max_iter
        self.tol = tol

    @classmethod
    def from_prior(
        cls,
        prior_mean: ArrayLike,
        prior_sd: ArrayLike,
        *,
        intercept_mean: float,
        intercept_sd: float = INTERCEPT_SD,
    ) -> Self:
        """Return a fitted model of no rows at all: exactly the scorecard, with its declared uncertainty."""
        means = np.atleast_1d(np.asarray(prior_mean, dtype=np.float64))
        model = cls(
            prior_mean=means,
            prior_sd=prior_sd,
            intercept_mean=intercept_mean,
            intercept_sd=intercept_sd,
            strength=1.0,
        )
        model._validate_params()
        model.n_features_in_ = means.size
        model.classes_ = np.array([0, 1])
        mean, sd, _ = model._prior(means.size)
        nobody = Evidence(np.empty((0, mean.size)), np.empty(0), np.empty(0), np.empty(0, dtype=np.intp))
        model._keep(mean, np.diag(sd**2), nobody, 1.0)
        model.strength_scores_, model.n_iter_ = {}, 0
        return model

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        time: ArrayLike | None = None,
    ) -> Self:
        """Move the prior by what the rows say.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Term values (`ml.design.design_matrix`), unknown as 0.
        y : array-like of shape (n,)
            Two classes, or zeros and ones of which one may be absent.
        sample_weight : array-like of shape (n,), optional
            Not negative; snapshots nearer than the horizon weigh step / horizon.
        groups : array-like of shape (n,), optional
            Customer of each row; without it every row is its own.
        time : array-like of shape (n,), optional
            Moment of each row, for choosing the strength forward in time.

        Raises
        ------
        ValueError
            Malformed arrays, more than two classes, a prior of another size than the features.
        """
        self._validate_params()
        matrix, outcome = validate_data(self, X, y, dtype=np.float64)
        weight = _check_sample_weight(sample_weight, matrix, ensure_non_negative=True)
        target = self._encode(outcome)
        evidence = Evidence(_with_one(matrix), target, weight, numbered(groups, len(matrix)))
        prior = self._prior(matrix.shape[1])
        strength, scores = self._choose(evidence, prior, time)
        prior = prior._replace(strength=strength)
        beta, steps = posterior_mode(evidence, prior, max_iter=int(self.max_iter), tol=self.tol)
        learnt = evidence if (weight > 0).all() else evidence.of(weight > 0)
        self._keep(beta, posterior_covariance(learnt, prior, beta), learnt, strength)
        self.strength_scores_, self.n_iter_ = scores, steps
        return self

    def decision_function(self, X: ArrayLike) -> Reals:
        """Return the log-odds of departure, shape (n,)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(X @ self.coef_[0] + self.intercept_[0])

    def predict_proba(self, X: ArrayLike) -> Reals:
        """Return the probability of each class, shape (n, 2), in the order of `classes_`."""
        p = expit(self.decision_function(X))
        return np.column_stack([1 - p, p])

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the likelier class of each row, shape (n,)."""
        likelier = (self.decision_function(X) > 0).astype(int)
        return np.asarray(self.classes_[likelier])

    def predict_interval(self, X: ArrayLike, level: float = 0.9) -> Reals:
        """Return low and high probability of departure, shape (n, 2): model uncertainty, not the customer's."""
        eta = self.decision_function(X)
        rows = _with_one(np.asarray(X, dtype=np.float64))
        variance = np.einsum("ij,ij->i", rows @ self.covariance_, rows)
        reach = ndtri(0.5 + level / 2) * np.sqrt(np.maximum(variance, 0.0))
        return np.asarray(expit(np.column_stack([eta - reach, eta + reach])))

    def contributions(self, X: ArrayLike) -> Reals:
        """Return what each feature adds to the log-odds, shape (n, n_features)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(X * self.coef_[0])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _prior(self, size: int) -> Prior:
        parts = []
        for name, first in (("prior_mean", self.intercept_mean), ("prior_sd", self.intercept_sd)):
            values = np.asarray(getattr(self, name), dtype=np.float64)
            if values.shape not in {(), (size,)} or not np.isfinite(values).all():
                raise ValueError(f"{name} is one finite number or one for each of {size} features")
            parts.append(np.concatenate([[float(first)], np.broadcast_to(values, size)]))
        if not (parts[1] > 0).all():
            raise ValueError("prior_sd must be positive")
        return Prior(parts[0], parts[1])

    def _encode(self, y: NDArray[Any]) -> Reals:
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if self.classes_.size > BINARY:
            raise ValueError(f"Only binary classification is supported. The target has {self.classes_.size} classes.")
        if self.classes_.size < BINARY:
            if not np.isin(self.classes_, [0, 1]).all():
                raise ValueError("y has one class, and it is neither 0 nor 1: which one is departure?")
            self.classes_ = np.array([0, 1], dtype=y.dtype)
        return np.asarray(y == self.classes_[1], dtype=np.float64)

    def _choose(self, evidence: Evidence, prior: Prior, time: ArrayLike | None) -> tuple[float, dict[float, float]]:
        if self.strength is not None:
            return float(self.strength), {}
        if evidence.departures < FEW_DEPARTURES:
            return FEW_STRENGTH, {}
        if time is None:
            return 1.0, {}
        losses = dict.fromkeys(STRENGTHS, 0.0)
        total = 0.0
        for train, test in forward_folds(time, evidence.owner, embargo=self.embargo, customer_folds=2):
            past, later = evidence.of(train), evidence.of(test)
            total += float(later.weight.sum())
            for strength in STRENGTHS:
                tried = prior._replace(strength=strength)
                beta, _ = posterior_mode(past, tried, max_iter=int(self.max_iter), tol=self.tol)
                losses[strength] += float(later.weight @ row_loss(later.rows @ beta, later.target))
        if total == 0:
            return FEW_STRENGTH, {}
        scores = {strength: loss / total for strength, loss in losses.items()}
        return min(scores, key=scores.__getitem__), scores

    def _keep(self, beta: Reals, covariance: Reals, learnt: Evidence, strength: float) -> None:
        self.intercept_, self.coef_ = beta[:1].copy(), beta[None, 1:].copy()
        self.covariance_ = covariance
        self.z_ = beta[1:] / np.sqrt(np.diag(covariance)[1:])
        self.strength_ = strength
        self.n_customers_, self.n_departures_ = learnt.customers, learnt.departures
        self.basis_: Basis = basis_for(self.n_departures_)


def _with_one(X: Reals) -> Reals:
    return np.column_stack([np.ones(len(X)), X])


def to_risk_model(
    estimator: PriorLogistic,
    scorecard: Scorecard,
    *,
    horizon_days: int,
    gap_days: int,
    threshold: float | None = None,
) -> RiskModel:
    """Return a fitted estimator as the plain model the API scores with.

    Raises
    ------
    ml.scoring.ArtefactRefused
        The scorecard has another number of terms than the estimator has weights.
    """
    check_is_fitted(estimator)
    triangle = tuple(tuple(map(float, row[: index + 1])) for index, row in enumerate(estimator.covariance_))
    return RiskModel(
        scorecard=scorecard,
        weights=tuple(map(float, estimator.coef_[0])),
        intercept=float(estimator.intercept_[0]),
        covariance=triangle,
        horizon_days=horizon_days,
        gap_days=gap_days,
        n_customers=estimator.n_customers_,
        n_departures=estimator.n_departures_,
        threshold=threshold,
    )
