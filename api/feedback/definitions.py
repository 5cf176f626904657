"""What is said and answered about surveys: questions of every kind, texts by language, terms, versions."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from api.bodies import Answer, Body, Code, Days, Flag, Moment, ShortText
from models.rules.questions import QuestionKind
from models.rules.terms import MOST_ORIGINS, MOST_QUOTAS

Language = Annotated[str, Field(strict=True, max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
Wording = Annotated[str, Field(strict=True, min_length=1, max_length=2000)]
Texts = Annotated[
    dict[Language, Wording], Field(min_length=1, description='By language: `{"en": "…", "pt": "…"}`.', max_length=100)
]
Step = Annotated[str, Field(strict=True, pattern=r"^(0|[1-9][0-9]{0,11})$")]
ChoiceKey = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]
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
    labels: Annotated[dict[Step, Texts], Field(min_length=1, max_length=11)] | None = Field(
        default=None,
        description='What each step of a scale is called, by step, all of them: `{"0": {"en": "Never"}, …}`.',
    )
    cannot_say: Flag = Field(
        default=False,
        description='A scale that one may have nothing to say to: the answer `"cannot_say"` is taken, kept as null '
        "and counted as missing, and a required question is answered by it.",
    )
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


class QuotaBody(Body):
    """How many complete answers of a kind are wanted. One that was withdrawn frees its place."""

    key: Code
    when: dict[str, JsonValue] | None = Field(
        default=None,
        description="A rule over answers, as in `show_if`: whose answers count. Without it everybody's do.",
    )
    limit: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]


class Terms(Body):
    """What a survey is taken on. Those of the newest published version hold, whichever version is answered."""

    opens_at: Moment | None = Field(default=None, description="Answers given before are refused: `survey_not_open`.")
    closes_at: Moment | None = Field(
        default=None,
        description="Answers given from then on are refused: `survey_closed`. One begun before may be completed for "
        "another day.",
    )
    quotas: Annotated[list[QuotaBody], Field(max_length=MOST_QUOTAS)] | None = Field(
        default=None,
        description="Complete answers beyond a quota are refused: `quota_full`. A quota counts from the version it "
        "first stands in.",
    )
    allowed_origins: Annotated[list[ShortText], Field(max_length=MOST_ORIGINS)] | None = Field(
        default=None,
        description="The sites that may embed its page, like `https://shop.example`; http only for localhost.",
    )
    layout: Literal["all", "one"] | None = Field(
        default=None, description="`all` questions on one page, or `one` a page. Default: all."
    )
    min_fill_seconds: Annotated[int, Field(strict=True, ge=0, le=60)] | None = Field(
        default=None, description="A page of ours sent sooner than a person can have read it is not believed."
    )
    retention_days: Days | None = Field(
        default=None,
        description="Answers older than this lose what was written freely and every link to a person.",
    )
    sample_share: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None,
        description="The share of occasions on which `POST /v1/eligibility` says to ask. Default: the workspace's.",
    )


class DefinitionBody(Terms):
    """One wording of a survey: its questions, or the key of a template that has them."""

    questions: Annotated[list[QuestionBody], Field(min_length=1, max_length=100)] | None = None
    template: Code | None = Field(
        default=None, description="The key of a template: its questions, and its texts where you name none."
    )
    name: ShortText | None = Field(default=None, description="What the company calls it; customers never see it.")
    language: Language | None = Field(default=None, description="The language texts fall back to. Default: en.")
    page: PageTexts | None = None
    open: Flag = Field(default=True, description="false: only an invitation or a signed link opens the hosted page.")

    @model_validator(mode="after")
    def _one_source(self) -> "DefinitionBody":
        if (self.questions is None) == (self.template is None):
            raise PydanticCustomError("one_of", "`questions` or `template`: one of the two")
        return self


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
    opens_at: Moment | None
    closes_at: Moment | None
    quotas: list[dict[str, JsonValue]]
    allowed_origins: list[str]
    layout: str
    min_fill_seconds: int | None
    retention_days: int | None
    sample_share: float | None
    created_at: Moment
    published_at: Moment | None


class SurveyAnswer(VersionAnswer):
    """A survey as it is asked now, or as it is drafted where nothing is published yet; and its newest draft."""

    draft: int | None


class TemplateAnswer(Answer):
    """A survey to begin with, whole in each of its languages."""

    key: str
    name: str
    purpose: str
    languages: list[str]
    questions: list[dict[str, JsonValue]]
    page: dict[str, JsonValue] | None


class TemplatesAnswer(Answer):
    """All surveys there are to begin with."""

    items: list[TemplateAnswer]


class SurveyExport(Answer):
    """A survey as one document, to be imported anywhere."""

    format: str
    format_version: int
    key: str
    definition: dict[str, JsonValue]


class LeftOut(Answer):
    """Something of an imported document that has no counterpart here."""

    pointer: str
    code: str
    detail: str


class SurveyImported(Answer):
    """The draft an import made, what it was made from, and everything that is not in it."""

    survey: VersionAnswer
    source: Literal["steadfast", "formbricks"]
    left_out: list[LeftOut]


def as_stored(body: DefinitionBody) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the questions of a definition, and what is no question, as they are kept."""
    questions = [
        {"required": False, **question.model_dump(mode="json", exclude_none=True, exclude_defaults=True)}
        for question in body.questions or ()
    ]
    details = body.model_dump(mode="json", exclude_none=True, exclude={"questions", "template", "key"})
    return questions, details


def shown_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a version says beside its questions, as an answer shows it."""
    plain = {name: details.get(name) for name in (*Terms.model_fields, "name", "language", "page")}
    lists = {name: details.get(name) or [] for name in ("quotas", "allowed_origins")}
    return {**plain, **lists, "layout": details.get("layout", "all"), "open": details.get("open", True)}
