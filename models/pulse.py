"""Pulses: a survey asked of staff, what they answered with nothing that says who, and what was released of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field

from models.base import (
    JsonObject,
    UTCDateTime,
    WorkspaceRow,
    found_by,
    unique_in_workspace,
    within_workspace,
)


class Pulse(WorkspaceRow, table=True):
    """A survey version asked of staff for a while, on terms that are fixed when it is launched.

    `stored_at` is when it was launched, or when something was last released of it; `ended` says that nothing more is.
    """

    __tablename__ = "pulses"
    __table_args__ = (
        unique_in_workspace("pulses", "key"),
        found_by("pulses", "stored_at", "id"),
        within_workspace("survey_id", "surveys"),
    )

    key: str = Field(max_length=100)
    survey_id: UUID
    survey_version: int
    scores_from: int
    comments_from: int
    batch: int
    teams: list[str] = Field(sa_type=JSON)
    cut_by: list[str] = Field(sa_type=JSON)
    opens_at: datetime = Field(sa_type=UTCDateTime)
    closes_at: datetime = Field(sa_type=UTCDateTime)
    launched_at: datetime = Field(sa_type=UTCDateTime)
    stored_at: datetime = Field(sa_type=UTCDateTime)
    ended: bool = False


class PulseAnswer(WorkspaceRow, table=True):
    """What somebody answered to a pulse. There is no moment, no version and no order: `id` is random.

    `batch` is that with which it was released, None until then. On SQLite rows lie in the order of their key, not in
    that of their coming.
    """

    __tablename__ = "pulse_answers"
    __table_args__ = (
        within_workspace("pulse_id", "pulses"),
        found_by("pulse_answers", "pulse_id", "batch"),
        {"sqlite_with_rowid": False},
    )

    pulse_id: UUID
    team: str | None = Field(default=None, max_length=200)
    answers: JsonObject = Field(sa_type=JSON)
    batch: int | None = None


class PulseRelease(WorkspaceRow, table=True):
    """All that is told of a pulse from one night on, appended; with it what was told of each figure before.

    `id` is the pulse's.
    """

    __tablename__ = "pulse_releases"
    __table_args__ = (within_workspace("id", "pulses"),)

    number: int = Field(primary_key=True)
    released_on: str = Field(max_length=10)
    figures: JsonObject = Field(sa_type=JSON)
