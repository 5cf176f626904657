"""Two analyses beside each other: what became of the condition sets from the earlier to the later."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, tuple_

from api.dependencies import Work
from api.failures import analyses, queries
from api.failures.measure_schemas import ComparedSet, ComparisonAnswer
from models.failure import AnalysisState
from models.rules.standing import HOLDS, Became, Compared, Standing, compare

ORDER = {became: place for place, became in enumerate(Became)}
Found = Mapping[UUID, RowMapping]


async def comparison(work: Work, analysis_id: UUID, other_id: UUID | None) -> ComparisonAnswer:
    """Return what became of the sets since another analysis, by default the one that was in force before."""
    later = await analyses.done(work, analysis_id)
    earlier = await (_in_force_before(work, later) if other_id is None else analyses.done(work, other_id))
    now = await _found(work, analysis_id)
    before = {} if earlier is None else await _found(work, earlier["id"])
    told = compare(_standings(now), _standings(before), await _held_before(work, later))
    told.sort(key=lambda each: ORDER[each.became])
    return ComparisonAnswer(
        analysis=analysis_id,
        **{"with": None if earlier is None else earlier["id"]},
        created_at=later["created_at"],
        with_created_at=None if earlier is None else earlier["created_at"],
        leak=(later["summary"] or {}).get("leak"),
        leak_before=None if earlier is None else (earlier["summary"] or {}).get("leak"),
        sets=[_answer(each, now.get(each.key), before.get(each.key)) for each in told],
    )


def _before(work: Work, later: RowMapping) -> Any:
    """Select the whole analyses of an outcome that were done when another was asked for, the newest first."""
    table = queries.analyses
    place = tuple_(table.c.created_at, table.c.id)
    mine = (table.c.workspace_id == work.workspace_id, table.c.outcome == later["outcome"])
    done = (table.c.state == AnalysisState.DONE, table.c.whole.is_(True))
    earlier = place < (later["created_at"], later["id"])
    return select(table).where(*mine, *done, earlier).order_by(table.c.created_at.desc(), table.c.id.desc())


async def _in_force_before(work: Work, later: RowMapping) -> RowMapping | None:
    return (await work.session.execute(_before(work, later).limit(1))).mappings().one_or_none()


async def _held_before(work: Work, later: RowMapping) -> set[UUID]:
    ids = _before(work, later).with_only_columns(queries.analyses.c.id).order_by(None)
    table = queries.findings
    held = select(table.c.id).where(table.c.workspace_id == work.workspace_id, table.c.analysis_id.in_(ids))
    return set((await work.session.scalars(held.where(table.c.status.in_(sorted(HOLDS))).distinct())).all())


async def _found(work: Work, analysis_id: UUID) -> dict[UUID, RowMapping]:
    statement = queries.found_sets(work.workspace_id).where(queries.findings.c.analysis_id == analysis_id)
    rows = (await work.session.execute(statement.order_by(queries.findings.c.position))).mappings()
    return {row["id"]: row for row in rows}


def _standings(found: Found) -> dict[UUID, Standing]:
    told = {set_id: row["measures"] for set_id, row in found.items()}
    return {
        set_id: Standing(row["status"], told[set_id].get("length"), told[set_id].get("error"))
        for set_id, row in found.items()
    }


def _answer(told: Compared[UUID], now: RowMapping | None, before: RowMapping | None) -> ComparedSet:
    either = now if now is not None else before
    return ComparedSet(
        id=told.key,
        conditions=[] if either is None else either["conditions"],
        became=told.became.value,
        p_value=told.p_value,
        **_figures(now, ""),
        **_figures(before, "_before"),
    )


def _figures(row: RowMapping | None, suffix: str) -> dict[str, Any]:
    names = ("status", "completion", "low", "high")
    return {f"{name}{suffix}": None if row is None else row[name] for name in names}
