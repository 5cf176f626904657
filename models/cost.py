"""Cost entries: the components of what a failing case cost the company."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from models.base import Head, Version, found_by, moment, text_enum, unique_in_workspace, within_workspace


class CostBasis(StrEnum):
    """Whether somebody measured it or assumed it."""

    MEASURED = "measured"
    ASSUMED = "assumed"


class CostEntry(Head, table=True):
    """One component of what a case cost."""

    __tablename__ = "cost_entries"
    __table_args__ = (unique_in_workspace("cost_entries", "reference"), found_by("cost_entries", "stored_at", "id"))


class CostEntryVersion(Version, table=True):
    """What was known of a cost: an amount of money or minutes of work, never both. What is unknown is null, not 0."""

    __tablename__ = "cost_entry_versions"
    __table_args__ = (
        within_workspace("id", "cost_entries"),
        within_workspace("case_id", "cases"),
        found_by("cost_entry_versions", "case_id", "id"),
    )

    case_id: UUID
    kind: str = Field(max_length=200)
    amount: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = Field(default=None, max_length=3)
    minutes: int | None = None
    basis: CostBasis = Field(sa_type=text_enum(CostBasis))
    source: str = Field(max_length=200)
    happened_at: datetime | None = moment()
