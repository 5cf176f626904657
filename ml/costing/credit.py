"""Whose doing the money is: the cost of failures credited to condition sets and the leak, with intervals.

A failing row's cost C_i goes to the sets in the proportion their routes have in its failure, l_S / eta_i, and to the
leak, l0 / eta_i: together exactly C_i (sufficient-cause regression: `ml.conditions`). Intervals by drawing customers
with replacement (bootstrap, Efron 1979; clusters: Field & Welsh 2007), the model fitted anew to every draw.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ml.costing.departure import LIMITS, SEED, Matched
from ml.mining.grouping import Cells, collapse
from ml.mining.likelihood import TINY
from ml.mining.observed import PRESENT

DRAWS = 400
PSEUDO_ROWS = 1.0
FEW_CUSTOMERS = 10
"""Customers with a known cost below which no interval is given: their draws differ too little from each other."""

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Costs:
    """Rows of cases, their sets, and what failing ones cost.

    Attributes
    ----------
    states : ndarray of int8, shape (n, sets)
        0 absent, 1 complete, 2 undetermined.
    failed : ndarray of bool, shape (n,)
    stratum, customer : ndarray of int, shape (n,)
        Codes from 0.
    cost : ndarray of float, shape (n,)
        What each failing row cost, lost value included; 0 where nothing is known.
    per_excess : ndarray of float, shape (n,)
        How much of the cost goes with the excess departure: the cost of a row changes by this much for each unit.
    known : ndarray of bool, shape (n,)
        Failing rows with any known component.
    groups : list of ndarray of int, shape (n,)
        By grouping (need, team) the code of each row's group.
    members : ndarray of bool, shape (conditions, sets)
        Which conditions each set is made of.
    """

    states: NDArray[np.int8]
    failed: Flags
    stratum: Codes
    customer: Codes
    cost: Floats
    per_excess: Floats
    known: Flags
    groups: list[Codes]
    members: Flags


@dataclass(frozen=True, slots=True)
class Figures:
    """Amounts, each with its 95 % interval; NaN where there is none.

    Attributes
    ----------
    value, low, high : ndarray of float, shape (figures,)
    """

    value: Floats
    low: Floats
    high: Floats

    def part(self, start: int, stop: int) -> "Figures":
        """Return some of the figures."""
        return Figures(self.value[start:stop], self.low[start:stop], self.high[start:stop])


@dataclass(frozen=True, slots=True)
class Credited:
    """What the failures cost, by whose doing.

    Attributes
    ----------
    total, leak : Figures
        One figure each. The leak's is sum C_i l0 / eta_i; with those of the sets it is the total.
    sets : Figures
        Root-cost of each set, sum C_i l_S / eta_i.
    avoidable : Figures
        By set, sum E[C_i] (p_i - p_i^-S): what is expected to stay away if the set never came together. E[C_i] is the
        mean of the failing rows with the very same sets whose cost is known, drawn towards the mean of all with the
        set by one row's weight; NaN where no cost is known. Rows of unknown cost count at that mean.
    involved, shared : Figures
        By condition: of all its sets (they overlap), and divided evenly among each set's members (they add up).
    groups : list of Figures
        By grouping, by group.
    shares : ndarray of float, shape (n, sets + 1)
        The share of each row's cost that goes to each set and, last, to the leak: adds up to 1 in failing rows.
    """

    total: Figures
    leak: Figures
    sets: Figures
    avoidable: Figures
    involved: Figures
    shared: Figures
    groups: list[Figures]
    shares: Floats


def credit(costs: Costs, excess: float = 0.0, matched: Matched | None = None, *, draws: int = DRAWS) -> Credited:
    """Credit the cost of failing rows to the sets and the leak.

    Parameters
    ----------
    costs : Costs
    excess : float
        The excess departure the costs were reckoned with.
    matched : Matched, optional
        Estimates the excess departure anew for every draw, of the same customers; not where it was declared.
    draws : int
        How many drawings the intervals rest on.

    Returns
    -------
    Credited

    Examples
    --------
    >>> failed = np.array([True, True, False, False] * 50)
    >>> states = np.array([[1], [0], [0], [0]] * 50, dtype=np.int8)
    >>> nothing, ones = np.zeros(200, dtype=np.intp), np.ones(200)
    >>> whose = np.arange(200)
    >>> costs = Costs(states, failed, nothing, whose, 10.0 * failed, 0 * ones, failed, [], np.ones((1, 1), dtype=bool))
    >>> found = credit(costs, draws=50)
    >>> found.total.value.round(6).tolist(), float((found.sets.value + found.leak.value).round(6)[0])
    ([1000.0], 1000.0)
    """
    with threadpool_limits(limits=1):
        crediting = _Crediting(costs, excess)
        value = crediting.drawn(None, excess)
        low, high = _limits(crediting, excess, matched, draws, len(value))
    figures = Figures(value, low, high)
    sets, conditions = costs.states.shape[1], len(costs.members)
    ends = np.cumsum([1, 1, sets, sets, conditions, conditions, *crediting.sizes]).tolist()
    total, leak, by_set, avoidable, involved, shared, *groups = (
        figures.part(start, end) for start, end in zip([0, *ends], ends, strict=False)
    )
    return Credited(total, leak, by_set, avoidable, involved, shared, groups, crediting.row_shares())


def _limits(
    crediting: "_Crediting", excess: float, matched: Matched | None, draws: int, figures: int
) -> tuple[Floats, Floats]:
    """Return the 2.5th and 97.5th percentile of every figure over drawings of the customers."""
    if crediting.customers_known < FEW_CUSTOMERS:
        return np.full(figures, np.nan), np.full(figures, np.nan)
    rng = np.random.default_rng(SEED)
    customers = crediting.customers
    found = np.empty((draws, figures))
    for at in range(draws):
        weight = np.bincount(rng.integers(0, customers, customers), minlength=customers).astype(float)
        estimate = None if matched is None else matched.excess(weight)
        found[at] = crediting.drawn(weight, excess if estimate is None else estimate)
    usable = ~np.isnan(found).all(axis=0)
    low, high = np.full(figures, np.nan), np.full(figures, np.nan)
    low[usable], high[usable] = np.nanpercentile(found[:, usable], LIMITS, axis=0)
    return low, high


class _Crediting:
    """The failing rows and the cells of the model, to be weighed again and again."""

    def __init__(self, costs: Costs, excess: float) -> None:
        grouping = collapse(costs.failed, costs.stratum, costs.states)
        self._cells, self._codes = grouping.cells, grouping.codes
        self._complete = (self._cells.states == PRESENT).astype(float)
        self._sets = self._complete.shape[1]
        self._leaks = self._cells.leak_columns()
        self._start = np.full(self._sets, 0.2), np.zeros(0)
        self._start = self._fit(self._cells.rows, self._cells.failures)
        self._customer, self._members = costs.customer, costs.members
        failing = np.flatnonzero(costs.failed)
        self._cell, self._whose = self._codes[failing], costs.customer[failing]
        self._fixed = costs.cost[failing] - costs.per_excess[failing] * excess
        self._variable = costs.per_excess[failing]
        self._known = costs.known[failing]
        self._groups = [group[failing] for group in costs.groups]
        self.sizes = [int(group.max(initial=-1)) + 1 for group in costs.groups]
        self.customers = int(costs.customer.max(initial=-1)) + 1
        self.customers_known = len(np.unique(self._whose[self._known]))

    def _fit(self, rows: Floats, failures: Floats) -> tuple[Floats, Floats]:
        """Return l of every set and l0 of every leak stratum, with customers weighed."""
        lengths, leaks = self._start
        cells = Cells(rows, failures, self._cells.stratum, self._cells.states)
        fit = cells.fit(range(self._sets), np.maximum(lengths, 1e-6), leaks)
        return fit.coefficients[len(fit.coefficients) - self._sets :], fit.coefficients[: self._leaks.shape[1]]

    def _in_cells(self, values: Floats) -> Floats:
        total = np.bincount(self._cell, weights=values, minlength=len(self._complete))
        return total.astype(np.float64, copy=False)

    def drawn(self, weight: Floats | None, excess: float) -> Floats:
        """Return all figures side by side, the customers weighed: total, leak, sets, avoidable, conditions, groups."""
        own = np.ones(len(self._cell)) if weight is None else weight[self._whose]
        rows, failures = self._cells.rows, self._in_cells(own)
        if weight is not None:
            rows = np.bincount(self._codes, weights=weight[self._customer], minlength=len(rows)).astype(float)
        lengths, leaks = self._start if weight is None else self._fit(rows, failures)
        cost = own * (self._fixed + self._variable * excess)
        by_cell, known = self._in_cells(cost), self._in_cells(own * self._known)
        sets = by_cell @ self._shares(lengths, leaks)[:, :-1]
        avoidable = (self._fewer(lengths, leaks, rows) * self._expected(by_cell, known)).sum(axis=0)
        even = self._members / np.maximum(self._members.sum(axis=0, keepdims=True), 1)
        groups = [
            np.bincount(g, weights=cost, minlength=size) for g, size in zip(self._groups, self.sizes, strict=True)
        ]
        total = by_cell.sum()
        conditions = (self._members @ sets, even @ sets)
        return np.concatenate([[total, total - sets.sum()], sets, avoidable, *conditions, *groups])

    def _shares(self, lengths: Floats, leaks: Floats) -> Floats:
        """Return the share of a failure in each cell that each set has and, last, the leak: together 1."""
        routes = np.hstack([self._complete * lengths, np.maximum(self._leaks @ leaks, TINY)[:, None]])
        shares: Floats = routes / routes.sum(axis=1, keepdims=True)
        return shares

    def row_shares(self) -> Floats:
        """Return the shares of every row."""
        return self._shares(*self._start)[self._codes]

    def _fewer(self, lengths: Floats, leaks: Floats, rows: Floats) -> Floats:
        """Return, by cell and set, the failures expected to stay away without the set, n (p - p^-S)."""
        eta = (self._leaks @ leaks + self._complete @ lengths)[:, None]
        rest = np.maximum(eta - lengths, 0.0)
        fewer: Floats = rows[:, None] * self._complete * (np.exp(-rest) - np.exp(-eta))
        return fewer

    def _expected(self, cost: Floats, known: Floats) -> Floats:
        """Return, by cell and set, what a failing row is expected to cost: the mean of the known ones in the cell.

        Drawn towards the mean of all with the set, as if that had been seen a few times; NaN where none is known.
        """
        rows = known @ self._complete
        mean = np.where(rows > 0, (cost @ self._complete) / np.where(rows > 0, rows, 1.0), np.nan)
        expected: Floats = (cost[:, None] + PSEUDO_ROWS * mean) / (known[:, None] + PSEUDO_ROWS)
        return expected
