"""Cases, each one need of a customer end to end, and the promises made in them."""

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
    found_by,
    moment,
    text_enum,
    unique_in_workspace,
    within_workspace,
)


class Demand(StrEnum):
    """Why the customer came: for something of value, or because something had failed (Seddon 1992)."""

    VALUE = "value"
    FAILURE = "failure"
    UNKNOWN = "unknown"


class Party(StrEnum):
    """Who moved a promised date."""

    CUSTOMER = "customer"
    COMPANY = "company"


class Case(Head, table=True):
    """One need of a customer, from first contact to customer-confirmed done."""

    __tablename__ = "cases"
    __table_args__ = (unique_in_workspace("cases", "reference"), found_by("cases", "stored_at", "id"))


class CaseVersion(Version, table=True):
    """What was known of a case, and from when. Of a stub only the customer is known until the case is reported."""

    __tablename__ = "case_versions"
    __table_args__ = (
        within_workspace("id", "cases"),
        within_workspace("customer_id", "customers"),
        found_by("case_versions", "customer_id", "id"),
    )

    customer_id: UUID
    need: str | None = Field(default=None, max_length=200)
    channel: str | None = Field(default=None, max_length=200)
    team: str | None = Field(default=None, max_length=200)
    opened_at: datetime | None = moment()
    needed_by: datetime | None = moment()
    done_at: datetime | None = moment()
    confirmed_at: datetime | None = moment()
    contacts: int | None = None
    handovers: int | None = None
    reopened: int | None = None
    demand: Demand | None = Field(default=None, sa_type=text_enum(Demand))
    caused_by_case: str | None = Field(default=None, max_length=200)
    waiting_for_customer_minutes: int | None = None
    permission_asked: bool | None = None
    told_first: bool | None = None
    put_back: bool | None = None
    restored_at: datetime | None = moment()
    restore_due_at: datetime | None = moment()
    attributes: JsonObject = Field(default_factory=dict, sa_type=JSON)
    stub: bool | None = None


class Promise(Head, table=True):
    """What was promised within a case; `reference` is unique in the case."""

    __tablename__ = "promises"
    __table_args__ = (
        unique_in_workspace("promises", "case_id", "reference"),
        within_workspace("case_id", "cases"),
        found_by("promises", "stored_at", "id"),
    )

    case_id: UUID


class PromiseVersion(Version, table=True):
    """What was promised by when, who moved it, and when it was kept.

    `due_in_force_at` is the date the company is held to: one it moved itself leaves the old date in force.
    """

    __tablename__ = "promise_versions"
    __table_args__ = (
        within_workspace("id", "promises"),
        within_workspace("case_id", "cases"),
        found_by("promise_versions", "case_id", "id"),
    )

    case_id: UUID
    what: str = Field(max_length=4000)
    made_at: datetime = Field(sa_type=UTCDateTime)
    due_at: datetime | None = moment()
    due_in_force_at: datetime | None = moment()
    moved_by: Party | None = Field(default=None, sa_type=text_enum(Party))
    kept_at: datetime | None = moment()
