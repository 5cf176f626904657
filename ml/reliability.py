"""How often what was predicted came true: a table of ten equal counts. `ml.reliability_curve` draws it."""

import numpy as np
from numpy.typing import ArrayLike

from ml.intervals import numbered, share_by_customer
from ml.reliability_curve import ReliabilityRow

BINS = 10


def reliability_table(
    left: ArrayLike, risk: ArrayLike, customers: ArrayLike | None = None, *, bins: int = BINS
) -> tuple[ReliabilityRow, ...]:
    """Return rows of equal count in the order of risk, ties kept in their order, each with its interval.

    Parameters
    ----------
    left, risk : array-like of shape (n,)
        Whether the customer left, and the probability given without knowing it.
    customers : array-like of shape (n,), optional
        The customer of each row; without it every row is its own.
    bins : int
        Rows of the table; fewer where there are fewer rows to count.

    Raises
    ------
    ValueError
        Arrays that differ in length, or nothing to count.

    Examples
    --------
    >>> table = reliability_table([0, 0, 1, 1], [0.1, 0.1, 0.9, 0.9], bins=2)
    >>> [(row.risk, row.left) for row in table]
    [(0.1, 0.0), (0.9, 1.0)]
    """
    outcome, said = np.asarray(left) == 1, np.asarray(risk, dtype=np.float64)
    if outcome.shape != said.shape or said.ndim != 1 or not said.size:
        raise ValueError("outcomes and risks are two arrays of the same length, not empty")
    owner = numbered(customers, said.size)
    table = []
    for part in np.array_split(np.argsort(said, kind="stable"), min(bins, said.size)):
        share = share_by_customer(outcome[part], owner[part])
        table.append(
            ReliabilityRow(
                rows=part.size,
                customers=int(np.unique(owner[part]).size),
                departures=int(outcome[part].sum()),
                low_risk=float(said[part].min()),
                high_risk=float(said[part].max()),
                risk=float(said[part].mean()),
                left=float(outcome[part].mean()),
                low=share.low,
                high=share.high,
            )
        )
    return tuple(table)
