"""What the company owes a customer after a failure or a flag, and what is told of outreach it may do on top."""

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


class FollowUpKind(StrEnum):
    """Redress is owed after a failure, whatever the customer's value; outreach is what the company does on top."""

    REDRESS = "redress"
    OUTREACH = "outreach"


class FollowUpOrigin(StrEnum):
    """What a follow-up came of: a case that failed, a customer flagged, or somebody who promised it."""

    FAILURE = "failure"
    FLAG = "flag"
    PERSON = "person"


class FollowUpOutcome(StrEnum):
    """What came of a follow-up, in the customer's terms."""

    PUT_RIGHT = "put_right"
    HELPED = "helped"
    NOT_HELPED = "not_helped"
    NOT_REACHED = "not_reached"
    DECLINED = "declined"
    NOT_NEEDED = "not_needed"


class FollowUp(Head, table=True):
    """One thing the company owes a customer."""

    __tablename__ = "follow_ups"
    __table_args__ = (unique_in_workspace("follow_ups", "reference"), found_by("follow_ups", "stored_at", "id"))


class FollowUpVersion(Version, table=True):
    """Who owes it whom by when, what was promised, and what came of it.

    `contacted_at` is when the customer was reached: what a treatment mark of a snapshot reads. Closing one alters no
    assessment.
    """

    __tablename__ = "follow_up_versions"
    __table_args__ = (
        within_workspace("id", "follow_ups"),
        within_workspace("customer_id", "customers"),
        within_workspace("case_id", "cases"),
        within_workspace("response_id", "responses"),
        within_workspace("assessment_id", "assessments"),
        found_by("follow_up_versions", "customer_id", "id"),
        found_by("follow_up_versions", "case_id", "id", known=True),
    )

    kind: FollowUpKind = Field(sa_type=text_enum(FollowUpKind))
    origin: FollowUpOrigin = Field(sa_type=text_enum(FollowUpOrigin))
    customer_id: UUID
    case_id: UUID | None = None
    response_id: UUID | None = None
    assessment_id: UUID | None = None
    team: str | None = Field(default=None, max_length=200)
    owner: str | None = Field(default=None, max_length=200)
    owed_at: datetime = Field(sa_type=UTCDateTime)
    due_at: datetime = Field(sa_type=UTCDateTime)
    promise: str | None = Field(default=None, max_length=4000)
    promise_kept: bool | None = None
    contacted_at: datetime | None = moment()
    closed_at: datetime | None = moment()
    outcome: FollowUpOutcome | None = Field(default=None, sa_type=text_enum(FollowUpOutcome))
    note: str | None = Field(default=None, max_length=4000)


class Arm(StrEnum):
    """Whether a customer flagged for outreach is offered it, or held out so that its effect can be known."""

    OFFERED = "offered"
    HELD_OUT = "held_out"


class OutreachDraw(WorkspaceRow, table=True):
    """Which arm a customer was drawn into at a flag: appended before anything is done, never changed."""

    __tablename__ = "outreach_draws"
    __table_args__ = (
        within_workspace("customer_id", "customers"),
        unique_in_workspace("outreach_draws", "customer_id", "number"),
        found_by("outreach_draws", "drawn_at", "id"),
    )

    customer_id: UUID
    number: int
    arm: Arm = Field(sa_type=text_enum(Arm))
    share: float
    horizon_days: int
    drawn_at: datetime = Field(sa_type=UTCDateTime)


class OutreachEffect(WorkspaceRow, table=True):
    """What was known at a moment of the effect of outreach: sums over many customers, appended when they changed."""

    __tablename__ = "outreach_effects"
    __table_args__ = (found_by("outreach_effects", "computed_at", "id"),)

    computed_at: datetime = Field(sa_type=UTCDateTime)
    help_alpha: float
    help_beta: float
    figures: JsonObject = Field(sa_type=JSON)
    sha256: str = Field(max_length=64)
