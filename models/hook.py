"""Hooks: where events are told to, and what became of each telling."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field

from models.base import (
    UTCDateTime,
    WorkspaceRow,
    found_by,
    moment,
    text_enum,
    unique_in_workspace,
    within_workspace,
)


class Hook(WorkspaceRow, table=True):
    """An address that asked to be told of some events. Its secrets and headers are sealed; both go when it does."""

    __tablename__ = "hooks"
    __table_args__ = (found_by("hooks", "stored_at", "id"),)

    target_url: str = Field(max_length=2000)
    events: list[str] = Field(sa_type=JSON)
    headers: bytes
    secret: bytes
    old_secret: bytes | None = None
    old_secret_until: datetime | None = moment()
    created_at: datetime = Field(sa_type=UTCDateTime)
    stored_at: datetime = Field(sa_type=UTCDateTime)
    removed_at: datetime | None = moment()


class DeliveryState(StrEnum):
    """How far the telling of one event to one hook is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


class Delivery(WorkspaceRow, table=True):
    """The telling of one event to one hook, and how its last attempt ended."""

    __tablename__ = "deliveries"
    __table_args__ = (
        unique_in_workspace("deliveries", "hook_id", "event_id"),
        within_workspace("hook_id", "hooks"),
        found_by("deliveries", "hook_id", "stored_at", "id"),
    )

    hook_id: UUID
    # No foreign key: erasure may take the event, and what is left then is that something was told.
    event_id: UUID
    state: DeliveryState = Field(sa_type=text_enum(DeliveryState))
    attempts: int = 0
    status: int | None = None
    problem: str | None = Field(default=None, max_length=500)
    next_at: datetime | None = moment()
    attempted_at: datetime | None = moment()
    created_at: datetime = Field(sa_type=UTCDateTime)
    stored_at: datetime = Field(sa_type=UTCDateTime)
