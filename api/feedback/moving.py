"""Surveys taken elsewhere and brought back: as one document of ours, or of another system made ours."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue, ValidationError

from api.dependencies import Work
from api.errors import Malformed, field_error
from api.feedback import formbricks, queries, surveys
from api.feedback.definitions import DefinitionBody, LeftOut, SurveyBody, SurveyExport, SurveyImported, VersionAnswer
from api.recorded import impossible
from models.rules.answers import Misfit

FORMAT = "steadfast.survey"
FORMAT_VERSION = 1


async def exported(work: Work, key: str, number: int | None = None) -> SurveyExport:
    """Return a version as a document: the one asked now, else the newest draft, unless one is named."""
    found = await (surveys.read(work, key) if number is None else surveys.read_version(work, key, number))
    own = set(VersionAnswer.model_fields) & set(DefinitionBody.model_fields)
    said = {name: value for name, value in found.model_dump(mode="json").items() if name in own}
    definition = {name: value for name, value in said.items() if value not in (None, [])}
    return SurveyExport(format=FORMAT, format_version=FORMAT_VERSION, key=found.key, definition=definition)


async def import_survey(work: Work, document: Mapping[str, JsonValue], key: str | None = None) -> SurveyImported:
    """Take a document as a draft: of a new survey, or of a survey that has its key already."""
    if formbricks.is_formbricks(document):
        source = "formbricks"
        proposed, definition, left_out = formbricks.translated(document)
    else:
        source = "steadfast"
        proposed, definition, left_out = _ours(document)
    body = _checked({**definition, "key": key or proposed}, source)
    known = await work.session.scalar(queries.survey_id(work.workspace_id, body.key)) is not None
    made: VersionAnswer = await (surveys.draft(work, body.key, body) if known else surveys.create(work, body))
    shown = VersionAnswer(**{name: getattr(made, name) for name in VersionAnswer.model_fields})
    return SurveyImported(survey=shown, source=source, left_out=[LeftOut(**_plain(item)) for item in left_out])


def _plain(item: Misfit) -> dict[str, str]:
    return {"pointer": item.pointer, "code": item.code, "detail": item.detail}


def _ours(document: Mapping[str, Any]) -> tuple[Any, dict[str, Any], list[Misfit]]:
    """Return the key and the definition of a document of ours; everything of it is taken."""
    definition = document.get("definition")
    if document.get("format") != FORMAT or not isinstance(definition, Mapping):
        detail = f"This is neither an export of ours (`format`: {FORMAT}) nor a Formbricks survey."
        raise impossible("format", "unknown_format", detail)
    if document.get("format_version") != FORMAT_VERSION:
        raise impossible("format_version", "unknown_format", f"Only version {FORMAT_VERSION} of the format is known.")
    return document.get("key"), dict(definition), []


def _checked(definition: Mapping[str, Any], source: str) -> SurveyBody:
    try:
        return SurveyBody.model_validate(definition)
    except ValidationError as error:
        errors = [field_error(item, base=("definition",)) for item in error.errors(include_url=False)]
        said = "" if source == "steadfast" else " of the survey as it would be here"
        where = ", ".join(item["pointer"] for item in errors[:5])
        raise Malformed(f"Correct {where}{said}.", errors=errors) from None
