"""When rules look at a case again though nothing is told of it: kept, found when it is time, and taken away.

A moment is kept with the derivation that reckoned it. One that is earlier than need be costs a look and does no harm;
so a later derivation only ever brings it forward, and it goes when it has passed.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Select, and_, delete, exists, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from models.base import from_us, to_us
from models.failure import RuleLook
from models.ids import in_portions

looks = RuleLook.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
LAST_US = to_us(datetime.max.replace(tzinfo=UTC))
due_us = type_coerce(looks.c.due_at, BigInteger())


async def look_again(session: AsyncSession, workspace_id: UUID, coming: Mapping[UUID, int | None]) -> None:
    """Keep for some cases when the next look is due, in microseconds, unless an earlier one is kept already."""
    rows = [
        {"workspace_id": workspace_id, "case_id": case_id, "due_at": from_us(next_us)}
        for case_id, next_us in coming.items()
        if next_us is not None and next_us <= LAST_US
    ]
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    into = postgresql.insert(looks) if dialect == "postgresql" else sqlite.insert(looks)
    earlier = into.excluded.due_at < looks.c.due_at
    keep = into.on_conflict_do_update(
        index_elements=["workspace_id", "case_id"], set_={"due_at": into.excluded.due_at}, where=earlier
    )
    await session.execute(keep, rows)


async def overdue(session: AsyncSession, workspace_id: UUID, case_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Return those of some cases whose look is due."""
    found: set[UUID] = set()
    for some in in_portions(case_ids):
        statement = _due(workspace_id, now).where(looks.c.case_id.in_(some))
        found.update(await session.scalars(statement))
    return found


async def next_overdue(session: AsyncSession, workspace_id: UUID, now: datetime, limit: int) -> list[UUID]:
    """Return the cases whose look has been due longest, in the order of their ids."""
    statement = _due(workspace_id, now).order_by(looks.c.due_at, looks.c.case_id).limit(limit)
    return sorted(await session.scalars(statement))


async def is_any_overdue(session: AsyncSession, workspace_id: UUID, now: datetime) -> bool:
    """Return whether the look of any case is due."""
    return bool(await session.scalar(select(exists(_due(workspace_id, now)))))


async def overdue_of(
    session: AsyncSession, workspace_id: UUID, customer_ids: Collection[UUID], now: datetime, opened_after: datetime
) -> list[tuple[UUID, UUID, int]]:
    """Return some customers' cases opened after a moment whose look is due: customer, case, since when (in us)."""
    cases, version = kinds.CASE.head, kinds.CASE.version
    current = and_(
        cases.c.workspace_id == version.c.workspace_id,
        cases.c.id == version.c.id,
        cases.c.version == version.c.number,
    )
    theirs = and_(looks.c.workspace_id == version.c.workspace_id, looks.c.case_id == version.c.id)
    found: list[tuple[UUID, UUID, int]] = []
    for some in in_portions(list(customer_ids)):
        statement = (
            select(version.c.customer_id, version.c.id, due_us)
            .join(cases, current)
            .join(looks, theirs)
            .where(version.c.workspace_id == workspace_id, version.c.customer_id.in_(some))
            .where(version.c.opened_at > opened_after, looks.c.due_at <= now)
        )
        found += [(row[0], row[1], row[2]) for row in await session.execute(statement)]
    return found


async def take_away(session: AsyncSession, workspace_id: UUID, case_ids: Sequence[UUID], now: datetime) -> None:
    """Forget the looks at some cases that are due: they are being taken."""
    for some in in_portions(case_ids):
        mine = and_(looks.c.workspace_id == workspace_id, looks.c.case_id.in_(some), looks.c.due_at <= now)
        await session.execute(delete(looks).where(mine))


def _due(workspace_id: UUID, now: datetime) -> Select[tuple[UUID]]:
    return select(looks.c.case_id).where(looks.c.workspace_id == workspace_id, looks.c.due_at <= now)
