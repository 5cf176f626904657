"""What else is said of a set: what it does together, what depends on it, and its figures in the words of other fields.

Synergy, excess risk and the crude completion are of the headline's rows; what is attributed to a set, its risk ratio
and the vocabulary are of all rows. All of it comes from rows collapsed to cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml.mining.bitsets import Floats
from ml.mining.clusters import Customers, covariance
from ml.mining.confirmation import PeriodFit
from ml.mining.grouping import Grouping
from ml.mining.interaction import Apart, Estimate, Synergy, apart, excess_risk, pair_shares, synergy, synergy_index
from ml.mining.intervals import completion_interval
from ml.mining.items import Items
from ml.mining.observed import PRESENT, Observed

_PAIR = 2
_BEGIN = 0.2


@dataclass(frozen=True)
class Fitted:
    """One period with the sets of a model fitted on it.

    Attributes
    ----------
    observed : Observed
    states : ndarray of int8, shape (rows, sets)
    grouping : Grouping
    customers : Customers
    fit : PeriodFit
    """

    observed: Observed
    states: NDArray[np.int8]
    grouping: Grouping
    customers: Customers
    fit: PeriodFit

    @cached_property
    def eta(self) -> Floats:
        """The linear predictor of every cell: all rows of one share it."""
        eta = np.zeros(len(self.grouping.cells.rows))
        eta[self.grouping.codes] = self.fit.eta
        return eta

    def held_by(self, k: int) -> int:
        """Return how many customers have a set complete."""
        return self.customers.distinct(self.states[:, k] == PRESENT)

    def apart(self, members: Items) -> Apart:
        """Tell the rows apart by the states of a set's members."""
        return apart(self.observed, self.grouping, self.customers, members)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A set in the words of reliability engineering and of qualitative comparative analysis, over all rows.

    Attributes
    ----------
    minimal_cut_set : bool
        No other set of the model lies within it.
    birnbaum : float
        Birnbaum importance: the chance that it makes the difference whether the set completes, mean exp(-(eta - l_S)).
    birnbaum_of : tuple of float
        Member by member, of its presence, by this set alone: over rows with all others, what l_S adds; a mean of all.
    fussell_vesely : float
        Fussell-Vesely importance: of the failures expected, the share in which the set completed.
    consistency : float
        QCA: of the rows with the set, the share that failed; 0 without rows.
    raw_coverage, unique_coverage : float
        QCA: of the failures, the share with the set, and with it and no other.

    References
    ----------
    Birnbaum (1969), On the importance of different components in a multicomponent system. Fussell (1975),
    doi:10.1109/TR.1975.5215113. Ragin (2006), Set relations in social research, doi:10.1093/pan/mpj019.
    """

    minimal_cut_set: bool
    birnbaum: float
    birnbaum_of: tuple[float, ...]
    fussell_vesely: float
    consistency: float
    raw_coverage: float
    unique_coverage: float


@dataclass(frozen=True, slots=True)
class Measures:
    """What else is said of a set.

    Attributes
    ----------
    length, error : float
        l of the headline and its standard error: what two analyses are compared by.
    synergy : Synergy or None
        None for a single condition.
    excess_risk, synergy_index : Estimate or None
        RERI and the synergy index of a pair; None for others, and as `ml.mining.interaction` says.
    crude : Estimate
        The completion as it were without strata; the headline's is adjusted for them.
    risk_ratio : Estimate or None
        sum p / sum p without the set, over the rows with it; a limit is None, and so is all, where it has no end.
    attributable : float
        Population attributable fraction: of the failures, the share expected to stay away without the set. These may
        add up to more than 1: a failure with two sets would stay away without either only where both are.
    rows, customers, failures : int
        With the complete set, of all rows.
    vocabulary : Vocabulary
    """

    length: float
    error: float
    synergy: Synergy | None
    excess_risk: Estimate | None
    synergy_index: Estimate | None
    crude: Estimate
    risk_ratio: Estimate | None
    attributable: float
    rows: int
    customers: int
    failures: int
    vocabulary: Vocabulary


def measures(overall: Fitted, window: Fitted, sets: Sequence[Items], k: int) -> Measures:
    """Return what else is said of one set of a model.

    Parameters
    ----------
    overall, window : Fitted
        All rows, and those of the headline.
    sets : sequence of tuple of Item
        Of the model.
    k : int
        The set's place among them.
    """
    members = sets[k]
    everywhere = overall.apart(members)
    rows = everywhere if window is overall else window.apart(members)
    parts = frozenset(tuple(members.index(item) for item in other) for other in sets if set(other) < set(members))
    shares = pair_shares(rows) if len(members) == _PAIR else None
    cells = overall.grouping.cells
    inside = cells.states[:, k] == PRESENT
    return Measures(
        length=float(window.fit.length[k]),
        error=float(np.sqrt(max(window.fit.variance[k], 0.0))),
        synergy=synergy(rows, k, parts) if len(members) > 1 else None,
        excess_risk=None if shares is None else excess_risk(shares),
        synergy_index=None if shares is None else synergy_index(shares),
        crude=_crude(window, k),
        risk_ratio=_risk_ratio(overall, k),
        attributable=_avoidable(overall, k) / max(float(cells.failures.sum()), 1.0),
        rows=int(cells.rows @ inside),
        customers=overall.held_by(k),
        failures=int(cells.failures @ inside),
        vocabulary=_vocabulary(overall, sets, k, everywhere),
    )


def _avoidable(fitted: Fitted, k: int) -> float:
    inside = fitted.grouping.cells.states[:, k] == PRESENT
    eta = fitted.eta[inside]
    rest = np.maximum(eta - fitted.fit.length[k], 0.0)
    return float(fitted.grouping.cells.rows[inside] @ (np.exp(-rest) - np.exp(-eta)))


def _crude(fitted: Fitted, k: int) -> Estimate:
    """Return the completion of a set with one leak for all strata."""
    cells, n_sets = fitted.grouping.cells, fitted.states.shape[1]
    length, variance = float(fitted.fit.length[k]), float(fitted.fit.variance[k])
    if cells.stratum.any():
        cells = replace(cells, stratum=np.zeros_like(cells.stratum))
        fit = cells.fit(range(n_sets), np.full(n_sets, _BEGIN))
        robust = covariance(cells.table(range(n_sets)), fit, fitted.grouping.codes, fitted.grouping.y, fitted.customers)
        length, variance = float(fit.coefficients[k - n_sets]), float(robust[k - n_sets, k - n_sets])
    return Estimate(float(-np.expm1(-length)), *completion_interval(length, _root(variance), fitted.held_by(k)))


def _root(variance: float) -> float:
    return float(np.sqrt(max(variance, 0.0)))


def _risk_ratio(fitted: Fitted, k: int) -> Estimate | None:
    """Return sum p / sum p without the set over its rows, its interval that of the set's completion."""
    cells = fitted.grouping.cells
    inside = cells.states[:, k] == PRESENT
    rows, length = cells.rows[inside], float(fitted.fit.length[k])
    spared = np.exp(-np.maximum(fitted.eta[inside] - length, 0.0))
    without = float(rows @ (1 - spared))
    if without <= 0:
        return None
    limits = completion_interval(length, _root(float(fitted.fit.variance[k])), fitted.held_by(k))
    # Whoever was spared without the set is spared with it unless it completes.
    ratios = [float(rows @ (1 - spared * (1 - q))) / without for q in (-np.expm1(-length), *limits)]
    return Estimate(*ratios)


