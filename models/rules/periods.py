"""The days, weeks and months of a workspace's clock, end to end, and when what was said of one stands.

A period begins with the first microsecond of its first day in the workspace's zone: a day may be 23 or 25 hours long,
a week begins on Monday (ISO 8601), a month on its first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from models.rules.values import DAY_US, day_span, local_day

SETTLING_DAYS = 14
"""How long answers to a period are still waited for after its end: invitations come back for about two weeks."""
SETTLING_US = SETTLING_DAYS * DAY_US
_DECEMBER = 12


class Interval(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """One period, in UTC microseconds.

    Parameters
    ----------
    start_us : int
        Its first microsecond.
    end_us : int
        The first one after it.
    """

    start_us: int
    end_us: int

    def is_closed(self, now_us: int) -> bool:
        """Tell whether it is over.

        Parameters
        ----------
        now_us : int
        """
        return self.end_us <= now_us

    def is_provisional(self, now_us: int) -> bool:
        """Tell whether answers to it are still waited for.

        Parameters
        ----------
        now_us : int

        Examples
        --------
        >>> first = Period(0, DAY_US)
        >>> first.is_provisional(14 * DAY_US), first.is_provisional(15 * DAY_US)
        (True, False)
        """
        return now_us < self.end_us + SETTLING_US


def first_day(day: date, interval: Interval) -> date:
    """Give the day on which the period of a day begins.

    Parameters
    ----------
    day : date
    interval : Interval

    Examples
    --------
    >>> [first_day(date(2026, 5, 14), interval).isoformat() for interval in Interval]
    ['2026-05-14', '2026-05-11', '2026-05-01']
    """
    if interval is Interval.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval is Interval.MONTH else day


def next_first_day(day: date, interval: Interval) -> date:
    """Give the day on which the period after the one that begins with a day begins.

    Parameters
    ----------
    day : date
        A first day.
    interval : Interval
    """
    if interval is Interval.MONTH:
        return day.replace(year=day.year + day.month // _DECEMBER, month=day.month % _DECEMBER + 1)
    return day + timedelta(days=7 if interval is Interval.WEEK else 1)


def periods_between(from_us: int, to_us: int, interval: Interval, zone: str, *, most: int) -> Sequence[Period]:
    """Give the whole periods that some time touches, and before them the one before.

    Parameters
    ----------
    from_us, to_us : int
        From this microsecond on, before that one.
    interval : Interval
    zone : str
        The workspace's.
    most : int
        More than so many are not given.

    Returns
    -------
    Sequence[Period]
        The one before first, to compare with; each ends where the next begins.

    Raises
    ------
    ValueError
        If the time touches more than `most` periods, or ends before it begins.

    Examples
    --------
    >>> from models.rules.values import HOUR_US, day_span
    >>> spring = [day_span(date(2026, 3, day), "Europe/Lisbon")[0] for day in (28, 31)]
    >>> [(p.end_us - p.start_us) // HOUR_US for p in periods_between(*spring, Interval.DAY, "Europe/Lisbon", most=9)]
    [24, 24, 23, 24]
    """
    if to_us <= from_us:
        raise ValueError("A time that ends after it begins is needed.")
    first = first_day(local_day(from_us, zone), interval)
    day = first_day(first - timedelta(days=1), interval)
    starts = [day_span(day, zone)[0]]
    while starts[-1] < to_us:
        if len(starts) > most + 1:
            raise ValueError(f"At most {most} periods.")
        day = next_first_day(day, interval)
        starts.append(day_span(day, zone)[0])
    return [Period(start, end) for start, end in pairwise(starts)]
