"""Customers, known by the CRM's own reference, and their departures."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, text
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


class Customer(Head, table=True):
    """Somebody the company serves.

    `merged_into` is the customer that took this one over: its reference goes on as an alias of that one's. It always
    names the survivor itself, never another alias. SQLite cannot add a composite foreign key to a table that others
    point to, so none is declared.
    """

    __tablename__ = "customers"
    __table_args__ = (
        unique_in_workspace("customers", "reference"),
        found_by("customers", "stored_at", "id"),
        Index(
            "ix_customers_merged_into",
            "workspace_id",
            "merged_into",
            sqlite_where=text("merged_into IS NOT NULL"),
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )

    merged_into: UUID | None = None


class CustomerVersion(Version, table=True):
    """What was known of a customer, and from when. A stub was only named by a child until it is reported itself."""

    __tablename__ = "customer_versions"
    __table_args__ = (within_workspace("id", "customers"),)

    name: str | None = Field(default=None, max_length=500)
    email: str | None = Field(default=None, max_length=320)
    segment: str | None = Field(default=None, max_length=200)
    value_amount: int | None = Field(default=None, sa_type=BigInteger)
    value_currency: str | None = Field(default=None, max_length=3)
    since: datetime | None = moment()
    referred_by: str | None = Field(default=None, max_length=200)
    terms_as_new: bool | None = None
    waiting_as_new: bool | None = None
    objects_to_scoring: bool | None = None
    do_not_contact: bool | None = None
    survey_opt_out: bool | None = None
    attributes: JsonObject = Field(default_factory=dict, sa_type=JSON)
    stub: bool | None = None


class DepartureKind(StrEnum):
    """How a customer left."""

    CANCELLED = "cancelled"
    NOT_RENEWED = "not_renewed"
    CLOSED = "closed"
    MOVED_VOLUME = "moved_volume"
    SIGNAL = "signal"


class Departure(Head, table=True):
    """A customer left, as the CRM reported it."""

    __tablename__ = "departures"
    __table_args__ = (unique_in_workspace("departures", "reference"), found_by("departures", "stored_at", "id"))


class DepartureVersion(Version, table=True):
    """What was known of a departure; the customer left at `left_at`, whenever that was told or corrected."""

    __tablename__ = "departure_versions"
    __table_args__ = (
        within_workspace("id", "departures"),
        within_workspace("customer_id", "customers"),
        found_by("departure_versions", "customer_id"),
    )

    customer_id: UUID
    kind: DepartureKind = Field(sa_type=text_enum(DepartureKind))
    left_at: datetime = Field(sa_type=UTCDateTime)
