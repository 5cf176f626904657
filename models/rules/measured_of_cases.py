"""What a measure in use is of a case, as known at a moment: the value that its bearing on the customer is asked of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

ATTRIBUTES = "attributes"
HANDLING_MINUTES = "handling_minutes"
HOURS_OPEN = "hours_open"
COUNTED = ("contacts", "handovers", "reopened", "waiting_for_customer_minutes")
FLAGS = ("permission_asked", "told_first", "put_back")
FIELDS = (*COUNTED, *FLAGS, HOURS_OPEN, HANDLING_MINUTES)
"""Fields of a case a measure can be; besides `attributes.` and a name."""
HOUR_US = 3_600_000_000


def is_of_a_case(name: str) -> bool:
    """Tell whether a measure can be a field of cases.

    Examples
    --------
    >>> [is_of_a_case(name) for name in ("contacts", "attributes.first_response_minutes", "team", "attributes.")]
    [True, True, False, False]
    """
    prefix, _, attribute = name.partition(".")
    return name in FIELDS or (prefix == ATTRIBUTES and bool(attribute))


@dataclass(frozen=True, slots=True)
class Told:
    """One version of a case.

    Parameters
    ----------
    recorded_us : int
        When the company knew it, UTC microseconds.
    opened_us, done_us : int | None
    values : Mapping[str, Any]
        Its fields, and `attributes`.
    voided : bool
        Withdrawn: from here on there is no such case.
    """

    recorded_us: int
    opened_us: int | None = None
    done_us: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    voided: bool = False


@dataclass(frozen=True, slots=True)
class CaseStory:
    """A case as it was told.

    Parameters
    ----------
    versions : Sequence[Told]
        Of each the one that holds last.
    handled : Sequence[tuple[int, int]]
        Of each contact when it was known, and the minutes it took.
    """

    versions: Sequence[Told]
    handled: Sequence[tuple[int, int]] = ()

    def value_at(self, name: str, moment_us: int) -> float | None:
        """Return what a field was, as known at a moment; None where no number was known.

        Parameters
        ----------
        name : str
            One of `FIELDS`, or `attributes.` and a name. A flag counts 1 or 0; a text is no number.
        moment_us : int
            UTC microseconds. What was recorded later does not count, however long ago it happened.

        Examples
        --------
        >>> case = CaseStory([Told(10, values={"contacts": 1}), Told(30, values={"contacts": 4})])
        >>> case.value_at("contacts", 5), case.value_at("contacts", 20), case.value_at("contacts", 30)
        (None, 1.0, 4.0)
        """
        known = next((told for told in reversed(self.versions) if told.recorded_us <= moment_us), None)
        if known is None or known.voided:
            return None
        if name == HOURS_OPEN:
            return _hours_open(known, moment_us)
        if name == HANDLING_MINUTES:
            minutes = [took for recorded_us, took in self.handled if recorded_us <= moment_us]
            return float(sum(minutes)) if minutes else None
        prefix, _, attribute = name.partition(".")
        if prefix == ATTRIBUTES:
            return number_of((known.values.get(ATTRIBUTES) or {}).get(attribute))
        return number_of(known.values.get(name))

    def known_done_us(self) -> int | None:
        """Return when it was first known that the case is done, None while it is not.

        Examples
        --------
        >>> CaseStory([Told(10), Told(40, done_us=30)]).known_done_us(), CaseStory([Told(10)]).known_done_us()
        (40, None)
        """
        if not self.versions or self.versions[-1].done_us is None:
            return None
        return min(max(told.recorded_us, told.done_us) for told in self.versions if told.done_us is not None)


def number_of(value: Any) -> float | None:
    """Return a value as a number: a flag counts 1 or 0; what is no number, or not finite, is not known.

    Examples
    --------
    >>> number_of(3), number_of(True), number_of("3"), number_of(None)
    (3.0, 1.0, None, None)
    """
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def _hours_open(known: Told, moment_us: int) -> float | None:
    if known.opened_us is None or known.opened_us > moment_us:
        return None
    until_us = moment_us if known.done_us is None else min(known.done_us, moment_us)
    return max(0, until_us - known.opened_us) / HOUR_US
