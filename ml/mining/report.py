"""What is said of a set: figures of a period, what it is without each member, what it costs in failures."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Flags
from ml.mining.clusters import Customers
from ml.mining.confirmation import Exposure, PeriodFit, Status
from ml.mining.grouping import Grouping, present_and_unknown
from ml.mining.intervals import completion_interval, rate_interval
from ml.mining.items import Items, Operator
from ml.mining.measures import Measures
from ml.mining.observed import PRESENT, Observed


class Condition(NamedTuple):
    """One member of a set in the caller's words: feature, operator, value."""

    feature: str
    op: Operator
    value: float


@dataclass(frozen=True, slots=True)
class Figures:
    """A set in one period.

    Attributes
    ----------
    rows, customers, failures : int
        With the complete set.
    rate : float or None
        failures / rows, with `rate_low` and `rate_high` (95 %, customers as clusters). None without rows.
    completion : float
        1 - exp(-l): the chance that, all members present, the failure follows by this route.
    low, high : float
        Its 95 % interval.
    """

    rows: int
    customers: int
    failures: int
    rate: float | None
    rate_low: float
    rate_high: float
    completion: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FoundSet:
    """A minimal condition set.

    Attributes
    ----------
    items : tuple of Condition
        Its members.
    rows, customers, failures, rate, rate_low, rate_high, completion, low, high
        As in `Figures`, of the confirmation window (of all rows where there is none).
    rate_without : dict of Condition to float or None
        Rate of the rows that lack exactly this member while the others are present; None without such rows.
    rate_without_any, rate_without_any_low, rate_without_any_high : float or None
        Rate of the rows that lack exactly one member, whichever, in the same window, with its 95 % interval, customers
        as clusters; None without such rows.
    essentiality : dict of Condition to float or None
        l_S / (l_S + l_{S without c}): 1 where the others alone do nothing. None for a single condition.
    status : {"confirmed", "not_confirmed", "too_few", "stopped", "amplifier"}
    p_confirm : float or None
        One-sided p in the confirmation window; None without one.
    aliases : tuple of tuple of Condition
        Sets the data cannot tell from this one.
    ascertainment : bool
        A member is observed more readily when the case failed (or when it did not): never confirmed.
    credited : float
        Failures of all rows credited to the set, sum y l / eta; with the leak's these are all failures.
    avoidable : float
        Failures expected to stay away over all rows if the set never came together.
    risk_ratio, e_value : float
        Over rows with the set; what an unrecorded common cause would have to be to explain it away
        (VanderWeele & Ding 2017).
    near : int
        Customers with all members but one.
    discovery : Figures
        The same figures where the set was found.
    measures : Measures
        What else is said of it.
    """

    items: tuple[Condition, ...]
    rows: int
    customers: int
    failures: int
    rate: float | None
    rate_low: float
    rate_high: float
    rate_without: dict[Condition, float | None] = field(hash=False)
    rate_without_any: float | None
    rate_without_any_low: float | None
    rate_without_any_high: float | None
    essentiality: dict[Condition, float | None] = field(hash=False)
    completion: float
    low: float
    high: float
    status: Status
    p_confirm: float | None
    aliases: tuple[tuple[Condition, ...], ...]
    ascertainment: bool
    credited: float
    avoidable: float
    risk_ratio: float
    e_value: float
    near: int
    discovery: Figures
    measures: Measures


@dataclass(frozen=True, slots=True)
class Leak:
    """Failures with no known set.

    Attributes
    ----------
    probability : float
        Mean chance of failing with no set complete, 1 - exp(-l0).
    share : float
        Share of the failures credited to the leak, between 0 and 1.
    failures : float
        The same as a number of failures.
    """

    probability: float
    share: float
    failures: float


def figures(state: NDArray[np.int8], y: Flags, customers: Customers, fit: PeriodFit, k: int) -> Figures:
    """Return the figures of one set in one period.

    Parameters
    ----------
    state : ndarray of int8, shape (n,)
        The set's state in the rows of the period.
    y : ndarray of bool, shape (n,)
    customers : Customers
    fit : PeriodFit
    k : int
        The set's place in the fit.
    """
    inside = state == PRESENT
    rows, failures = int(inside.sum()), int((inside & y).sum())
    low, high = rate_interval(customers.totals((inside & y).astype(float)), customers.totals(inside.astype(float)))
    held_by = customers.distinct(inside)
    length = float(fit.length[k])
    completion = completion_interval(length, float(np.sqrt(max(fit.variance[k], 0.0))), held_by)
    return Figures(
        rows=rows,
        customers=held_by,
        failures=failures,
        rate=failures / rows if rows else None,
        rate_low=low,
        rate_high=high,
        completion=float(-np.expm1(-length)),
        low=completion[0],
        high=completion[1],
    )


