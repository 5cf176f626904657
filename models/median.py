"""What is usual in a workspace: medians as they stood at the first of a month, to set single customers against."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from models.base import UTCDateTime, text_enum


class MedianKind(StrEnum):
    """What a median is of."""

    ELAPSED = "elapsed"
    VALUE = "value"


class Median(SQLModel, table=True):
    """What half of the cases of a need took at most, or half of the customers are worth at most, as known at `as_of`.

    `key` is the need, or the currency. `median` is in microseconds, or in the currency's minor unit. Derived, not told:
    a month is reckoned anew where more was recorded of it later. There is no row of fewer than five.
    """

    __tablename__ = "medians"

    workspace_id: UUID = Field(primary_key=True, foreign_key="workspaces.id")
    as_of: datetime = Field(primary_key=True, sa_type=UTCDateTime)
    kind: MedianKind = Field(primary_key=True, sa_type=text_enum(MedianKind))
    key: str = Field(primary_key=True, max_length=200)
    n: int
    median: int = Field(sa_type=BigInteger)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
