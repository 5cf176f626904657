"""What is to be done again and again: for each workspace and kind of job, when it is due next."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.base import UTCDateTime, moment


class Schedule(SQLModel, table=True):
    """When a kind of job is next due in a workspace (directory table: looked at before any workspace is known).

    `asked_at` is when it was last due; `seen_until` is up to where what was stored had been looked at by then. While
    what such a job makes could not be made anew, `stale_since` says since when and `stale_code` why, in a word of ours.
    """

    __tablename__ = "schedules"
    __table_args__ = (Index("ix_schedules_due_at", "due_at"),)

    workspace_id: UUID = Field(primary_key=True, foreign_key="workspaces.id")
    kind: str = Field(max_length=32, primary_key=True)
    due_at: datetime = Field(sa_type=UTCDateTime)
    asked_at: datetime | None = moment()
    seen_until: datetime | None = moment()
    stale_since: datetime | None = moment()
    stale_code: str | None = Field(default=None, max_length=64)
