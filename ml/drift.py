"""Whether customers, or what follows, are no longer what a risk model was learnt from.

Arrays in, plain data out; a worker computes, the API process reads what was stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri

from ml.intervals import numbered, share_by_customer
from models.rules.charts import against_expected
from models.rules.statistics import ShareInterval

BINS = 10
LEAST_CUSTOMERS = 50
LEAST_PSI = 0.1
LEAST_MISSING = 0.05
TAIL = 0.001
Z_TAIL = 3.29
HALF = 0.5
CERTAIN = 1e-9

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drift:
    """How far one column has moved since training.

    Attributes
    ----------
    name : str
        A raw feature, or "risk" for the model's own probabilities.
    psi : float or None
        Population stability index; None where too few known values stand on either side.
    critical : float or None
        What it has to exceed to be more than chance, .1 at least.
    drifted : bool
        It does.
    n_then, n_now : int
        Customers with a known value at training and now.
    unknown_then, unknown_now : float
        Share of rows whose value is not known.
    missing_changed : bool
        The two shares differ by more than .05 and by more than chance (one in a thousand).
    """

    name: str
    psi: float | None
    critical: float | None
    drifted: bool
    n_then: int
    n_now: int
    unknown_then: float
    unknown_now: float
    missing_changed: bool


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """Departures expected and come true among the customers of one snapshot.

    Attributes
    ----------
    moment_us : int
        The snapshot, UTC microseconds.
    customers, departures : int
    expected : float
        Mean risk given: the share expected to leave.
    share : float
        Share that left.
    low, high : float
        Limits around what was expected.
    outside, run : bool
        Beyond the limits; the eighth or later in a row on one side of what was expected.
    """

    moment_us: int
    customers: int
    departures: int
    expected: float
    share: float
    low: float
    high: float
    outside: bool
    run: bool


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Drift of every column, and calibration in the large over time.

    Attributes
    ----------
    columns : tuple of Drift
        Drifted ones first, then by psi.
    calibration : tuple of CalibrationPoint
        In the order of time.
    drifted : bool
        A column drifted, a column's unknown share changed, or the newest point is a signal.
    """

    columns: tuple[Drift, ...]
    calibration: tuple[CalibrationPoint, ...]
    drifted: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return asdict(self)


def stability(
    then: ArrayLike,
    now: ArrayLike,
    *,
    name: str = "",
    customers_then: ArrayLike | None = None,
    customers_now: ArrayLike | None = None,
    bins: int = BINS,
) -> Drift:
    """Compare one column's values now with those at training.

    Parameters
    ----------
    then, now : array-like of shape (n,), (m,)
        NaN is unknown.
    name : str
    customers_then, customers_now : array-like of shape (n,), (m,), optional
        The customer of each row; without them every row is its own.
    bins : int
        Cells of equal count of `then`.

    Returns
    -------
    Drift

    Raises
    ------
    ValueError
        No row on a side, an infinite value, or not one customer for each row.

    Notes
    -----
    PSI = sum (a - e) ln(a / e) over the deciles of `then`, .5 added to every count. Values that many share make fewer
    cells; what lies below all of `then` is a cell of its own where its lowest value is one of the cuts. Were nothing
    changed, PSI / (1/n + 1/m) would follow chi2 of cells - 1 degrees of freedom, so it is drift only above .1 *and*
    above chi2_.999 (1/n + 1/m): few customers differ by more than .1 by chance alone. n and m are customers, not rows:
    the same customer at several snapshots says little more than once.

    References
    ----------
    Yurdakul and Naranjo (2020), Statistical properties of the population stability index, Journal of Risk Model
    Validation 14(4):89-100.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> stability(rng.normal(size=2000), rng.normal(size=2000)).drifted
    False
    >>> stability(rng.normal(size=2000), rng.normal(1.0, size=2000)).drifted
    True
    """
    first, last = _Side.of(then, customers_then), _Side.of(now, customers_now)
    missing = _differs(first.unknown, last.unknown)
    psi = critical = None
    if min(first.customers, last.customers) >= LEAST_CUSTOMERS:
        edges = _edges(first.known, bins)
        psi = _psi(_counts(first.known, edges), _counts(last.known, edges))
        chance = float(chdtri(edges.size, TAIL)) * (1 / first.customers + 1 / last.customers)
        critical = max(LEAST_PSI, chance)
    return Drift(
        name=name,
        psi=psi,
        critical=critical,
        drifted=psi is not None and critical is not None and psi > critical,
        n_then=first.customers,
        n_now=last.customers,
        unknown_then=first.unknown.value or 0.0,
        unknown_now=last.unknown.value or 0.0,
        missing_changed=missing,
    )


