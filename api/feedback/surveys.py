"""Surveys: made, drafted, published - and from then on unchanged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api import audit
from api.dependencies import Work
from api.errors import Conflict, Malformed, NoSuchThing
from api.feedback import queries
from api.feedback.definitions import (
    DefinitionBody,
    SurveyAnswer,
    SurveyBody,
    TemplateAnswer,
    VersionAnswer,
    as_stored,
    shown_details,
)
from api.feedback.templates import POST_INTERACTION, TEMPLATES
from api.feedback.templates.wordings import LANGUAGES
from api.listing import Asked
from api.paging import next_cursor, page_of
from api.recorded import impossible
from models.access import Scope
from models.ids import uuid7
from models.rules.anonymity.audience import is_of_staff
from models.rules.questions import faults
from models.rules.terms import faults_of_terms

Told = tuple[list[dict[str, Any]], dict[str, Any]]
"""The questions of a version, and what it says beside them."""


@dataclass(frozen=True)
class PublishedSurvey:
    """A survey version that answers can be about."""

    id: UUID
    key: str
    number: int
    questions: list[dict[str, Any]]
    published_at: datetime
    details: Mapping[str, Any]
    terms: Mapping[str, Any] = field(default_factory=dict)
    """The details of the newest published version: what every answer is taken on, whichever version it is to."""

    @property
    def open(self) -> bool:
        """Whether anybody may answer it on its hosted page."""
        return bool(self.details.get("open", True))

    @property
    def allowed_origins(self) -> Sequence[str]:
        """The sites that may embed its page."""
        return self.terms.get("allowed_origins") or ()

    @property
    def layout(self) -> str:
        """Whether its page shows `all` questions, or `one` at a time."""
        return str(self.details.get("layout", "all"))

    @property
    def min_fill_seconds(self) -> int | None:
        """How soon after it was shown a page of ours cannot have been filled in by a person."""
        found: int | None = self.terms.get("min_fill_seconds")
        return found


class AskedInAPulse(Conflict):
    """An answer of staff that would be kept as a response, each for itself."""

    code = "asked_in_a_pulse"


def check_for_customers(survey: PublishedSurvey) -> None:
    """Refuse a survey that asks staff: nobody is invited to it, and no answer to it is a response."""
    if is_of_staff(survey.questions):
        raise AskedInAPulse(
            "What staff are asked is answered in a pulse, where nobody is told apart. Launch one with POST /v1/pulses "
            "and hand out its links."
        )


async def publish_templates(session: AsyncSession, workspace_id: UUID, now: datetime) -> None:
    """Give a new workspace the survey it starts with."""
    survey_id = uuid7()
    row = {"workspace_id": workspace_id, "id": survey_id}
    await session.execute(insert(queries.surveys).values({**row, "key": POST_INTERACTION.key, "created_at": now}))
    said = {"questions": POST_INTERACTION.questions, "details": POST_INTERACTION.details}
    version = {"number": 1, **said, "created_at": now, "published_at": now}
    await session.execute(insert(queries.survey_versions).values({**row, **version}))


async def published(work: Work, key: str, version: int | None = None) -> PublishedSurvey:
    """Return a published survey, the newest version unless one is named, read once a request."""
    kept = _kept(key, version)
    if kept not in work.kept:
        row = (await work.session.execute(queries.published(work.workspace_id, key, version))).one_or_none()
        if row is None:
            raise NoSuchThing(f"There is no published survey {key}{'' if version is None else f' version {version}'}.")
        details = row.details or {}
        terms = details if version is None else (await published(work, key)).terms
        work.kept[kept] = PublishedSurvey(row.id, row.key, row.number, row.questions, row.published_at, details, terms)
    found: PublishedSurvey = work.kept[kept]
    return found


def met_before(work: Work, key: str) -> PublishedSurvey | None:
    """Return a survey's newest published version if this request has read it."""
    return work.kept.get(_kept(key, None))


def _kept(key: str, version: int | None) -> str:
    return f"survey:{key}:{version}"


async def create(work: Work, body: SurveyBody) -> SurveyAnswer:
    """Make a survey with its first draft."""
    told = told_by(body)
    survey_id = uuid7()
    row = {"workspace_id": work.workspace_id, "id": survey_id, "key": body.key, "created_at": work.now}
    if await work.session.scalar(queries.survey_id(work.workspace_id, body.key)) is not None:
        raise _exists(body.key)
    try:
        await work.session.execute(insert(queries.surveys).values(row))
    except IntegrityError:
        raise _exists(body.key) from None
    await _append(work, survey_id, told, 1)
    await audit.note(work, "survey.created", body.key, {})
    return await read(work, body.key)


async def draft(work: Work, key: str, body: DefinitionBody) -> VersionAnswer:
    """Append a draft to a survey."""
    told = told_by(body)
    survey_id = await _locked(work, key)
    number = await work.session.scalar(queries.newest_number(work.workspace_id, survey_id)) or 0
    await _append(work, survey_id, told, number + 1)
    await audit.note(work, "survey.drafted", key, {"version": number + 1})
    return await read_version(work, key, number + 1)


