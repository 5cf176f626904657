"""What the members of a set do together beyond what they do apart: synergy, and for pairs RERI and the synergy index.

All of it is of one period's rows, so that what was chosen on the rows of discovery is measured on others.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ml.mining.bitsets import Flags, Floats, Indices
from ml.mining.clusters import Customers, deflation, residual
from ml.mining.grouping import Cells, Grouping
from ml.mining.intervals import Z, effective_rows
from ml.mining.items import Items
from ml.mining.observed import ABSENT, PRESENT, UNDETERMINED, Observed

_STATES = 3
_LEAST_CUSTOMERS = 2
_BEGIN = 0.1
CORNERS = ((1, 1), (1, 0), (0, 1), (0, 0))  # both members of a pair, the first alone, the second alone, neither


class Estimate(NamedTuple):
    """A figure and its 95 % interval; the limits are None where too few customers stand behind it to tell."""

    value: float
    low: float | None
    high: float | None


class Synergy(NamedTuple):
    """The likelihood ratio of a set beside all its proper subsets, deflated for customers, and its one-sided p."""

    ratio: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Apart:
    """The rows of a period told apart by their cell and by the state of every member of one set.

    Attributes
    ----------
    cells : Cells
        With the states of all sets of the model.
    parent : ndarray of int, shape (cells,)
        The cell of the period's grouping that each is a part of.
    patterns : ndarray of int8, shape (cells, members)
        The state of each member.
    cell_of : ndarray of int, shape (rows,), or None
        None where every row is its own customer: the counts then say all.
    y : ndarray of bool, shape (rows,)
    customers : Customers
    """

    cells: Cells
    parent: Indices
    patterns: NDArray[np.int8]
    cell_of: Indices | None
    y: Flags
    customers: Customers


def apart(observed: Observed, grouping: Grouping, customers: Customers, members: Items) -> Apart:
    """Tell the rows of a period apart by the states of a set's members.

    Parameters
    ----------
    observed : Observed
    grouping : Grouping
        The same rows, collapsed by the states of all sets.
    customers : Customers
    members : tuple of Item
    """
    kinds = _STATES ** len(members)
    pattern = np.zeros(observed.n, dtype=np.int16)  # no set has so many members that this is too small
    for place, item in enumerate(members):
        pattern += observed.states((item,)) * np.int16(_STATES**place)
    wide = grouping.codes * kinds + pattern
    size = len(grouping.cells.rows) * kinds
    counted = np.bincount(wide, minlength=size)
    used = np.flatnonzero(counted)
    failures = np.bincount(wide[grouping.y], minlength=size)[used]
    cell_of = None
    if customers.clustered:
        position = np.zeros(size, dtype=np.intp)
        position[used] = np.arange(len(used))
        cell_of = position[wide]
    parent = used // kinds
    patterns = (used[:, None] // _STATES ** np.arange(len(members)) % _STATES).astype(np.int8)
    old = grouping.cells
    cells = Cells(counted[used].astype(float), failures.astype(float), old.stratum[parent], old.states[parent])
    return Apart(cells, parent, patterns, cell_of, grouping.y, customers)


def synergy(rows: Apart, k: int, others: frozenset[tuple[int, ...]]) -> Synergy:
    """Return whether a set explains more than all its parts: l_S tested with every proper subset in the model.

    Parameters
    ----------
    rows : Apart
    k : int
        The set's place among the sets of the model.
    others : frozenset of tuple of int
        Proper subsets, as places of members, that the model holds anyway.

    Returns
    -------
    Synergy
        ratio / d and 1/2 P(chi2_1 > ratio / d), as of every set (`ml.mining.clusters`).
    """
    size = rows.patterns.shape[1]
    parts = [part for length in range(1, size) for part in combinations(range(size), length) if part not in others]
    states = np.hstack([rows.cells.states, *(_state(rows.patterns[:, part])[:, None] for part in parts)])
    cells = Cells(rows.cells.rows, rows.cells.failures, rows.cells.stratum, states)
    beside = [place for place in range(states.shape[1]) if place != k]
    null = cells.fit(beside, np.full(len(beside), _BEGIN))
    start = null.coefficients[len(null.coefficients) - len(beside) :]
    whole = cells.fit([*beside, k], np.append(start, _BEGIN))
    ratio = max(0.0, 2 * (whole.loglik - null.loglik))
    d = 1.0
    if rows.cell_of is not None:
        exposure = (cells.states[:, k] == PRESENT).astype(float)
        influence = residual(exposure, cells.table(beside), null.probability)
        d = deflation(influence, rows.cell_of, rows.y, null.probability, rows.customers)
    return Synergy(ratio / d, float(norm.sf(np.sqrt(ratio / d))))


def _state(patterns: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the state of a set from the states of its members, as `Observed.states` does."""
    states = np.full(len(patterns), UNDETERMINED, dtype=np.int8)
    states[(patterns == PRESENT).all(axis=1)] = PRESENT
    states[(patterns == ABSENT).any(axis=1)] = ABSENT
    return states


