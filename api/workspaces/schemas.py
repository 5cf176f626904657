"""What is said and answered about a workspace."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from api.bodies import Answer, Body, Currency, Moment, ShortText

YearlyLoss = Annotated[float, Field(strict=True, gt=0, lt=1)]


class WorkspacePatch(Body):
    """What of a workspace is to change; what is absent stays."""

    name: ShortText | None = None
    zone: ShortText | None = Field(default=None, description="An IANA time zone, like `Europe/Berlin`.")
    currency: Currency | None = None
    yearly_loss: YearlyLoss | None = Field(
        default=None,
        description="The share of customers that leaves in a year. Nobody is flagged before it is declared.",
    )
    failure_definition: dict[str, JsonValue] | None = Field(
        default=None,
        description="When a case has failed its customer: a rule, and the moment conditions count at.",
    )
    answer_due_days: Annotated[int, Field(strict=True, ge=1, le=90)] | None = Field(
        default=None, description="Within how many working days a manager owes a role proposal an answer."
    )


class WorkspaceAnswer(Answer):
    """A workspace as it works now."""

    id: UUID
    slug: str
    version: int
    name: str
    zone: str
    currency: str
    yearly_loss: float | None
    failure_definition: dict[str, JsonValue]
    horizon_days: int
    answer_due_days: int
    updated_at: Moment


class MeAnswer(Answer):
    """Who a key speaks for: the connection test of integrations."""

    workspace: str
    workspace_id: UUID
    key_id: UUID
    scopes: list[str]
