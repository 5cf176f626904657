"""One analysis from start to end: divide the rows in time, discover, confirm, and say what limits the result."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_consistent_length

from ml.mining.ascertainment import ascertained
from ml.mining.bitsets import Flags, Indices
from ml.mining.confirmation import Periods, split_in_time
from ml.mining.discovery import Discovered, Rows, discover
from ml.mining.findings import Findings, Period, findings
from ml.mining.items import Kind
from ml.mining.packed import Matrix, packed
from ml.mining.strata import LEAST_ROWS, pooled

FEW_FAILURES = 400


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of a set and of the data: see `ml.conditions.ConditionSetMiner`."""

    alpha: float
    min_failures: int
    min_support: int


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the rows beside their conditions.

    Attributes
    ----------
    customer, stratum, moment : ndarray of int or None
        Codes from 0, in sorted order.
    references : ndarray
        What the customer codes stand for.
    pooled : int
        How many strata had too few rows and were pooled into one.
    """

    customer: Indices | None
    stratum: Indices | None
    moment: Indices | None
    references: NDArray[Any]
    pooled: int = 0


@dataclass(frozen=True, slots=True)
class Analysis:
    """The findings and how they came about."""

    findings: Findings
    discovered: Discovered
    periods: Periods | None
    ascertained: set[int]
    notes: tuple[str, ...]


def context(failed: Flags, groups: ArrayLike | None, strata: ArrayLike | None, time: ArrayLike | None) -> Context:
    """Turn customers, strata and moments into codes.

    Parameters
    ----------
    failed : ndarray of bool, shape (n,)
    groups, strata, time : array-like, shape (n,), or None

    Raises
    ------
    ValueError
        If one has not as many entries as there are rows; `TooManyStrata` if strata tell too many groups apart.
    """
    customer, references = _coded(groups, failed)
    if len(references) == len(failed):
        customer = None
    stratum, small = _coded(strata, failed)[0], 0
    if stratum is not None:
        stratum, small = pooled(stratum)
    return Context(customer, stratum, _coded(time, failed)[0], references, small)


def _coded(values: ArrayLike | None, failed: Flags) -> tuple[Indices | None, NDArray[Any]]:
    if values is None:
        return None, np.empty(0)
    given = np.asarray(values)
    check_consistent_length(given, failed)
    distinct, codes = np.unique(given, return_inverse=True)
    return codes.reshape(-1).astype(np.intp), distinct


def analyse(X: Matrix, failed: Flags, kinds: list[Kind], around: Context, limits: Limits) -> Analysis:
    """Discover sets on the first period and confirm them on the later one.

    Parameters
    ----------
    X : ndarray of float, shape (n, m), or Packed
    failed : ndarray of bool, shape (n,)
    kinds : list of {"binary", "category", "numeric"}
    around : Context
    limits : Limits
    """
    X = packed(X)
    stratum = np.zeros(len(failed), np.intp) if around.stratum is None else around.stratum
    everyone = Period(None, failed, stratum, around.customer)
    periods, notes = _periods(failed, around, limits)
    first = everyone if periods is None else everyone.part(periods.discovery)
    later = None if periods is None else everyone.part(periods.confirmation)
    rows = Rows(first.numbers, first.y, first.stratum, first.customers)
    found = discover(X, rows, kinds, alpha=limits.alpha, least=limits.min_support)
    if len(failed) and int(failed.sum()) < FEW_FAILURES:
        notes.insert(0, f"{int(failed.sum())} failures: more sets will be found with {FEW_FAILURES} and more.")
    if around.pooled:
        notes.append(f"{around.pooled} strata with under {LEAST_ROWS} rows each were pooled into one.")
    flagged = ascertained(X, failed, everyone.customers)
    return Analysis(findings(X, everyone, first, later, found), found, periods, flagged, tuple(notes))


def _periods(failed: Flags, around: Context, limits: Limits) -> tuple[Periods | None, list[str]]:
    """Divide the rows in time; give up where too little would be left to discover from."""
    if around.moment is None:
        return None, ["No time: nothing is confirmed."]
    periods = split_in_time(around.moment, failed, around.customer, list(around.references))
    if periods is None:
        return None, ["All rows have the same moment: nothing is confirmed."]
    if failed[periods.discovery].sum() < limits.min_failures or not len(periods.confirmation):
        return None, ["Too few failures to set later rows aside: nothing is confirmed."]
    if periods.hashed:
        return periods, ["Few new customers later on: customers were divided to discover and to confirm."]
    return periods, []
