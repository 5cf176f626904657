"""The sets in the model while a search goes on, and the exact tests of what could join, change or go."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from ml.mining.bitsets import Flags, Floats, Indices, conjunction, rows_of
from ml.mining.clusters import Customers, deflation, residual
from ml.mining.grouping import Cells, Grouping, Split
from ml.mining.items import ItemPool
from ml.mining.likelihood import Fit
from ml.mining.observed import PRESENT

Members: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A set in the model.

    Attributes
    ----------
    members : tuple of int
        Positions in the pool, ascending.
    deflation : float
        d_S, by which its likelihood ratios are divided.
    found : int
        When it was discovered; a set that replaces it inherits this.
    aliases : tuple of tuple of int
        Sets the data cannot tell from it.
    """

    members: Members
    deflation: float
    found: int
    aliases: tuple[Members, ...] = ()


class Model:
    """Accepted sets, the collapsed rows and the current fit.

    Parameters
    ----------
    pool : ItemPool
    y : ndarray of bool, shape (n,)
    stratum : ndarray of int, shape (n,)
    customers : Customers
    penalty : ndarray of float, shape (6,)
        z^2/2 by size of a set.
    least : int
        Fewest failures a set must account for beside the others.
    """

    def __init__(
        self, pool: ItemPool, y: Flags, stratum: Indices, *, customers: Customers, penalty: Floats, least: int
    ) -> None:
        self.pool = pool
        self.y = y
        self.customers = customers
        self.penalty = penalty
        self.least = least
        self.failing = np.flatnonzero(y)
        self.grouping = Grouping(y, stratum)
        self.sets: list[Accepted] = []
        self._found = 0
        self._without: dict[int, Fit] = {}
        self.fit = self.grouping.cells.fit([], np.empty(0))

    def __len__(self) -> int:
        return len(self.sets)

    @property
    def score(self) -> float:
        """The log-likelihood less what every set has to be worth."""
        return self.fit.loglik - sum(one.deflation * float(self.penalty[len(one.members)]) for one in self.sets)

    @property
    def taken(self) -> set[Members]:
        """The members of the sets in the model."""
        return {accepted.members for accepted in self.sets}

    def coefficients(self, chosen: list[int]) -> Floats:
        """Return the fitted l of the chosen sets."""
        own: Floats = self.fit.coefficients[len(self.fit.coefficients) - len(self.sets) :][chosen]
        return own

    def weights(self, fit: Fit) -> Floats:
        """Return 1/p of the failing rows under a fit on the current cells."""
        weight: Floats = 1 / fit.probability[self.grouping.codes[self.failing]]
        return weight

    # -- changes

    def add(self, members: Members, d: float, found: int | None = None) -> None:
        """Take a set into the model and fit again."""
        guess = np.append(self.coefficients(self._all()), 0.1)
        if found is None:
            found = self._found
            self._found += 1
        self.grouping.add(*self._rows(members))
        self.sets.append(Accepted(members, d, found))
        self._without.clear()
        self.fit = self.grouping.cells.fit(self._all(), guess, self._leaks())

    def remove(self, at: int) -> Accepted:
        """Take a set out of the model and fit again."""
        others = self.others(at)
        guess = self.coefficients(others)
        leaks = self._leaks()
        self.grouping.remove(at)
        gone = self.sets.pop(at)
        self._without.clear()
        self.fit = self.grouping.cells.fit(self._all(), guess, leaks)
        return gone

    def replace(self, at: int, members: Members) -> None:
        """Put another set in the place of one."""
        gone = self.remove(at)
        self.add(members, self.improvement(members)[1], gone.found)

    def restore(self, sets: list[Accepted]) -> None:
        """Go back to sets that were in the model before."""
        for at in reversed(range(len(self.sets))):
            if self.sets[at] not in sets:
                self.remove(at)
        for one in sets:
            if one not in self.sets:
                self.add(one.members, one.deflation, one.found)

    def note_aliases(self, at: int, aliases: list[Members]) -> None:
        """Remember the sets that the data cannot tell from this one."""
        self.sets[at] = replace(self.sets[at], aliases=tuple(aliases))

    # -- exact tests

    def improvement(self, members: Members) -> tuple[float, float]:
        """Return what the score gains with a set added, and the set's deflation."""
        split, k = self._split(members), len(self.sets)
        null = self._fit_as_is(split)
        if not self._supported(split.cells, k, null):
            return -np.inf, 1.0
        complete = split.cells.states[:, k] == PRESENT
        rate = (complete @ split.cells.failures) / max(float(complete @ split.cells.rows), 1.0)
        guess = np.append(self.coefficients(self._all()), -np.log1p(-min(rate, 0.95)) / 2)
        gained = split.cells.fit([*self._all(), k], guess, self._leaks()).loglik - null.loglik
        penalty = float(self.penalty[len(members)])
        if gained <= penalty:
            return gained - penalty, 1.0
        d = self._deflation(split, null)
        return gained / d - penalty, d

    def change(self, at: int, members: Members) -> tuple[float, float]:
        """Return what the score and the log-likelihood gain with a set replaced by another."""
        split, k = self._split(members), len(self.sets)
        others = self.others(at)
        without = self._fit_without(at, split)
        if not self._supported(split.cells, k, without):
            return -np.inf, -np.inf
        guess = self.coefficients([*others, at])
        changed = split.cells.fit([*others, k], guess, self._leaks()).loglik
        gained = changed - self._fit_as_is(split).loglik
        old = self.sets[at]
        saved = float(self.penalty[len(old.members)] - self.penalty[len(members)])
        return gained / old.deflation + saved, gained

    def departure(self, at: int) -> tuple[float, Fit]:
        """Return what the score gains if a set goes, and the fit without it on the current cells.

        A set whose failures the others account for, all but a handful, is not worth what it explains.
        """
        without = self._fit_without(at)
        old = self.sets[at]
        lost = (without.loglik - self.fit.loglik) / old.deflation
        if not self._supported(self.grouping.cells, at, without):
            lost = 0.0
        return lost + float(self.penalty[len(old.members)]), without

    def others(self, at: int) -> list[int]:
        """Return the positions of all sets but one."""
        return [k for k in range(len(self.sets)) if k != at]

    def _fit_without(self, at: int, split: Split | None = None) -> Fit:
        """Fit all sets but one on the current cells, or on split ones; the same cells are fitted once."""
        others = self.others(at)
        if split is not None and split.undetermined is not None:
            return split.cells.fit(others, self.coefficients(others), self._leaks())
        if at not in self._without:
            self._without[at] = self.grouping.cells.fit(others, self.coefficients(others), self._leaks())
        fit = self._without[at]
        return fit if split is None else replace(fit, probability=fit.probability[split.parent])

    def _fit_as_is(self, split: Split) -> Fit:
        """Fit the present sets on split cells; only unknown memberships make that differ from the current fit."""
        if split.undetermined is None:
            return replace(self.fit, probability=self.fit.probability[split.parent])
        guess = self.coefficients(self._all())
        return split.cells.fit(self._all(), guess, self._leaks())

    def _supported(self, cells: Cells, at: int, without: Fit) -> bool:
        """Tell whether enough failures are a set's own: (sum w)^2 / sum w^2 of them, w = 1/p without the set."""
        inside = (cells.states[:, at] == PRESENT) & (cells.failures > 0)
        failures, p = cells.failures[inside], without.probability[inside]
        own = float((failures / p).sum() ** 2 / max(float((failures / p**2).sum()), 1e-12))
        return own >= self.least

    def _deflation(self, split: Split, null: Fit) -> float:
        if not self.customers.clustered:
            return 1.0
        k = len(self.sets)
        exposure = (split.cells.states[:, k] == PRESENT).astype(float)
        influence = residual(exposure, split.cells.table(self._all()), null.probability)
        cell_of = self.grouping.cell_of(split)
        return deflation(influence, cell_of, self.y, null.probability, self.customers)

    def _all(self) -> list[int]:
        return list(range(len(self.sets)))

    def _leaks(self) -> Floats:
        leaks: Floats = self.fit.coefficients[: len(self.fit.coefficients) - len(self.sets)]
        return leaks

    def _split(self, members: Members) -> Split:
        return self.grouping.split(*self._rows(members))

    def _rows(self, members: Members) -> tuple[Indices, Indices | None]:
        undetermined = self.pool.undetermined(members)
        return (
            rows_of(conjunction(self.pool.present, members), self.pool.n),
            None if undetermined is None else rows_of(undetermined, self.pool.n),
        )
