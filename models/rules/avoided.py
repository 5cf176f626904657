"""How many failures would be expected to stay away under countermeasures: if all hold, if the best slips, if all slip.

The arithmetic stands on what an analysis kept: how often which sets were complete together, and how readily a failure
followed. What is expected to stay away is the model's figure for cases like those, not a promise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, sqrt

from models.rules.sparing import Sparing

SLIPPED = 3.0
"""A countermeasure that slips removes its condition a third as often."""
Z_95 = 1.96


@dataclass(frozen=True, slots=True)
class Cell:
    """Cases alike in their stratum and in which sets were complete in them.

    Parameters
    ----------
    leak : float
        l0 of the stratum.
    rows : float
        How many cases.
    complete : tuple[int, ...]
        Places of the sets that were complete.
    """

    leak: float
    rows: float
    complete: tuple[int, ...]


@dataclass(frozen=True)
class Exposures:
    """What an analysis keeps of the cases it looked at.

    Parameters
    ----------
    sets : tuple[frozenset[str], ...]
        Members of each set.
    lengths : tuple[float, ...]
        l of each set: its completion is q = 1 - exp(-l).
    covariance : tuple[tuple[float, ...], ...]
        Of the lengths, customers as clusters.
    cells : tuple[Cell, ...]
        All cases.
    """

    sets: tuple[frozenset[str], ...]
    lengths: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    cells: tuple[Cell, ...]

    @property
    def rows(self) -> float:
        """How many cases there were."""
        return sum(cell.rows for cell in self.cells)

    @cached_property
    def weights(self) -> dict[tuple[int, ...], float]:
        """Cases by the sets complete in them, each counted with exp(-l0): those the leak alone would spare."""
        weights: dict[tuple[int, ...], float] = {}
        for cell in self.cells:
            if cell.complete:
                weights[cell.complete] = weights.get(cell.complete, 0.0) + cell.rows * exp(-cell.leak)
        return weights


@dataclass(frozen=True, slots=True)
class Measure:
    """A countermeasure as arithmetic sees it: which conditions it removes, and with what probability (0 to 1)."""

    reference: str
    conditions: frozenset[str]
    effectiveness: float


@dataclass(frozen=True, slots=True)
class Avoided:
    """Expected failures that stay away, with a 95 % interval for how surely the completions are known."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The three numbers, and which countermeasure's slipping costs most (None where there is none)."""

    all_hold: Avoided
    best_slips: Avoided
    all_slip: Avoided
    best: str | None


def removal(measures: Sequence[Measure], slipped: Sequence[str] = ()) -> dict[str, float]:
    """Return with what probability each condition is removed when it would occur.

    Several countermeasures on one condition are taken as independent: one that holds is enough.

    Parameters
    ----------
    measures : Sequence[Measure]
    slipped : Sequence[str]
        References of those that slip: e becomes e / 3.

    Examples
    --------
    >>> twice = [Measure("m", frozenset("a"), 0.5), Measure("n", frozenset("ab"), 0.6)]
    >>> {code: round(e, 2) for code, e in sorted(removal(twice).items())}
    {'a': 0.8, 'b': 0.6}
    >>> round(removal(twice, slipped=["n"])["b"], 2)
    0.2
    """
    stays: dict[str, float] = {}
    for measure in measures:
        e = measure.effectiveness / (SLIPPED if measure.reference in slipped else 1.0)
        for code in measure.conditions:
            stays[code] = stays.get(code, 1.0) * (1 - e)
    return {code: 1 - left for code, left in stays.items()}


def risk_under(
    leak: float, sets: Sequence[frozenset[str]], lengths: Sequence[float], removed: Mapping[str, float]
) -> float:
    """Return the probability that a case fails in which some sets would be complete.

    Parameters
    ----------
    leak : float
        l0.
    sets : Sequence[frozenset[str]]
        The sets that would be complete.
    lengths : Sequence[float]
        l of each of them.
    removed : Mapping[str, float]
        With what probability each condition is removed; absent is 0.

    Notes
    -----
    1 - exp(-l0) E[prod_S (1 - q_S 1{no member of S is removed})]. Where no condition belongs to two of the sets this
    is 1 - exp(-l0) prod_S [1 - q_S prod_{c in S} (1 - e_c)]. A condition that several sets share is removed from all
    of them at once: its removal is one event, and the expectation is taken over it.

    Examples
    --------
    >>> from math import log
    >>> half = [-log(0.5)]
    >>> round(risk_under(0.0, [frozenset("ab")], half, {"a": 0.5}), 3)
    0.25
    >>> round(risk_under(0.0, [frozenset("a"), frozenset("ab")], half * 2, {"a": 0.5}), 3)
    0.375
    """
    return 1 - exp(-leak) * Sparing(sets, lengths, removed).chance(range(len(sets)))


