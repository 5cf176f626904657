"""What is said and answered about support that is owed, support that is asked for, and needs that were heard."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from api.bodies import Answer, Body, Flag, LongText, Moment, Reference, ShortText, Times
from api.roles.schemas import PersonName
from models.support_request import SupportKind


class SupportOwed(Answer):
    """Support that is waited for, by whom it is owed, and for how long. Nobody is counted or ranked by it."""

    about: Literal["role_proposal", "support_request"]
    id: UUID
    reference: str
    status: str
    author: str | None
    role: str | None
    team: str | None
    kind: str
    what: str
    customer_need: str | None
    proposed_change: str | None
    wanted: list[str]
    owed_by: list[str]
    owed_since: Moment
    waiting_days: int
    due_at: Moment
    overdue: bool


class HeardBody(Times):
    """What a customer needed, in their words: absent keeps, `null` clears. A new one needs what."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")
    what: LongText | None = Field(default=None, description="In the customer's words.")
    need: ShortText | None = None
    case: Reference | None = None
    team: ShortText | None = None
    served: Flag | None = None
    heard_by: PersonName | None = Field(default=None, description="Who heard it, if they want it known.")
    heard_at: Moment | None = Field(default=None, description="Default: when it is told.")


class HeardAnswer(Answer):
    """What a customer needed, as known now."""

    id: UUID
    reference: str
    version: int
    what: str
    need: str | None
    case: str | None
    team: str | None
    served: bool | None
    heard_by: str | None
    heard_at: Moment
    voided: bool
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class HeardStored(HeardAnswer):
    """What a customer needed, just told."""

    unchanged: bool


class SupportRequestBody(Times):
    """What a team lacks to serve its customers: absent keeps, `null` clears. A new one needs team, kind and what."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")
    team: ShortText | None = None
    kind: SupportKind | None = None
    what: LongText | None = None
    asked_by: PersonName | None = Field(default=None, description="Who asks, if they want it known.")
    asked_at: Moment | None = Field(default=None, description="Default: when it is told. The due date counts from it.")
    met_at: Moment | None = None


class MetBody(Body):
    """That a support request was met."""

    met_at: Moment | None = Field(default=None, description="Default: now.")


class SupportRequestAnswer(Answer):
    """A support request as known now; one overdue is a promise not kept."""

    id: UUID
    reference: str
    version: int
    status: Literal["open", "met", "withdrawn"]
    team: str
    kind: str
    what: str
    asked_by: str | None
    asked_at: Moment
    due_at: Moment
    met_at: Moment | None
    owed_by: list[str]
    overdue: bool
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class SupportRequestStored(SupportRequestAnswer):
    """A support request just told."""

    unchanged: bool
