"""Risk models by version, and what they said of customers: appended when it changed, never rewritten."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from models.base import JsonObject, UTCDateTime, WorkspaceRow, found_by, moment, text_enum, within_workspace


class ModelState(StrEnum):
    """Where a model version stands. One champion serves."""

    CANDIDATE = "candidate"
    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"


class RiskModelVersion(WorkspaceRow, table=True):
    """A risk model: its JSON document, the document's hash, and what it was learnt from."""

    __tablename__ = "risk_models"
    __table_args__ = (found_by("risk_models", "state"),)

    name: str = Field(max_length=100)
    state: ModelState = Field(sa_type=text_enum(ModelState))
    basis: str = Field(max_length=16)
    document: JsonObject = Field(sa_type=JSON)
    sha256: str = Field(max_length=64)
    card: JsonObject = Field(sa_type=JSON)
    n_customers: int
    n_departures: int
    trained_from: datetime | None = moment()
    trained_to: datetime | None = moment()
    created_at: datetime = Field(sa_type=UTCDateTime)


class Assessment(WorkspaceRow, table=True):
    """What was said of a customer's risk at a moment, by which model, and why."""

    __tablename__ = "assessments"
    __table_args__ = (
        within_workspace("customer_id", "customers"),
        found_by("assessments", "customer_id", "as_of"),
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
    feature_hash: str = Field(max_length=64)
    explanation: JsonObject = Field(sa_type=JSON)