def avoided(exposures: Exposures, removed: Mapping[str, float]) -> Avoided:
    """Return how many failures would be expected to stay away among the cases an analysis looked at.

    Parameters
    ----------
    exposures : Exposures
    removed : Mapping[str, float]
        With what probability each condition is removed.

    Returns
    -------
    Avoided
        The interval is that of the completions (delta method); how effective a countermeasure is, is taken as said.

    Examples
    --------
    >>> one = Exposures((frozenset("ab"),), (0.5,), ((0.01,),), (Cell(0.02, 900.0, ()), Cell(0.02, 100.0, (0,))))
    >>> told = avoided(one, {"a": 0.5})
    >>> round(told.value, 2), round(told.low, 2), round(told.high, 2)
    (19.28, 13.46, 25.11)
    """
    value, slopes = _expected(exposures, removed)
    variance = sum(
        slopes[row] * slopes[column] * exposures.covariance[row][column]
        for row in range(len(slopes))
        for column in range(len(slopes))
    )
    half = Z_95 * sqrt(max(variance, 0.0))
    return Avoided(value, max(0.0, value - half), value + half)


def _expected(exposures: Exposures, removed: Mapping[str, float]) -> tuple[float, list[float]]:
    """Return the failures avoided of all cases, and how they change with the length of each set."""
    sparing = Sparing(exposures.sets, exposures.lengths, removed)
    total, slopes = 0.0, [0.0] * len(exposures.sets)
    for complete, weight in exposures.weights.items():
        if not any(code in removed for place in complete for code in exposures.sets[place]):
            continue
        spared, by_set = sparing.with_slopes(complete)
        as_is = exp(-sum(exposures.lengths[place] for place in complete))
        total += weight * (spared - as_is)
        for place in complete:
            slopes[place] += weight * (by_set.get(place, 0.0) + as_is)
    return total, slopes


def never_complete(exposures: Exposures, members: frozenset[str]) -> Avoided:
    """Return how many failures would be expected to stay away if one set never came together, the others as they are.

    Parameters
    ----------
    exposures : Exposures
    members : frozenset[str]
        Of one of its sets.

    Examples
    --------
    >>> cells = (Cell(0.0, 100.0, (0,)), Cell(0.0, 100.0, (0, 1)))
    >>> two = Exposures((frozenset("a"), frozenset("ab")), (0.5, 0.5), ((0.0, 0.0), (0.0, 0.0)), cells)
    >>> round(never_complete(two, frozenset("ab")).value, 2)
    23.87
    """
    place = exposures.sets.index(members)
    alone = frozenset({"itself"})
    sets = tuple(alone if at == place else own for at, own in enumerate(exposures.sets))
    return avoided(Exposures(sets, exposures.lengths, exposures.covariance, exposures.cells), {"itself": 1.0})


def what_if(exposures: Exposures, measures: Sequence[Measure]) -> WhatIf:
    """Return the expected failures avoided if all hold, if the best one slips, and if all slip.

    Parameters
    ----------
    exposures : Exposures
    measures : Sequence[Measure]
        Each by a reference of its own.

    Returns
    -------
    WhatIf
        The best one is that whose slipping costs most; of equals the first by reference.

    Examples
    --------
    >>> one = Exposures((frozenset("ab"),), (0.5,), ((0.0,),), (Cell(0.02, 100.0, (0,)),))
    >>> told = what_if(one, [Measure("m", frozenset("a"), 0.9), Measure("n", frozenset("b"), 0.6)])
    >>> [round(figure.value, 1) for figure in (told.all_hold, told.best_slips, told.all_slip)], told.best
    ([37.0, 27.8, 17.0], 'm')
    """
    left = {measure.reference: _expected(exposures, removal(measures, [measure.reference]))[0] for measure in measures}
    best = min(left, key=lambda reference: (left[reference], reference), default=None)
    slips: tuple[list[str], ...] = ([], [] if best is None else [best], [*left])
    hold, one, every = (avoided(exposures, removal(measures, slipped)) for slipped in slips)
    return WhatIf(hold, one, every, best)


def expected_failures(exposures: Exposures) -> float:
    """Return how many of the cases an analysis looked at would be expected to fail as things are."""
    return sum(
        cell.rows
        * risk_under(
            cell.leak, [exposures.sets[k] for k in cell.complete], [exposures.lengths[k] for k in cell.complete], {}
        )
        for cell in exposures.cells
    )
