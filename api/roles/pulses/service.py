"""Pulses: launched on terms that stay, read as they are released, and where staff answer them."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from api import audit
from api.dependencies import Work
from api.errors import Conflict, Malformed, NoSuchThing
from api.feedback import service as feedback
from api.listing import Asked, rows_of
from api.roles.pulses import queries
from api.roles.pulses.queries import Row
from api.roles.pulses.schemas import (
    CellAnswer,
    CommentsAnswer,
    FigureAnswer,
    LinkAnswer,
    LinksAnswer,
    PulseAnswer,
    PulseBody,
    PulseChange,
    PulseResults,
    PulseStored,
    QuestionAnswer,
)
from api.security import derived_key
from api.settings import settings
from api.workspaces import service as workspaces
from models.ids import uuid7
from models.rules.anonymity import batches
from models.rules.anonymity.audience import COMMENT, unfit_for_a_pulse
from models.rules.anonymity.batches import TEAM
from models.rules.anonymity.releasing import Thresholds
from models.turns import hold_name

PURPOSE = "pulse-links"
THRESHOLDS = ("scores_from", "comments_from", "batch")
OTHERS = ("survey", "version", "opens_at", "closes_at", "teams", "cut_by")
OWN = ("id", "key", "survey", "opens_at", "closes_at", "teams", "cut_by", *THRESHOLDS, "launched_at", "stored_at")
SAYS = {
    "not_released": "Nothing is released yet: new answers come out together, in the night after enough of them came.",
    "too_few": "Fewer answered than it takes, or nobody: what would be shown could be told of somebody.",
    "derivable": "Together with what is released already it would tell of fewer people than it takes.",
}


class ThresholdsFixed(Conflict):
    """Thresholds that staff were promised, told otherwise."""

    code = "thresholds_fixed"


async def launch(work: Work, body: PulseBody) -> tuple[PulseStored, bool]:
    """Launch a pulse; return it, and whether it is new. One of this key is the same in all it says, or refused."""
    await hold_name(work.session, f"{work.workspace_id}/pulse/{body.key}")
    known = await queries.by_key(work.session, work.workspace_id, body.key)
    if known is None:
        await _begin(work, body)
    else:
        _check_same(known, body)
    found = await _found(work, body.key)
    return PulseStored(**_own(found), unchanged=known is not None), known is None


async def change(work: Work, key: str, body: PulseChange) -> PulseStored:
    """Refuse to change a pulse; it is what it was launched with."""
    known = await _found(work, key)
    _check_same(known, body)
    return PulseStored(**_own(known), unchanged=True)


def _check_same(known: Row, body: PulseBody | PulseChange) -> None:
    """Refuse what is told otherwise than it was launched; what is left out says nothing."""
    if any(getattr(body, name) != known[name] for name in THRESHOLDS if name in body.model_fields_set):
        raise ThresholdsFixed(
            f"{known['key']} was launched with scores from {known['scores_from']}, comments from "
            f"{known['comments_from']} and batches of {known['batch']}: staff answer on that promise, and it stays. "
            "Launch another pulse under another key."
        )
    said = {name: known["survey_version" if name == "version" else name] for name in OTHERS}
    told = {name: getattr(body, name) for name in OTHERS if name in body.model_fields_set}
    changed = [name for name, value in told.items() if value is not None and value != said[name]]
    if changed:
        detail = f"{known['key']} was launched with other {', '.join(changed)}. Launch another pulse under another key."
        raise Conflict(detail, code="pulse_launched")


async def _begin(work: Work, body: PulseBody) -> None:
    try:
        survey = await feedback.published(work, body.survey, body.version)
    except NoSuchThing as missing:
        raise _refused("survey", "unknown_survey", missing.detail) from None
    wrong = list(unfit_for_a_pulse(survey.questions, body.cut_by))
    if wrong:
        errors = [{"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in wrong]
        raise Malformed(wrong[0].detail, errors=errors)
    opens_at = body.opens_at or work.now
    if body.closes_at <= work.now:
        raise _refused("closes_at", "in_the_past", "A pulse closes at a moment to come.")
    if body.closes_at <= opens_at:
        raise _refused("closes_at", "before_opens_at", "A pulse closes after it opens.")
    if len(set(body.teams)) < len(body.teams):
        raise _refused("teams", "repeated_key", "Name each team once.")
    row = {"workspace_id": work.workspace_id, "id": uuid7(), "survey_id": survey.id, "survey_version": survey.number}
    given = {name: getattr(body, name) for name in ("key", "closes_at", "teams", "cut_by", *THRESHOLDS)}
    times = {"opens_at": opens_at, "launched_at": work.now, "stored_at": work.now, "ended": False}
    await work.session.execute(insert(queries.pulses).values(**row, **given, **times))
    await audit.note(work, "pulse.launched", body.key, {name: given[name] for name in THRESHOLDS})


def _refused(name: str, code: str, detail: str) -> Malformed:
    return Malformed(detail, errors=[{"pointer": f"/{name}", "code": code, "detail": detail}])


async def _found(work: Work, key: str) -> Row:
    found = await queries.by_key(work.session, work.workspace_id, key)
    if found is None:
        raise NoSuchThing(f"There is no pulse {key}.")
    return found


async def list_pulses(work: Work, asked: Asked) -> tuple[list[PulseAnswer], str | None]:
    """Return a page of the pulses that were launched."""
    statement = queries.current(work.workspace_id)
    return await rows_of(work, asked, statement, queries.pulses, lambda row: PulseAnswer(**_own(row)))


def _own(row: Row) -> dict[str, Any]:
    figures = row["figures"] or {}
    told = {"version": row["survey_version"], "released_on": row["released_on"], "answers": figures.get("answers")}
    return {**{name: row[name] for name in OWN}, **told, "ended": row["ended"]}


async def read_pulse(work: Work, key: str) -> PulseResults:
    """Return a pulse and what is released of it. Nothing here is reckoned anew: what waits shows nowhere."""
    row = await _found(work, key)
    asked = await asked_by(work, row)
    told = row["figures"] or {"questions": {}, "comments": {}}
    shown = [question for question in asked.questions if question["key"] not in asked.cut_by]
    return PulseResults(
        **_own(row),
        questions=[
            _question(question, told["questions"].get(question["key"]), asked)
            for question in shown
            if question["kind"] != COMMENT
        ],
        comments=[
            _comments(question, told["comments"].get(question["key"]))
            for question in shown
            if question["kind"] == COMMENT
        ],
    )


async def asked_by(work: Work, row: Row) -> batches.Asked:
    """Return what a pulse asks and how it is told of."""
    survey = await feedback.published(work, row["survey"], row["survey_version"])
    thresholds = Thresholds(**{name: row[name] for name in THRESHOLDS})
    return batches.Asked(survey.questions, row["teams"], row["cut_by"], thresholds)


def _question(question: Mapping[str, Any], told: Sequence[Row] | None, asked: batches.Asked) -> QuestionAnswer:
    nothing = {"n": None, "as_of": None, "figures": None, "suppressed": "not_released"}
    cells = told or [{"cut": cell.cut, "group": cell.group, **nothing} for cell in asked.cells]
    own = {name: question.get(name) for name in ("key", "kind", "metric_key", "texts")}
    return QuestionAnswer(**own, cells=[_cell(cell) for cell in cells])


def _cell(told: Row) -> CellAnswer:
    figures = None if told["figures"] is None else [FigureAnswer(**figure) for figure in told["figures"]]
    own = {name: told[name] for name in ("cut", "group", "n", "as_of", "suppressed")}
    return CellAnswer(**own, figures=figures, says=SAYS.get(told["suppressed"]))


def _comments(question: Mapping[str, Any], told: Row | None) -> CommentsAnswer:
    found = told or {"n": None, "as_of": None, "texts": [], "suppressed": "not_released"}
    own = {name: found[name] for name in ("n", "as_of", "suppressed")}
    own |= {"key": question["key"], "texts": question["texts"], "comments": found["texts"]}
    return CommentsAnswer(**own, says=SAYS.get(found["suppressed"]))


async def read_links(work: Work, key: str) -> LinksAnswer:
    """Return where staff answer a pulse."""
    row = await _found(work, key)
    slug = (await workspaces.of(work)).slug
    place = f"{settings().public_url.rstrip('/')}/p/{slug}/{key}"
    links = [(team, link_of(work.workspace_id, row["id"], team)) for team in (None, *row["teams"])]
    return LinksAnswer(items=[LinkAnswer(team=team, url=f"{place}/{link}") for team, link in links])


def link_of(workspace_id: UUID, pulse_id: UUID, team: str | None) -> str:
    """Return the part of an address that nobody guesses: the same for all of a team, and derived, never stored."""
    own = derived_key(settings().secret, PURPOSE)
    said = f"{workspace_id}/{pulse_id}/{'' if team is None else f'{TEAM}/{team}'}"
    return hmac.digest(own, said.encode(), "sha256").hex()[:40]
