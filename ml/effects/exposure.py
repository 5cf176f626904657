"""What an analysis keeps to reckon with: which sets were complete together, how often, and the fit on all cases."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Flags, Indices
from ml.mining.clusters import Customers, covariance
from ml.mining.grouping import collapse
from ml.mining.items import Items
from ml.mining.observed import PRESENT, Observed
from models.rules.avoided import Cell, Exposures

_START = 0.2


def exposures(
    X: NDArray[np.floating],
    failed: Flags,
    *,
    stratum: Indices,
    customer: Indices | None,
    sets: Sequence[Items],
    names: Sequence[str],
    reckoned: Sequence[bool],
) -> Exposures:
    """Collapse all cases by stratum and by the states of the sets, and fit the sets on them.

    Parameters
    ----------
    X : ndarray of float, shape (n, m)
        Conditions: 1 present, 0 absent, NaN not observed.
    failed : ndarray of bool, shape (n,)
    stratum : ndarray of int, shape (n,)
    customer : ndarray of int, shape (n,), or None
        Clusters; None where every case is its own.
    sets : sequence of tuple of Item
    names : sequence of str
        Of the columns.
    reckoned : sequence of bool
        Which sets countermeasures are reckoned against. What the others explain is part of the leak: nobody knows that
        breaking them would help.

    Returns
    -------
    Exposures
        Counts and coefficients: nothing of anybody.
    """
    states = Observed(X).matrix(sets)
    grouping = collapse(failed, stratum, states)
    cells = grouping.cells
    k = len(sets)
    fit = cells.fit(range(k), np.full(k, _START))
    table = cells.table(range(k))
    leaks = table.design.shape[1] - k
    robust = covariance(table, fit, grouping.codes, failed, Customers(customer, len(failed)))[leaks:, leaks:]
    kept = [place for place, counts in enumerate(reckoned) if counts]
    lengths = fit.coefficients[leaks:]
    complete = cells.states == PRESENT
    rest = [place for place in range(k) if not reckoned[place]]
    leak = table.design[:, :leaks] @ fit.coefficients[:leaks] + complete[:, rest] @ lengths[rest]
    return Exposures(
        tuple(frozenset(names[item.column] for item in sets[place]) for place in kept),
        tuple(float(lengths[place]) for place in kept),
        tuple(tuple(float(value) for value in row) for row in robust[np.ix_(kept, kept)]),
        _cells(leak, cells.rows, complete[:, kept]),
    )


def _cells(leak: NDArray[np.float64], rows: NDArray[np.float64], complete: NDArray[np.bool_]) -> tuple[Cell, ...]:
    counted: dict[tuple[float, tuple[int, ...]], float] = {}
    for own, count, held in zip(leak, rows, complete, strict=True):
        key = (round(float(own), 12), tuple(int(place) for place in np.flatnonzero(held)))
        counted[key] = counted.get(key, 0.0) + float(count)
    return tuple(Cell(own, count, held) for (own, held), count in sorted(counted.items()))
