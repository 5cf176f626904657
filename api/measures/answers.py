"""Single answers as they are stored: what was said, when, by whom, and in which group and period it counts.

An answer is read where it stands, in the response's JSON: a row for each would be paid for at every intake.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)

from api import kinds
from models.feedback import Survey
from models.recording import RecordKind
from models.rules.metrics import Scale, answers_on
from models.rules.periods import SETTLING_US, Period

surveys = Survey.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes

NUMBER = r"^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$"
RESPONSE_COLUMNS = (
    *("workspace_id", "number", "survey_version", "customer_id", "case_id", "claimed_customer", "claimed_case"),
    *("language", "answers", "complete", "answered_at", "recorded_at", "voided", "survey_id"),
)


class Claims(StrEnum):
    """Whether answers count whose customer or case was only claimed."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ONLY = "only"


class Grouping(StrEnum):
    """What answers are told apart by."""

    TEAM = "team"
    NEED = "need"
    CHANNEL = "channel"
    SEGMENT = "segment"
    SURVEY = "survey"
    LANGUAGE = "language"


OF_CASE = frozenset({Grouping.TEAM, Grouping.NEED, Grouping.CHANNEL})


@dataclass(frozen=True)
class Place:
    """Where answers to one question stand: in some versions of a survey, under a path."""

    survey_id: UUID
    versions: tuple[int, ...]
    path: tuple[str, ...]


class Knowing(Protocol):
    """Whose records are asked for, and as of when they were known."""

    @property
    def workspace_id(self) -> UUID:
        """Whose."""

    @property
    def known_at(self) -> datetime | None:
        """What was stored later counts for nothing; None for what stands now."""


@dataclass(frozen=True)
class Asking:
    """Which answers are asked for, and how they are told apart."""

    workspace_id: UUID
    periods: Sequence[Period]
    by: Grouping | None
    claims: Claims
    known_at: datetime | None
    """What was stored later counts for nothing; None for what stands now."""


def answers(asking: Asking, places: Sequence[Place], scale: Scale) -> CTE:
    """Select every answer with its period, its group, and whose it is."""
    standing = as_they_stood(kinds.RESPONSE, asking, *RESPONSE_COLUMNS)
    column = standing.c
    group, rows = _grouped(asking, standing)
    said = said_in(places, standing)
    unproved = or_(column.claimed_customer.is_not(None), column.claimed_case.is_not(None))
    answered_us = type_coerce(column.answered_at, BigInteger)
    starts = [period.start_us for period in asking.periods]
    settled = [period.end_us + SETTLING_US for period in asking.periods]
    statement = (
        select(
            by_start(answered_us, starts, range(len(starts))).label("period"),
            said.label("said"),
            func.coalesce(column.customer_id, case((column.claimed_customer.is_(None), column.id))).label("whose"),
            case((column.customer_id.is_(None), column.claimed_customer)).label("claimed"),
            case((_first_known(column) > by_start(answered_us, starts, settled), 1), else_=0).label("late"),
            case((unproved, 1), else_=0).label("unproved"),
            group.label("grp"),
        )
        .select_from(rows)
        .where(column.complete.is_(True), column.voided.is_(False), _is_answer(said, scale))
        .where(among(places, standing))
        .where(answered_us >= starts[0], answered_us < asking.periods[-1].end_us)
    )
    if asking.claims is not Claims.INCLUDE:
        statement = statement.where(unproved if asking.claims is Claims.ONLY else ~unproved)
    # Answers are looked at once, not once a figure: SQLite would read the JSON anew for each.
    return statement.cte("answers").prefix_with("MATERIALIZED")


def as_they_stood(kind: RecordKind, asking: Knowing, *names: str, called: str = "standing") -> Subquery:
    """Select records as they stand, or as they stood when no more was stored than at some moment."""
    version, head = kind.version, kind.head
    columns = [version.c.id, *(version.c[name] if name in version.c else head.c[name] for name in names)]
    mine = head.c.workspace_id == asking.workspace_id
    if asking.known_at is None:
        return select(*columns).join(head, current(kind)).where(mine).subquery(called)
    same = and_(head.c.workspace_id == version.c.workspace_id, head.c.id == version.c.id)
    order = [version.c[name].desc() for name in ("occurred_at", "recorded_at", "number")]
    place = func.row_number().over(partition_by=version.c.id, order_by=order).label("place")
    told = select(*columns, place).join(head, same).where(mine, version.c.stored_at <= asking.known_at)
    ranked = told.subquery(f"{called}_then")
    return select(*(ranked.c[column.name] for column in columns)).where(ranked.c.place == 1).subquery(called)


