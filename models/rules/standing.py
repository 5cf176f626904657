"""What became of condition sets from one analysis to another: new, gone, returned, and stronger or weaker by a test.

A set is found again or it is not; that says little of how strong it is. *Stronger* and *weaker* are said only where a
test of the completions does, with the false discovery rate over all sets of a comparison held at 5 %. Two analyses of
one workspace share most of their cases, and this test takes them for strangers: it errs by saying too little.
"""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import NormalDist
from typing import Generic, TypeVar

LEVEL = 0.05
SURE = 15.0
"""From such an l on the completion is 1 to six digits, and the standard error of l says nothing."""
HOLDS = frozenset({"confirmed", "amplifier", "supported"})
NOT_THERE = frozenset({"stopped", "not_supported"})

K = TypeVar("K", bound=Hashable)


class Became(StrEnum):
    """What became of a set."""

    RETURNED = "returned"
    NEW = "new"
    STRONGER = "stronger"
    WEAKER = "weaker"
    GONE = "gone"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a set stands in one analysis.

    Parameters
    ----------
    status : str
    length : float or None
        l of its completion 1 - exp(-l).
    error : float or None
        The standard error of l.
    """

    status: str
    length: float | None = None
    error: float | None = None

    @property
    def is_there(self) -> bool:
        """Whether the set was found and not found stopped, or people drew it and the data do not speak against it."""
        return self.status not in NOT_THERE


@dataclass(frozen=True, slots=True)
class Compared(Generic[K]):
    """What became of one set, and the two-sided p of its change in strength; None where nothing can be tested."""

    key: K
    became: Became
    p_value: float | None


def compare(now: Mapping[K, Standing], before: Mapping[K, Standing], held: Collection[K]) -> list[Compared[K]]:
    """Return what became of every set of two analyses.

    Parameters
    ----------
    now, before : mapping
        How the sets stand in the later analysis and in the earlier.
    held : collection
        Sets that some analysis before the later one found to hold.

    Returns
    -------
    list of Compared
        Those of `now` in their order, then those only of `before`; none that is there in neither.

    Examples
    --------
    >>> strong, weak = Standing("confirmed", 0.9, 0.1), Standing("confirmed", 0.2, 0.1)
    >>> told = compare({"a": strong, "b": strong}, {"a": weak, "c": weak}, held={"b"})
    >>> [(each.key, each.became.value) for each in told]
    [('a', 'stronger'), ('b', 'returned'), ('c', 'gone')]
    """
    p_values = {key: _p_value(now[key], before[key]) for key in now.keys() & before.keys()}
    changed = _rejected({key: p for key, p in p_values.items() if p is not None})
    told: list[Compared[K]] = []
    for key in [*now, *(key for key in before if key not in now)]:
        became = _became(now.get(key), before.get(key), was_held=key in held, changed=key in changed)
        if became is not None:
            told.append(Compared(key, became, p_values.get(key)))
    return told


def _became(now: Standing | None, before: Standing | None, *, was_held: bool, changed: bool) -> Became | None:
    if now is None or not now.is_there:
        return Became.GONE if before is not None and before.is_there else None
    if before is None or not before.is_there:
        return Became.RETURNED if was_held else Became.NEW
    if not changed:
        return Became.UNCHANGED
    return Became.STRONGER if (now.length or 0) > (before.length or 0) else Became.WEAKER


def _p_value(now: Standing, before: Standing) -> float | None:
    """Return the two-sided p of two lengths being one."""
    if not (now.is_there and before.is_there):
        return None
    if now.length is None or now.error is None or before.length is None or before.error is None:
        return None
    spread = sqrt(now.error**2 + before.error**2)
    if spread == 0 or max(now.length, before.length) >= SURE:
        return None
    return 2 * NormalDist().cdf(-abs(now.length - before.length) / spread)


def _rejected(p_values: Mapping[K, float]) -> set[K]:
    """Return which hypotheses fall with the false discovery rate held (Benjamini & Hochberg 1995)."""
    ranked = sorted(p_values, key=lambda key: p_values[key])
    last = 0
    for rank, key in enumerate(ranked, 1):
        if p_values[key] <= LEVEL * rank / len(ranked):
            last = rank
    return set(ranked[:last])
