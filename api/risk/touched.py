"""Which customers something was stored of since a moment: those whose risk may have changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, Table, and_, exists, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from models.failure import RuleObservation
from models.recording import RecordKind

steps = RuleObservation.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


def _stored(head: Table, workspace_id: UUID, since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(head.c.workspace_id == workspace_id, head.c.stored_at > since, head.c.stored_at <= until)


def _of_customers(kind: RecordKind, workspace_id: UUID, since: datetime, until: datetime) -> Select[Any]:
    """Select the customers of records whose versions name their customer."""
    head, version = kind.head, kind.version
    current = and_(
        version.c.workspace_id == head.c.workspace_id, version.c.id == head.c.id, version.c.number == head.c.version
    )
    statement = select(version.c.customer_id).select_from(head).join(version, current)
    return statement.where(_stored(head, workspace_id, since, until), version.c.customer_id.is_not(None))


def _of_cases(kind: RecordKind, workspace_id: UUID, since: datetime, until: datetime) -> Select[Any]:
    """Select the customers of records whose versions name their case."""
    head, version = kind.head, kind.version
    cases, case_version = kinds.CASE.head, kinds.CASE.version
    current = and_(
        version.c.workspace_id == head.c.workspace_id, version.c.id == head.c.id, version.c.number == head.c.version
    )
    case = and_(cases.c.workspace_id == version.c.workspace_id, cases.c.id == version.c.case_id)
    theirs = and_(
        case_version.c.workspace_id == cases.c.workspace_id,
        case_version.c.id == cases.c.id,
        case_version.c.number == cases.c.version,
    )
    statement = select(case_version.c.customer_id).select_from(head).join(version, current).join(cases, case)
    return statement.join(case_version, theirs).where(_stored(head, workspace_id, since, until))


def _seen_by_rules(workspace_id: UUID, since: datetime, until: datetime) -> Select[Any]:
    """Select the customers of cases in which rules came to see something else."""
    cases, case_version = kinds.CASE.head, kinds.CASE.version
    case = and_(cases.c.workspace_id == steps.c.workspace_id, cases.c.id == steps.c.case_id)
    theirs = and_(
        case_version.c.workspace_id == cases.c.workspace_id,
        case_version.c.id == cases.c.id,
        case_version.c.number == cases.c.version,
    )
    statement = select(case_version.c.customer_id).select_from(steps).join(cases, case).join(case_version, theirs)
    return statement.where(_stored(steps, workspace_id, since, until))


def _touched(workspace_id: UUID, since: datetime, until: datetime) -> Subquery:
    customers = kinds.CUSTOMER.head
    window = (workspace_id, since, until)
    themselves = select(customers.c.id.label("customer_id")).where(_stored(customers, *window))
    named = [_of_customers(kind, *window) for kind in (kinds.CASE, kinds.DEPARTURE, kinds.RESPONSE)]
    of_cases = [_of_cases(kind, *window) for kind in (kinds.PROMISE, kinds.OBSERVATION)]
    return union(themselves, *named, *of_cases, _seen_by_rules(*window)).subquery("touched")


async def touched_customers(
    session: AsyncSession, workspace_id: UUID, since: datetime, until: datetime, after: UUID | None, limit: int
) -> Sequence[tuple[UUID, str]]:
    """Return the next customers touched after one moment and up to another, in the order of their ids."""
    customers = kinds.CUSTOMER.head
    found = _touched(workspace_id, since, until)
    statement = (
        select(customers.c.id, customers.c.reference)
        .join(found, found.c.customer_id == customers.c.id)
        .where(customers.c.workspace_id == workspace_id)
        .order_by(customers.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(customers.c.id > after)
    return [(row.id, row.reference) for row in await session.execute(statement)]


async def is_anything_stored(session: AsyncSession, workspace_id: UUID, since: datetime, until: datetime) -> bool:
    """Return whether a record of a customer, or what rules saw, was stored after one moment and up to another."""
    # What rules see may change without anything being told: by time alone.
    for head in (*(kind.head for kind in (kinds.CUSTOMER, *_KINDS)), steps):
        if await session.scalar(select(exists().where(_stored(head, workspace_id, since, until)))):
            return True
    return False


_KINDS = (kinds.CASE, kinds.PROMISE, kinds.RESPONSE, kinds.OBSERVATION, kinds.DEPARTURE)
