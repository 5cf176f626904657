"""When a countermeasure may be called verified, and when it no longer may.

It takes a set whose every condition is covered, long enough, a baseline that the set was not found in, and prevalences
that fell by a test over customers. A verification has to be confirmed again and again, and ends where the set returns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.rules.coverage import Standing

COVERED_DAYS = 30
LEAST_POINTS = 8
LEVEL = 0.01
LAPSES_AFTER = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a countermeasure and one of the sets it belongs to.

    Parameters
    ----------
    covered_days : float | None
        For how long every condition of the set has had a live countermeasure; None where one has none.
    points_before, points_after : int
        Weeks with cases before it went live, after the period the set was found in; and since.
    falls : Sequence[float | None]
        Of each condition of the set that it answers the probability of so low a prevalence were nothing changed,
        one-sided and over customers; None where there are too few.
    """

    covered_days: float | None
    points_before: int
    points_after: int
    falls: Sequence[float | None]


def still_lacking(evidence: Evidence) -> list[str]:
    """Return what keeps a countermeasure from being verified for a set; nothing where it is.

    Examples
    --------
    >>> still_lacking(Evidence(40, 20, 9, [0.001]))
    []
    >>> still_lacking(Evidence(None, 20, 3, [0.2]))
    ['conditions_uncovered', 'too_few_points', 'no_fall_in_prevalence']
    """
    lacking = []
    if evidence.covered_days is None:
        lacking.append("conditions_uncovered")
    elif evidence.covered_days < COVERED_DAYS:
        lacking.append("covered_too_short")
    if evidence.points_before < LEAST_POINTS:
        lacking.append("no_baseline_after_discovery")
    if evidence.points_after < LEAST_POINTS:
        lacking.append("too_few_points")
    if not evidence.falls or any(p is None or p > LEVEL for p in evidence.falls):
        lacking.append("no_fall_in_prevalence")
    return lacking


def standing(
    now: datetime,
    *,
    live_from: datetime | None,
    retired_at: datetime | None,
    confirmed_at: datetime | None,
    returned: bool,
) -> Standing:
    """Return where a countermeasure stands at a moment.

    Parameters
    ----------
    now : datetime
    live_from, retired_at : datetime | None
    confirmed_at : datetime | None
        When its effect was last confirmed as it is now; None where it never was.
    returned : bool
        A set it was verified for has come back since.

    Examples
    --------
    >>> day = datetime(2026, 1, 1)
    >>> since = dict(live_from=day, retired_at=None, confirmed_at=day, returned=False)
    >>> standing(day + timedelta(days=180), **since).value, standing(day + timedelta(days=181), **since).value
    ('verified', 'live')
    """
    if retired_at is not None and retired_at <= now:
        return Standing.RETIRED
    if live_from is None or live_from > now:
        return Standing.PLANNED
    confirmed = confirmed_at is not None and confirmed_at >= now - LAPSES_AFTER
    return Standing.VERIFIED if confirmed and not returned else Standing.LIVE
