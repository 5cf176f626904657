"""What rules read of cases and what they write: the statements of derivation.

Reads give moments as the microseconds they are kept in, and only the columns that somebody asks for.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, RowMapping, String, Table, and_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from api.failures.queries import current_conditions, rule_observations
from models.appending import append_rows
from models.base import UTCDateTime
from models.ids import in_portions
from models.recording import RecordKind


async def rules(session: AsyncSession, workspace_id: UUID) -> list[RowMapping]:
    """Return the conditions a rule sees: id, code and rule."""
    version = kinds.CONDITION.version
    statement = current_conditions(workspace_id).where(version.c.rule.is_not(None), version.c.voided.is_(False))
    return list((await session.execute(statement)).mappings().all())


async def versions_of_cases(
    session: AsyncSession,
    kind: RecordKind,
    column: str,
    workspace_id: UUID,
    case_ids: Sequence[UUID],
    left_out: frozenset[str] = frozenset(),
) -> list[RowMapping]:
    """Return all versions of a kind that belong to some cases, in the order they hold, moments as microseconds."""
    rows: list[RowMapping] = []
    table = kind.version
    for some in in_portions(case_ids):
        statement = (
            select(*_plain_columns(table, left_out))
            .where(table.c.workspace_id == workspace_id, table.c[column].in_(some))
            .order_by(table.c.occurred_at, table.c.recorded_at, table.c.number)
        )
        rows += (await session.execute(statement)).mappings().all()
    return rows


@lru_cache
def _plain_columns(table: Table, left_out: frozenset[str]) -> tuple[ColumnElement[Any], ...]:
    """Return the columns rules may read, moments as the microseconds they are kept in."""
    return tuple(
        type_coerce(column, BigInteger()).label(column.name) if isinstance(column.type, UTCDateTime) else column
        for column in table.columns
        if column.name not in {"workspace_id", "number", "stored_at", "given", *left_out}
    )


async def versions_of_changes(session: AsyncSession, workspace_id: UUID, references: Iterable[str]) -> list[RowMapping]:
    """Return all versions of some changes of the company, each with its reference, moments as microseconds."""
    head, version = kinds.CHANGE.head, kinds.CHANGE.version
    statement = (
        select(*_plain_columns(version, frozenset()), head.c.reference)
        .join(head, and_(head.c.workspace_id == version.c.workspace_id, head.c.id == version.c.id))
        .where(head.c.workspace_id == workspace_id, head.c.reference.in_(sorted(references)))
        .order_by(version.c.occurred_at, version.c.recorded_at, version.c.number)
    )
    return list((await session.execute(statement)).mappings().all())


async def rule_steps(
    session: AsyncSession, workspace_id: UUID, case_ids: Sequence[UUID], condition_ids: Sequence[UUID] | None
) -> list[tuple[UUID, UUID, int, int, str]]:
    """Return all that rules saw in some cases, of some conditions or of all, a moment's last row last.

    Each is (case, condition, microseconds, number, state).
    """
    steps = rule_observations
    rows: list[tuple[UUID, UUID, int, int, str]] = []
    for some in in_portions(case_ids):
        statement = select(
            steps.c.case_id,
            steps.c.condition_id,
            type_coerce(steps.c.observed_at, BigInteger()),
            steps.c.number,
            type_coerce(steps.c.state, String()),
        ).where(steps.c.workspace_id == workspace_id, steps.c.case_id.in_(some))
        if condition_ids is not None:
            statement = statement.where(steps.c.condition_id.in_(condition_ids))
        rows += (await session.execute(statement.order_by(steps.c.observed_at, steps.c.number))).all()
    return rows


async def add_steps(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append what rules saw."""
    await append_rows(session, rule_observations, rows)


async def hold_cases(session: AsyncSession, workspace_id: UUID, case_ids: Sequence[UUID]) -> None:
    """Keep other writers from deriving the same cases meanwhile; all ask in one order, so that none waits in a ring."""
    if session.get_bind().dialect.name == "sqlite":
        return  # its one writer is this one
    cases = kinds.CASE.head
    for some in in_portions(case_ids):
        statement = select(cases.c.id).where(cases.c.workspace_id == workspace_id, cases.c.id.in_(some))
        await session.execute(statement.order_by(cases.c.id).with_for_update(key_share=True))