async def publish(work: Work, key: str, number: int | None = None) -> VersionAnswer:
    """Publish a version, the newest unless one is named: it never changes again. Published before, nothing happens."""
    survey_id = await _locked(work, key)
    newest = await work.session.scalar(queries.newest_number(work.workspace_id, survey_id))
    found = await read_version(work, key, number or newest or 0)
    if found.published_at is not None:
        return found
    later = await work.session.scalar(queries.newest_number(work.workspace_id, survey_id, published=True)) or 0
    if later > found.version:
        raise Conflict(
            f"Version {later} of {key} is published already. Make a new draft of what you want asked.",
            code="later_version_published",
        )
    await work.session.execute(
        update(queries.survey_versions)
        .where(
            queries.survey_versions.c.workspace_id == work.workspace_id,
            queries.survey_versions.c.id == survey_id,
            queries.survey_versions.c.number == found.version,
            queries.survey_versions.c.published_at.is_(None),
        )
        .values(published_at=work.now)
    )
    await audit.note(work, "survey.published", key, {"version": found.version})
    return await read_version(work, key, found.version)


async def read(work: Work, key: str) -> SurveyAnswer:
    """Return a survey as it is asked now; where nothing is published, as it is drafted, to those who may see drafts."""
    rows = (await work.session.execute(queries.versions_of(work.workspace_id, [key]))).mappings().all()
    found = _as_asked(rows, drafts=_sees_drafts(work))
    if found is None:
        raise NoSuchThing(f"There is no published survey {key}.")
    return found


async def read_version(work: Work, key: str, number: int) -> VersionAnswer:
    """Return one version; a draft only to those who may see drafts."""
    statement = queries.versions_of(work.workspace_id, [key])
    statement = statement.where(queries.survey_versions.c.number == number)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None or (row["published_at"] is None and not _sees_drafts(work)):
        raise NoSuchThing(f"There is no version {number} of a survey {key}.")
    return VersionAnswer(**_fields(row))


async def list_all(work: Work, asked: Asked) -> tuple[list[SurveyAnswer], str | None]:
    """Return a page of surveys, oldest change first."""
    changed = queries.changed_surveys(work.workspace_id, published=not _sees_drafts(work)).subquery("changed")
    statement = page_of(queries.keys_of(changed), changed, asked.cursor, asked.limit, asked.updated_since)
    rows = (await work.session.execute(statement)).mappings().all()
    keys = [row["key"] for row in rows[: asked.limit]]
    versions = (await work.session.execute(queries.versions_of(work.workspace_id, keys))).mappings().all()
    found = (_as_asked([row for row in versions if row["key"] == key], drafts=_sees_drafts(work)) for key in keys)
    return [survey for survey in found if survey is not None], next_cursor(rows, asked.limit)


def told_by(body: DefinitionBody) -> Told:
    """Return what a definition says as it is kept, its template's part included; refuse one that cannot be asked."""
    questions, details = as_stored(body)
    if body.template is not None:
        if body.template not in TEMPLATES:
            raise impossible("template", "unknown_template", f"There is no template {body.template}.")
        template = TEMPLATES[body.template]
        questions, details = template.questions, {**template.details, **details}
    wrong = [*faults(questions), *faults_of_terms(details, questions)]
    if wrong:
        errors = [{"pointer": item.pointer, "code": item.code, "detail": item.detail} for item in wrong]
        raise Malformed(f"Correct {', '.join(item.pointer for item in wrong[:5])}.", errors=errors)
    return questions, details


async def _append(work: Work, survey_id: UUID, told: Told, number: int) -> None:
    questions, details = told
    row = {"workspace_id": work.workspace_id, "id": survey_id, "number": number, "created_at": work.now}
    await work.session.execute(insert(queries.survey_versions).values(**row, questions=questions, details=details))


async def _locked(work: Work, key: str) -> UUID:
    """Return a survey's id, and let nobody else draft or publish it meanwhile."""
    survey_id: UUID | None = await work.session.scalar(queries.survey_id(work.workspace_id, key).with_for_update())
    if survey_id is None:
        raise NoSuchThing(f"There is no survey {key}.")
    return survey_id


def _exists(key: str) -> Conflict:
    return Conflict(f"There is a survey {key} already. Draft a version of it.", code="survey_exists")


def templates() -> list[TemplateAnswer]:
    """Return all surveys there are to begin with."""
    return [read_template(key) for key in TEMPLATES]


def read_template(key: str) -> TemplateAnswer:
    """Return a survey to begin with."""
    if key not in TEMPLATES:
        raise NoSuchThing(f"There is no template {key}. `GET /v1/survey-templates` names them.")
    found = TEMPLATES[key]
    return TemplateAnswer(
        key=found.key,
        name=found.name,
        purpose=found.purpose,
        languages=list(LANGUAGES),
        questions=found.questions,
        page=dict(found.page) or None,
    )


def _sees_drafts(work: Work) -> bool:
    return work.caller.may(Scope.RECORDS_READ)


def _as_asked(rows: list[Any], *, drafts: bool) -> SurveyAnswer | None:
    """Return a survey from its versions, oldest first."""
    out = [row for row in rows if row["published_at"] is not None]
    waiting = [row for row in rows if row["published_at"] is None and (not out or row["number"] > out[-1]["number"])]
    shown = out or (waiting if drafts else [])
    if not shown:
        return None
    newest = waiting[-1]["number"] if waiting and drafts else None
    return SurveyAnswer(**_fields(shown[-1]), draft=newest)


def _fields(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        **shown_details(row["details"] or {}),
        "key": row["key"],
        "version": row["number"],
        "status": "draft" if row["published_at"] is None else "published",
        "questions": row["questions"],
        "created_at": row["created_at"],
        "published_at": row["published_at"],
    }
