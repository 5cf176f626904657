"""What an analysis found, kept: the sets by their one identity, and each analysis's findings appended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql, sqlite

from api import audit
from api.dependencies import Work
from api.events import ConditionSetConfirmed
from api.failures import queries, telling
from models.failure import AnalysisState
from models.ids import condition_set_id


@dataclass(frozen=True)
class Finding:
    """What one analysis found of one condition set."""

    conditions: tuple[str, ...]
    status: str
    rows: int
    customers: int
    failures: int
    rate: float | None
    rate_without_any: float | None
    completion: float
    low: float
    high: float
    measures: dict[str, JsonValue] = field(default_factory=dict)
    evidence: list[JsonValue] = field(default_factory=list)


async def store_analysis(
    work: Work,
    analysis_id: UUID,
    outcome: str,
    summary: dict[str, JsonValue],
    found: Sequence[Finding],
    unexplained: Sequence[dict[str, JsonValue]] = (),
) -> None:
    """Keep what an analysis found, all of it or nothing."""
    table = queries.analyses
    mine = (table.c.workspace_id == work.workspace_id) & (table.c.id == analysis_id)
    done = {"state": AnalysisState.DONE, "summary": summary, "unexplained": list(unexplained), "finished_at": work.now}
    whole = await work.session.scalar(update(table).where(mine).values(done).returning(table.c.whole))
    if found:
        await _store_sets(work, outcome, found)
        rows = [_row(work, outcome, analysis_id, position, item) for position, item in enumerate(found)]
        await work.session.execute(insert(queries.findings), rows)
    if whole:  # what somebody tries out is never in force, and no news
        confirmed = [_confirmed(work, outcome, analysis_id, item) for item in found if item.status == telling.CONFIRMED]
        await telling.tell_confirmed(work, outcome, analysis_id, confirmed)
    await audit.note(work, "analysis.stored", str(analysis_id), {"sets": len(found)})


async def _store_sets(work: Work, outcome: str, found: Sequence[Finding]) -> None:
    dialect = work.session.get_bind().dialect.name
    into = postgresql.insert(queries.sets) if dialect == "postgresql" else sqlite.insert(queries.sets)
    rows = [
        {
            "workspace_id": work.workspace_id,
            "id": condition_set_id(work.workspace_id, outcome, frozenset(item.conditions)),
            "outcome": outcome,
            "conditions": sorted(item.conditions),
            "stored_at": work.now,
        }
        for item in found
    ]
    await work.session.execute(into.on_conflict_do_nothing(), rows)


def _row(work: Work, outcome: str, analysis_id: UUID, position: int, item: Finding) -> dict[str, Any]:
    return {
        "workspace_id": work.workspace_id,
        "id": condition_set_id(work.workspace_id, outcome, frozenset(item.conditions)),
        "analysis_id": analysis_id,
        "position": position,
        "status": item.status,
        "rows": item.rows,
        "customers": item.customers,
        "failures": item.failures,
        "rate": item.rate,
        "rate_without_any": item.rate_without_any,
        "completion": item.completion,
        "low": item.low,
        "high": item.high,
        "measures": item.measures,
        "evidence": item.evidence,
        "recorded_at": work.now,
    }


def _confirmed(work: Work, outcome: str, analysis_id: UUID, item: Finding) -> tuple[UUID, ConditionSetConfirmed]:
    set_id = condition_set_id(work.workspace_id, outcome, frozenset(item.conditions))
    told = ConditionSetConfirmed(
        condition_set=str(set_id),
        outcome=outcome,
        conditions=" + ".join(sorted(item.conditions)),
        customers=item.customers,
        rate=item.rate,
        rate_without_any=item.rate_without_any,
        analysis=str(analysis_id),
    )
    return set_id, told