def current(kind: RecordKind) -> ColumnElement[bool]:
    """Return whether a version is the one its head points at."""
    head, version = kind.head, kind.version
    return and_(
        head.c.workspace_id == version.c.workspace_id, head.c.id == version.c.id, head.c.version == version.c.number
    )


def _grouped(asking: Asking, standing: Subquery) -> tuple[ColumnElement[Any], FromClause]:
    """Return what tells the answers apart, and the rows with it joined: of a case or a customer as known now."""
    if asking.by is None:
        return cast(null(), String), standing
    if asking.by is Grouping.LANGUAGE:
        return standing.c.language, standing
    if asking.by is Grouping.SURVEY:
        same = and_(surveys.c.workspace_id == asking.workspace_id, surveys.c.id == standing.c.survey_id)
        return surveys.c.key, standing.join(surveys, same)
    of_case = asking.by in OF_CASE
    found = as_they_stood(kinds.CASE if of_case else kinds.CUSTOMER, asking, asking.by.value, called="about")
    same = found.c.id == (standing.c.case_id if of_case else standing.c.customer_id)
    return found.c[asking.by.value], standing.outerjoin(found, same)


def said_at(answers: Any, path: tuple[str, ...]) -> ColumnElement[str | None]:
    """Return what was answered, as text: the one form in which both databases compare it alike."""
    return cast(answers[path if len(path) > 1 else path[0]].as_string(), String)


def said_in(places: Sequence[Place], standing: Subquery) -> ColumnElement[Any]:
    """Return what was answered, wherever the survey and version keep it."""
    by_path: dict[tuple[str, ...], list[Place]] = {}
    for place in places:
        by_path.setdefault(place.path, []).append(place)
    found = {path: said_at(standing.c.answers, path) for path in by_path}
    if len(found) == 1:
        return next(iter(found.values()))
    return case(*((among(by_path[path], standing), said) for path, said in found.items()))


def among(places: Sequence[Place], standing: Subquery) -> ColumnElement[bool]:
    """Return whether a response is to a version of a survey that asks there."""
    asked = standing.c
    return or_(
        *(and_(asked.survey_id == place.survey_id, asked.survey_version.in_(place.versions)) for place in places)
    )


def _is_answer(said: ColumnElement[Any], scale: Scale) -> ColumnElement[bool]:
    """Return whether what was said is an answer on the scale: what an older house let in and is none is left out."""
    texts = answers_on(scale)
    if texts is not None:
        return said.in_(texts)
    return said.regexp_match(NUMBER) if scale.kind == "number" else said.like('["%')


def by_start(moment_us: ColumnElement[Any], starts: Sequence[int], values: Sequence[int]) -> ColumnElement[int]:
    """Return the value that belongs to the period a moment falls in, found by halving: periods are not equally long."""
    if len(starts) == 1:
        return literal(values[0], BigInteger)
    half = len(starts) // 2
    return case(
        (moment_us < literal(starts[half], BigInteger), by_start(moment_us, starts[:half], values[:half])),
        else_=by_start(moment_us, starts[half:], values[half:]),
    )


def _first_known(column: Any) -> ColumnElement[int]:
    """Return when the answer was first known whole: a customer merged since then tells it once more, and no later."""
    earlier = kinds.RESPONSE.version.alias("earlier")
    first = (
        select(func.min(type_coerce(earlier.c.recorded_at, BigInteger)))
        .where(earlier.c.workspace_id == column.workspace_id, earlier.c.id == column.id, earlier.c.complete.is_(True))
        .scalar_subquery()
    )
    known = type_coerce(column.recorded_at, BigInteger)
    answered_us = type_coerce(column.answered_at, BigInteger)
    return case((and_(column.number > 1, known > answered_us + SETTLING_US), first), else_=known)
