"""How a company describes itself: the needs it serves, the teams that serve them, and the changes it made."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from models.base import Head, UTCDateTime, Version, found_by, unique_in_workspace, within_workspace


class Need(Head, table=True):
    """What customers want done; `reference` is the name by which cases call it."""

    __tablename__ = "needs"
    __table_args__ = (unique_in_workspace("needs", "reference"), found_by("needs", "stored_at", "id"))


class NeedVersion(Version, table=True):
    """A need in the customers' words, and how long they would say it may take."""

    __tablename__ = "need_versions"
    __table_args__ = (within_workspace("id", "needs"),)

    name: str = Field(max_length=200)
    purpose: str | None = Field(default=None, max_length=4000)
    customer_minutes: int | None = None


class Team(Head, table=True):
    """A team, or whoever supports one; `reference` is the name by which cases and proposals call it."""

    __tablename__ = "teams"
    __table_args__ = (unique_in_workspace("teams", "reference"), found_by("teams", "stored_at", "id"))


class TeamVersion(Version, table=True):
    """A team's name, the names it went by before, and who owes it support."""

    __tablename__ = "team_versions"
    __table_args__ = (within_workspace("id", "teams"),)

    name: str = Field(max_length=200)
    former_names: list[str] = Field(default_factory=list, sa_type=JSON)
    supported_by: list[str] = Field(default_factory=list, sa_type=JSON)


class CompanyChange(Head, table=True):
    """Something the company changed for its customers: a release, a price, a policy."""

    __tablename__ = "changes"
    __table_args__ = (unique_in_workspace("changes", "reference"), found_by("changes", "stored_at", "id"))


class CompanyChangeVersion(Version, table=True):
    """What was changed and when, and which needs and teams it touched; none named means all."""

    __tablename__ = "change_versions"
    __table_args__ = (within_workspace("id", "changes"),)

    what: str = Field(max_length=4000)
    came_at: datetime = Field(sa_type=UTCDateTime)
    needs: list[str] = Field(default_factory=list, sa_type=JSON)
    teams: list[str] = Field(default_factory=list, sa_type=JSON)
