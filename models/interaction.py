"""Interactions: single contacts within a case."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from models.base import Head, UTCDateTime, Version, found_by, text_enum, unique_in_workspace, within_workspace
from models.case import Demand


class Interaction(Head, table=True):
    """One contact within a case: a call, a chat, a visit, a delivery."""

    __tablename__ = "interactions"
    __table_args__ = (unique_in_workspace("interactions", "reference"), found_by("interactions", "stored_at", "id"))


class InteractionVersion(Version, table=True):
    """What was known of an interaction; it took place at `happened_at`, whenever that was told or corrected.

    `handling_minutes` serve the cost of failure only.
    """

    __tablename__ = "interaction_versions"
    __table_args__ = (
        within_workspace("id", "interactions"),
        within_workspace("case_id", "cases"),
        within_workspace("customer_id", "customers"),
        found_by("interaction_versions", "case_id", "id"),
        found_by("interaction_versions", "customer_id", "id"),
    )

    case_id: UUID
    customer_id: UUID
    channel: str = Field(max_length=200)
    happened_at: datetime = Field(sa_type=UTCDateTime)
    handling_minutes: int | None = None
    demand: Demand | None = Field(default=None, sa_type=text_enum(Demand))
    handed_over: bool | None = None
    team: str | None = Field(default=None, max_length=200)