class Share(NamedTuple):
    """A failure rate, and its variance p(1-p)/n_e with customers as clusters (NaN for fewer than two)."""

    rate: float
    variance: float


def pair_shares(rows: Apart) -> dict[tuple[int, int], Share] | None:
    """Return the failure rate with both, either and none of a pair; None unless each of the four has rows.

    Parameters
    ----------
    rows : Apart
        Of a set of two members; rows in which one of them was not observed are left out.
    """
    found: dict[tuple[int, int], Share] = {}
    for corner in CORNERS:
        inside = (rows.patterns == corner).all(axis=1)
        if not inside.any():
            return None
        found[corner] = _share(rows, inside)
    return found


def _share(rows: Apart, inside: Flags) -> Share:
    n, failures = float(rows.cells.rows[inside].sum()), float(rows.cells.failures[inside].sum())
    rate = failures / n
    if rows.cell_of is None:  # every row a customer: v = p (1 - p) / (n - 1)
        return Share(rate, rate * (1 - rate) / (n - 1) if n > 1 else float("nan"))
    those = np.flatnonzero(inside[rows.cell_of])
    own = np.unique(rows.customers.of(those), return_inverse=True)[1]
    if int(own.max()) + 1 < _LEAST_CUSTOMERS:
        return Share(rate, float("nan"))
    failed: Floats = np.bincount(own, weights=rows.y[those]).astype(np.float64)
    effective = effective_rows(failed, np.bincount(own).astype(np.float64))[1]
    return Share(rate, rate * (1 - rate) / effective)


def excess_risk(shares: dict[tuple[int, int], Share]) -> Estimate | None:
    """Return the relative excess risk due to interaction of a pair, (p11 - p10 - p01 + p00) / p00.

    Parameters
    ----------
    shares : dict
        As from `pair_shares`.

    Returns
    -------
    Estimate or None
        With variance (v11 + v10 + v01)/p00^2 + v00 ((p11 - p10 - p01)/p00^2)^2. Above 0: together they fail more
        than the sum of what each adds. None if no case fails with neither.

    References
    ----------
    Hosmer & Lemeshow, Confidence interval estimation of interaction, Epidemiology 3 (1992) 452-456.

    Examples
    --------
    >>> four = {(1, 1): Share(0.6, 0.001), (1, 0): Share(0.1, 0.001), (0, 1): Share(0.1, 0.001)}
    >>> [round(each, 1) for each in excess_risk({**four, (0, 0): Share(0.1, 0.0001)})]
    [5.0, 3.7, 6.3]
    """
    (p11, v11), (p10, v10), (p01, v01), (p00, v00) = (shares[corner] for corner in CORNERS)
    if p00 <= 0:
        return None
    value = (p11 - p10 - p01 + p00) / p00
    variance = (v11 + v10 + v01) / p00**2 + v00 * ((p11 - p10 - p01) / p00**2) ** 2
    half = Z * float(np.sqrt(variance))
    return _with_limits(value, value - half, value + half)


def synergy_index(shares: dict[tuple[int, int], Share]) -> Estimate | None:
    """Return the synergy index of a pair, (p11 - p00) / (p10 + p01 - 2 p00).

    Parameters
    ----------
    shares : dict
        As from `pair_shares`.

    Returns
    -------
    Estimate or None
        With its interval on the log scale by the delta method; above 1: more than the sum of both. None unless both
        together and both apart add something to the rate with neither: the index is a ratio of these.

    References
    ----------
    Rothman, Modern Epidemiology (1986); Hosmer & Lemeshow (1992).

    Examples
    --------
    >>> four = {(1, 1): Share(0.6, 0.001), (1, 0): Share(0.2, 0.001), (0, 1): Share(0.2, 0.001)}
    >>> [round(each, 2) for each in synergy_index({**four, (0, 0): Share(0.1, 0.0001)})]
    [2.5, 1.54, 4.05]
    """
    (p11, v11), (p10, v10), (p01, v01), (p00, v00) = (shares[corner] for corner in CORNERS)
    together, separate = p11 - p00, p10 + p01 - 2 * p00
    if together <= 0 or separate <= 0:
        return None
    value = together / separate
    variance = v11 / together**2 + (v10 + v01) / separate**2 + v00 * (2 / separate - 1 / together) ** 2
    factor = float(np.exp(Z * np.sqrt(variance)))
    return _with_limits(value, value / factor, value * factor)


def _with_limits(value: float, low: float, high: float) -> Estimate:
    """Return an estimate; without limits where a corner has too few customers to tell its variance (NaN)."""
    return Estimate(value, None, None) if np.isnan(low) else Estimate(value, low, high)
