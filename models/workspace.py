"""Workspaces: one company using the installation. The directory says that it exists, its versions how it works."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from models.base import JsonObject, UTCDateTime


class Workspace(SQLModel, table=True):
    """A company using the installation (directory table: read before any workspace is known)."""

    __tablename__ = "workspaces"

    id: UUID = Field(primary_key=True)
    slug: str = Field(max_length=63)
    created_at: datetime = Field(sa_type=UTCDateTime)


class WorkspaceVersion(SQLModel, table=True):
    """How a workspace works from a moment on: name, zone, money, declared loss, and what it calls a failure.

    `details` is what has no column of its own: cost rates, due rules, retention, branding, rest between contacts.
    `slug` is null in versions from before it could be changed.
    """

    __tablename__ = "workspace_versions"

    workspace_id: UUID = Field(primary_key=True, foreign_key="workspaces.id")
    number: int = Field(primary_key=True)
    stored_at: datetime = Field(sa_type=UTCDateTime)
    name: str = Field(max_length=200)
    zone: str = Field(max_length=64, default="UTC")
    currency: str = Field(max_length=3, default="EUR")
    yearly_loss: float | None = None
    failure_definition: JsonObject = Field(sa_type=JSON)
    horizon_days: int = 90
    answer_due_days: int = 10
    slug: str | None = Field(default=None, max_length=63)
    details: JsonObject = Field(default_factory=dict, sa_type=JSON)


class RouteKind(StrEnum):
    """What an access route leads from."""

    KEY = "key"
    TOKEN = "token"  # noqa: S105 - the name of a kind of route
    SLUG = "slug"


class AccessRoute(SQLModel, table=True):
    """Which workspace a key, token or slug belongs to (directory table). Holds no secret and no scope."""

    __tablename__ = "access_routes"

    kind: str = Field(max_length=16, primary_key=True)
    lookup: str = Field(max_length=128, primary_key=True)
    workspace_id: UUID = Field(foreign_key="workspaces.id", index=True)
