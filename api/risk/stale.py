"""What serves in place of something newer that could not: since when and why, for `/readyz`.

A training that failed is kept with its schedule, where every process sees it. A model that must not be used is noticed
by whoever asks for a risk, and remembered by that process: nothing is written where somebody only reads.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.jobs.service import TRAIN
from models.base import UTCDateTime
from models.schedule import Schedule

schedules = Schedule.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
REFUSED = "model_refused"
FAILED = "training_failed"
MOST_REMEMBERED = 1000


@dataclass(frozen=True)
class Stale:
    """What is the matter, since when, and in how many workspaces."""

    code: str
    since: datetime
    workspaces: int


class Refusals:
    """Which workspaces' champions must not be used, as far as this process was asked."""

    def __init__(self) -> None:
        self._since: OrderedDict[UUID, datetime] = OrderedDict()

    def note(self, workspace_id: UUID, now: datetime) -> bool:
        """Remember that a workspace's champion was refused; return whether that is new."""
        new = workspace_id not in self._since
        self._since.setdefault(workspace_id, now)
        if len(self._since) > MOST_REMEMBERED:
            self._since.popitem(last=False)
        return new

    def forget(self, workspace_id: UUID) -> None:
        """Remember no longer that a workspace's champion was refused."""
        self._since.pop(workspace_id, None)

    def told(self) -> list[Stale]:
        """Say since when the first of them is refused."""
        return [Stale(REFUSED, min(self._since.values()), len(self._since))] if self._since else []


refusals = Refusals()


async def training_failed(session: AsyncSession, workspace_id: UUID, code: str, now: datetime) -> None:
    """Say that a workspace's model could not be learnt anew; since the first time it was so."""
    mine = and_(schedules.c.workspace_id == workspace_id, schedules.c.kind == TRAIN)
    since = func.coalesce(schedules.c.stale_since, literal(now, UTCDateTime()))
    await session.execute(update(schedules).where(mine).values(stale_since=since, stale_code=code))


async def trained(session: AsyncSession, workspace_id: UUID) -> None:
    """Say that a workspace's model was learnt."""
    mine = and_(schedules.c.workspace_id == workspace_id, schedules.c.kind == TRAIN)
    await session.execute(update(schedules).where(mine).values(stale_since=None, stale_code=None))


async def failed_trainings(session: AsyncSession) -> dict[UUID, datetime]:
    """Return the workspaces whose model could not be learnt anew, and since when, the longest first."""
    statement = select(schedules.c.workspace_id, schedules.c.stale_since).where(schedules.c.stale_since.is_not(None))
    rows = await session.execute(statement.order_by(schedules.c.stale_since, schedules.c.workspace_id))
    return {row.workspace_id: row.stale_since for row in rows}


async def stale(session: AsyncSession) -> list[Stale]:
    """Return what is stale in this installation."""
    since = func.min(schedules.c.stale_since, type_=schedules.c.stale_since.type)
    statement = select(since, func.count()).where(schedules.c.stale_since.is_not(None))
    first, count = (await session.execute(statement)).one()
    return [*refusals.told(), *([Stale(FAILED, first, count)] if count else [])]
