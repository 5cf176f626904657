"""Every statement about customers, cases, promises and departures, by name."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, and_, or_, select
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


async def opened_at(session: AsyncSession, workspace_id: UUID, case_ids: Iterable[UUID]) -> dict[UUID, Any]:
    """Return when each case was opened, as known now."""
    version = kinds.CASE.version
    wanted = sorted(set(case_ids))
    found: dict[UUID, Any] = {}
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        statement = (
            select(version.c.id, version.c.opened_at)
            .join(cases, _same(cases, version, number="version"))
            .where(cases.c.workspace_id == workspace_id, cases.c.id.in_(wanted[start : start + ROWS_A_QUESTION]))
        )
        found |= {row.id: row.opened_at for row in await session.execute(statement)}
    return found


async def contact_wishes(session: AsyncSession, workspace_id: UUID, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return of some customers those who do not want to be contacted, or not to be asked, and which of the two."""
    version = kinds.CUSTOMER.version
    wanted = sorted(set(ids))
    found: dict[UUID, str] = {}
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        statement = (
            select(version.c.id, version.c.do_not_contact)
            .join(customers, _same(customers, version, number="version"))
            .where(
                customers.c.workspace_id == workspace_id, customers.c.id.in_(wanted[start : start + ROWS_A_QUESTION])
            )
            .where(or_(version.c.do_not_contact.is_(True), version.c.survey_opt_out.is_(True)))
        )
        rows = await session.execute(statement)
        found |= {row.id: "do_not_contact" if row.do_not_contact else "survey_opt_out" for row in rows}
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


def current_promises(workspace_id: UUID) -> Select[Any]:
    """Select promises as known now, each with its case's reference."""
    version = kinds.PROMISE.version
    return (
        current_rows(kinds.PROMISE, workspace_id)
        .join(cases, and_(cases.c.workspace_id == version.c.workspace_id, cases.c.id == version.c.case_id))
        .add_columns(cases.c.reference.label("case"), kinds.PROMISE.head.c.stored_at.label("changed_at"))
    )


def _with_customer(kind: RecordKind, workspace_id: UUID) -> Select[Any]:
    version = kind.version
    same = and_(customers.c.workspace_id == version.c.workspace_id, customers.c.id == version.c.customer_id)
    return (
        current_rows(kind, workspace_id)
        .join(customers, same)
        .add_columns(customers.c.reference.label("customer"), kind.head.c.stored_at.label("changed_at"))
    )


def _same(head: Table, version: Table, *, number: str) -> Any:
    return and_(
        head.c.workspace_id == version.c.workspace_id,
        head.c.id == version.c.id,
        head.c[number] == version.c.number,
    )
