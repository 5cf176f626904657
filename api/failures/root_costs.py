"""The cost of failure as the analysis in force reckoned it: nothing is reckoned while somebody waits."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from api.dependencies import Work
from api.errors import NoSuchThing
from api.failures import analyses, queries, sets
from api.failures.cost_schemas import CostBy, CostLine, CostOfFailure
from models.ids import condition_set_id

TOLD_BY_ITSELF = frozenset({"condition_sets", "leak", "conditions", "needs", "teams"})
Document = dict[str, Any]


async def cost_of_failure(work: Work, outcome: str, by: CostBy, analysis: UUID | None = None) -> CostOfFailure:
    """Return what failures cost, told apart by condition sets, conditions, needs or teams."""
    if analysis is not None:
        await analyses.done(work, analysis)
    row = (await work.session.execute(queries.root_cost_of(work.workspace_id, outcome, analysis))).one_or_none()
    if row is None:
        raise NoSuchThing("No analysis has reckoned the cost of failure yet. Ask for one: POST /v1/analyses.")
    report: Document = row.report
    lines = list(_lines(report, by))
    if by is CostBy.CONDITION_SET:
        known = {tuple(found.conditions): found.status for found in await sets.looked_at(work, outcome, row.id)}
        for line in lines[:-1]:
            line["status"] = known.get(tuple(line["conditions"]))
            line["condition_set"] = condition_set_id(work.workspace_id, outcome, frozenset(line["conditions"]))
    whole = {name: value for name, value in report.items() if name not in TOLD_BY_ITSELF}
    return CostOfFailure(by=by, analysis=row.id, recorded_at=row.recorded_at, items=_typed(lines), **whole)


def _typed(lines: list[Document]) -> list[CostLine]:
    blank: Document = {**dict.fromkeys(CostLine.model_fields), "conditions": []}
    return [CostLine(**{**blank, **line}) for line in lines]


def _lines(report: Document, by: CostBy) -> Iterator[Document]:
    """Give the lines of one way of telling, the dearest first and the leak last; teams by name: nothing ranks them."""
    if by is CostBy.TEAM:
        yield from (_group(line, "team") for line in report["teams"])
        return
    if by is CostBy.NEED:
        yield from sorted((_group(line, "need") for line in report["needs"]), key=_dearest)
        return
    if by is CostBy.CONDITION:
        lines = [{**line, "kind": "condition", "group": line["condition"]} for line in report["conditions"]]
        lines = [{name: value for name, value in line.items() if name != "condition"} for line in lines]
    else:
        lines = [{**line, "kind": "condition_set"} for line in report["condition_sets"]]
        lines = [{name: value for name, value in line.items() if name != "currency"} for line in lines]
    yield from sorted(lines, key=_dearest)
    yield {**report["leak"], "kind": "leak"}


def _group(line: Document, name: str) -> Document:
    kept = {key: value for key, value in line.items() if key not in {name, "others"}}
    return {**kept, "kind": "others" if line["others"] else name, "group": line[name]}


def _dearest(line: Document) -> tuple[bool, int]:
    return line["amount"] is None, -(line["amount"] or 0)
