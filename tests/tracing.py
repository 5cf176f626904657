"""How coverage looks on after it has looked away: it tells greenlets apart without a call of Python each time.

At every call and return, coverage asks which greenlet runs, for each has a stack of calls of its own, and SQLAlchemy
makes one for each statement. Which stack is whose it looks up in a `weakref.WeakKeyDictionary`, and to look there is
itself a call of Python: half of what coverage took went there.
"""

import weakref
from typing import Any
from unittest import mock

import coverage

ENOUGH = 100


class Stacks(dict[Any, int]):
    """Which stack is which greenlet's, looked up without a call of Python.

    It holds greenlets, as a weak dictionary would not. Those that have ended run no more: they go whenever there are
    twice as many greenlets as lived on when last counted, and more than `ENOUGH`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._room = ENOUGH

    def __setitem__(self, greenlet: Any, place: int) -> None:
        if len(self) >= self._room:
            for ended in [one for one in self if one.dead]:
                del self[ended]
            self._room = max(ENOUGH, 2 * len(self))
        super().__setitem__(greenlet, place)


def look_on(looking: coverage.Coverage) -> None:
    """Start coverage, in this thread with `Stacks`; it makes its dictionary at the first call that it sees."""
    with mock.patch.object(weakref, "WeakKeyDictionary", Stacks):
        looking.start()
        _seen()


def _seen() -> None:
    """Be called."""
