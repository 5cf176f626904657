"""Reports of Felt: what customers feel of the company's loyalty, estimated by a job and read by requests."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from models.base import JsonObject, UTCDateTime, WorkspaceRow, found_by


class FeltReport(WorkspaceRow, table=True):
    """What the felt items answered from `starts_at` on and before `ends_at` came to; appended, never changed.

    `report` holds figures over many customers; a segment or a need is named in it only where ten have it.
    """

    __tablename__ = "felt_reports"
    __table_args__ = (found_by("felt_reports", "recorded_at", "id"),)

    starts_at: datetime = Field(sa_type=UTCDateTime)
    ends_at: datetime = Field(sa_type=UTCDateTime)
    report: JsonObject = Field(sa_type=JSON)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
