"""Revenues: what customers paid in a period, by whether they returned, were referred, or came new."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from models.base import Head, Version, found_by, text_enum, unique_in_workspace, within_workspace


class RevenueKind(StrEnum):
    """Whose money it is: returning and referred revenue is earned by loyalty (Reichheld 2021), new is bought."""

    RETURNING = "returning"
    NEW = "new"
    REFERRED = "referred"


class Revenue(Head, table=True):
    """What a customer paid in a period."""

    __tablename__ = "revenues"
    __table_args__ = (unique_in_workspace("revenues", "reference"), found_by("revenues", "stored_at", "id"))


class RevenueVersion(Version, table=True):
    """What was known of a revenue; its period runs from one day to another, both included."""

    __tablename__ = "revenue_versions"
    __table_args__ = (
        within_workspace("id", "revenues"),
        within_workspace("customer_id", "customers"),
        found_by("revenue_versions", "customer_id", "id"),
    )

    customer_id: UUID
    first_day: date
    last_day: date
    amount: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    kind: RevenueKind = Field(sa_type=text_enum(RevenueKind))
