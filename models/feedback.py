"""Surveys with versions that never change once published, and what customers answered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field

from models.base import (
    Head,
    JsonObject,
    UTCDateTime,
    Version,
    WorkspaceRow,
    found_by,
    moment,
    unique_in_workspace,
    within_workspace,
)


class Survey(WorkspaceRow, table=True):
    """A questionnaire, known by its key."""

    __tablename__ = "surveys"
    __table_args__ = (unique_in_workspace("surveys", "key"),)

    key: str = Field(max_length=100)
    created_at: datetime = Field(sa_type=UTCDateTime)


class SurveyVersion(WorkspaceRow, table=True):
    """One wording of a survey; immutable once `published_at` is set: a trigger refuses every later change of the row.

    `details` holds what is no question: the name, the page's texts, the first language, the terms it is taken on.
    """

    __tablename__ = "survey_versions"
    __table_args__ = (within_workspace("id", "surveys"),)

    number: int = Field(primary_key=True)
    questions: list[JsonObject] = Field(sa_type=JSON)
    details: JsonObject | None = Field(default=None, sa_type=JSON(none_as_null=True))
    created_at: datetime = Field(sa_type=UTCDateTime)
    published_at: datetime | None = moment()


class Response(Head, table=True):
    """What one person answered about one interaction; `reference` is the sender's own, or the id where it has none."""

    __tablename__ = "responses"
    __table_args__ = (
        unique_in_workspace("responses", "reference"),
        found_by("responses", "stored_at", "id"),
        within_workspace("survey_id", "surveys"),
    )

    survey_id: UUID
    body_hash: str = Field(max_length=64)


class ResponseVersion(Version, table=True):
    """One revision of a response. `score`, `effort` and `failure` are read from the answers when stored."""

    __tablename__ = "response_versions"
    __table_args__ = (
        within_workspace("id", "responses"),
        within_workspace("customer_id", "customers"),
        within_workspace("case_id", "cases"),
        found_by("response_versions", "customer_id", "id", known=True),
        found_by("response_versions", "case_id", "id", known=True),
    )

    survey_version: int
    customer_id: UUID | None = None
    case_id: UUID | None = None
    claimed_customer: str | None = Field(default=None, max_length=200)
    claimed_case: str | None = Field(default=None, max_length=200)
    language: str | None = Field(default=None, max_length=35)
    answers: JsonObject = Field(sa_type=JSON)
    complete: bool
    asked_at: datetime | None = moment()
    answered_at: datetime = Field(sa_type=UTCDateTime)
    score: float | None = None
    effort: float | None = None
    failure: bool | None = None


class SurveyQuota(WorkspaceRow, table=True):
    """How many places of a survey's quota are taken; `id` is the survey's. Whoever takes one holds the row meanwhile.

    A place is taken by a complete response and freed when that is withdrawn: see `QuotaPlace`.
    """

    __tablename__ = "survey_quotas"
    __table_args__ = (within_workspace("id", "surveys"),)

    key: str = Field(max_length=100, primary_key=True)
    taken: int


class QuotaPlace(WorkspaceRow, table=True):
    """A place of a quota that a response has taken; `id` is the response's."""

    __tablename__ = "quota_places"
    __table_args__ = (within_workspace("id", "responses"),)

    key: str = Field(max_length=100, primary_key=True)


class ResponseSource(WorkspaceRow, table=True):
    """Where a form stood that a response came by, as whoever placed it there called it; `id` is the response's."""

    __tablename__ = "response_sources"
    __table_args__ = (within_workspace("id", "responses"),)

    source: str = Field(max_length=200)
