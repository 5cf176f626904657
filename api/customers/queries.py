"""Every statement about customers, cases and what is recorded of them, by name."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from models.recording import ROWS_A_QUESTION, RecordKind, current_rows

customers = kinds.CUSTOMER.head
cases = kinds.CASE.head


async def ids_by_reference(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, references: Iterable[str]
) -> dict[str, UUID]:
    """Return the ids of those references that are known."""
    wanted = sorted(set(references))
    found: dict[str, UUID] = {}
    head = kind.head
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        statement = select(head.c.reference, head.c.id).where(
            head.c.workspace_id == workspace_id, head.c.reference.in_(wanted[start : start + ROWS_A_QUESTION])
        )
        found |= {row.reference: row.id for row in await session.execute(statement)}
    return found


@dataclass(frozen=True)
class KnownCase:
    """What a row about a case is checked against; a stub's opening is not known yet."""

    id: UUID
    customer_id: UUID
    opened_at: datetime | None


async def known_cases(session: AsyncSession, workspace_id: UUID, references: Iterable[str]) -> dict[str, KnownCase]:
    """Return those cases that are known, as known now."""
    version = kinds.CASE.version
    wanted = sorted(set(references))
    found: dict[str, KnownCase] = {}
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        statement = (
            select(cases.c.reference, version.c.id, version.c.customer_id, version.c.opened_at)
            .join(cases, _current(cases, version))
            .where(cases.c.workspace_id == workspace_id, cases.c.reference.in_(wanted[start : start + ROWS_A_QUESTION]))
        )
        for reference, *known in await session.execute(statement):
            found[reference] = KnownCase(*known)
    return found


def current_customers(workspace_id: UUID) -> Select[Any]:
    """Select customers as known now."""
    return current_rows(kinds.CUSTOMER, workspace_id).add_columns(customers.c.stored_at.label("changed_at"))


def current_cases(workspace_id: UUID) -> Select[Any]:
    """Select cases as known now, each with its customer's reference."""
    return _with_customer(kinds.CASE, workspace_id)


def current_departures(workspace_id: UUID) -> Select[Any]:
    """Select departures as known now, each with its customer's reference."""
    return _with_customer(kinds.DEPARTURE, workspace_id)


def current_revenues(workspace_id: UUID) -> Select[Any]:
    """Select revenues as known now, each with its customer's reference."""
    return _with_customer(kinds.REVENUE, workspace_id)


def current_promises(workspace_id: UUID) -> Select[Any]:
    """Select promises as known now, each with its case's reference."""
    statement = current_rows(kinds.PROMISE, workspace_id)
    return _with_case(statement, kinds.PROMISE).add_columns(kinds.PROMISE.head.c.stored_at.label("changed_at"))


def current_interactions(workspace_id: UUID) -> Select[Any]:
    """Select interactions as known now, each with its customer's and its case's reference."""
    return _with_case(_with_customer(kinds.INTERACTION, workspace_id), kinds.INTERACTION)


def _with_case(statement: Select[Any], kind: RecordKind) -> Select[Any]:
    """Add the reference of a record's case."""
    version = kind.version
    same = and_(cases.c.workspace_id == version.c.workspace_id, cases.c.id == version.c.case_id)
    return statement.join(cases, same).add_columns(cases.c.reference.label("case"))


def _with_customer(kind: RecordKind, workspace_id: UUID) -> Select[Any]:
    version = kind.version
    same = and_(customers.c.workspace_id == version.c.workspace_id, customers.c.id == version.c.customer_id)
    return (
        current_rows(kind, workspace_id)
        .join(customers, same)
        .add_columns(customers.c.reference.label("customer"), kind.head.c.stored_at.label("changed_at"))
    )


def _current(head: Table, version: Table) -> Any:
    return and_(
        head.c.workspace_id == version.c.workspace_id,
        head.c.id == version.c.id,
        head.c.version == version.c.number,
    )
