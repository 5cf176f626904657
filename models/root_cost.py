"""Root-cost analyses: what failures cost, credited to the conditions that conspired, as each analysis found it."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from models.base import JsonObject, UTCDateTime, WorkspaceRow, within_workspace


class RootCost(WorkspaceRow, table=True):
    """What the failures an analysis looked at cost, appended with it; its id is the analysis's.

    `report` holds sums over many cases: no reference, and no word that fewer than five customers' cases carry.
    """

    __tablename__ = "root_costs"
    __table_args__ = (within_workspace("id", "analyses"),)

    report: JsonObject = Field(sa_type=JSON)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
