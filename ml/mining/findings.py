"""Findings: the discovered sets fitted on every period, judged, and put into the caller's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Flags, Floats, Indices
from ml.mining.clusters import Customers
from ml.mining.confirmation import PeriodFit, Status, fit_period, is_amplifier, judge
from ml.mining.discovery import Discovered
from ml.mining.grouping import Grouping, collapse
from ml.mining.items import Items
from ml.mining.measures import Fitted, Measures, measures
from ml.mining.observed import UNDETERMINED, Observed
from ml.mining.packed import Matrix
from ml.mining.report import (
    Condition,
    Effect,
    Figures,
    FoundSet,
    Leak,
    RateWithoutAny,
    effect,
    essentialities,
    exposure,
    figures,
    lacking,
    leak,
    rate_without_any,
    rates_without,
)


class Period:
    """The rows of one period.

    Parameters
    ----------
    numbers : ndarray of int or None
        Their numbers in the matrix; None means all.
    y : ndarray of bool, shape (rows,)
    stratum : ndarray of int, shape (rows,)
    customer : ndarray of int, shape (rows,), or None
        Codes; None when every row is its own customer.
    """

    def __init__(self, numbers: Indices | None, y: Flags, stratum: Indices, customer: Indices | None) -> None:
        self.numbers = numbers
        self.y = y
        self.stratum = stratum
        self.customer = None if customer is None else np.unique(customer, return_inverse=True)[1].reshape(-1)
        self.customers = Customers(self.customer, len(y))

    def part(self, rows: Indices) -> Self:
        """Return some of the rows of a whole as a period."""
        customer = None if self.customer is None else self.customer[rows]
        return type(self)(rows, self.y[rows], self.stratum[rows], customer)


@dataclass(frozen=True)
class _Fitted:
    """One period with the sets fitted on it."""

    period: Period
    observed: Observed
    states: NDArray[np.int8]
    grouping: Grouping
    fit: PeriodFit

    def figures(self, k: int) -> Figures:
        return figures(self.states[:, k], self.period.y, self.period.customers, self.fit, k)

    @cached_property
    def collapsed(self) -> Fitted:
        """What all measures beside the figures are made from."""
        return Fitted(self.observed, self.states, self.grouping, self.period.customers, self.fit)


@dataclass(frozen=True, slots=True)
class _Finding:
    members: Items
    aliases: tuple[Items, ...]
    headline: Figures
    discovery: Figures
    rates_without: list[float | None]
    without_any: RateWithoutAny
    essentiality: list[float | None]
    status: Status
    p_confirm: float | None
    effect: Effect
    near: int
    measures: Measures


@dataclass(frozen=True, slots=True)
class Findings:
    """All sets with their figures, the leak, and what prediction needs.

    Attributes
    ----------
    leak : Leak
    lengths : ndarray of float, shape (sets,)
        l of each set over all rows.
    leak_eta, undetermined_eta : float
        Mean l0 of the rows whose membership in every set is known, and of the others.
    """

    found: tuple[_Finding, ...]
    leak: Leak
    lengths: Floats
    leak_eta: float
    undetermined_eta: float

    def named(self, names: Sequence[str], ascertained: set[int]) -> list[FoundSet]:
        """Return the sets in the caller's names; those with an ascertained member are never confirmed."""
        return [_named(finding, names, ascertained) for finding in self.found]


