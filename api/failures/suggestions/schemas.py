"""What is said and answered about suggestions from comments."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.bodies import Answer, Body, Moment
from models.suggestion import SuggestionBasis, SuggestionState

Note = Annotated[str, Field(strict=True, min_length=1, max_length=2000)]


class DecisionBody(Body):
    """What somebody who read a comment decides on a suggestion, and why."""

    note: Note | None = None


class DecisionRow(Body):
    """One decision of many."""

    id: UUID
    decision: Literal["confirm", "decline"]
    note: Note | None = None
    version: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None, description="The version you saw: needed to decide otherwise than somebody before you."
    )


class SuggestionAnswer(Answer):
    """That a comment may speak of a condition, and what people decided."""

    id: UUID
    version: int
    condition: str
    case: str
    response: UUID
    language: str | None
    answered_at: Moment
    state: SuggestionState
    basis: SuggestionBasis
    phrase: str | None
    score: float | None
    excerpt: str | None
    note: str | None
    decided_by: str | None
    decided_at: Moment | None
    suggested_at: Moment
    stored_at: Moment


class SuggestionWhole(SuggestionAnswer):
    """A suggestion with the whole comment."""

    comment: str | None


class BasisAnswer(Answer):
    """How often people agreed with suggestions that rest on one thing, or on any."""

    suggested: int
    confirmed: int
    declined: int
    n: int
    customers: int
    precision: float | None
    low: float
    high: float


class OfBasisAnswer(BasisAnswer):
    """The same of one basis."""

    basis: SuggestionBasis


class OfConditionAnswer(BasisAnswer):
    """How suggestions of one condition fared."""

    condition: str
    phrases: int
    learnt_from: int
    by_basis: list[OfBasisAnswer]


class CommentModelAnswer(Answer):
    """What was learnt of comments last."""

    id: UUID
    created_at: Moment
    comments: int
    customers: int
    terms: int
    learnt: list[str]
    similarity: list[str]


class FaredAnswer(Answer):
    """How suggestions fared, condition by condition, and what serves now."""

    model: CommentModelAnswer | None
    conditions: list[OfConditionAnswer]
