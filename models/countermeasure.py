"""Countermeasures: what is done about conditions, and what was judged of it. What an analysis keeps to reckon with."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from models.base import (
    Head,
    JsonObject,
    UTCDateTime,
    Version,
    WorkspaceRow,
    found_by,
    moment,
    text_enum,
    unique_in_workspace,
    within_workspace,
)


class CountermeasureKind(StrEnum):
    """What a countermeasure is made of."""

    KNOWLEDGE = "knowledge"
    TOOL = "tool"
    TECHNOLOGY = "technology"
    AUTHORITY = "authority"
    POLICY = "policy"


class Countermeasure(Head, table=True):
    """One thing that is done about conditions."""

    __tablename__ = "countermeasures"
    __table_args__ = (
        unique_in_workspace("countermeasures", "reference"),
        found_by("countermeasures", "stored_at", "id"),
    )


class CountermeasureVersion(Version, table=True):
    """What is done about which conditions, since when, by whose care, and at what cost.

    `effectiveness` is the probability that a condition it answers is removed when it would occur; null is unknown.
    `cost` is spent once and `running_cost` a year, both in `currency`.
    """

    __tablename__ = "countermeasure_versions"
    __table_args__ = (within_workspace("id", "countermeasures"),)

    title: str = Field(max_length=200)
    kind: CountermeasureKind = Field(sa_type=text_enum(CountermeasureKind))
    conditions: list[str] = Field(sa_type=JSON)
    effectiveness: float | None = None
    cost: int | None = Field(default=None, sa_type=BigInteger)
    running_cost: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = Field(default=None, max_length=3)
    owner: str = Field(max_length=200)
    team: str | None = Field(default=None, max_length=200)
    live_from: datetime | None = moment()
    retired_at: datetime | None = moment()


class CountermeasureEffect(WorkspaceRow, table=True):
    """What was judged of a live countermeasure at a moment: appended by each judging.

    `verified_at` is when it became verified, `confirmed_at` when its effect was last confirmed. Cases were compared
    before and after `live_from`; a judging of another one, or of other `conditions`, says nothing of what it is now.
    """

    __tablename__ = "countermeasure_effects"
    __table_args__ = (
        within_workspace("countermeasure_id", "countermeasures"),
        found_by("countermeasure_effects", "countermeasure_id", "recorded_at", "id"),
    )

    countermeasure_id: UUID
    live_from: datetime = Field(sa_type=UTCDateTime)
    conditions: list[str] = Field(sa_type=JSON)
    verified_at: datetime | None = moment()
    confirmed_at: datetime | None = moment()
    returned: bool
    figures: JsonObject = Field(sa_type=JSON)
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class AnalysisExposure(WorkspaceRow, table=True):
    """How often which condition sets were complete together in the cases of an analysis: counts, and the fit on them.

    Its id is the analysis's. `discovered_until` is the end of the period its sets were found in.
    """

    __tablename__ = "analysis_exposures"
    __table_args__ = (within_workspace("id", "analyses"),)

    document: JsonObject = Field(sa_type=JSON)
    discovered_until: datetime | None = moment()
    recorded_at: datetime = Field(sa_type=UTCDateTime)
