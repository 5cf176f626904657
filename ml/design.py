"""From raw feature columns to the rows the risk estimator learns from: the scorecard's terms on arrays."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from ml.posterior import Reals
from ml.scorecard import Scorecard

LEAST_Z = 3.0


def design_matrix(scorecard: Scorecard, columns: Mapping[str, ArrayLike], *, unknown: float = 0.0) -> Reals:
    """Return term values of many customers, shape (n, n_terms), in the order of the scorecard.

    Parameters
    ----------
    scorecard : Scorecard
    columns : mapping of str to array-like of shape (n,)
        Raw features by name; NaN is unknown and becomes `unknown`, and so does a whole column that is absent.
    unknown : float
        0 says nothing in a logistic model; NaN is kept apart by a model of trees.

    Raises
    ------
    ValueError
        No columns at all, or columns that differ in length.

    Examples
    --------
    >>> from ml.scorecard import scorecard_for
    >>> design_matrix(scorecard_for(), {"score_last": [0.0, 10.0, np.nan]})[:, 13]
    array([1., 0., 0.])
    """
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    sizes = {array.shape for array in arrays.values()}
    if len(sizes) != 1 or len(shape := sizes.pop()) != 1:
        raise ValueError("columns are arrays of one length")
    matrix = np.full((shape[0], len(scorecard.terms)), unknown)
    for index, term in enumerate(scorecard.terms):
        raw = arrays.get(term.feature)
        if raw is not None:
            form = term.transform.clip_form()
            value = np.clip((raw.astype(np.float64) - form.centre) / form.scale, form.low, form.high)
            matrix[:, index] = np.nan_to_num(np.log(value) if form.logarithm else value, nan=unknown)
    return matrix


def without_weak_sets(scorecard: Scorecard, z: ArrayLike, least: float = LEAST_Z) -> Scorecard:
    """Return the scorecard without the condition sets whose own term the data do not bear out.

    Parameters
    ----------
    scorecard : Scorecard
    z : array-like of shape (n_terms,)
        Weight over standard error beside all other terms: `ml.risk.PriorLogistic.z_`.
    least : float
        A ``set:`` term stays only above it; all other terms stay.

    Notes
    -----
    Meant for a model learnt from data, to be fitted again on what remains. On day 0 every confirmed set keeps its
    published weight, though its z is 1.2: nothing speaks against it yet.
    """
    kept = zip(scorecard.terms, np.asarray(z, dtype=np.float64), strict=True)
    terms = tuple(term for term, score in kept if score > least or not term.feature.startswith("set:"))
    return Scorecard(terms, scorecard.protected)
