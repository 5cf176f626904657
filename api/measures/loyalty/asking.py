"""What is asked of the company's loyalty: which time, told apart by what, and as of when it was known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from api import kinds
from api.dependencies import Work
from api.errors import NotAboutThis
from api.measures import catalogue
from api.measures.answers import Place, as_they_stood
from api.recorded import impossible
from api.workspaces import service as workspaces
from models.base import to_us
from models.rules.outcome import FailureDefinition
from models.rules.periods import Interval, Period, periods_between
from models.rules.supporters import Supporters, TeamState
from models.rules.values import DAY_US, day_span

DAYS_BY_DEFAULT = 90
MOST_PERIODS = 400
EARLIEST_US = 60 * DAY_US
NEEDS_MET, CONTACT_REASON = "needs_met", "contact_reason"
A_PERSON = frozenset({"agent", "author", "employee", "owner", "person", "staff", "staff_member", "supporter", "user"})
"""What would tell members of staff apart, however it is called."""


class By(StrEnum):
    """What the facts are told apart by."""

    NEED = "need"
    TEAM = "team"
    CHANNEL = "channel"
    SEGMENT = "segment"


@dataclass(frozen=True)
class Question:
    """What of the company's loyalty is asked for. The time is from `start_us` on and before `end_us`.

    Parameters
    ----------
    workspace_id
    zone
        The workspace's: its days, weeks and months count.
    start_us, end_us
        The window, UTC microseconds.
    periods
        What is counted apart: the whole window as one period, or the whole weeks or months it touches.
    by, interval
        None for all together, and for the window as one.
    now_us
        The moment of which it is told; what falls due later is not due yet.
    known_at
        What was stored later counts for nothing; None for what stands now.
    supporters
        The teams as they stood: who owes which of them support, and what each was called before.
    needs_met, reasons
        Where answers stand that say whether the need was met, and why the customer had to get in touch.
    failure
        When a case has failed its customer.
    """

    workspace_id: UUID
    zone: str
    start_us: int
    end_us: int
    periods: Sequence[Period]
    by: By | None
    interval: Interval | None
    now_us: int
    known_at: datetime | None
    supporters: Supporters
    former_names: Sequence[str]
    needs_met: Sequence[Place]
    reasons: Sequence[Place]
    failure: FailureDefinition

    @property
    def whole(self) -> "Question":
        """The same of the window as one period: squares of whole customers never add up over periods."""
        return replace(self, periods=(Period(self.start_us, self.end_us),), interval=None)

    @property
    def together(self) -> "Question":
        """The same of all groups together."""
        return replace(self, by=None)

    def told_by(self, by: By) -> "Question":
        """Return the same told apart by something."""
        return replace(self, by=by)

    @property
    def renamed(self) -> Mapping[str, str]:
        """What teams are called now, by what they were called before; a name handed on to several stays as it is."""
        now = {name: self.supporters.named(name) for name in self.former_names}
        return {name: names[0] for name, names in sorted(now.items()) if len(names) == 1 and names[0] != name}


def told_apart_by(name: str | None) -> By | None:
    """Return what a caller wants the facts told apart by; never members of staff.

    Raises
    ------
    NotAboutThis
        `never_per_person`, or `malformed` for what nobody knows.
    """
    if name is None:
        return None
    if name in A_PERSON:
        detail = "Loyalty is the company's: it is never told by member of staff. Ask by need, team, channel or segment."
        errors = [{"pointer": "/by", "code": "never_per_person", "detail": detail}]
        raise NotAboutThis(detail, code="never_per_person", errors=errors)
    if name not in list(By):
        raise impossible("by", "malformed", f"It is one of {', '.join(By)}.")
    return By(name)


async def asked(
    work: Work,
    *,
    start: date | datetime | None = None,
    end: date | datetime | None = None,
    by: By | None = None,
    interval: Interval | None = None,
    as_known_at: datetime | None = None,
) -> Question:
    """Return the question that a caller asks; days are the workspace's, from the first microsecond of each on.

    Parameters
    ----------
    work
    start, end
        From this on, and before that. Default: the 90 days before now.
    by, interval
    as_known_at
        What the service would have said then. Default: now.

    Raises
    ------
    Malformed
        `in_the_future`, `before_from`.
    NotAboutThis
        `too_many_points`.
    """
    settings = await workspaces.of(work)
    known_at = as_known_at or work.now
    if known_at > work.now:
        raise impossible("as_known_at", "in_the_future", "Nobody knows yet what will be known then.")
    start_us, end_us = _window(start, end, settings.zone, to_us(known_at))
    periods: Sequence[Period] = (Period(start_us, end_us),)
    if interval is not None:
        periods = _periods(start_us, end_us, interval, settings.zone)
    metrics = await catalogue.metrics(work)
    supporters, former_names = await _teams(work, as_known_at)
    return Question(
        work.workspace_id,
        settings.zone,
        start_us,
        end_us,
        periods,
        by,
        interval,
        to_us(known_at),
        as_known_at,
        supporters,
        former_names,
        _places(metrics, NEEDS_MET),
        _places(metrics, CONTACT_REASON),
        settings.failure,
    )


def _window(start: date | datetime | None, end: date | datetime | None, zone: str, known_us: int) -> tuple[int, int]:
    # Nothing is due later than was known: so far the window can reach, and it takes in the moment itself.
    end_us = max(EARLIEST_US + 1, known_us + 1)
    if end is not None:
        end_us = min(end_us, _first_us(end, zone))
    start_us = end_us - DAYS_BY_DEFAULT * DAY_US if start is None else _first_us(start, zone)
    if end_us <= start_us:
        raise impossible("to", "before_from", "It does not lie after from, or from lies ahead of what is known.")
    return start_us, end_us


def _first_us(given: date | datetime, zone: str) -> int:
    return to_us(given) if isinstance(given, datetime) else day_span(given, zone)[0]


def _periods(start_us: int, end_us: int, interval: Interval, zone: str) -> Sequence[Period]:
    try:
        return periods_between(max(start_us, EARLIEST_US), end_us, interval, zone, most=MOST_PERIODS)[1:]
    except ValueError:
        detail = f"At most {MOST_PERIODS} periods are told at once. Ask for a shorter time or longer periods."
        raise NotAboutThis(detail, code="too_many_points") from None


def _places(metrics: Mapping[str, catalogue.Metric], name: str) -> Sequence[Place]:
    """Return where answers to one question of choices stand, whatever else each version lets choose."""
    metric = metrics.get(name)
    measures = () if metric is None else metric.measures.values()
    return [place for measure in measures if measure.scale.kind == "choice" for place in measure.places]


async def _teams(work: Work, known_at: datetime | None) -> tuple[Supporters, Sequence[str]]:
    """Return the teams as they stood, and what they were called before."""
    knowing = _Knowing(work.workspace_id, known_at)
    told = as_they_stood(kinds.TEAM, knowing, "reference", "former_names", "supported_by", "voided")
    rows = (await work.session.execute(select(told).where(told.c.voided.is_(False)))).all()
    teams = [TeamState(row.reference, row.former_names, row.supported_by) for row in rows]
    return Supporters(teams), sorted({name for team in teams for name in team.former_names})


@dataclass(frozen=True)
class _Knowing:
    workspace_id: UUID
    known_at: datetime | None
