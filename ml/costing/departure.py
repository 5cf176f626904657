"""How much likelier customers leave for having been failed: the first failed case, matched to cases that went well.

The average effect on those treated (ATT) under exact matching within the month (cohort matching; Rosenbaum & Rubin
1983; Iacus, King & Porro 2012 for the coarsened cells), controls followed by Kaplan & Meier's estimate (1958) and
censored at a failure of their own. Association: what a failed customer has that was not matched on stays in it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NEVER = np.iinfo(np.int64).max
LEAST_CONTROLS = 5
"""Customers a cell needs on the other side, or a coarser cell is taken."""
LEAST_FAILED = 50
LEAST_DEPARTURES = 5
SEED = 16
LIMITS = (2.5, 97.5)

Times = NDArray[np.int64]
Codes = NDArray[np.intp]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Episodes:
    """Cases, each with whose it is, what was known of them then, and what followed.

    Attributes
    ----------
    customer : ndarray of int, shape (n,)
        Codes from 0.
    start_us : ndarray of int64, shape (n,)
        When the case counts, UTC microseconds.
    failed : ndarray of bool, shape (n,)
    departed_us : ndarray of int64, shape (n,)
        When the customer left; `NEVER` if not.
    strata : ndarray of int, shape (n, levels)
        Codes to match on, the most important first; unknown is a code of its own. The last is the first given up
        where too few controls are alike; the first never is, nor the month.
    """

    customer: Codes
    start_us: Times
    failed: Flags
    departed_us: Times
    strata: Codes


class Excess(NamedTuple):
    """The excess departure h_fail - h_ok within the horizon, as shares of customers.

    Attributes
    ----------
    value : float or None
        None where nobody could be matched.
    failed_customers, controls : int
        Customers failed and matched; customers they were matched to.
    departures_failed, departures_ok : int
        Of those, how many left within the horizon (controls: before any failure of theirs).
    unmatched : int
        Customers failed to whom nobody was alike.
    enough : bool
        Whether it may be called measured: 50 failed customers, and 5 departures in each arm.
    """

    value: float | None
    failed_customers: int
    controls: int
    departures_failed: int
    departures_ok: int
    unmatched: int
    enough: bool


class Matched:
    """Failed customers with the controls alike to them, ready to be weighed again and again (bootstrap).

    Parameters
    ----------
    episodes : Episodes
    horizon_us : int
        For how long departures are followed after a case.
    now_us : int
        Cases whose horizon ends later are left out of both arms: what follows them is not known.
    """

    def __init__(self, episodes: Episodes, horizon_us: int, now_us: int) -> None:
        first = _first_failure(episodes)
        at_risk = (episodes.departed_us > episodes.start_us) & (episodes.start_us <= now_us - horizon_us)
        own_first = first[episodes.customer]
        treated = _firsts(np.flatnonzero(at_risk & episodes.failed & (episodes.start_us == own_first)), episodes)
        controls = _firsts(
            np.flatnonzero(at_risk & ~episodes.failed & (episodes.start_us < own_first)), episodes, monthly=True
        )
        cell, pairs = _match(episodes, treated, controls)
        matched = cell >= 0
        self._treated, self._cell = treated[matched], cell[matched]
        self._treated_customer = episodes.customer[self._treated]
        start = episodes.start_us[self._treated]
        self._left = episodes.departed_us[self._treated] - start <= horizon_us
        self._cells = int(cell.max(initial=-1)) + 1
        self._unmatched = int((~matched).sum())
        self._follow(episodes, pairs, own_first, horizon_us)

    def _follow(self, episodes: Episodes, pairs: tuple[Codes, Codes], own_first: Times, horizon_us: int) -> None:
        """Say of every control in every cell how long it was followed and whether it left; sorted for the estimate."""
        cell, row = pairs
        start = episodes.start_us[row]
        ends = np.minimum(episodes.departed_us[row], own_first[row])
        followed = np.minimum(ends - start, horizon_us)
        left = (episodes.departed_us[row] <= own_first[row]) & (ends - start <= horizon_us)
        order = np.lexsort((~left, followed, cell))
        self._control_cell, self._control_left = cell[order], left[order]
        self._control_customer = episodes.customer[row][order]
        self._share_followed = followed[order] / horizon_us
        sizes = np.bincount(self._control_cell, minlength=self._cells)
        self._ends = np.cumsum(sizes)

    def excess(self, weight: Floats | None = None) -> float | None:
        """Return the excess departure, every customer weighed; None where nobody is left to compare.

        Parameters
        ----------
        weight : ndarray of float, shape (customers,), optional
            How often each customer was drawn; by default once.
        """
        if not len(self._treated):
            return None
        own = np.ones(len(self._treated)) if weight is None else weight[self._treated_customer]
        theirs = np.ones(len(self._control_cell)) if weight is None else weight[self._control_customer]
        by_cell = np.bincount(self._cell, weights=own, minlength=self._cells)
        left = np.bincount(self._cell, weights=own * self._left, minlength=self._cells)
        well, known = self._risk_without(theirs)
        kept = by_cell * known
        if kept.sum() <= 0:
            return None
        return float(((left - by_cell * well) * known).sum() / kept.sum())

    def interval(self, customers: int, draws: int) -> tuple[float, float]:
        """Return the 95 % interval of the excess departure over drawings of the customers.

        Parameters
        ----------
        customers : int
            How many there are to draw from: all those coded.
        draws : int
        """
        rng = np.random.default_rng(SEED)
        found = []
        for _ in range(draws):
            weight = np.bincount(rng.integers(0, customers, customers), minlength=customers).astype(float)
            found.append(self.excess(weight))
        low, high = np.percentile([each for each in found if each is not None], LIMITS)
        return float(low), float(high)

    def _risk_without(self, weight: Floats) -> tuple[Floats, Flags]:
        """Return each cell's risk of leaving where nothing failed, and in which cells anybody is left to say.

        Where the last control of a cell is censored before the horizon its hazard so far goes on.
        """
        total = np.cumsum(weight)
        ended = np.concatenate([[0.0], total])[self._ends]
        at_risk = ended[self._control_cell] - (total - weight)
        drawn = weight > 0
        leaving = self._control_left & drawn
        share = np.where(leaving, weight / np.where(leaving, at_risk, 1.0), 0.0)
        survival = np.ones(self._cells)
        np.multiply.at(survival, self._control_cell[leaving], np.maximum(1 - share[leaving], 0.0))
        followed = np.zeros(self._cells)
        np.maximum.at(followed, self._control_cell[drawn], self._share_followed[drawn])
        known = followed > 0
        # Whoever left last before anybody could be followed further leaves nobody: then the risk is as seen.
        longer = np.where(known & (survival > 0), 1 / np.where(known, followed, 1.0), 1.0)
        return 1 - survival**longer, known

    def described(self) -> Excess:
        """Return the excess departure with what it rests on."""
        value = self.excess()
        failed, departures = len(np.unique(self._treated_customer)), int(self._left.sum())
        controls = len(np.unique(self._control_customer))
        others = len(np.unique(self._control_customer[self._control_left]))
        enough = failed >= LEAST_FAILED and min(departures, others) >= LEAST_DEPARTURES
        return Excess(value, failed, controls, departures, others, self._unmatched, enough and value is not None)


def month_of(moments_us: Times) -> Codes:
    """Return the calendar month (UTC) of moments as a number.

    Examples
    --------
    >>> month_of(np.array([0, 31 * 86_400_000_000])).tolist()
    [0, 1]
    """
    months: Codes = moments_us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64).astype(np.intp)
    return months


def _first_failure(episodes: Episodes) -> Times:
    """Return when each customer was first failed; `NEVER` where they were not."""
    customers = int(episodes.customer.max(initial=-1)) + 1
    first = np.full(customers, NEVER, dtype=np.int64)
    np.minimum.at(first, episodes.customer[episodes.failed], episodes.start_us[episodes.failed])
    return first


def _firsts(rows: Codes, episodes: Episodes, *, monthly: bool = False) -> Codes:
    """Return the first of the rows of each customer, or of each customer and month."""
    whose = episodes.customer[rows]
    month = month_of(episodes.start_us[rows]) if monthly else np.zeros(len(rows), dtype=np.intp)
    order = np.lexsort((episodes.start_us[rows], month, whose))
    keys = np.stack([whose, month], axis=1)[order]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return rows[order][new]


def _match(episodes: Episodes, treated: Codes, controls: Codes) -> tuple[Codes, tuple[Codes, Codes]]:
    """Put the failed into the finest cell with enough controls; give their cells, and the controls of every cell."""
    cell = np.full(len(treated), -1, dtype=np.intp)
    cells: list[Codes] = []
    rows: list[Codes] = []
    keys = np.column_stack([month_of(episodes.start_us), episodes.strata])
    taken = 0
    for depth in range(keys.shape[1], min(1, episodes.strata.shape[1]), -1):
        open_at = np.flatnonzero(cell < 0)
        both = np.concatenate([keys[treated[open_at], :depth], keys[controls, :depth]])
        codes = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
        own, theirs = codes[: len(open_at)], codes[len(open_at) :]
        enough = np.bincount(theirs, minlength=int(codes.max(initial=-1)) + 1) >= LEAST_CONTROLS
        used = np.unique(own[enough[own]])
        place = np.full(len(enough), -1, dtype=np.intp)
        place[used] = taken + np.arange(len(used))
        taken += len(used)
        cell[open_at] = place[own]
        within = place[theirs] >= 0
        cells.append(place[theirs][within])
        rows.append(controls[within])
    return cell, (np.concatenate(cells), np.concatenate(rows))
