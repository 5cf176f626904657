"""Felt and the Gap as requests see them: computed by a job, kept, and read here. Nothing is estimated in a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import insert

from api import audit, jobs
from api.dependencies import Work
from api.errors import NoSuchThing
from api.measures import catalogue
from api.measures.answers import Place
from api.measures.loyalty.asking import Question, asked
from api.measures.loyalty.felt import queries
from api.measures.loyalty.felt.schemas import (
    FeltAlone,
    FeltAnswer,
    FeltBody,
    FeltFigure,
    GapAmong,
    GapItem,
    GapSide,
)
from models.base import from_us
from models.ids import uuid7
from models.rules.loyalty.gap import Level, change_of
from models.rules.metrics import Scale

HOW_OFTEN = Scale("rating", 0, 4)
"""Never, rarely, sometimes, usually, always."""
FROM, TO = "from_us", "to_us"
NOT_YET = (
    "Felt was not computed for such a time yet. It is each night after somebody answered, of the 90 days before; "
    "POST /v1/loyalty/felt asks for it at once, and for another time."
)


@dataclass(frozen=True)
class Report:
    """What a job found: of which time, Felt, and the two windows that the Gap compares."""

    start_us: int
    end_us: int
    felt: dict[str, JsonValue]
    gap: list[JsonValue]


async def felt_of(work: Work, start_us: int, end_us: int, *, known_at: datetime | None = None) -> FeltAnswer | None:
    """Return what customers feel, as computed last for such a window; None where nobody has.

    Parameters
    ----------
    work
    start_us, end_us
        The window, UTC microseconds. Answered is what was computed last of one as long that covers half of it or more:
        `from` and `to` say which.
    known_at
        What was computed later counts for nothing; None for what was computed last.
    """
    found = await _newest(work, start_us, end_us, known_at)
    return None if found is None else _felt(found)


async def gap_of(work: Work, start_us: int, end_us: int, *, known_at: datetime | None = None) -> list[GapItem] | None:
    """Return how far facts and felt items have drawn apart since the window before; None where nobody computed it.

    The parameters are those of `felt_of`.
    """
    found = await _newest(work, start_us, end_us, known_at)
    return None if found is None else [_gap(one) for one in found["report"]["gap"]]


async def alone(work: Work, question: Question) -> FeltAlone:
    """Return both, or say how to come by them."""
    found = await _newest(work, question.start_us, question.end_us, question.known_at)
    if found is None:
        raise NoSuchThing(NOT_YET)
    return FeltAlone(felt=_felt(found), gap=[_gap(one) for one in found["report"]["gap"]])


async def ask(work: Work, body: FeltBody) -> UUID:
    """Ask for Felt to be computed; one that waits for the very same is enough."""
    request: dict[str, JsonValue] = {}
    if body.start is not None or body.end is not None:
        question = await asked(work, start=body.start, end=body.end)
        request = {FROM: question.start_us, TO: question.end_us}
    job_id = await jobs.enqueue(work, jobs.FELT, request)
    await audit.note(work, "felt.asked", str(job_id), {})
    return job_id


async def is_any_answer(work: Work, since: datetime, until: datetime) -> bool:
    """Return whether anybody answered anything since the last time."""
    return await work.session.scalar(queries.any_answer(work.workspace_id, since, until)) is not None


async def places(work: Work) -> Mapping[str, Sequence[Place]]:
    """Return where each item is asked on its scale, in whichever survey; items that nobody asks are left out."""
    metrics = await catalogue.metrics(work)
    found = {key: metrics[key].measures.get(HOW_OFTEN) for key in queries.ITEMS if key in metrics}
    return {key: measure.places for key, measure in found.items() if measure is not None}


async def keep(work: Work, report: Report) -> None:
    """Append what was found."""
    row = {"workspace_id": work.workspace_id, "id": uuid7(), "recorded_at": work.now}
    window = {"starts_at": from_us(report.start_us), "ends_at": from_us(report.end_us)}
    found = {"felt": report.felt, "gap": report.gap}
    await work.session.execute(insert(queries.reports), [{**row, **window, "report": found}])


async def _newest(work: Work, start_us: int, end_us: int, known_at: datetime | None) -> Mapping[Any, Any] | None:
    statement = queries.newest(work.workspace_id, start_us, end_us)
    if known_at is not None:
        statement = statement.where(queries.reports.c.recorded_at <= known_at)
    found: Mapping[Any, Any] | None = (await work.session.execute(statement)).mappings().one_or_none()
    return found


def _felt(found: Mapping[Any, Any]) -> FeltAnswer:
    window = {"from": found["starts_at"], "to": found["ends_at"]}
    return FeltAnswer.model_validate({**found["report"]["felt"], **window, "computed_at": found["recorded_at"]})


def _gap(found: Mapping[str, Any]) -> GapItem:
    among = {name: _among(found["before"], found["now"], name) for name in ("all", "responders")}
    return GapItem(
        dimension=found["dimension"],
        item=found["item"],
        among_all=among["all"],
        among_responders=among["responders"],
    )


def _among(before: Mapping[str, Any], now: Mapping[str, Any], name: str) -> GapAmong:
    facts, felt = (before[name], now[name]), (before["felt"], now["felt"])
    changes = change_of((_level(facts[0]), _level(facts[1])), (_level(felt[0]), _level(felt[1])))
    of_facts, of_felt, of_gap = (_figure(level) for level in changes)
    return GapAmong(
        facts=GapSide(before=facts[0], now=facts[1], change=of_facts),
        felt=GapSide(before=felt[0], now=felt[1], change=of_felt),
        change=of_gap,
    )


def _level(figure: Mapping[str, Any] | None) -> Level | None:
    """Return a figure that a change can be told of: one without an interval cannot."""
    if figure is None or figure["low"] is None:
        return None
    return Level(figure["value"], figure["low"], figure["high"])


def _figure(level: Level | None) -> FeltFigure | None:
    return None if level is None else FeltFigure(value=level.value, low=level.low, high=level.high)