@dataclass(frozen=True)
class _Side:
    """One side of a comparison: known values, how many customers have one, and the share of rows unknown."""

    known: Reals
    customers: int
    unknown: ShareInterval

    @classmethod
    def of(cls, values: ArrayLike, customers: ArrayLike | None) -> "_Side":
        column = np.asarray(values, dtype=np.float64)
        if column.ndim != 1 or not column.size or np.isinf(column).any():
            raise ValueError("a column is one array of finite numbers, NaN where unknown, and not empty")
        owner = numbered(customers, column.size)
        known = ~np.isnan(column)
        return cls(column[known], int(np.unique(owner[known]).size), share_by_customer(~known, owner))


def _edges(known: Reals, bins: int) -> Reals:
    cuts = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="lower"))
    lowest = known.min()
    below = [np.nextafter(lowest, -np.inf)] if cuts[0] == lowest else []
    return np.concatenate([below, cuts])


def _counts(values: Reals, edges: Reals) -> Reals:
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=edges.size + 1)
    return counts.astype(np.float64) + HALF


def _psi(then: Reals, now: Reals) -> float:
    expected, actual = then / then.sum(), now / now.sum()
    return float(((actual - expected) * np.log(actual / expected)).sum())


def _differs(then: ShareInterval, now: ShareInterval) -> bool:
    first, last = then.value or 0.0, now.value or 0.0
    pooled = (first * then.n + last * now.n) / (then.n + now.n)
    error = np.sqrt(pooled * (1 - pooled) * (1 / then.n_effective + 1 / now.n_effective))
    return bool(abs(last - first) > max(LEAST_MISSING, Z_TAIL * error))


def calibration_in_the_large(moments_us: ArrayLike, left: ArrayLike, risk: ArrayLike) -> tuple[CalibrationPoint, ...]:
    """Hold each snapshot's departures against those the model expected, on a p' chart.

    Parameters
    ----------
    moments_us : array-like of int, shape (n,)
        The snapshot of each row, UTC microseconds; a customer is in a snapshot once.
    left, risk : array-like of shape (n,)
        Whether the customer left within the horizon, and the probability given at that moment.

    Notes
    -----
    The limits are those of `models.rules.charts.against_expected`.

    Raises
    ------
    ValueError
        Arrays that differ in length, or a risk outside [0, 1].
    """
    moment, outcome, said = np.asarray(moments_us), np.asarray(left), np.asarray(risk, dtype=np.float64)
    if not moment.shape == outcome.shape == said.shape or moment.ndim != 1:
        raise ValueError("moments, outcomes and risks are three arrays of one length")
    if not ((said >= 0) & (said <= 1)).all():
        raise ValueError("a risk is a probability")
    moments, at = np.unique(moment, return_inverse=True)
    customers = np.bincount(at, minlength=moments.size)
    departures = np.bincount(at, outcome == 1, minlength=moments.size).astype(int)
    expected = np.bincount(at, said, minlength=moments.size) / customers
    share = np.clip(expected, CERTAIN, 1 - CERTAIN)
    held = against_expected(list(zip(departures.tolist(), customers.tolist(), share.tolist(), strict=True)))
    rows = zip(moments, customers, departures, expected, held, strict=True)
    return tuple(
        CalibrationPoint(
            int(us), int(n), int(k), float(e), point.share, point.low, point.high, outside=point.outside, run=point.run
        )
        for us, n, k, e, point in rows
    )


def drift_report(
    then: Mapping[str, ArrayLike],
    now: Mapping[str, ArrayLike],
    *,
    customers_then: ArrayLike,
    customers_now: ArrayLike,
    calibration: Sequence[CalibrationPoint] = (),
) -> DriftReport:
    """Compare every column that both sides have.

    Parameters
    ----------
    then, now : mapping of str to array-like
        Raw features at training and now, NaN where unknown; a column "risk" is the model's own answer.
    customers_then, customers_now : array-like
        The customer of each row of either side.
    calibration : sequence of CalibrationPoint
        Of `calibration_in_the_large`.
    """
    columns = [
        stability(then[name], now[name], name=name, customers_then=customers_then, customers_now=customers_now)
        for name in then
        if name in now
    ]
    columns.sort(key=lambda drift: (not drift.drifted, not drift.missing_changed, -(drift.psi or 0.0), drift.name))
    newest = bool(calibration) and (calibration[-1].outside or calibration[-1].run)
    moved = any(drift.drifted or drift.missing_changed for drift in columns)
    return DriftReport(tuple(columns), tuple(calibration), drifted=moved or newest)
