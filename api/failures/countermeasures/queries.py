"""Every statement about countermeasures, what was judged of them, and what analyses keep to reckon with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, RowMapping, Select, and_, exists, insert, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from api.failures import queries as failures
from ml.features.asof import known_at
from models.base import to_us
from models.countermeasure import AnalysisExposure, CountermeasureEffect
from models.recording import current_rows

COUNTERMEASURE = kinds.COUNTERMEASURE
heads = COUNTERMEASURE.head
versions = COUNTERMEASURE.version
effects = CountermeasureEffect.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
exposures = AnalysisExposure.__table__  # type: ignore[attr-defined] # same
STANDS = ("live_from", "conditions", "verified_at", "confirmed_at", "returned", "recorded_at")


def current(workspace_id: UUID) -> Select[Any]:
    """Select countermeasures as they stand."""
    return current_rows(COUNTERMEASURE, workspace_id).add_columns(heads.c.stored_at.label("changed_at"))


async def known_by(session: AsyncSession, workspace_id: UUID, now: datetime) -> list[RowMapping]:
    """Return the countermeasures as known at a moment, but for those withdrawn, in the order of their references."""
    moment = literal(to_us(now), BigInteger)
    same = and_(heads.c.workspace_id == versions.c.workspace_id, heads.c.id == versions.c.id)
    statement = (
        select(versions, heads.c.reference)
        .join(heads, same)
        .where(versions.c.workspace_id == workspace_id, known_at(versions, moment))
        .order_by(heads.c.reference)
    )
    return list((await session.execute(statement)).mappings())


async def last_effects(
    session: AsyncSession, workspace_id: UUID, ids: Sequence[UUID], now: datetime, *, figures: bool = False
) -> dict[UUID, RowMapping]:
    """Return what was last judged of each countermeasure by a moment, with its figures where they are asked for."""
    later = effects.alias("later")
    superseded = exists().where(
        later.c.workspace_id == effects.c.workspace_id,
        later.c.countermeasure_id == effects.c.countermeasure_id,
        later.c.recorded_at <= now,
        tuple_(later.c.recorded_at, later.c.id) > tuple_(effects.c.recorded_at, effects.c.id),
    )
    columns = [effects.c[name] for name in (*STANDS, *(("figures",) if figures else ()))]
    statement = select(effects.c.countermeasure_id, *columns).where(
        effects.c.workspace_id == workspace_id,
        effects.c.countermeasure_id.in_(ids),
        effects.c.recorded_at <= now,
        ~superseded,
    )
    return {row["countermeasure_id"]: row for row in (await session.execute(statement)).mappings()}


async def append_effect(session: AsyncSession, row: dict[str, Any]) -> None:
    """Append what was judged."""
    await session.execute(insert(effects).values(row))


async def append_exposures(session: AsyncSession, row: dict[str, Any]) -> None:
    """Keep what an analysis reckoned."""
    await session.execute(insert(exposures).values(row))


async def exposures_in_force(session: AsyncSession, workspace_id: UUID, outcome: str) -> RowMapping | None:
    """Return what the analysis in force kept; None where there is none, or it kept nothing."""
    newest = failures.in_force(workspace_id, outcome)
    statement = select(exposures).where(exposures.c.workspace_id == workspace_id, exposures.c.id == newest)
    row: RowMapping | None = (await session.execute(statement)).mappings().one_or_none()
    return row


async def analysis_in_force(session: AsyncSession, workspace_id: UUID, outcome: str) -> UUID | None:
    """Return the newest analysis that looked at all cases."""
    newest: UUID | None = await session.scalar(select(failures.in_force(workspace_id, outcome)))
    return newest


async def whole_analyses(session: AsyncSession, workspace_id: UUID, outcome: str) -> list[UUID]:
    """Return the analyses that looked at all cases and are done, the oldest first."""
    of = failures.analyses
    mine = (of.c.workspace_id == workspace_id, of.c.outcome == outcome, of.c.state == "done", of.c.whole.is_(True))
    return list(await session.scalars(select(of.c.id).where(*mine).order_by(of.c.created_at, of.c.id)))


async def history_of_sets(session: AsyncSession, workspace_id: UUID, outcome: str) -> list[RowMapping]:
    """Return what whole analyses said of each set, the oldest first, with the end of the period it was found in."""
    analyses, findings, sets = failures.analyses, failures.findings, failures.sets
    whole = and_(analyses.c.workspace_id == findings.c.workspace_id, analyses.c.id == findings.c.analysis_id)
    kept = and_(exposures.c.workspace_id == analyses.c.workspace_id, exposures.c.id == analyses.c.id)
    named = and_(sets.c.workspace_id == findings.c.workspace_id, sets.c.id == findings.c.id)
    statement = (
        select(
            findings.c.id,
            findings.c.status,
            findings.c.analysis_id,
            sets.c.conditions,
            analyses.c.created_at,
            exposures.c.discovered_until,
        )
        .select_from(findings)
        .join(analyses, whole)
        .join(sets, named)
        .outerjoin(exposures, kept)
        .where(findings.c.workspace_id == workspace_id, analyses.c.outcome == outcome)
        .where(analyses.c.state == "done", analyses.c.whole.is_(True))
        .order_by(analyses.c.created_at, analyses.c.id, findings.c.position)
    )
    return list((await session.execute(statement)).mappings())


async def hold(session: AsyncSession, workspace_id: UUID, reference: str) -> None:
    """Keep a countermeasure from every other writer until this transaction ends."""
    statement = select(heads.c.id).where(heads.c.workspace_id == workspace_id, heads.c.reference == reference)
    await session.execute(statement.with_for_update())
