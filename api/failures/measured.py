"""One condition set in full: its measures, the cases that show it, and a sentence that says no more than is known."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from api.dependencies import Work
from api.failures import queries, sets
from api.failures.cost_schemas import SetCost
from api.failures.measure_schemas import ConditionSetDetail, SetMeasures
from api.failures.schemas import ConditionSetAnswer
from api.failures.wordings import sentence

OWN = frozenset(
    {
        *("rate_low", "rate_high", "rate_without", "rate_without_any_low", "rate_without_any_high"),
        *("credited", "near", "length", "error"),
    }
)
"""Measures that the list of sets tells too, or that only serve to compare two analyses."""


async def detail(work: Work, set_id: UUID) -> ConditionSetDetail:
    """Return a condition set with all that is known of it."""
    found = await sets.read_set(work, set_id)
    kept = {} if found.analysis is None else await _kept(work, set_id, found.analysis)
    told: dict[str, Any] = {name: value for name, value in (kept.get("measures") or {}).items() if name not in OWN}
    cost = told.pop("root_cost", None)
    return ConditionSetDetail(
        **dict(found),
        wording=sentence(found, await _names(work, found)),
        measures=SetMeasures.model_validate(told) if "everyone" in told else None,
        evidence=await _references(work, kept.get("evidence") or []),
        root_cost=None if cost is None else SetCost.model_validate(cost),
    )


async def _kept(work: Work, set_id: UUID, analysis_id: UUID) -> Mapping[Any, Any]:
    table = queries.findings
    mine = (table.c.workspace_id == work.workspace_id, table.c.id == set_id, table.c.analysis_id == analysis_id)
    statement = select(table.c.measures, table.c.evidence).where(*mine)
    row: Mapping[Any, Any] = (await work.session.execute(statement)).mappings().one()
    return row


async def _names(work: Work, found: ConditionSetAnswer) -> dict[str, str]:
    known = queries.current_conditions(work.workspace_id).where(queries.conditions.c.reference.in_(found.conditions))
    return {row["reference"]: row["name"] for row in (await work.session.execute(known)).mappings()}


async def _references(work: Work, case_ids: list[str]) -> list[str]:
    """Return the references of cases that are still told of, in the order given."""
    wanted = [UUID(case_id) for case_id in case_ids]
    rows = await queries.named_cases(work.session, work.workspace_id, wanted) if wanted else []
    by_id = {row["id"]: row["case"] for row in rows if not row["voided"]}
    return [by_id[case_id] for case_id in wanted if case_id in by_id]
