"""How far silence alone would tell who leaves: printed beside every forward test.

Where departures are read from silence, a model is worth what it tells beyond silence itself.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.evaluation import judge

RECENCY = "recency_days"


def recency_auc(columns: Mapping[str, ArrayLike], outcome: NDArray[Any], chosen: NDArray[Any]) -> float | None:
    """Return the AUC of the days since a customer last came with something of value, alone.

    Parameters
    ----------
    columns : mapping of str to array-like of shape (n,)
        Raw features; `recency_days` is read, unknown as NaN.
    outcome : array of shape (m,)
        1 where the customer left, of the rows chosen.
    chosen : array of bool, shape (n,), or of int, shape (m,)
        The rows of the test.

    Returns
    -------
    float or None
        None where recency is known of no row, or where it was not read at all. Whoever never came counts as the longest
        silent.

    Examples
    --------
    >>> recency_auc({"recency_days": [1.0, 50.0, np.nan]}, np.array([0, 1], np.int8), np.array([True, True, False]))
    1.0
    """
    if RECENCY not in columns:
        return None
    days = np.asarray(columns[RECENCY], dtype=np.float64)[chosen]
    if np.isnan(days).all():
        return None
    longest = np.where(np.isnan(days), np.nanmax(days) + 1, days)
    ranked = np.unique(longest, return_inverse=True)[1] + 1
    return round(float(judge(outcome, ranked / (ranked.max() + 1)).auc), 6)
