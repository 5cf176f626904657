"""Confirmation in time: what was found in the first 70 % must hold among customers it was not found in.

Headline figures come from the confirmation window. Without one nothing is ever called confirmed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ml.mining.bitsets import Flags, Floats, Indices
from ml.mining.clusters import Customers, covariance, deflation, residual
from ml.mining.grouping import Grouping
from ml.mining.items import Items
from ml.mining.likelihood import Fit
from ml.mining.observed import PRESENT

Status: TypeAlias = Literal["confirmed", "not_confirmed", "too_few", "stopped", "amplifier"]

DISCOVERY_SHARE = 0.7
_KEEP_AT_LEAST = 0.5
_FALSE_DISCOVERY = 0.05
_LEAST_EXPECTED = 5.0
_LEAST_CUSTOMERS = 10
_STOPPED = 1.6448536269514722
_ASSEMBLY_LEFT = 0.2
_ASSEMBLY_P = 0.01
_START = 0.2
_WITHIN = 0.9  # of the rows with a set, the share that must have another for that to lie within it


@dataclass(frozen=True, slots=True)
class Periods:
    """Which rows discover and which confirm; `hashed` tells that customers had to be divided by hash."""

    discovery: Indices
    confirmation: Indices
    hashed: bool


def split_in_time(time: Indices, y: Flags, customer: Indices | None, references: Sequence[object]) -> Periods | None:
    """Divide the rows into a first 70 % and later rows of customers who had none before.

    Parameters
    ----------
    time : ndarray of int, shape (n,)
        Rank of each row's moment; equal moments share a rank.
    y : ndarray of bool, shape (n,)
    customer : ndarray of int, shape (n,), or None
        None when every row is its own customer.
    references : sequence
        The reference of each customer code, for a hash that does not change as rows are added.

    Returns
    -------
    Periods or None
        None where all rows share a moment. Where new customers keep under half of the later failures, customers
        are divided 70/30 by hash and each side uses its own period only.

    Examples
    --------
    >>> import numpy as np
    >>> split_in_time(np.arange(10), np.ones(10, dtype=bool), None, []).confirmation.tolist()
    [7, 8, 9]
    """
    cut = np.sort(time)[min(int(DISCOVERY_SHARE * len(time)), len(time) - 1)]
    early = time < cut
    if not early.any():
        return None
    later = ~early
    if customer is None:
        return Periods(np.flatnonzero(early), np.flatnonzero(later), hashed=False)
    seen = np.zeros(int(customer.max()) + 1, dtype=bool)
    seen[customer[early]] = True
    new = later & ~seen[customer]
    if (new & y).sum() >= _KEEP_AT_LEAST * (later & y).sum():
        return Periods(np.flatnonzero(early), np.flatnonzero(new), hashed=False)
    drawn = np.array([crc32(str(reference).encode()) / 2**32 < DISCOVERY_SHARE for reference in references])
    discovers = drawn[customer]
    return Periods(np.flatnonzero(early & discovers), np.flatnonzero(later & ~discovers), hashed=True)


@dataclass(frozen=True, slots=True)
class PeriodFit:
    """All sets fitted on the rows of one period.

    Attributes
    ----------
    length, variance : ndarray of float, shape (sets,)
        l and its cluster-robust variance.
    p_value : ndarray of float, shape (sets,)
        One-sided, from the deflated likelihood ratio of each set.
    leak : ndarray of float, shape (rows,)
        l0 of every row.
    eta : ndarray of float, shape (rows,)
    """

    length: Floats
    variance: Floats
    p_value: Floats
    leak: Floats
    eta: Floats


def fit_period(grouping: Grouping, customers: Customers) -> PeriodFit:
    """Fit the sets on one period and test each beside the others.

    Parameters
    ----------
    grouping : Grouping
        The rows of the period, collapsed by stratum and by the states of all sets.
    customers : Customers
    """
    cells, cell_of = grouping.cells, grouping.codes
    k = cells.states.shape[1]
    fit = cells.fit(range(k), np.full(k, _START))
    table = cells.table(range(k))
    leaks = table.design.shape[1] - k
    robust = covariance(table, fit, cell_of, grouping.y, customers)
    only_leak = table.design[:, :leaks] @ fit.coefficients[:leaks]
    return PeriodFit(
        length=fit.coefficients[leaks:],
        variance=np.diag(robust)[leaks:],
        p_value=np.array([_p_value(grouping, fit, at, customers) for at in range(k)]),
        leak=only_leak[cell_of],
        eta=(table.design @ fit.coefficients)[cell_of],
    )


def _p_value(grouping: Grouping, fit: Fit, at: int, customers: Customers) -> float:
    """Return 1/2 P(chi2_1 > LR / d) of one set beside the others."""
    cells = grouping.cells
    k = cells.states.shape[1]
    others = [position for position in range(k) if position != at]
    start = fit.coefficients[len(fit.coefficients) - k :]
    without = cells.fit(others, start[others])
    ratio = max(0.0, 2 * (fit.loglik - without.loglik))
    exposure = (cells.states[:, at] == PRESENT).astype(float)
    influence = residual(exposure, cells.table(others), without.probability)
    d = deflation(influence, grouping.codes, grouping.y, without.probability, customers)
    return float(norm.sf(np.sqrt(ratio / d)))


def benjamini_hochberg(p_values: Floats, level: float = _FALSE_DISCOVERY) -> Flags:
    """Tell which hypotheses are rejected with the false discovery rate held at `level`.

    Examples
    --------
    >>> import numpy as np
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.2])).tolist()
    [True, False, False]
    """
    order = np.argsort(p_values, kind="stable")
    ranked = p_values[order] <= level * np.arange(1, len(p_values) + 1) / max(len(p_values), 1)
    rejected = np.zeros(len(p_values), dtype=bool)
    if ranked.any():
        rejected[order[: int(np.flatnonzero(ranked)[-1]) + 1]] = True
    return rejected


@dataclass(frozen=True, slots=True)
class Exposure:
    """How often a set was complete in a period: rows and customers with it, and all of both."""

    rows: int
    customers: int
    all_rows: int
    all_customers: int


def judge(
    before: PeriodFit,
    after: PeriodFit,
    exposed: Sequence[tuple[Exposure, Exposure]],
    amplifies: Sequence[bool],
) -> list[Status]:
    """Return the status of every set.

    Parameters
    ----------
    before, after : PeriodFit
        Discovery and confirmation.
    exposed : sequence of pairs of Exposure
        Each set's exposure in both.
    amplifies : sequence of bool
        Whether each is the union of others: see `is_amplifier`.
    """
    passed = benjamini_hochberg(after.p_value)
    return [
        _status(before, after, k, bool(passed[k]), *exposed[k], amplifies=amplifies[k]) for k in range(len(exposed))
    ]


def _status(
    before: PeriodFit, after: PeriodFit, k: int, passed: bool, then: Exposure, now: Exposure, *, amplifies: bool
) -> Status:
    if _assembly_stopped(then, now):
        return "stopped"
    expected = now.rows * -np.expm1(-before.length[k])
    if expected < _LEAST_EXPECTED or now.customers < _LEAST_CUSTOMERS:
        return "too_few"
    spread = np.sqrt(before.variance[k] / 4 + after.variance[k])
    fallen = before.length[k] / 2 - after.length[k]
    if fallen > 0 and fallen > _STOPPED * spread:
        return "stopped"
    if not passed:
        return "not_confirmed"
    return "amplifier" if amplifies else "confirmed"


def _assembly_stopped(then: Exposure, now: Exposure) -> bool:
    """Tell whether the conditions come together at most a fifth as often as before (customers counted, p < .01)."""
    if not then.rows or not now.all_rows or not then.all_rows:
        return False
    if now.rows / now.all_rows > _ASSEMBLY_LEFT * then.rows / then.all_rows:
        return False
    p1, p0 = now.customers / now.all_customers, then.customers / then.all_customers
    spread = np.sqrt(p0 * (1 - p0) * (1 / now.all_customers + 1 / then.all_customers))
    return bool(p0 - p1 > norm.isf(_ASSEMBLY_P) * spread)


def is_amplifier(k: int, sets: Sequence[Items], states: NDArray[np.int8]) -> bool:
    """Tell whether a set is the union of two or more accepted sets that lie within it.

    A set lies within another if its conditions are some of the other's, and if nearly all rows with the other have it
    complete: two cuts of one number on the same side are one condition, however far apart they were put.

    Parameters
    ----------
    k : int
        Which set is asked about.
    sets : sequence of tuple of Item
    states : ndarray of int8, shape (rows, sets)
        Of the rows the sets were found in.

    Examples
    --------
    Wear beyond 200 and heat beyond 80 each fail a machine, and beyond 210 and 78 the two amplify each other:

    >>> from ml.mining.items import Item
    >>> wear, heat = Item(0, "gt", 200.0), Item(1, "gt", 80.0)
    >>> sets = [(wear,), (heat,), (Item(0, "gt", 210.0), Item(1, "gt", 78.0))]
    >>> states = np.array([[1, 0, 0]] * 10 + [[0, 1, 0]] * 10 + [[1, 1, 1]] * 30 + [[1, 0, 1]], dtype=np.int8)
    >>> is_amplifier(2, sets, states)
    True
    """
    own = _conditions(sets[k])
    inside = states[:, k] == PRESENT
    most = _WITHIN * int(inside.sum())
    parts = [
        _conditions(other)
        for j, other in enumerate(sets)
        if _conditions(other) < own and int((states[inside, j] == PRESENT).sum()) >= most
    ]
    return len(parts) > 1 and set().union(*parts) == own


def _conditions(members: Items) -> set[tuple[int, str, float | None]]:
    """Return the members of a set but for where their cuts are."""
    return {(item.column, item.op, item.value if item.op == "eq" else None) for item in members}
