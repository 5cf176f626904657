"""A risk model's terms fitted to rows: all of them first, then those condition sets again that the data bear out.

Every condition has a term of its own. That a complete set adds something beyond its members is a claim, and once there
are departures to learn from, it stays in the model only where they show it. Arrays in, no table and no session.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.design import without_weak_sets
from ml.posterior import Reals
from ml.risk import PriorLogistic
from ml.scorecard import INTERCEPT_SD, Scorecard


class FittedTerms(NamedTuple):
    """A fitted estimator and the terms that are left in it.

    Attributes
    ----------
    scorecard : Scorecard
        The terms left, in the order of the estimator's weights.
    columns : array of int, shape (n_terms left,)
        Their places among the terms given.
    estimator : PriorLogistic
        Fitted to these columns.
    """

    scorecard: Scorecard
    columns: NDArray[np.intp]
    estimator: PriorLogistic


def fit_terms(
    scorecard: Scorecard,
    X: Reals,
    y: ArrayLike,
    *,
    intercept_mean: float,
    embargo: float = 0.0,
    **rows: Any,
) -> FittedTerms:
    """Fit a scorecard's terms to rows, drop the condition sets that are weak beside all others, and fit again.

    Parameters
    ----------
    scorecard : Scorecard
        All terms; the prior is centred on it.
    X : array of shape (n, n_terms)
        Term values (`ml.design.design_matrix`).
    y : array-like of shape (n,)
        1 where the customer left.
    intercept_mean : float
        Log-odds of a customer with every term zero, before anything is learnt.
    embargo : float
        How long an outcome takes to become known, in units of `time`.
    **rows
        `sample_weight`, `groups` and `time` as `ml.risk.PriorLogistic.fit` takes them.

    Returns
    -------
    FittedTerms

    Raises
    ------
    ValueError
        Malformed arrays.

    Notes
    -----
    A set's term stays only where its posterior z is above 3 beside all other terms (`ml.design.without_weak_sets`). A
    set that no row shows keeps its prior, whose z is 1.2, and so goes too: what nobody has seen followed by anything is
    not served as if it had been learnt. Where no row left there is nothing to judge a set by, and the scorecard's
    weight stands.

    Examples
    --------
    >>> from ml.scorecard import scorecard_for
    >>> card = scorecard_for(["late"], ["never_seen"])
    >>> X, y = np.zeros((40, len(card.terms))), np.arange(40) % 4 == 0
    >>> "set:never_seen" in fit_terms(card, X, y, intercept_mean=-2.0).scorecard.features
    False
    >>> "set:never_seen" in fit_terms(card, X, y & False, intercept_mean=-2.0).scorecard.features
    True
    """
    fitted = _fitted(scorecard, X, y, intercept_mean, embargo, rows)
    everything = np.arange(len(scorecard.terms))
    if fitted.n_departures_ == 0:
        return FittedTerms(scorecard, everything, fitted)
    kept = without_weak_sets(scorecard, fitted.z_)
    if len(kept.terms) == len(scorecard.terms):
        return FittedTerms(scorecard, everything, fitted)
    columns = np.array([place for place, term in enumerate(scorecard.terms) if term in kept.terms], dtype=np.intp)
    return FittedTerms(kept, columns, _fitted(kept, X[:, columns], y, intercept_mean, embargo, rows))


def _fitted(
    scorecard: Scorecard, X: Reals, y: ArrayLike, intercept_mean: float, embargo: float, rows: dict[str, Any]
) -> PriorLogistic:
    estimator = PriorLogistic(
        prior_mean=scorecard.weights,
        prior_sd=scorecard.sds,
        intercept_mean=intercept_mean,
        intercept_sd=INTERCEPT_SD,
        embargo=embargo,
    )
    return estimator.fit(X, y, **rows)
