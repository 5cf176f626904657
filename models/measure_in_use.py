"""Measures in use: figures the company steers by today, and the evidence whether each matters to the customer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field

from models.base import (
    Head,
    JsonObject,
    UTCDateTime,
    Version,
    WorkspaceRow,
    found_by,
    text_enum,
    unique_in_workspace,
    within_workspace,
)
from models.rules.bearing import Matters


class MeasureInUse(Head, table=True):
    """One figure the company steers by."""

    __tablename__ = "measures_in_use"
    __table_args__ = (
        unique_in_workspace("measures_in_use", "reference"),
        found_by("measures_in_use", "stored_at", "id"),
    )


class MeasureInUseVersion(Version, table=True):
    """How a figure is called, who steers by it since when, and what it is in the data.

    `field` is what it is of a case, `metric_key` what customers answer; without either nothing can be looked at.
    """

    __tablename__ = "measure_in_use_versions"
    __table_args__ = (within_workspace("id", "measures_in_use"),)

    name: str = Field(max_length=200)
    used_by: str | None = Field(default=None, max_length=200)
    field: str | None = Field(default=None, max_length=200)
    metric_key: str | None = Field(default=None, max_length=201)
    used_since: datetime = Field(sa_type=UTCDateTime)


class MeasureEvidence(WorkspaceRow, table=True):
    """How a figure went with what happened to customers, as known at a moment: appended when it changed.

    A look at another `field` or `metric_key` says nothing of what the figure is now.
    """

    __tablename__ = "measure_evidence"
    __table_args__ = (
        within_workspace("measure_id", "measures_in_use"),
        found_by("measure_evidence", "measure_id", "computed_at", "id"),
    )

    measure_id: UUID
    field: str | None = Field(default=None, max_length=200)
    metric_key: str | None = Field(default=None, max_length=201)
    matters: Matters = Field(sa_type=text_enum(Matters))
    figures: JsonObject = Field(sa_type=JSON)
    computed_at: datetime = Field(sa_type=UTCDateTime)
