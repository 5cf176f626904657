"""Knowledge, tools and authority a team asked for: support that is owed by a date."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field

from models.base import Head, UTCDateTime, Version, found_by, moment, text_enum, unique_in_workspace, within_workspace


class SupportKind(StrEnum):
    """What a team lacks to serve its customers."""

    KNOWLEDGE = "knowledge"
    TOOL = "tool"
    AUTHORITY = "authority"


class SupportRequest(Head, table=True):
    """Support a team asked for."""

    __tablename__ = "support_requests"
    __table_args__ = (
        unique_in_workspace("support_requests", "reference"),
        found_by("support_requests", "stored_at", "id"),
    )


class SupportRequestVersion(Version, table=True):
    """What was asked for, by when it is owed, and when it was met."""

    __tablename__ = "support_request_versions"
    __table_args__ = (within_workspace("id", "support_requests"),)

    team: str = Field(max_length=200)
    kind: SupportKind = Field(sa_type=text_enum(SupportKind))
    what: str = Field(max_length=4000)
    asked_by: str | None = Field(default=None, max_length=200)
    asked_at: datetime = Field(sa_type=UTCDateTime)
    due_at: datetime = Field(sa_type=UTCDateTime)
    met_at: datetime | None = moment()
