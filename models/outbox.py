"""What happened and what is still to do: events, jobs, and who changed what.

Events are written in the transaction of their cause. Claims are directory tables, because a worker looks for work
before it knows whose it is.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from models.base import JsonObject, UTCDateTime, WorkspaceRow, found_by, moment, text_enum, unique_in_workspace


class Event(WorkspaceRow, table=True):
    """Something that happened, to be told to those who asked. `once` names what may be told only once."""

    __tablename__ = "events"
    __table_args__ = (found_by("events", "recorded_at"), unique_in_workspace("events", "once", known=True))

    type: str = Field(max_length=64)
    once: str | None = Field(default=None, max_length=150)
    payload: JsonObject = Field(sa_type=JSON)
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class OutboxClaim(SQLModel, table=True):
    """A delivery still to be made, and who is making it (directory table)."""

    __tablename__ = "outbox_claims"
    __table_args__ = (Index("ix_outbox_claims_due_at", "due_at"),)

    workspace_id: UUID = Field(primary_key=True, foreign_key="workspaces.id")
    delivery_id: UUID = Field(primary_key=True)
    due_at: datetime = Field(sa_type=UTCDateTime)
    attempts: int = 0
    leased_by: str | None = Field(default=None, max_length=100)
    leased_until: datetime | None = moment()


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


class Job(WorkspaceRow, table=True):
    """Work that no request may do itself: training, mining, rescoring.

    `checkpoint` is where the next portion goes on; a job that has one was begun, though nobody may hold it now.
    """

    __tablename__ = "jobs"
    __table_args__ = (found_by("jobs", "created_at"),)

    kind: str = Field(max_length=32)
    request: JsonObject = Field(sa_type=JSON)
    state: JobState = Field(sa_type=text_enum(JobState))
    result: JsonObject | None = Field(default=None, sa_type=JSON(none_as_null=True))
    code: str | None = Field(default=None, max_length=64)
    problem: str | None = Field(default=None, max_length=2000)
    progress: float = 0.0
    phase: str | None = Field(default=None, max_length=64)
    checkpoint: JsonObject | None = Field(default=None, sa_type=JSON(none_as_null=True))
    created_at: datetime = Field(sa_type=UTCDateTime)
    finished_at: datetime | None = moment()


class JobClaim(SQLModel, table=True):
    """A job not yet done, and who holds the lease on it (directory table).

    `attempts` counts how often it was taken and never goes back: with the holder it tells one holding from the next.
    `failures` and `lost` count the attempts that ended in an error, or without a word, since the job last got on.
    """

    __tablename__ = "job_claims"
    __table_args__ = (Index("ix_job_claims_due_at", "due_at"),)

    workspace_id: UUID = Field(primary_key=True, foreign_key="workspaces.id")
    job_id: UUID = Field(primary_key=True)
    kind: str = Field(max_length=32)
    due_at: datetime = Field(sa_type=UTCDateTime)
    attempts: int = 0
    failures: int = 0
    lost: int = 0
    leased_by: str | None = Field(default=None, max_length=100)
    leased_until: datetime | None = moment()


class AuditEntry(WorkspaceRow, table=True):
    """Who changed what, and when."""

    __tablename__ = "audit_entries"
    __table_args__ = (found_by("audit_entries", "recorded_at"),)

    actor: str = Field(max_length=200)
    action: str = Field(max_length=64)
    subject: str = Field(max_length=300)
    details: JsonObject = Field(sa_type=JSON)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
