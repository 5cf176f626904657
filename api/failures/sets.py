"""Condition sets as they stand: what the analysis in force says of each, and what people said."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select

from api.dependencies import Work
from api.errors import NoSuchThing
from api.failures import queries
from api.failures.countermeasures.covering import Covering, covering
from api.failures.schemas import ConditionSetAnswer
from api.listing import NOTHING, Asked, part_of, source_of
from models.failure import Verdict

PROPOSED = Verdict.PROPOSED.value
Said = Mapping[UUID, Sequence[RowMapping]]


async def looked_at(work: Work, outcome: str, analysis: UUID | None = None) -> list[ConditionSetAnswer]:
    """Return what one analysis, by default the one in force, says of condition sets, in the order found."""
    statement = queries.latest_findings(work.workspace_id, outcome)
    if analysis is not None:
        statement = queries.found_sets(work.workspace_id).where(queries.findings.c.analysis_id == analysis)
        statement = statement.order_by(queries.findings.c.position)
    rows = (await work.session.execute(statement)).mappings().all()
    if not rows:
        return []
    said = await queries.said_of_sets(work.session, work.workspace_id)
    covers = await covering(work)
    return [_found(row, said.get(row["id"], []), covers) for row in rows]


async def all_sets(work: Work, outcome: str, analysis: UUID | None = None) -> list[ConditionSetAnswer]:
    """Return what an analysis says of condition sets, then those people drew that it did not look at."""
    found = await looked_at(work, outcome, analysis)
    return [*found, *await _not_looked_at(work, outcome, {item.id for item in found})]


async def _not_looked_at(work: Work, outcome: str, known: Collection[UUID]) -> list[ConditionSetAnswer]:
    drawn = (await work.session.execute(queries.proposed_sets(work.workspace_id, outcome))).mappings().all()
    if not drawn:
        return []
    said, covers = await queries.said_of_sets(work.session, work.workspace_id), await covering(work)
    return [_drawn(row, said[row["id"]], covers) for row in drawn if row["id"] not in known]


async def list_sets(
    work: Work, asked: Asked, *, outcome: str, status: str | None = None, analysis: UUID | None = None
) -> tuple[list[ConditionSetAnswer], str | None]:
    """Return a page of all sets, or of what one analysis found; a set changes when it is found or spoken of again.

    When another analysis comes into force, the pages after a first one go on with the analysis of that one.
    """
    begun = source_of(asked)
    found = await (all_sets(work, outcome, begun) if analysis is None else looked_at(work, outcome, analysis))
    source = (found[0].analysis if found else None) or NOTHING
    since = asked.updated_since
    said = await queries.said_of_sets(work.session, work.workspace_id) if since is not None else {}

    def wanted(item: ConditionSetAnswer) -> bool:
        moments = [item.recorded_at, *(row["recorded_at"] for row in said.get(item.id, []))]
        return (status is None or item.status == status) and (since is None or max(moments) >= since)

    return part_of(found, asked, wanted, source)


async def read_set(work: Work, set_id: UUID) -> ConditionSetAnswer:
    """Return one condition set: as the analysis in force sees it, as one before did, or as people drew it."""
    row = await _row(work, set_id)
    for found in await all_sets(work, row["outcome"]):
        if found.id == set_id:
            return found
    before = queries.found_sets(work.workspace_id).where(queries.findings.c.id == set_id)
    last = before.order_by(queries.findings.c.recorded_at.desc(), queries.findings.c.analysis_id.desc()).limit(1)
    finding = (await work.session.execute(last)).mappings().one()
    said = (await queries.said_of_sets(work.session, work.workspace_id, [set_id])).get(set_id, [])
    return _found(finding, said, await covering(work))


async def _row(work: Work, set_id: UUID) -> RowMapping:
    table = queries.sets
    statement = select(table).where(table.c.workspace_id == work.workspace_id, table.c.id == set_id)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no condition set {set_id}.")
    return row


def _opinion(said: Sequence[RowMapping]) -> dict[str, Any]:
    judged = [row["verdict"] for row in said if row["verdict"] != PROPOSED]
    return {
        "proposed": any(row["verdict"] == PROPOSED for row in said),
        "verdict": judged[-1] if judged else None,
        "version": len(said),
    }


def _covered(conditions: Sequence[str], covers: Covering) -> dict[str, Any]:
    return {
        "coverage": covers.of_set(conditions).value,
        "redundancy": covers.redundancy_of(conditions),
        "countermeasures": covers.shown(conditions),
    }


def _found(row: Mapping[Any, Any], said: Sequence[RowMapping], covers: Covering) -> ConditionSetAnswer:
    told = row["measures"]
    return ConditionSetAnswer(
        id=row["id"],
        outcome=row["outcome"],
        conditions=row["conditions"],
        status=row["status"],
        rows=row["rows"],
        customers=row["customers"],
        failures=row["failures"],
        rate=row["rate"],
        rate_without_any=row["rate_without_any"],
        rate_without_any_low=told.get("rate_without_any_low"),
        rate_without_any_high=told.get("rate_without_any_high"),
        rate_low=told.get("rate_low"),
        rate_high=told.get("rate_high"),
        rate_without=told.get("rate_without", {}),
        completion=row["completion"],
        low=row["low"],
        high=row["high"],
        credited=told.get("credited"),
        near=told.get("near"),
        analysis=row["analysis_id"],
        recorded_at=row["recorded_at"],
        **_covered(row["conditions"], covers),
        **_opinion(said),
    )


def _drawn(row: Mapping[Any, Any], said: Sequence[RowMapping], covers: Covering) -> ConditionSetAnswer:
    return ConditionSetAnswer(
        id=row["id"],
        outcome=row["outcome"],
        conditions=row["conditions"],
        status=PROPOSED,
        rows=None,
        customers=None,
        failures=None,
        rate=None,
        rate_low=None,
        rate_high=None,
        rate_without_any=None,
        rate_without_any_low=None,
        rate_without_any_high=None,
        rate_without={},
        completion=None,
        low=None,
        high=None,
        credited=None,
        near=None,
        analysis=None,
        recorded_at=row["stored_at"],
        **_covered(row["conditions"], covers),
        **_opinion(said),
    )
