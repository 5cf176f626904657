"""How far a clock on the wall is from UTC, and since when: what tells days from nights in a workspace's zone."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from models.rules.values import DAY_US, HOUR_US, from_micros

MORNING_US = 8 * HOUR_US
"""A night is from eight in the evening to eight in the morning."""
NIGHT_US = 12 * HOUR_US
_MICROSECOND = timedelta(microseconds=1)


def offsets(zone: str, from_us: int, to_us: int) -> list[tuple[int, int]]:
    """Return since when, and how far, the clock of a zone was ahead of UTC.

    Parameters
    ----------
    zone : str
        An IANA zone.
    from_us, to_us : int
        The time asked for, UTC microseconds; its first entry holds for all before, too.

    Returns
    -------
    list of (int, int)
        Since when (to the hour), and the microseconds ahead; at least one.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from models.rules.values import micros
    >>> year = [micros(datetime(2026, month, 1, tzinfo=UTC)) for month in (1, 7)]
    >>> [(from_micros(since).isoformat(), ahead // HOUR_US) for since, ahead in offsets("Europe/Berlin", *year)]
    [('2026-01-01T00:00:00+00:00', 1), ('2026-03-29T01:00:00+00:00', 2)]
    """
    place = ZoneInfo(zone)

    def ahead(moment_us: int) -> int:
        offset = from_micros(moment_us).astimezone(place).utcoffset()
        return 0 if offset is None else offset // _MICROSECOND

    first = from_us // HOUR_US * HOUR_US
    found = [(first, ahead(first))]
    for day in range(first, to_us, DAY_US):
        if ahead(day + DAY_US) != found[-1][1]:
            changed = next(hour for hour in range(day, day + DAY_US + 1, HOUR_US) if ahead(hour) != found[-1][1])
            found.append((changed, ahead(changed)))
    return found
