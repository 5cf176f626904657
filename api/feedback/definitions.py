"""What is said and answered about surveys: questions of every kind, texts by language, versions."""

from typing import Annotated, Any

from pydantic import Field, JsonValue

from api.bodies import Answer, Body, Code, Flag, Moment, ShortText
from models.rules.questions import QuestionKind

Language = Annotated[str, Field(strict=True, max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
Wording = Annotated[str, Field(strict=True, min_length=1, max_length=2000)]
Texts = Annotated[
    dict[Language, Wording], Field(min_length=1, description='By language: `{"en": "…", "pt": "…"}`.', max_length=100)
]
ChoiceKey = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]
OF_A_VERSION = {"name", "language", "page", "open", "allowed_origins", "min_fill_seconds"}
Bound = (
    Annotated[int, Field(strict=True, ge=-(10**12), le=10**12)]
    | Annotated[float, Field(strict=True, ge=-1e12, le=1e12)]
)


class ChoiceBody(Body):
    """One choice, or one row of a matrix."""

    key: ChoiceKey
    texts: Texts


class SampleBody(Body):
    """Of the questions of one group only some are put to one person."""

    group: Code
    show: Annotated[int, Field(strict=True, ge=1, le=100)]


class QuestionBody(Body):
    """One question."""

    key: Code
    kind: QuestionKind
    metric_key: Code | None = Field(default=None, description="What it measures, across surveys and languages.")
    required: Flag = False
    texts: Texts
    choices: list[ChoiceBody] | None = Field(default=None, description="For choice, choices, ranking and matrix.")
    rows: list[ChoiceBody] | None = Field(default=None, description="For matrix.")
    min: Bound | None = None
    max: Bound | None = None
    max_length: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    low_texts: Texts | None = Field(default=None, description="What the lower end of a scale means.")
    high_texts: Texts | None = Field(default=None, description="What the upper end of a scale means.")
    show_if: dict[str, JsonValue] | None = Field(
        default=None,
        description="A rule over earlier answers; asked only where it holds: "
        '`{"all": [{"field": "answers.satisfaction", "op": "le", "value": 2}]}`.',
    )
    sample: SampleBody | None = None


class PageTexts(Body):
    """What the hosted page says around the questions."""

    title: Texts | None = None
    intro: Texts | None = None
    thanks: Texts | None = None


class DefinitionBody(Body):
    """One wording of a survey."""

    questions: Annotated[list[QuestionBody], Field(min_length=1, max_length=100)]
    name: ShortText | None = Field(default=None, description="What the company calls it; customers never see it.")
    language: Language | None = Field(default=None, description="The language texts fall back to. Default: en.")
    page: PageTexts | None = None
    open: Flag = Field(default=True, description="false: only an invitation or a signed link opens the hosted page.")
    allowed_origins: list[str] | None = Field(
        default=None, description="The sites that may embed its page, like `https://shop.example`."
    )
    min_fill_seconds: Annotated[int, Field(strict=True, ge=0, le=60)] | None = Field(
        default=None, description="A page of ours sent sooner than a person can have read it is not believed."
    )


class SurveyBody(DefinitionBody):
    """A new survey with its first draft."""

    key: Code


class VersionAnswer(Answer):
    """One version of a survey. A published one never changes."""

    key: str
    version: int
    status: str
    questions: list[dict[str, JsonValue]]
    name: str | None
    language: str | None
    page: dict[str, JsonValue] | None
    open: bool
    created_at: Moment
    published_at: Moment | None


class SurveyAnswer(VersionAnswer):
    """A survey as it is asked now, or as it is drafted where nothing is published yet; and its newest draft."""

    draft: int | None


def as_stored(body: DefinitionBody) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the questions of a definition, and what is no question, as they are kept."""
    questions = [
        {"required": False, **question.model_dump(mode="json", exclude_none=True)} for question in body.questions
    ]
    details = body.model_dump(mode="json", exclude_none=True, include=OF_A_VERSION)
    return questions, details
