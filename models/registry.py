"""What people decide about risk models: scorecards by version, which model serves, and what watching it came to.

Everything here is appended; only what a silent challenger said of a customer goes with the customer.
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


class ScorecardVersion(WorkspaceRow, table=True):
    """What a workspace believes of departure before customers have left: its changes to the published scorecard.

    `terms` holds, by feature, the weight and standard deviation that differ; a version is whole, and what it does not
    name is as published. `yearly_loss` takes the place of the workspace's where it is given.
    """

    __tablename__ = "scorecards"
    __table_args__ = (unique_in_workspace("scorecards", "number"), found_by("scorecards", "recorded_at", "id"))

    number: int
    terms: JsonObject = Field(sa_type=JSON)
    yearly_loss: float | None = None
    reason: str = Field(max_length=4000)
    actor: str = Field(max_length=200)
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class Decision(StrEnum):
    """What was decided about a model."""

    PROMOTED = "promoted"
    RETIRED = "retired"
    CHALLENGED = "challenged"


class ModelDecision(WorkspaceRow, table=True):
    """One decision about a model: by whom, why, and what served before; told on the model's card.

    `anyway` says that it was promoted although it did worse than what served.
    """

    __tablename__ = "model_decisions"
    __table_args__ = (
        within_workspace("model_id", "risk_models"),
        found_by("model_decisions", "model_id", "recorded_at"),
        found_by("model_decisions", "recorded_at", "id"),
    )

    model_id: UUID
    decision: Decision = Field(sa_type=text_enum(Decision))
    was: str = Field(max_length=16)
    before_id: UUID | None = None
    anyway: bool
    reason: str | None = Field(default=None, max_length=4000)
    actor: str = Field(max_length=200)
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class Watched(StrEnum):
    """What is looked at of a model that is in use."""

    DRIFT = "drift"
    FAIRNESS = "fairness"
    COMPARISON = "comparison"


class ModelReport(WorkspaceRow, table=True):
    """What watching a model came to, worked out by a job. `report` is null where there was too little to say."""

    __tablename__ = "model_reports"
    __table_args__ = (
        within_workspace("model_id", "risk_models"),
        found_by("model_reports", "model_id", "kind", "recorded_at"),
    )

    model_id: UUID
    kind: Watched = Field(sa_type=text_enum(Watched))
    report: JsonObject | None = Field(default=None, sa_type=JSON(none_as_null=True))
    detail: str = Field(max_length=1000)
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class ChallengerRisk(WorkspaceRow, table=True):
    """What a silent challenger and the champion said of a customer at the same moment; never an answer to anybody."""

    __tablename__ = "challenger_risks"
    __table_args__ = (
        within_workspace("model_id", "risk_models"),
        within_workspace("customer_id", "customers"),
        found_by("challenger_risks", "model_id", "as_of"),
        found_by("challenger_risks", "customer_id"),
    )

    model_id: UUID
    champion_id: UUID | None = None
    customer_id: UUID
    as_of: datetime = Field(sa_type=UTCDateTime)
    risk: float
    champion_risk: float
