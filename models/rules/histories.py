"""How a late change finds its place: the history of one record, in order, with the state after each of its versions.

A change that arrives late is laid where it belongs, and the states after it are told again where it alters them. The
history is gone through from that place on, and only as far as the change reaches: many late changes of one record, told
oldest first, cost no more than what they alter.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from models.rules.versions import (
    VOIDED,
    Complete,
    Order,
    StoredVersion,
    change_of,
    given_names,
    laid_over,
    said,
    stepped,
)


class Told(NamedTuple):
    """What is so from a moment on, as a late change tells it."""

    occurred_us: int
    state: dict[str, Any]
    voided: bool


class History:
    """The versions of one record in the order of what they tell.

    Parameters
    ----------
    versions : Iterable[StoredVersion]
        All that are stored, in any order; at least one.
    complete : Complete, optional
        The kind's rule that fills in what a state has by rule.
    needed : Sequence[str]
        The fields a record cannot be without: a change that comes before all others need not say them.

    Examples
    --------
    >>> history = History([StoredVersion((1, 1, 1), ["name"], {"name": "Ana"}),
    ...                    StoredVersion((9, 9, 2), ["team"], {"name": "Ana", "team": "north"})])
    >>> history.told_again({"name": "Anna"}, (5, 10, 3))
    [Told(occurred_us=5, state={'name': 'Anna'}, voided=False), \
Told(occurred_us=9, state={'name': 'Anna', 'team': 'north'}, voided=False)]
    """

    def __init__(
        self, versions: Iterable[StoredVersion], complete: Complete | None = None, needed: Sequence[str] = ()
    ) -> None:
        self._complete = complete
        self._needed = needed
        self._versions = sorted(versions, key=lambda version: version.order)
        self._orders: list[Order] = [version.order for version in self._versions]
        self._changes = [change_of(version) for version in self._versions]
        self._after: list[tuple[dict[str, Any], bool]] = []
        for place in range(len(self._versions)):
            self._after.append(self._stepped(self._before(place), place))

    def add(self, version: StoredVersion) -> None:
        """Take in a version that was just told."""
        place = bisect_right(self._orders, version.order)
        self._versions.insert(place, version)
        self._orders.insert(place, version.order)
        self._changes.insert(place, change_of(version))
        self._after.insert(place, self._stepped(self._before(place), place))
        for later in range(place + 1, len(self._versions)):
            after = self._stepped(self._after[later - 1], later)
            if after == self._after[later]:
                return
            self._after[later] = after

    def _before(self, place: int) -> tuple[dict[str, Any], bool]:
        return self._after[place - 1] if place else (self._beginning(), False)

    def _stepped(self, before: tuple[Mapping[str, Any], bool], place: int) -> tuple[dict[str, Any], bool]:
        state, voided = before
        given = self._versions[place].given
        return stepped(state, self._changes[place], self._complete), VOIDED in given or (voided and not given)

    def _beginning(self) -> dict[str, Any]:
        """Return what the record cannot be without, as it was first told."""
        first = self._versions[0].state
        if min(number for _, _, number in self._orders) > 1:
            # An erasure took what was told first: the first that is left says all there is to say of the beginning.
            return dict(first)
        return {name: first[name] for name in self._needed}

    def told_again(self, change: Mapping[str, Any], order: Order) -> list[Told]:
        """Return the states a late change makes: its own moment's first, then each later one it alters.

        Parameters
        ----------
        change : Mapping[str, Any]
            The fields it gives.
        order : Order
            Its place; it lies before at least one version.

        Returns
        -------
        list[Told]
            In the order they happened.
        """
        start = bisect_right(self._orders, order)
        state, voided = self._before(start)
        after = stepped(state, change, self._complete), voided and not change
        told = {order[0]: Told(order[0], *after)}
        for place in range(start, len(self._versions)):
            after, occurred = self._stepped(after, place), self._orders[place][0]
            if after == self._after[place]:
                # From here on all is as it was, the rest of this moment included.
                told[occurred] = Told(occurred, *self._after[self._last_of(occurred)])
                break
            told[occurred] = Told(occurred, *after)
        own = told.pop(order[0])
        return [own, *(each for each in told.values() if self._is_news(each))]

    def _is_news(self, told: Told) -> bool:
        place = self._last_of(told.occurred_us)
        return said(told.state) != said(self._versions[place].state) or told.voided != self._after[place][1]

    def _last_of(self, occurred_us: int) -> int:
        """Return the place of what is so at a moment, -1 before the first."""
        return bisect_left(self._orders, (occurred_us + 1, 0, 0)) - 1

    def holds(self, change: Mapping[str, Any], order: Order) -> bool:
        """Return whether this very change was laid at this very moment before: an import run again."""
        names = given_names(change)
        start, end = (bisect_left(self._orders, (order[0], recorded, 0)) for recorded in (order[1], order[1] + 1))
        return any(
            list(version.given) == names and laid_over(version.state, change) == version.state
            for version in self._versions[start:end]
        )

    def recorded_at(self, occurred_us: int) -> int:
        """Return when the last of what is told of a moment was known; 0 where nothing is."""
        place = self._last_of(occurred_us)
        return self._orders[place][1] if place >= 0 and self._orders[place][0] == occurred_us else 0

    def alters(self, told: Sequence[Told]) -> bool:
        """Return whether a change says anything that was not so at its moment already, or alters what came after."""
        place = self._last_of(told[0].occurred_us)
        if place < 0 or len(told) > 1:
            return True
        return said(told[0].state) != said(self._versions[place].state) or told[0].voided != self._after[place][1]