def _vocabulary(fitted: Fitted, sets: Sequence[Items], k: int, rows: Apart) -> Vocabulary:
    cells, eta = fitted.grouping.cells, fitted.eta
    present = cells.states == PRESENT
    inside, length = present[:, k], float(fitted.fit.length[k])
    own, everything, completion = cells.rows * inside, float(cells.rows.sum()), float(-np.expm1(-length))
    spared = np.exp(-np.maximum(eta - length * inside, 0.0))
    failures = max(float(cells.failures.sum()), 1.0)
    failed_inside = float(cells.failures @ inside)
    expected = float(cells.rows @ -np.expm1(-eta))
    ready = [(np.delete(rows.patterns, at, axis=1) == PRESENT).all(axis=1) for at in range(rows.patterns.shape[1])]
    return Vocabulary(
        minimal_cut_set=not any(set(other) < set(sets[k]) for other in sets),
        birnbaum=float(cells.rows @ spared) / everything,
        birnbaum_of=tuple(
            float((rows.cells.rows * each) @ spared[rows.parent]) * completion / everything for each in ready
        ),
        fussell_vesely=float(own.sum()) * completion / expected if expected > 0 else 0.0,
        consistency=failed_inside / float(own.sum()) if own.any() else 0.0,
        raw_coverage=failed_inside / failures,
        unique_coverage=float(cells.failures @ (inside & (present.sum(axis=1) == 1))) / failures,
    )
