"""What is said and answered about customers, cases and what is recorded of them."""

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from api.bodies import (
    EARLIEST,
    LATEST,
    Answer,
    Attributes,
    Body,
    Count,
    Currency,
    DayOrMoment,
    Flag,
    LongText,
    MinorUnits,
    Minutes,
    Moment,
    Money,
    Priced,
    Reference,
    ShortText,
    Times,
)
from models.case import Demand, Party
from models.customer import DepartureKind
from models.revenue import RevenueKind

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
    waiting_for_customer_minutes: Minutes | None = None
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

    customer: Reference | None = Field(default=None, description="Whose case it is; needed to make it as a stub.")
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


class InteractionBody(Body):
    """One contact within a case. Of the same reference again: absent keeps, `null` clears."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")
    case: Reference
    customer: Reference | None = Field(default=None, description="Whose case it is. Default: the case's customer.")
    channel: ShortText
    occurred_at: Moment = Field(description="When it took place.")
    recorded_at: Moment | None = Field(default=None, description="When the company knew. Default: now.")
    handling_minutes: Minutes | None = Field(default=None, description="For the cost of failure only.")
    demand: Demand | None = None
    handed_over: Flag | None = None
    team: ShortText | None = None


PERIOD = re.compile(r"^\d{4}-\d{2}$|^\d{4}-\d{2}-\d{2}/\d{4}-\d{2}-\d{2}$")


def _period(text: str) -> str:
    """Refuse a period that is no period: its days must exist, the last not before the first."""
    try:
        days = [date.fromisoformat(day if len(day) > len("2026-05") else f"{day}-01") for day in text.split("/")]
    except ValueError:
        days = []
    if not PERIOD.match(text) or not days or days[0] > days[-1]:
        raise PydanticCustomError("period_form", "a month like 2026-05, or days like 2026-05-04/2026-05-10")
    if days[0] < EARLIEST.date() or days[-1] >= LATEST.date():
        raise PydanticCustomError("moment_range", "days between 1970 and 2200")
    return text


Period = Annotated[
    str,
    Field(strict=True, max_length=21, description="A month (2026-05) or two days (2026-05-04/2026-05-10), both in."),
    AfterValidator(_period),
]


class RevenueBody(Priced, Times):
    """What a customer paid in a period."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")
    customer: Reference
    period: Period
    amount: MinorUnits = Field(description="In minor units; below zero where more was paid back than paid.")
    currency: Currency | None = Field(default=None, description="Default: the workspace's.")
    kind: RevenueKind


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
    stub: bool
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class CaseAnswer(Answer):
    """A case as known now; of a stub nothing is known but its customer."""

    id: UUID
    reference: str
    version: int
    customer: str
    need: str | None
    channel: str | None
    team: str | None
    opened_at: Moment | None
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
    stub: bool
    voided: bool
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
    voided: bool
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
    voided: bool
    recorded_at: Moment
    stored_at: Moment


class InteractionAnswer(Answer):
    """An interaction as known now."""

    id: UUID
    reference: str
    version: int
    case: str
    customer: str
    channel: str
    occurred_at: Moment
    handling_minutes: int | None
    demand: str | None
    handed_over: bool | None
    team: str | None
    voided: bool
    recorded_at: Moment
    stored_at: Moment


class RevenueAnswer(Answer):
    """A revenue as known now."""

    id: UUID
    reference: str
    version: int
    customer: str
    period: str
    first_day: date
    last_day: date
    amount: int
    currency: str
    kind: str
    voided: bool
    recorded_at: Moment
    stored_at: Moment
