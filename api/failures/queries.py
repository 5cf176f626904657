"""Every statement about conditions, observations and condition sets, by name."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, RowMapping, Select, String, Table, and_, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from models.base import UTCDateTime
from models.failure import Analysis, ConditionSet, ConditionSetFinding, ObservationSource
from models.recording import ROWS_A_QUESTION, current_rows

conditions = kinds.CONDITION.head
observations = kinds.OBSERVATION.head
sets = ConditionSet.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
findings = ConditionSetFinding.__table__  # type: ignore[attr-defined] # same
analyses = Analysis.__table__  # type: ignore[attr-defined] # same


def current_conditions(workspace_id: UUID) -> Select[Any]:
    """Select the catalogue of conditions as it stands."""
    return current_rows(kinds.CONDITION, workspace_id).add_columns(conditions.c.stored_at.label("changed_at"))


def current_observations(workspace_id: UUID) -> Select[Any]:
    """Select observations as they stand, each with its case's reference and its condition's code."""
    version = kinds.OBSERVATION.version
    cases = kinds.CASE.head
    same_case = and_(cases.c.workspace_id == version.c.workspace_id, cases.c.id == version.c.case_id)
    same_condition = and_(
        conditions.c.workspace_id == version.c.workspace_id, conditions.c.id == version.c.condition_id
    )
    return (
        current_rows(kinds.OBSERVATION, workspace_id)
        .join(cases, same_case)
        .join(conditions, same_condition)
        .add_columns(
            cases.c.reference.label("case"),
            conditions.c.reference.label("condition"),
            observations.c.stored_at.label("changed_at"),
        )
    )


async def rules(session: AsyncSession, workspace_id: UUID) -> list[RowMapping]:
    """Return the conditions a rule sees: id, code and rule."""
    version = kinds.CONDITION.version
    statement = current_conditions(workspace_id).where(version.c.rule.is_not(None), version.c.voided.is_(False))
    return list((await session.execute(statement)).mappings().all())


async def codes(session: AsyncSession, workspace_id: UUID) -> list[str]:
    """Return the codes of the catalogue, in the order of the alphabet."""
    statement = select(conditions.c.reference).where(conditions.c.workspace_id == workspace_id)
    return list((await session.scalars(statement.order_by(conditions.c.reference))).all())


async def versions_of_cases(
    session: AsyncSession, table: Table, column: str, workspace_id: UUID, case_ids: Sequence[UUID]
) -> list[RowMapping]:
    """Return all versions of a kind that belong to some cases, in the order they hold, moments as microseconds."""
    rows: list[RowMapping] = []
    for some in _portions(case_ids):
        statement = (
            select(*_plain_columns(table))
            .where(table.c.workspace_id == workspace_id, table.c[column].in_(some))
            .order_by(table.c.occurred_at, table.c.recorded_at, table.c.number)
        )
        rows += (await session.execute(statement)).mappings().all()
    return rows


@lru_cache
def _plain_columns(table: Table) -> tuple[ColumnElement[Any], ...]:
    """Return the columns rules may read, moments as the microseconds they are kept in."""
    return tuple(
        type_coerce(column, BigInteger()).label(column.name) if isinstance(column.type, UTCDateTime) else column
        for column in table.columns
        if column.name not in {"workspace_id", "number", "stored_at", "given"}
    )


async def rule_observations(
    session: AsyncSession, workspace_id: UUID, case_ids: Sequence[UUID]
) -> list[tuple[UUID | str, UUID | str, int, str]]:
    """Return all that rules saw in some cases, in the order it holds: case, condition, microseconds, state.

    Ids come as the driver gives them, as `UUID` or as its 32 hexadecimal digits: there are many rows and few ids.
    """
    version = kinds.OBSERVATION.version
    rows: list[tuple[UUID | str, UUID | str, int, str]] = []
    for some in _portions(case_ids):
        statement = (
            select(
                type_coerce(version.c.case_id, String()),
                type_coerce(version.c.condition_id, String()),
                type_coerce(version.c.occurred_at, BigInteger()),
                type_coerce(version.c.state, String()),
            )
            .where(
                version.c.workspace_id == workspace_id,
                version.c.case_id.in_(some),
                version.c.source == ObservationSource.RULE,
            )
            .order_by(version.c.occurred_at, version.c.recorded_at, version.c.number)
        )
        rows += (await session.execute(statement)).all()
    return rows


async def case_ids_after(session: AsyncSession, workspace_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """Return the next cases in the order of their ids.

    Those of erased customers, who have no version, are left out: what rules saw in them stands, and what they saw it
    in is gone.
    """
    cases, version, customers = kinds.CASE.head, kinds.CASE.version, kinds.CUSTOMER.head
    now = (version.c.workspace_id == cases.c.workspace_id, version.c.id == cases.c.id)
    theirs = (customers.c.workspace_id == cases.c.workspace_id, customers.c.id == version.c.customer_id)
    statement = (
        select(cases.c.id)
        .join(version, and_(*now, version.c.number == cases.c.version))
        .join(customers, and_(*theirs, customers.c.version > 0))
        .where(cases.c.workspace_id == workspace_id)
        .order_by(cases.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(cases.c.id > after)
    return list((await session.scalars(statement)).all())


async def count_cases(session: AsyncSession, workspace_id: UUID) -> int:
    """Return how many cases a workspace has."""
    cases = kinds.CASE.head
    statement = select(func.count()).select_from(cases).where(cases.c.workspace_id == workspace_id)
    return int(await session.scalar(statement) or 0)


def latest_findings(workspace_id: UUID, outcome: str) -> Select[Any]:
    """Select the condition sets of the newest finished analysis of an outcome, in the order found."""
    newest = (
        select(analyses.c.id)
        .where(analyses.c.workspace_id == workspace_id, analyses.c.outcome == outcome, analyses.c.state == "done")
        .order_by(analyses.c.created_at.desc(), analyses.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    same = and_(findings.c.workspace_id == sets.c.workspace_id, findings.c.id == sets.c.id)
    return (
        select(findings, sets.c.conditions, sets.c.outcome)
        .join(sets, same)
        .where(findings.c.workspace_id == workspace_id, findings.c.analysis_id == newest)
        .order_by(findings.c.position)
    )


def _portions(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        yield wanted[start : start + ROWS_A_QUESTION]
