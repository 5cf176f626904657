"""Risk models by version, and what they said of customers: appended when it changed, never rewritten."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, text
from sqlmodel import Field

from models.base import (
    Head,
    JsonObject,
    UTCDateTime,
    Version,
    WorkspaceRow,
    found_by,
    moment,
    text_enum,
    unique_in_workspace,
    within_workspace,
)


class ModelState(StrEnum):
    """Where a model version stands. One champion serves."""

    CANDIDATE = "candidate"
    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"


ONE_CHAMPION = text("state = 'champion'")


class RiskModelVersion(WorkspaceRow, table=True):
    """A risk model, its hash, and what it was learnt from.

    What can serve is the JSON `document`. What only a worker can score with is an `artefact` of bytes, and its document
    is empty; `sha256` is of whichever it is.
    """

    __tablename__ = "risk_models"
    __table_args__ = (
        found_by("risk_models", "state"),
        found_by("risk_models", "created_at", "id"),
        Index(
            "uq_risk_models_champion",
            "workspace_id",
            unique=True,
            sqlite_where=ONE_CHAMPION,
            postgresql_where=ONE_CHAMPION,
        ),
    )

    name: str = Field(max_length=100)
    state: ModelState = Field(sa_type=text_enum(ModelState))
    basis: str = Field(max_length=16)
    document: JsonObject = Field(sa_type=JSON)
    artefact: bytes | None = Field(default=None, sa_type=LargeBinary)
    sha256: str = Field(max_length=64)
    card: JsonObject = Field(sa_type=JSON)
    n_customers: int
    n_departures: int
    trained_from: datetime | None = moment()
    trained_to: datetime | None = moment()
    created_at: datetime = Field(sa_type=UTCDateTime)
    changed_at: datetime | None = moment()
    """When its state last changed."""


class Assessment(WorkspaceRow, table=True):
    """What was said of a customer's risk at a moment, by which model, and why."""

    __tablename__ = "assessments"
    __table_args__ = (
        within_workspace("customer_id", "customers"),
        found_by("assessments", "customer_id", "as_of"),
        found_by("assessments", "recorded_at", "id"),
        found_by("assessments", "outreach_worth", "id", known=True),
    )

    customer_id: UUID
    model_id: UUID | None = None
    as_of: datetime = Field(sa_type=UTCDateTime)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
    state: str = Field(max_length=16)
    risk: float | None = None
    low: float | None = None
    high: float | None = None
    basis: str = Field(max_length=16)
    flagged: bool
    expected_loss: int | None = Field(default=None, sa_type=BigInteger)
    outreach_worth: int | None = Field(default=None, sa_type=BigInteger)
    """What discretionary outreach is expected to save beyond its cost, in minor units."""
    feature_hash: str = Field(max_length=64)
    explanation: JsonObject = Field(sa_type=JSON)


class Verdict(StrEnum):
    """What somebody who knows the customer says of an assessment."""

    AGREE = "agree"
    ALREADY_KNOWN = "already_known"
    WRONG_REASON = "wrong_reason"
    NOT_AT_RISK = "not_at_risk"


class RiskFeedback(Head, table=True):
    """One person's word on a customer's assessment; `reference` is unique with the customer."""

    __tablename__ = "risk_feedback"
    __table_args__ = (
        unique_in_workspace("risk_feedback", "customer_id", "reference"),
        within_workspace("customer_id", "customers"),
        found_by("risk_feedback", "stored_at", "id"),
    )

    customer_id: UUID


class RiskFeedbackVersion(Version, table=True):
    """What was said of which assessment, and the conditions that were meant."""

    __tablename__ = "risk_feedback_versions"
    __table_args__ = (
        within_workspace("id", "risk_feedback"),
        within_workspace("customer_id", "customers"),
        within_workspace("assessment_id", "assessments"),
        found_by("risk_feedback_versions", "customer_id", "id"),
    )

    customer_id: UUID
    assessment_id: UUID
    verdict: Verdict = Field(sa_type=text_enum(Verdict))
    conditions: list[str] = Field(default_factory=list, sa_type=JSON)
    note: str | None = Field(default=None, max_length=4000)
