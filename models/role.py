"""Role proposals: how staff would design their roles, who stands behind them, and what managers answered."""

from datetime import datetime
from enum import StrEnum
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
    text_enum,
    unique_in_workspace,
    within_workspace,
)


class ProposalKind(StrEnum):
    """What part of the role is to be designed anew."""

    DECISION_RIGHT = "decision_right"
    TASK_BOUNDARY = "task_boundary"
    SEQUENCE = "sequence"
    KNOWLEDGE = "knowledge"
    TOOL = "tool"
    INFORMATION = "information"
    RULE_TO_DROP = "rule_to_drop"
    MEASURE_TO_DROP = "measure_to_drop"
    OTHER = "other"


class RoleProposal(Head, table=True):
    """A staff member's design of their role; support is owed to it."""

    __tablename__ = "role_proposals"
    __table_args__ = (
        unique_in_workspace("role_proposals", "reference"),
        found_by("role_proposals", "stored_at", "id"),
    )


class RoleProposalVersion(Version, table=True):
    """What is proposed, for which customer need, what stops it now, and where it stands."""

    __tablename__ = "role_proposal_versions"
    __table_args__ = (within_workspace("id", "role_proposals"),)

    status: str = Field(max_length=32)
    author: str | None = Field(default=None, max_length=200)
    role: str = Field(max_length=200)
    team: str | None = Field(default=None, max_length=200)
    kind: ProposalKind = Field(sa_type=text_enum(ProposalKind))
    customer_need: str = Field(max_length=2000)
    situation: str | None = Field(default=None, max_length=4000)
    proposed_change: str = Field(max_length=4000)
    conditions: list[str] = Field(default_factory=list, sa_type=JSON)
    details: JsonObject = Field(default_factory=dict, sa_type=JSON)
    due_at: datetime = Field(sa_type=UTCDateTime)
    taken_to: str | None = Field(default=None, max_length=200)


class Supporter(WorkspaceRow, table=True):
    """A colleague who stands behind a role proposal."""

    __tablename__ = "supporters"
    __table_args__ = (within_workspace("id", "role_proposals"),)

    name: str = Field(max_length=200, primary_key=True)
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class SupportAnswer(WorkspaceRow, table=True):
    """What a manager answered a proposal, with reason and date: appended."""

    __tablename__ = "support_answers"
    __table_args__ = (
        within_workspace("proposal_id", "role_proposals"),
        found_by("support_answers", "proposal_id"),
    )

    proposal_id: UUID
    verdict: str = Field(max_length=32)
    reason: str | None = Field(default=None, max_length=4000)
    by_when: datetime | None = moment()
    answered_by: str | None = Field(default=None, max_length=200)
    taken_to: str | None = Field(default=None, max_length=200)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
