"""Surveys: made, drafted, published - and from then on unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from api.feedback.definitions import DefinitionBody, SurveyAnswer, SurveyBody, VersionAnswer, as_stored
from api.feedback.templates import POST_INTERACTION, POST_INTERACTION_QUESTIONS
from api.listing import Asked
from api.paging import next_cursor, page_of
from models.access import Scope
from models.ids import uuid7
from models.rules.questions import faults


@dataclass(frozen=True)
class PublishedSurvey:
    """A survey version that answers can be about."""

    id: UUID
    key: str
    number: int
    questions: list[dict[str, Any]]
    published_at: datetime
    details: Mapping[str, Any]

    @property
    def open(self) -> bool:
        """Whether anybody may answer it on its hosted page."""
        return bool(self.details.get("open", True))


async def publish_templates(session: AsyncSession, workspace_id: UUID, now: datetime) -> None:
    """Give a new workspace the survey it starts with."""
    survey_id = uuid7()
    row = {"workspace_id": workspace_id, "id": survey_id}
    await session.execute(insert(queries.surveys).values({**row, "key": POST_INTERACTION, "created_at": now}))
    version = {"number": 1, "questions": POST_INTERACTION_QUESTIONS, "created_at": now, "published_at": now}
    await session.execute(insert(queries.survey_versions).values({**row, **version}))


async def published(work: Work, key: str, version: int | None = None) -> PublishedSurvey:
    """Return a published survey, the newest version unless one is named, read once a request."""
    kept = _kept(key, version)
    if kept not in work.kept:
        row = (await work.session.execute(queries.published(work.workspace_id, key, version))).one_or_none()
        if row is None:
            raise NoSuchThing(f"There is no published survey {key}{'' if version is None else f' version {version}'}.")
        work.kept[kept] = PublishedSurvey(
            row.id, row.key, row.number, row.questions, row.published_at, row.details or {}
        )
    found: PublishedSurvey = work.kept[kept]
    return found


def met_before(work: Work, key: str) -> PublishedSurvey | None:
    """Return a survey's newest published version if this request has read it."""
    return work.kept.get(_kept(key, None))


def _kept(key: str, version: int | None) -> str:
    return f"survey:{key}:{version}"


async def create(work: Work, body: SurveyBody) -> SurveyAnswer:
    """Make a survey with its first draft."""
    _check(body)
    survey_id = uuid7()
    row = {"workspace_id": work.workspace_id, "id": survey_id, "key": body.key, "created_at": work.now}
    if await work.session.scalar(queries.survey_id(work.workspace_id, body.key)) is not None:
        raise _exists(body.key)
    try:
        await work.session.execute(insert(queries.surveys).values(row))
    except IntegrityError:
        raise _exists(body.key) from None
    await _append(work, survey_id, body, 1)
    await audit.note(work, "survey.created", body.key, {})
    return await read(work, body.key)


async def draft(work: Work, key: str, body: DefinitionBody) -> VersionAnswer:
    """Append a draft to a survey."""
    _check(body)
    survey_id = await _locked(work, key)
    number = await work.session.scalar(queries.newest_number(work.workspace_id, survey_id)) or 0
    await _append(work, survey_id, body, number + 1)
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


def _check(body: DefinitionBody) -> None:
    questions, _ = as_stored(body)
    wrong = faults(questions)
    if wrong:
        errors = [{"pointer": item.pointer, "code": item.code, "detail": item.detail} for item in wrong]
        raise Malformed(f"Correct {', '.join(item.pointer for item in wrong[:5])}.", errors=errors)


async def _append(work: Work, survey_id: UUID, body: DefinitionBody, number: int) -> None:
    questions, details = as_stored(body)
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
    details = row["details"] or {}
    return {
        "key": row["key"],
        "version": row["number"],
        "status": "draft" if row["published_at"] is None else "published",
        "questions": row["questions"],
        "name": details.get("name"),
        "language": details.get("language"),
        "page": details.get("page"),
        "open": details.get("open", True),
        "created_at": row["created_at"],
        "published_at": row["published_at"],
    }
