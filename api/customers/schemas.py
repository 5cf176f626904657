"""What is said and answered about customers, cases, promises and departures."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from api.bodies import (
    Answer,
    Attributes,
    Body,
    Count,
    DayOrMoment,
    Flag,
    LongText,
    Moment,
    Money,
    Reference,
    ShortText,
    Times,
)
from models.case import Demand, Party
from models.customer import DepartureKind

Email = Annotated[str, Field(strict=True, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")]


class CustomerBody(Times):
    """A customer: absent keeps, `null` clears, attributes merge by key."""

    name: Annotated[str, Field(strict=True, max_length=500)] | None = None
    email: Email | None = None
    segment: ShortText | None = None
    value: Money | None = Field(default=None, description="What the customer is worth in a year.")
    since: Moment | None = None
    referred_by: Reference | None = None
    terms_as_new: Flag | None = None
    waiting_as_new: Flag | None = None
    objects_to_scoring: Flag | None = Field(default=None, description="Never scored while true.")
    do_not_contact: Flag | None = None
    survey_opt_out: Flag | None = None
    attributes: Attributes | None = None


class CustomerRow(CustomerBody):
    """A customer in bulk."""

    reference: Reference


class CaseBody(Times):
    """A case: absent keeps, `null` clears, attributes merge by key. A new one needs customer, need and opened_at."""

    customer: Reference | None = None
    need: ShortText | None = None
    channel: ShortText | None = None
    team: ShortText | None = None
    opened_at: Moment | None = None
    needed_by: DayOrMoment | None = Field(default=None, description="A day means its end in the workspace's zone.")
    done_at: Moment | None = None
    confirmed_at: Moment | None = None
    contacts: Count | None = None
    handovers: Count | None = None
    reopened: Count | None = None
    demand: Demand | None = None
    caused_by_case: Reference | None = None
    waiting_for_customer_minutes: Annotated[int, Field(strict=True, ge=0, le=100_000_000)] | None = None
    permission_asked: Flag | None = None
    told_first: Flag | None = None
    put_back: Flag | None = None
    restored_at: Moment | None = None
    restore_due_at: DayOrMoment | None = None
    attributes: Attributes | None = None


class CaseRow(CaseBody):
    """A case in bulk."""

    reference: Reference


class PromiseBody(Times):
    """A promise: a new one needs what, made_at and due_at."""

    what: LongText | None = None
    made_at: Moment | None = None
    due_at: DayOrMoment | None = Field(default=None, description="A day means its end in the workspace's zone.")
    moved_by: Party | None = Field(default=None, description="Who asked for the new date.")
    kept_at: Moment | None = None


class PromiseRow(PromiseBody):
    """A promise in bulk."""

    case: Reference
    promise: Reference


class DepartureBody(Times):
    """A customer left."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")
    customer: Reference
    kind: DepartureKind
    at: Moment


class MergeBody(Body):
    """Which customer this one is merged into."""

    into: Reference = Field(description="The customer who goes on; by an alias too.")


class MergeAnswer(Answer):
    """The customer who goes on, and what became of the other."""

    id: UUID
    reference: str
    version: int
    merged: str
    aliases: list[str]
    moved: dict[str, int]
    unchanged: bool


class RecordAnswer(Answer):
    """What became of a record."""

    id: UUID
    reference: str
    version: int
    unchanged: bool
    occurred_at: Moment
    recorded_at: Moment


class CustomerAnswer(Answer):
    """A customer as known now; `aliases` are the references of those who were merged into them."""

    id: UUID
    reference: str
    aliases: list[str]
    version: int
    name: str | None
    email: str | None
    segment: str | None
    value: Money | None
    since: Moment | None
    referred_by: str | None
    terms_as_new: bool | None
    waiting_as_new: bool | None
    objects_to_scoring: bool | None
    do_not_contact: bool | None
    survey_opt_out: bool | None
    attributes: dict[str, JsonValue]
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class CaseAnswer(Answer):
    """A case as known now."""

    id: UUID
    reference: str
    version: int
    customer: str
    need: str
    channel: str | None
    team: str | None
    opened_at: Moment
    needed_by: Moment | None
    done_at: Moment | None
    confirmed_at: Moment | None
    contacts: int | None
    handovers: int | None
    reopened: int | None
    demand: str | None
    caused_by_case: str | None
    waiting_for_customer_minutes: int | None
    permission_asked: bool | None
    told_first: bool | None
    put_back: bool | None
    restored_at: Moment | None
    restore_due_at: Moment | None
    attributes: dict[str, JsonValue]
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class PromiseAnswer(Answer):
    """A promise as known now."""

    id: UUID
    case: str
    promise: str
    version: int
    what: str
    made_at: Moment
    due_at: Moment | None
    moved_by: str | None
    kept_at: Moment | None
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class DepartureAnswer(Answer):
    """A departure as known now."""

    id: UUID
    reference: str
    version: int
    customer: str
    kind: str
    at: Moment
    recorded_at: Moment
    stored_at: Moment
