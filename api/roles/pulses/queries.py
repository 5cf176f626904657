"""Every statement about pulses, by name."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback import Survey
from models.ids import in_order
from models.pulse import Pulse, PulseAnswer, PulseRelease

pulses = Pulse.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
answers = PulseAnswer.__table__  # type: ignore[attr-defined] # same
releases = PulseRelease.__table__  # type: ignore[attr-defined] # same
surveys = Survey.__table__  # type: ignore[attr-defined] # same

Row = Mapping[Any, Any]


def current(workspace_id: UUID) -> Select[Any]:
    """Select pulses with the key of their survey and their last release."""
    last = (
        select(func.max(releases.c.number))
        .where(releases.c.workspace_id == pulses.c.workspace_id, releases.c.id == pulses.c.id)
        .correlate(pulses)
        .scalar_subquery()
    )
    is_last = and_(
        releases.c.workspace_id == pulses.c.workspace_id, releases.c.id == pulses.c.id, releases.c.number == last
    )
    of_survey = and_(surveys.c.workspace_id == pulses.c.workspace_id, surveys.c.id == pulses.c.survey_id)
    return (
        select(pulses, pulses.c.stored_at.label("changed_at"), surveys.c.key.label("survey"))
        .add_columns(releases.c.number.label("number"), releases.c.released_on, releases.c.figures)
        .join(surveys, of_survey)
        .outerjoin(releases, is_last)
        .where(pulses.c.workspace_id == workspace_id)
    )


async def by_key(session: AsyncSession, workspace_id: UUID, key: str) -> Row | None:
    """Return a pulse, None where there is none."""
    rows = await session.execute(current(workspace_id).where(pulses.c.key == key))
    found: Row | None = rows.mappings().one_or_none()
    return found


def to_release(workspace_id: UUID, now: datetime) -> Select[Any]:
    """Select the pulses of which something may be released, those that close first first."""
    waiting = exists().where(
        answers.c.workspace_id == pulses.c.workspace_id,
        answers.c.pulse_id == pulses.c.id,
        answers.c.batch.is_(None),
    )
    return (
        current(workspace_id)
        .where(pulses.c.ended.is_(False), or_(waiting, pulses.c.closes_at <= now))
        .order_by(pulses.c.id)
    )


async def said(session: AsyncSession, workspace_id: UUID, pulse_id: UUID) -> Sequence[Row]:
    """Return all answers to a pulse, in the order of their random ids."""
    mine = (answers.c.workspace_id == workspace_id, answers.c.pulse_id == pulse_id)
    rows: Sequence[Row] = (await session.execute(select(answers).where(*mine).order_by(answers.c.id))).mappings().all()
    return rows


async def is_said(session: AsyncSession, workspace_id: UUID, identity: UUID) -> bool:
    """Return whether an answer came under this id."""
    mine = (answers.c.workspace_id == workspace_id, answers.c.id == identity)
    return bool(await session.scalar(select(exists().where(*mine))))


async def give_batch(session: AsyncSession, workspace_id: UUID, ids: Sequence[UUID], batch: int) -> None:
    """Note with which batch some answers are released."""
    mine = (answers.c.workspace_id == workspace_id, answers.c.id.in_(in_order(ids)))
    await session.execute(update(answers).where(*mine).values(batch=batch))


async def forget_answers(session: AsyncSession, workspace_id: UUID, pulse_id: UUID) -> None:
    """Delete what was answered to a pulse."""
    mine = (answers.c.workspace_id == workspace_id, answers.c.pulse_id == pulse_id)
    await session.execute(delete(answers).where(*mine))


async def note(session: AsyncSession, workspace_id: UUID, pulse_id: UUID, **values: Any) -> None:
    """Note on a pulse when something was released of it, and whether that was the last."""
    mine = (pulses.c.workspace_id == workspace_id, pulses.c.id == pulse_id)
    await session.execute(update(pulses).where(*mine).values(**values))
