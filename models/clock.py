"""The service's clock: this moment, and never one before what it told already.

A machine's clock is set back now and then, by a second or by an hour. Lists go on by `stored_at`, so now must not come
before what was stored. While the clock is behind what was told by less than two hours, each moment is a microsecond
after the one before, until the clock has caught up. A clock set back further was wrong before: it is believed.
"""

from datetime import UTC, datetime, timedelta

from models.base import MICROSECOND, from_us, to_us

HELD = timedelta(hours=2)


class Clock:
    """Tells the moment, in whole microseconds as they are stored."""

    def __init__(self) -> None:
        self._last = from_us(0)

    def now(self) -> datetime:
        """Return this moment."""
        now = from_us(to_us(datetime.now(UTC)))
        if now < self._last <= now + HELD:
            now = self._last + MICROSECOND
        self._last = now
        return now
