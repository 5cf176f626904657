"""Values as the rules see them: kinds that may be compared, instants in UTC microseconds, local days.

Inside the rules an instant is an integer: microseconds since 1970-01-01T00:00:00Z. A calendar day is a
span of instants, first microsecond to last, in a workspace's zone. Everything that has to know a zone
is in this room.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from math import isnan
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US

# Of a time that happens twice, a day begins with the first and ends with the second.
_LAST = time.max.replace(fold=1)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Kind(StrEnum):
    """What a value is for the purpose of comparing it; unlike kinds are never compared."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    TIME = "time"


_EXACT_KINDS = {int: Kind.NUMBER, str: Kind.TEXT, bool: Kind.FLAG}


def kind_of(value: Any) -> Kind | None:
    """Tell which kind a stored value is.

    Parameters
    ----------
    value : Any
        A JSON scalar, or a member of a text enumeration.

    Returns
    -------
    Kind | None
        None for what cannot be compared: nothing, a list, an object, not-a-number. A truth value is a
        flag and never a number.

    Examples
    --------
    >>> kind_of(3), kind_of(True), kind_of(None)
    (<Kind.NUMBER: 'number'>, <Kind.FLAG: 'flag'>, None)
    """
    exact = _EXACT_KINDS.get(type(value))
    if exact is not None:
        return exact
    if isinstance(value, str):
        return Kind.TEXT
    if isinstance(value, float):
        return None if isnan(value) else Kind.NUMBER
    return Kind.NUMBER if isinstance(value, int) else None


def micros(moment: datetime) -> int:
    """Turn an aware datetime into UTC microseconds, exactly.

    Parameters
    ----------
    moment : datetime
        With a zone.

    Returns
    -------
    int
        Microseconds since 1970-01-01T00:00:00Z.

    Raises
    ------
    TypeError
        If `moment` has no zone: such a time names no instant.

    Examples
    --------
    >>> micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    passed = moment - EPOCH
    return (passed.days * 86_400 + passed.seconds) * SECOND_US + passed.microseconds


def from_micros(moment_us: int) -> datetime:
    """Turn UTC microseconds back into an aware datetime, exactly.

    Parameters
    ----------
    moment_us : int
        Microseconds since 1970-01-01T00:00:00Z.

    Returns
    -------
    datetime
        In UTC.

    Examples
    --------
    >>> from_micros(1000005)
    datetime.datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=datetime.timezone.utc)
    """
    return EPOCH + timedelta(microseconds=moment_us)


def day_span(day: date, zone: str) -> tuple[int, int]:
    """Give the first and the last microsecond of a calendar day in a zone.

    Parameters
    ----------
    day : date
        The calendar day.
    zone : str
        An IANA zone name.

    Returns
    -------
    tuple[int, int]
        Both inclusive, UTC microseconds. On a day when clocks change the span is 23 or 25 hours long.

    Examples
    --------
    >>> first, last = day_span(date(2026, 3, 29), "Europe/Lisbon")
    >>> (last + 1 - first) / HOUR_US
    23.0
    """
    local = ZoneInfo(zone)
    first = datetime.combine(day, time.min, tzinfo=local)
    last = datetime.combine(day, _LAST, tzinfo=local)
    return micros(first), micros(last)


def local_day(moment_us: int, zone: str) -> date:
    """Tell on which calendar day an instant falls in a zone.

    Parameters
    ----------
    moment_us : int
        UTC microseconds.
    zone : str
        An IANA zone name.

    Returns
    -------
    date
        The local calendar day.
    """
    return from_micros(moment_us).astimezone(ZoneInfo(zone)).date()


def start_of_local_day(moment_us: int, zone: str) -> int:
    """Give the first microsecond of the calendar day an instant falls on.

    Parameters
    ----------
    moment_us : int
        UTC microseconds.
    zone : str
        An IANA zone name.

    Returns
    -------
    int
        UTC microseconds, at most `moment_us`.
    """
    if zone == "UTC":
        return moment_us - moment_us % DAY_US
    local = from_micros(moment_us).astimezone(ZoneInfo(zone))
    return micros(datetime.combine(local, time.min, tzinfo=local.tzinfo))


def end_of_local_day(moment_us: int, zone: str) -> int:
    """Give the last microsecond of the calendar day an instant falls on.

    Parameters
    ----------
    moment_us : int
        UTC microseconds.
    zone : str
        An IANA zone name.

    Returns
    -------
    int
        UTC microseconds, at least `moment_us`; giving it back in changes nothing.

    Examples
    --------
    >>> end_of_local_day(0, "UTC") == DAY_US - 1
    True
    """
    if zone == "UTC":
        return moment_us - moment_us % DAY_US + DAY_US - 1
    local = from_micros(moment_us).astimezone(ZoneInfo(zone))
    return micros(datetime.combine(local, _LAST, tzinfo=local.tzinfo))


def span_of_text(text: str, zone: str) -> tuple[int, int] | None:
    """Read an RFC 3339 time, or a date, as a span of instants.

    Parameters
    ----------
    text : str
        `2026-05-04T10:00:00Z`, or `2026-05-04` for the whole day.
    zone : str
        The zone a date is meant in; a time carries its own offset.

    Returns
    -------
    tuple[int, int] | None
        First and last microsecond, equal for a time; None if the text is neither.

    Examples
    --------
    >>> span_of_text("1970-01-01T01:00:00+01:00", "UTC")
    (0, 0)
    >>> span_of_text("tomorrow", "UTC") is None
    True
    """
    try:
        if _DAY.fullmatch(text):
            return day_span(date.fromisoformat(text), zone)
        if _INSTANT.fullmatch(text):
            moment = micros(datetime.fromisoformat(text.upper()))
            return moment, moment
    except ValueError:  # the thirtieth of February, an hour 25
        return None
    return None


def instant(value: Any) -> int | None:
    """Read what a record gives for one of its times.

    Parameters
    ----------
    value : Any
        UTC microseconds, an aware datetime, or RFC 3339 text.

    Returns
    -------
    int | None
        UTC microseconds; None for anything that names no single instant.

    Examples
    --------
    >>> instant("1970-01-01T00:00:01Z"), instant(7), instant(True), instant(None)
    (1000000, 7, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return None if value.utcoffset() is None else micros(value)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        span = span_of_text(value, "UTC")
        return None if span is None else span[0]
    return None
