"""Difference in differences: how a share changed where there is a countermeasure, against where there is none."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from ml.effects.trends import Estimate
from ml.mining.bitsets import Flags, Indices

LEAST_CUSTOMERS = 8


@dataclass(frozen=True, slots=True)
class Difference:
    """The change here less the change elsewhere, and what it stands on.

    Attributes
    ----------
    estimate : Estimate
    rows, rows_elsewhere : int
        Before and after together.
    """

    estimate: Estimate
    rows: int
    rows_elsewhere: int


def difference(holds: Flags, here: Flags, after: Flags, counted: Flags, customer: Indices) -> Difference | None:
    """Compare the change of a share here with the change elsewhere.

    Parameters
    ----------
    holds, here, after, counted : ndarray of bool, shape (n,)
        What the share is of; where there is a countermeasure; since it went live; which rows count.
    customer : ndarray of int, shape (n,)

    Returns
    -------
    Difference or None
        None where under 8 customers are in one of the four lots.

    Notes
    -----
    y = b0 + b1 here + b2 after + b3 here x after; b3 with a covariance over customers, t with customers - 1 degrees of
    freedom. It holds where both would have gone the same way without the countermeasure, which nobody can see.

    Examples
    --------
    >>> rows = np.arange(800)
    >>> here, after = rows % 2 == 0, rows >= 400
    >>> holds = rows % 10 < np.where(here & after, 2, 4)
    >>> told = difference(holds, here, after, np.ones(800, bool), rows)
    >>> round(told.estimate.value, 2)
    -0.2
    """
    lots = [counted & (here == there) & (after == then) for there in (True, False) for then in (True, False)]
    if min(len(np.unique(customer[lot])) for lot in lots) < LEAST_CUSTOMERS:
        return None
    y = holds[counted].astype(float)
    one, since = here[counted].astype(float), after[counted].astype(float)
    design = np.stack([np.ones_like(y), one, since, one * since], axis=1)
    fitted = np.linalg.lstsq(design, y, rcond=None)[0]
    score = design * (y - design @ fitted)[:, None]
    whose = np.unique(customer[counted], return_inverse=True)[1].reshape(-1)
    customers = int(whose.max()) + 1
    sums = np.stack([np.bincount(whose, weights=column, minlength=customers) for column in score.T], axis=1)
    bread = np.linalg.pinv(design.T @ design, hermitian=True)
    covariance = customers / (customers - 1) * bread @ (sums.T @ sums) @ bread
    half = float(student.ppf(0.975, customers - 1) * np.sqrt(covariance[3, 3]))
    value = float(fitted[3])
    return Difference(
        Estimate(value, value - half, value + half), int((counted & here).sum()), int((counted & ~here).sum())
    )
