"""When something that comes round is due next: every so often, or in the night of the workspace's zone.

Workspaces are spread by their id, so that they are not all due at once. However long nobody looked, and wherever the
clock went meanwhile, what is due is due once.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from models.rules.values import from_micros, micros

DAYS_IN_A_WEEK = 7


def share_of(workspace_id: UUID, kind: str) -> float:
    """Return where a workspace stands between 0 and 1 when all are spread, for a kind of work.

    Parameters
    ----------
    workspace_id : UUID
    kind : str

    Examples
    --------
    >>> share_of(UUID(int=1), "train") == share_of(UUID(int=1), "train")
    True
    >>> 0 <= share_of(UUID(int=1), "train") < 1
    True
    """
    digest = hashlib.sha256(f"{workspace_id}/{kind}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


@dataclass(frozen=True, slots=True)
class Every:
    """Every so often.

    Parameters
    ----------
    period : timedelta
        From one time to the next; the first comes within one.
    """

    period: timedelta

    @property
    def longest(self) -> timedelta:
        """The longest there can be from now to the next time."""
        return self.period

    def after(self, now: datetime, zone: str, share: float) -> datetime:  # noqa: ARG002 - as every round is asked
        """Return the first time after a moment.

        Parameters
        ----------
        now : datetime
        zone : str
            The workspace's; without meaning here.
        share : float
            Where the workspace stands when all are spread.

        Examples
        --------
        >>> Every(timedelta(minutes=1)).after(datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC), "UTC", 0.25).isoformat()
        '2026-01-01T12:01:15+00:00'
        """
        period = self.period // timedelta(microseconds=1)
        since = (micros(now) - int(share * period)) % period
        return from_micros(micros(now) - since + period)


@dataclass(frozen=True, slots=True)
class Nightly:
    """Once a night, or once a week in the night, some time after an hour of the workspace's clock.

    Parameters
    ----------
    hour : int
        The first hour in which it may be due.
    hours : float
        Over so many hours the workspaces are spread.
    weekly : bool
        On one night of the week, which the workspaces are spread over too.
    """

    hour: int
    hours: float = 2.0
    weekly: bool = False

    @property
    def longest(self) -> timedelta:
        """The longest there can be from now to the next time, a night of a changed clock included."""
        return timedelta(days=DAYS_IN_A_WEEK if self.weekly else 1, hours=3)

    def after(self, now: datetime, zone: str, share: float) -> datetime:
        """Return the first time after a moment.

        Parameters
        ----------
        now : datetime
        zone : str
            The workspace's time zone.
        share : float
            Where the workspace stands when all are spread.

        Examples
        --------
        >>> night = Nightly(hour=1)
        >>> night.after(datetime(2026, 1, 1, 12, tzinfo=UTC), "Europe/Berlin", 0.5).isoformat()
        '2026-01-02T01:00:00+00:00'
        """
        local = ZoneInfo(zone)
        wanted = int(share * DAYS_IN_A_WEEK)
        within = share * DAYS_IN_A_WEEK % 1 if self.weekly else share
        day = now.astimezone(local).date() - timedelta(days=1)
        while True:
            begins = datetime.combine(day, time(self.hour), local).astimezone(UTC)
            due = begins + timedelta(hours=within * self.hours)
            if due > now and (not self.weekly or day.weekday() == wanted):
                return due
            day += timedelta(days=1)


Round = Every | Nightly
