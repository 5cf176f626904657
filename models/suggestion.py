"""Conditions that comments may speak of: what is suggested to people, what they decided, and what is learnt from it.

No word of a comment is kept here: a suggestion leads to the response it stands in.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field

from models.base import (
    JsonObject,
    UTCDateTime,
    WorkspaceRow,
    found_by,
    text_enum,
    unique_in_workspace,
    within_workspace,
)


class SuggestionState(StrEnum):
    """Where a suggestion stands. Only a confirmed one says anything of its case."""

    SUGGESTED = "suggested"
    CONFIRMED = "confirmed"
    DECLINED = "declined"


class SuggestionBasis(StrEnum):
    """What a suggestion rests on: a phrase of the workspace's, likeness to a description, or what was learnt."""

    PHRASE = "phrase"
    SIMILARITY = "similarity"
    LEARNT = "learnt"


class CommentSuggestion(WorkspaceRow, table=True):
    """That a response's comment may speak of a condition; `state` is the last decision's, `version` their number."""

    __tablename__ = "comment_suggestions"
    __table_args__ = (
        unique_in_workspace("comment_suggestions", "response_id", "condition_id"),
        within_workspace("response_id", "responses"),
        within_workspace("condition_id", "conditions"),
        found_by("comment_suggestions", "stored_at", "id"),
        found_by("comment_suggestions", "state", "stored_at", "id"),
    )

    response_id: UUID
    condition_id: UUID
    basis: SuggestionBasis = Field(sa_type=text_enum(SuggestionBasis))
    phrase: str | None = Field(default=None, max_length=100)
    score: float | None = None
    state: SuggestionState = Field(sa_type=text_enum(SuggestionState))
    version: int
    suggested_at: datetime = Field(sa_type=UTCDateTime)
    stored_at: datetime = Field(sa_type=UTCDateTime)


class SuggestionDecision(WorkspaceRow, table=True):
    """What somebody decided on a suggestion: appended, never changed; the latest counts. `id` is the suggestion's."""

    __tablename__ = "suggestion_decisions"
    __table_args__ = (within_workspace("id", "comment_suggestions"),)

    number: int = Field(primary_key=True)
    state: SuggestionState = Field(sa_type=text_enum(SuggestionState))
    note: str | None = Field(default=None, max_length=2000)
    actor: str = Field(max_length=200)
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class CommentModelVersion(WorkspaceRow, table=True):
    """What was learnt of comments: a JSON document, its hash, and what it was learnt from. The newest serves."""

    __tablename__ = "comment_models"
    __table_args__ = (found_by("comment_models", "created_at", "id"),)

    document: JsonObject = Field(sa_type=JSON)
    sha256: str = Field(max_length=64)
    card: JsonObject = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UTCDateTime)
