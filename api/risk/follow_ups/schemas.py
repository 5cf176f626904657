"""What is said and answered about follow-ups."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from api.bodies import Answer, Body, Flag, LongText, Moment, Reference, ShortText, Times
from models.follow_up import FollowUpKind, FollowUpOutcome

OwnerName = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200)]


class FollowUpBody(Times):
    """What is owed to a customer: absent keeps, `null` clears. A new one needs a customer, or a case of theirs."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")
    kind: FollowUpKind | None = Field(
        default=None, description="Default: `redress`. What was begun as one is not made the other."
    )
    customer: Reference | None = Field(default=None, description="Default: the case's.")
    case: Reference | None = None
    response: UUID | None = Field(default=None, description="The answer it is about, by its id.")
    assessment: UUID | None = Field(default=None, description="The assessment it is about, by its id.")
    team: ShortText | None = Field(default=None, description="Default: the case's.")
    owner: OwnerName | None = Field(default=None, description="Who does it: a role, a team or a supporter by name.")
    owed_at: Moment | None = Field(default=None, description="Since when it is owed. Default: when it is told.")
    due_at: Moment | None = Field(
        default=None, description="Default: so many working days after `owed_at` as `follow_up_due_days` says."
    )
    promise: LongText | None = Field(default=None, description="What the customer was promised.")
    promise_kept: Flag | None = None
    contacted_at: Moment | None = Field(default=None, description="When the customer was reached.")
    closed_at: Moment | None = None
    outcome: FollowUpOutcome | None = Field(default=None, description="Needed with `closed_at`.")
    note: LongText | None = None


class CloseBody(Body):
    """What came of a follow-up."""

    outcome: FollowUpOutcome
    promise_kept: Flag | None = Field(default=None, description="Whether the customer got what was promised.")
    contacted_at: Moment | None = Field(default=None, description="When the customer was reached, if they were.")
    closed_at: Moment | None = Field(default=None, description="Default: now.")
    note: LongText | None = None


class FollowUpAnswer(Answer):
    """A follow-up as known now; one overdue is a promise not kept. Nobody is counted or ranked by it."""

    id: UUID
    reference: str
    version: int
    status: str
    kind: str
    origin: str
    customer: str
    do_not_contact: bool = Field(description="What is owed is owed; how to reach this customer is for them to say.")
    case: str | None
    response: UUID | None
    assessment: UUID | None
    team: str | None
    owner: str | None
    owed_at: Moment
    due_at: Moment
    overdue: bool
    promise: str | None
    promise_kept: bool | None
    contacted_at: Moment | None
    closed_at: Moment | None
    outcome: str | None
    note: str | None
    voided: bool
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class FollowUpStored(FollowUpAnswer):
    """A follow-up just told."""

    unchanged: bool