def exposure(state: NDArray[np.int8], customers: Customers) -> Exposure:
    """Return how often a set was complete among the rows and customers of a period."""
    inside = state == PRESENT
    everyone = customers.distinct(np.ones(len(state), dtype=bool))
    return Exposure(int(inside.sum()), customers.distinct(inside), len(state), everyone)


def lacking(observed: Observed, members: Items) -> list[Flags]:
    """Tell, member by member, in which rows exactly this one is known to be absent and all others are present."""
    masks: list[Flags] = []
    for at, item in enumerate(members):
        absent = observed.absent(item)
        rest = members[:at] + members[at + 1 :]
        masks.append(absent & (observed.states(rest) == PRESENT) if rest else absent)
    return masks


def rates_without(observed: Observed, y: Flags, members: Items) -> list[float | None]:
    """Return, member by member, the rate of the rows lacking only it; None where there are none."""
    return [_rate(y[without]) for without in lacking(observed, members)]


class RateWithoutAny(NamedTuple):
    """The rate of the rows lacking exactly one member, whichever, with its interval; None where there are none."""

    rate: float | None
    low: float | None
    high: float | None


def rate_without_any(observed: Observed, y: Flags, customers: Customers, members: Items) -> RateWithoutAny:
    """Return the rate of the rows lacking exactly one member, with its 95 % interval, customers as clusters."""
    inside: Flags = np.logical_or.reduce(lacking(observed, members))
    if not inside.any():
        return RateWithoutAny(None, None, None)
    interval = rate_interval(customers.totals((inside & y).astype(float)), customers.totals(inside.astype(float)))
    return RateWithoutAny(_rate(y[inside]), *interval)


def _rate(y: Flags) -> float | None:
    return float(y.mean()) if y.size else None


def essentialities(observed: Observed, grouping: Grouping, members: Items, k: int) -> list[float | None]:
    """Return l_S / (l_S + l_{S without c}) for every member c, S without c fitted beside all sets.

    Parameters
    ----------
    observed : Observed
    grouping : Grouping
        All rows, collapsed by the states of all sets.
    members : tuple of Item
        The set asked about.
    k : int
        Its place among the sets.
    """
    if len(members) == 1:
        return [None]
    found: list[float | None] = []
    for at in range(len(members)):
        rest = observed.states(members[:at] + members[at + 1 :])
        cells = grouping.split(*present_and_unknown(rest)).cells
        n_sets = cells.states.shape[1]
        own = cells.fit(range(n_sets), np.full(n_sets, 0.2)).coefficients[-n_sets:]
        total = own[k] + own[-1]
        found.append(float(own[k] / total) if total > 0 else None)
    return found


@dataclass(frozen=True, slots=True)
class Effect:
    """Credited and avoidable failures over all rows, risk ratio and E-value over the rows with the set."""

    credited: float
    avoidable: float
    risk_ratio: float
    e_value: float


def effect(state: NDArray[np.int8], y: Flags, fit: PeriodFit, k: int, low: float) -> Effect:
    """Return what a set costs in failures.

    Parameters
    ----------
    state : ndarray of int8, shape (n,)
    y : ndarray of bool, shape (n,)
    fit : PeriodFit
        Fitted on these rows.
    k : int
    low : float
        Lower limit of the completion; an E-value is 1 where it is 0.
    """
    inside = state == PRESENT
    eta, length = np.maximum(fit.eta[inside], 1e-12), float(fit.length[k])
    rest = np.maximum(eta - length, 0.0)
    avoidable = float((np.exp(-rest) - np.exp(-eta)).sum())
    without = float(-np.expm1(-rest).sum())
    ratio = float(-np.expm1(-eta).sum()) / without if without > 0 else float("inf")
    e_value = 1.0 if low <= 0 or ratio <= 1 else ratio + float(np.sqrt(ratio * (ratio - 1)))
    return Effect(float((y[inside] * length / eta).sum()), avoidable, ratio, e_value)


def leak(y: Flags, fit: PeriodFit) -> Leak:
    """Return the failures with no known set, sum y l0 / eta."""
    failures = float((y * fit.leak / np.maximum(fit.eta, 1e-12)).sum())
    return Leak(float(-np.expm1(-fit.leak).mean()), min(1.0, failures / max(int(y.sum()), 1)), failures)
