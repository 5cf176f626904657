"""What staff heard customers need, in the customers' own words."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from models.base import Head, UTCDateTime, Version, found_by, unique_in_workspace, within_workspace


class Heard(Head, table=True):
    """One thing a staff member heard a customer need."""

    __tablename__ = "heard"
    __table_args__ = (unique_in_workspace("heard", "reference"), found_by("heard", "stored_at", "id"))


class HeardVersion(Version, table=True):
    """What was needed, in which case and by whom it was heard, and whether it was served."""

    __tablename__ = "heard_versions"
    __table_args__ = (
        within_workspace("id", "heard"),
        within_workspace("case_id", "cases"),
        found_by("heard_versions", "case_id", "id"),
    )

    what: str = Field(max_length=4000)
    need: str | None = Field(default=None, max_length=200)
    case_id: UUID | None = None
    team: str | None = Field(default=None, max_length=200)
    served: bool | None = None
    heard_by: str | None = Field(default=None, max_length=200)
    heard_at: datetime = Field(sa_type=UTCDateTime)
