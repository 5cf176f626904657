"""Root-condition analysis: the minimal sets of conditions that conspire to fail a customer.

Fire needs fuel, heat and oxygen together. `ConditionSetMiner` finds such sets, says how often they complete, what
stays exposed without each member, and which failures have no known set. Arrays in, no session, no table; the steps
are the modules of `ml.mining`.
"""

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from ml.mining.analysis import Analysis, Limits, analyse, context
from ml.mining.batches import Batch, Part, joined, part_of
from ml.mining.bitsets import Floats
from ml.mining.confirmation import Periods
from ml.mining.critical import tried_by_size
from ml.mining.items import Items, column_kinds
from ml.mining.observed import PRESENT, UNDETERMINED, Observed
from ml.mining.outcome import TooFewFailures, outcome_of
from ml.mining.report import Condition, FoundSet, Leak
from ml.mining.strata import TooManyStrata

__all__ = ["Batch", "Condition", "ConditionSetMiner", "FoundSet", "Leak", "TooFewFailures", "TooManyStrata"]


class ConditionSetMiner(ClassifierMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Find the minimal condition sets behind an outcome by sufficient-cause regression.

    P(failure) = 1 - exp(-l0[s] - sum over sets S of l_S 1[S complete]), every l >= 0. Sets are found by greedy
    search with layered critical values and minimality, on likelihood ratios deflated for customers, and confirmed
    on later rows of other customers.

    Parameters
    ----------
    feature_names : sequence of str, optional
        Names of the columns; by default those of the input, or x0, x1, ...
    categorical : sequence of int, default=()
        Columns holding integer codes of categories. Of the others a column whose observed values lie in {0, 1} is
        binary and any other is numeric, cut by thresholds.
    alpha : float, default=0.05
        Chance of any false set at all.
    min_failures : int, default=16
        Fewest failures: below it `fit` raises `TooFewFailures`.
    min_support : int, default=8
        Fewest failures of a set.

    Attributes
    ----------
    classes_ : ndarray, shape (2,)
        The second is the failure.
    sets_ : list of FoundSet
        In the order found.
    leak_ : Leak
        Failures with no known set.
    tested_ : dict of int to int
        By size of a set, the number of tests the critical value pays for, K C(m, k).
    notes_ : tuple of str
        What the reader of the result should know, in plain sentences.
    periods_ : Periods or None
        The rows that discovered and confirmed; None without time.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if the input has names.

    Notes
    -----
    NaN means not observed, which is not absent: rows whose membership in a set is undetermined have their own leak.
    A condition that is observed more readily when the case failed is flagged (`ascertainment`) and never confirmed.
    The result does not depend on chance, and not on the number of threads: one is used.

    References
    ----------
    Rothman, Causes (1976). Lin & Lee, doi:10.1038/srep39023. Webb, Layered critical values,
    doi:10.1007/s10994-008-5046-x. Self & Liang (1987).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = (rng.random((4000, 4)) < 0.3).astype(float)
    >>> fire = X[:, :3].all(axis=1)
    >>> y = rng.random(4000) < np.where(fire, 0.7, 0.01)
    >>> miner = ConditionSetMiner(feature_names=["fuel", "heat", "oxygen", "rain"]).fit(X, y)
    >>> [condition.feature for condition in miner.sets_[0].items]
    ['fuel', 'heat', 'oxygen']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "feature_names": ["array-like", None],
        "categorical": ["array-like"],
        "alpha": [Interval(Real, 0, 1, closed="neither")],
        "min_failures": [Interval(Integral, 1, None, closed="left")],
        "min_support": [Interval(Integral, 1, None, closed="left")],
    }

    classes_: NDArray[Any]
    sets_: list[FoundSet]
    leak_: Leak
    tested_: dict[int, int]
    notes_: tuple[str, ...]
    periods_: Periods | None
    n_features_in_: int

    def __init__(
        self,
        *,
        feature_names: Sequence[str] | None = None,
        categorical: Sequence[int] = (),
        alpha: float = 0.05,
        min_failures: int = 16,
        min_support: int = 8,
    ) -> None:
        self.feature_names = feature_names
        self.categorical = categorical
        self.alpha = alpha
        self.min_failures = min_failures
        self.min_support = min_support

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags

    @_fit_context(  # type: ignore[untyped-decorator]
        prefer_skip_nested_validation=True
    )
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        strata: ArrayLike | None = None,
        time: ArrayLike | None = None,
    ) -> Self:
        """Find the condition sets.

        Parameters
        ----------
        X : array-like of float, shape (n, m)
            Conditions: 1 present, 0 absent, NaN not observed; numbers as they are.
        y : array-like, shape (n,)
            The outcome; the second of its two sorted values is the failure.
        groups : array-like, shape (n,), optional
            The customer of each row (clusters). By default every row is its own customer.
        strata : array-like, shape (n,), optional
            A confounder; every stratum of 20 rows and more has its own leak, the others share one.
        time : array-like, shape (n,), optional
            Sortable moments. Without them nothing can be confirmed.

        Returns
        -------
        ConditionSetMiner

        Raises
        ------
        TooFewFailures
            Under `min_failures`.
        TooManyStrata
            More than 100 strata of 20 rows and more.
        ValueError
            If the outcome does not have exactly two classes.
        """
        return self._mine(self._part(Batch(X, y, groups, strata, time), first=True))

    @_fit_context(  # type: ignore[untyped-decorator]
        prefer_skip_nested_validation=True
    )
    def fit_batches(self, batches: Iterable[Batch]) -> Self:
        """Find the condition sets of rows that come in batches; a batch is packed as it comes and may then go.

        Parameters
        ----------
        batches : iterable of Batch
            With the same columns. Empty ones are passed over.

        Returns
        -------
        ConditionSetMiner
            As `fit` on all rows in this order, to the last digit. In another order of the rows the counts are the
            same and all else differs by rounding alone, but for the share of rows that is looked at where there are
            very many (60 000 rows with numbers, thousands of failures): it is drawn along the order.

        Raises
        ------
        TooFewFailures, TooManyStrata, ValueError
            As `fit`; also if there is no row, or customers, strata or moments are given with some batches only.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> X = (rng.random((4000, 3)) < 0.3).astype(float)
        >>> y = rng.random(4000) < np.where(X[:, :2].all(axis=1), 0.7, 0.01)
        >>> halves = (Batch(X[rows], y[rows]) for rows in (slice(2000), slice(2000, None)))
        >>> ConditionSetMiner().fit_batches(halves).sets_ == ConditionSetMiner().fit(X, y).sets_
        True
        """
        parts: list[Part] = []
        for batch in batches:
            if np.shape(batch.y)[:1] != (0,):
                parts.append(self._part(batch, first=not parts))
        return self._mine(joined(parts))

    def _part(self, batch: Batch, *, first: bool) -> Part:
        """Check a batch under scikit-learn's contract and pack it."""
        kinds = [np.float64, np.float32]
        X, y = validate_data(self, batch.X, batch.y, dtype=kinds, ensure_all_finite="allow-nan", reset=first)
        return part_of(X, y, batch)

    def _mine(self, rows: Part) -> Self:
        self.classes_, failed = outcome_of(rows.y, self.min_failures)
        with threadpool_limits(limits=1):
            self._keep(
                analyse(
                    rows.conditions,
                    failed,
                    column_kinds(rows.conditions, self.categorical),
                    context(failed, rows.groups, rows.strata, rows.time),
                    Limits(self.alpha, self.min_failures, self.min_support),
                )
            )
        return self

    def _keep(self, analysis: Analysis) -> None:
        """Store what was learnt, in the caller's names."""
        result = analysis.findings
        self.sets_ = result.named(self._names(), analysis.ascertained)
        self.leak_ = result.leak
        self.tested_ = tried_by_size(analysis.discovered.searched)
        self.notes_ = analysis.notes
        self.periods_ = analysis.periods
        self._members: tuple[Items, ...] = analysis.discovered.sets
        self._lengths: Floats = result.lengths
        self._leak_eta: float = result.leak_eta
        self._undetermined_eta: float = result.undetermined_eta

    def _names(self) -> list[str]:
        if self.feature_names is not None:
            names = [str(name) for name in self.feature_names]
            if len(names) != self.n_features_in_:
                raise ValueError(f"{len(names)} feature names were given for {self.n_features_in_} columns.")
            return names
        given: Sequence[str] | None = getattr(self, "feature_names_in_", None)
        return [f"x{j}" for j in range(self.n_features_in_)] if given is None else [str(name) for name in given]

    def _states(self, X: ArrayLike) -> NDArray[np.int8]:
        check_is_fitted(self)
        checked = validate_data(self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", reset=False)
        return Observed(checked).matrix(self._members)

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the probability of the two classes; the leak is the mean over the strata seen in `fit`.

        Parameters
        ----------
        X : array-like of float, shape (n, m)

        Returns
        -------
        ndarray of float, shape (n, 2)
        """
        states = self._states(X)
        unknown = (states == UNDETERMINED).any(axis=1)
        eta = (states == PRESENT) @ self._lengths + np.where(unknown, self._undetermined_eta, self._leak_eta)
        failing = -np.expm1(-eta)
        return np.stack([1 - failing, failing], axis=1)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the likelier class of each row.

        Parameters
        ----------
        X : array-like of float, shape (n, m)

        Returns
        -------
        ndarray, shape (n,)
        """
        likelier = self.predict_proba(X).argmax(axis=1)
        predicted: NDArray[Any] = self.classes_[likelier]
        return predicted

    def transform(self, X: ArrayLike) -> Floats:
        """Return which sets are complete: 1 complete, 0 not, NaN undetermined.

        Parameters
        ----------
        X : array-like of float, shape (n, m)

        Returns
        -------
        ndarray of float, shape (n, sets)
        """
        states = self._states(X)
        exposure = states.astype(np.float64)
        exposure[states == UNDETERMINED] = np.nan
        return exposure

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:  # noqa: ARG002 - the names are those of the sets
        """Return a name for each column of `transform`: the conditions joined by "&".

        Parameters
        ----------
        input_features : ignored
            Present for scikit-learn's contract.
        """
        check_is_fitted(self)
        names = [" & ".join(f"{c.feature} {c.op} {c.value:g}" for c in found.items) for found in self.sets_]
        return np.array(names, dtype=object)