def findings(X: Matrix, everyone: Period, first: Period, later: Period | None, found: Discovered) -> Findings:
    """Fit, judge and describe the discovered sets.

    Parameters
    ----------
    X : ndarray of float, shape (n, m), or Packed
    everyone, first : Period
        All rows, and those of discovery.
    later : Period or None
        Those of confirmation.
    found : Discovered
    """
    overall = _fitted(X, everyone, found.sets)
    before = overall if first is everyone else _fitted(X, first, found.sets)
    after = None if later is None else _fitted(X, later, found.sets)
    statuses: list[Status] = ["not_confirmed"] * len(found.sets)
    if after is not None:
        exposed = [
            tuple(exposure(each.states[:, k], each.period.customers) for each in (before, after))
            for k in range(len(found.sets))
        ]
        amplifies = [is_amplifier(k, found.sets, before.states) for k in range(len(found.sets))]
        statuses = judge(before.fit, after.fit, [(pair[0], pair[1]) for pair in exposed], amplifies)
    described = tuple(_describe(overall, before, after, found, k, status) for k, status in enumerate(statuses))
    unknown = (overall.states == UNDETERMINED).any(axis=1)
    return Findings(
        found=described,
        leak=leak(everyone.y, overall.fit),
        lengths=overall.fit.length,
        leak_eta=_mean(overall.fit.leak, ~unknown),
        undetermined_eta=_mean(overall.fit.leak, unknown),
    )


def _mean(values: Floats, chosen: Flags) -> float:
    return float(values[chosen].mean() if chosen.any() else values.mean())


def _fitted(X: Matrix, period: Period, sets: Sequence[Items]) -> _Fitted:
    observed = Observed(X, period.numbers)
    states = observed.matrix(sets)
    grouping = collapse(period.y, period.stratum, states)
    return _Fitted(period, observed, states, grouping, fit_period(grouping, period.customers))


def _describe(
    overall: _Fitted,
    before: _Fitted,
    after: _Fitted | None,
    found: Discovered,
    k: int,
    status: Status,
) -> _Finding:
    members = found.sets[k]
    window = before if after is None else after
    headline = window.figures(k)
    everyone = overall.period
    near = lacking(overall.observed, members) if len(members) > 1 else []
    return _Finding(
        members=members,
        aliases=found.aliases[k],
        headline=headline,
        discovery=before.figures(k),
        rates_without=rates_without(window.observed, window.period.y, members),
        without_any=rate_without_any(window.observed, window.period.y, window.period.customers, members),
        essentiality=essentialities(overall.observed, overall.grouping, members, k),
        status=status,
        p_confirm=None if after is None else float(after.fit.p_value[k]),
        effect=effect(overall.states[:, k], everyone.y, overall.fit, k, headline.low),
        near=everyone.customers.distinct(np.logical_or.reduce(near)) if near else 0,
        measures=measures(overall.collapsed, window.collapsed, found.sets, k),
    )


def _named(finding: _Finding, names: Sequence[str], ascertained: set[int]) -> FoundSet:
    items = _conditions(finding.members, names)
    flagged = any(item.column in ascertained for item in finding.members)
    confirmed = finding.status in {"confirmed", "amplifier"}
    head = finding.headline
    return FoundSet(
        items=items,
        rows=head.rows,
        customers=head.customers,
        failures=head.failures,
        rate=head.rate,
        rate_low=head.rate_low,
        rate_high=head.rate_high,
        rate_without=dict(zip(items, finding.rates_without, strict=True)),
        rate_without_any=finding.without_any.rate,
        rate_without_any_low=finding.without_any.low,
        rate_without_any_high=finding.without_any.high,
        essentiality=dict(zip(items, finding.essentiality, strict=True)),
        completion=head.completion,
        low=head.low,
        high=head.high,
        status="not_confirmed" if flagged and confirmed else finding.status,
        p_confirm=finding.p_confirm,
        aliases=tuple(_conditions(alias, names) for alias in finding.aliases),
        ascertainment=flagged,
        credited=finding.effect.credited,
        avoidable=finding.effect.avoidable,
        risk_ratio=finding.effect.risk_ratio,
        e_value=finding.effect.e_value,
        near=finding.near,
        discovery=finding.discovery,
        measures=finding.measures,
    )


def _conditions(members: Items, names: Sequence[str]) -> tuple[Condition, ...]:
    return tuple(Condition(names[item.column], item.op, item.value) for item in members)
