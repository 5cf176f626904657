"""The chance that no condition set brings a failure about, conditions being removed now and then.

A condition that several sets share is removed from all of them at once: its removal is one event, and the expectation
is taken over it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, prod
from typing import TypeAlias

MOST_SHARED = 12
"""So many conditions that several sets share are followed one by one; beyond, sets are taken as independent."""

Left: TypeAlias = frozenset[tuple[int, frozenset[str]]]
"""Sets by their places, each with those of its members of which it is open whether they are removed."""


@dataclass(frozen=True)
class Sparing:
    """Reckons with some sets under some countermeasures, for case after case: what was reckoned once is kept.

    Parameters
    ----------
    sets : Sequence[frozenset[str]]
        Members of each set.
    lengths : Sequence[float]
        l of each set: its completion is q = 1 - exp(-l).
    removed : Mapping[str, float]
        With what probability each condition is removed; absent is 0.

    Examples
    --------
    >>> from math import log
    >>> reckoned = Sparing([frozenset("a"), frozenset("ab")], [-log(0.5)] * 2, {"a": 0.5})
    >>> round(reckoned.chance([0, 1]), 3)
    0.625
    """

    sets: Sequence[frozenset[str]]
    lengths: Sequence[float]
    removed: Mapping[str, float]
    _known: dict[Left, tuple[float, Mapping[int, float]]] = field(default_factory=dict, init=False, repr=False)

    def chance(self, complete: Iterable[int]) -> float:
        """Return the probability that no set brings about the failure, of a case in which some would be complete.

        Parameters
        ----------
        complete : Iterable[int]
            Places of the sets.
        """
        return self.with_slopes(complete)[0]

    def with_slopes(self, complete: Iterable[int]) -> tuple[float, Mapping[int, float]]:
        """Return that probability, and how it changes with each set's length.

        Parameters
        ----------
        complete : Iterable[int]
            Places of the sets.
        """
        # A set with a member that is always removed is never complete.
        left = frozenset(
            (place, frozenset(code for code in self.sets[place] if self.removed.get(code, 0.0) > 0))
            for place in complete
            if all(self.removed.get(code, 0.0) < 1 for code in self.sets[place])
        )
        times = Counter(code for _, members in left for code in members)
        if sum(count > 1 for count in times.values()) > MOST_SHARED:
            return self._apart(left)
        return self._together(left)

    def _together(self, left: Left) -> tuple[float, Mapping[int, float]]:
        """Take the expectation over the removal of what sets share, first of what most of them have in common."""
        known = self._known.get(left)
        if known is None:
            times = Counter(code for _, members in left for code in members)
            code, most = max(times.items(), key=lambda each: (each[1], each[0]), default=("", 0))
            known = self._known[left] = self._apart(left) if most <= 1 else self._either(left, code)
        return known

    def _either(self, left: Left, code: str) -> tuple[float, Mapping[int, float]]:
        """Weigh what follows if a condition is removed with what follows if it stays."""
        e = self.removed[code]
        gone, gone_slopes = self._together(frozenset(each for each in left if code not in each[1]))
        stays, slopes = self._together(frozenset((place, members - {code}) for place, members in left))
        weighed = {place: (1 - e) * slope + e * gone_slopes.get(place, 0.0) for place, slope in slopes.items()}
        return e * gone + (1 - e) * stays, weighed

    def _apart(self, left: Left) -> tuple[float, Mapping[int, float]]:
        """Multiply the chances of sets that share nothing."""
        in_order = sorted(left, key=lambda each: each[0])
        there = {place: prod(1 - self.removed[code] for code in members) for place, members in in_order}
        spared = {place: 1 - (1 - exp(-self.lengths[place])) * chance for place, chance in there.items()}
        whole = prod(spared.values())
        # A set whose completion is 1 to the last digit spares nobody where it is complete for sure.
        return whole, {
            place: -chance
            * exp(-self.lengths[place])
            * (whole / spared[place] if spared[place] else prod(s for at, s in spared.items() if at != place))
            for place, chance in there.items()
        }
