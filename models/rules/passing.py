"""What time alone brings about in a case: the instants at which nothing is told and a rule can change all the same."""

from collections.abc import Iterable, Iterator, Mapping
from math import floor
from typing import Any

from models.rules.changes import SINCE_CHANGE
from models.rules.conditions import Clock
from models.rules.facts import CaseHistory
from models.rules.values import DAY_US, HOUR_US, Kind, instant, kind_of, start_of_local_day

_LONGEST_HOURS = 10_000 * 366 * 24
_TIMED = frozenset({"promise_broken", "due_passed", "waiting", "hours_open", "hours_late"})


def changes_with_time(name: str) -> bool:
    """Say whether a field can change though nothing is told of the case.

    Parameters
    ----------
    name : str
        As it stands in a rule's clauses.

    Examples
    --------
    >>> changes_with_time("promise_broken"), changes_with_time("since_change.release-7"), changes_with_time("handovers")
    (True, True, False)
    """
    return name in _TIMED or name.startswith(SINCE_CHANGE)


def mornings_of_done(history: CaseHistory) -> Iterator[int]:
    """Give the first instant of each day by whose end a backfilled case was done: waiting ends there."""
    for case in history.cases:
        done_us = instant(case.fields.get("done_at"))
        if done_us is not None and done_us > case.recorded_us:
            morning_us = start_of_local_day(done_us, history.zone)
            if case.recorded_us < morning_us:
                yield morning_us


def passings(clocks: Iterable[Clock], facts: Mapping[str, Any], moment_us: int) -> list[int]:
    """Give the instants about which the running clocks pass the bounds they are compared with."""
    found: set[int] = set()
    for name, bound in clocks:
        start_us = _clock_start(name, facts, moment_us)
        count: Any = facts.get(bound) if isinstance(bound, str) else bound
        if start_us is None or kind_of(count) is not Kind.NUMBER or abs(count) > _LONGEST_HOURS:
            continue
        passed_us = start_us + floor(count * _unit(name))
        # At the bound, and past it; a bound that is a fraction may be rounded a microsecond on.
        found.update((passed_us, passed_us + 1))
        if not isinstance(count, int):
            found.add(passed_us + 2)
    return sorted(found)


def _clock_start(name: str, facts: Mapping[str, Any], moment_us: int) -> int | None:
    """Give the instant a clock counts from; a clock that has stopped gives one that does no harm."""
    count = facts.get(name)
    if name == "hours_late" and not count:
        needed_us: int | None = facts["needed_by"]
        return needed_us
    return None if count is None else moment_us - round(count * _unit(name))


def _unit(name: str) -> int:
    return DAY_US if name.startswith(SINCE_CHANGE) else HOUR_US
