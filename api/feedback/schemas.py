"""What is said and answered about responses."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from api.bodies import Answer, Body, Flag, Moment, Reference, ShortText

Language = Annotated[str, Field(strict=True, max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
QuestionKey = Annotated[str, Field(min_length=1, max_length=100)]


class ResponseBody(Body):
    """What a customer answered after an interaction."""

    id: UUID | None = Field(default=None, description="The sender's own: the same again is the same response.")
    reference: Reference | None = Field(default=None, description="Instead of `id`, where the sender has no UUID.")
    survey: ShortText = Field(description="The survey's key, like `post_interaction`.")
    version: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    customer: Reference | None = None
    case: Reference | None = None
    language: Language | None = None
    answers: dict[QuestionKey, JsonValue]
    complete: Flag = True
    asked_at: Moment | None = None
    answered_at: Moment | None = None
    recorded_at: Moment | None = Field(default=None, description="When the company knew. Default: now.")


class ResponseStored(Answer):
    """What became of a response: its id, and what it means for the case where the caller may know."""

    id: UUID
    status: str


class ResponseJudged(ResponseStored):
    """What became of a response, for callers who may know of failures and conditions."""

    failure: bool | None
    conditions: list[str]


class ResponseAnswer(Answer):
    """A response as it stands."""

    id: UUID
    reference: str
    survey: str
    survey_version: int
    status: str
    customer: str | None
    case: str | None
    claimed_customer: str | None
    claimed_case: str | None
    language: str | None
    answers: dict[str, JsonValue]
    failure: bool | None
    asked_at: Moment | None
    answered_at: Moment
    recorded_at: Moment
    stored_at: Moment


class SurveyAnswer(Answer):
    """A survey and its published version."""

    key: str
    version: int
    questions: list[dict[str, JsonValue]]
    published_at: Moment | None
