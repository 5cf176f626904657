"""Tombstones: who was erased, kept as a keyed hash, so that nobody comes back unnoticed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON
from sqlmodel import Field

from models.base import JsonObject, UTCDateTime, WorkspaceRow, found_by, text_enum


class Buried(StrEnum):
    """What a reference was the name of."""

    CUSTOMER = "customer"
    CASE = "case"


class TombstoneState(StrEnum):
    """Whether the reference may be used."""

    ERASED = "erased"
    READMITTED = "readmitted"


class Tombstone(WorkspaceRow, table=True):
    """A reference that was erased, or admitted again, at a moment: appended, the newest counts.

    `digest` is a keyed hash that only the installation's secret yields; `removed` is what the erasure did, in numbers.
    """

    __tablename__ = "tombstones"
    __table_args__ = (found_by("tombstones", "kind", "digest"), found_by("tombstones", "recorded_at"))

    kind: Buried = Field(sa_type=text_enum(Buried))
    digest: str = Field(max_length=64)
    state: TombstoneState = Field(sa_type=text_enum(TombstoneState))
    removed: JsonObject = Field(sa_type=JSON)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
