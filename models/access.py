"""Who may ask: API keys with their scopes, and the answers kept for a repeated request."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field

from models.base import UTCDateTime, WorkspaceRow, found_by, moment, unique_in_workspace, within_workspace


class Scope(StrEnum):
    """What an API key may do; `admin` includes all."""

    FEEDBACK_WRITE = "feedback:write"
    RECORDS_WRITE = "records:write"
    RECORDS_READ = "records:read"
    RISK_READ = "risk:read"
    ANALYSIS_READ = "analysis:read"
    ROLES_WRITE = "roles:write"
    ROLES_SUPPORT = "roles:support"
    ADMIN = "admin"


class ApiKey(WorkspaceRow, table=True):
    """A key's keyed hash and what it may do; the secret itself is shown once and kept nowhere.

    The day of its last use is all that is kept of its uses: enough to see that a key can go.
    """

    __tablename__ = "api_keys"
    __table_args__ = (unique_in_workspace("api_keys", "lookup"),)

    lookup: str = Field(max_length=32)
    digest: str = Field(max_length=64)
    name: str = Field(max_length=200, default="")
    scopes: list[str] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime | None = moment()
    revoked_at: datetime | None = moment()
    changed_at: datetime | None = moment()
    successor_id: UUID | None = None
    last_used_on: date | None = None


class IdempotentAnswer(WorkspaceRow, table=True):
    """The first answer to a request that carried an Idempotency-Key, sealed with a key only that header yields."""

    __tablename__ = "idempotent_answers"
    __table_args__ = (
        unique_in_workspace("idempotent_answers", "api_key_id", "route_hash", "key_hash"),
        found_by("idempotent_answers", "stored_at"),
        within_workspace("api_key_id", "api_keys"),
    )

    api_key_id: UUID
    route_hash: str = Field(max_length=64)
    key_hash: str = Field(max_length=64)
    body_hash: str = Field(max_length=64)
    status: int
    sealed: bytes
    stored_at: datetime = Field(sa_type=UTCDateTime)
