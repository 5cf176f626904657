"""Which customers something was stored of between two moments: those whose risk may have changed.

A minute touches few customers, an import all. Few are found by what was stored, and put in order. Where much was
stored the customers are gone through in the order of their ids instead, each asked whether anything was: so a portion
costs what it looks at, and not all that was touched anew.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from api.risk.queries import is_somebody
from models.base import to_us
from models.failure import RuleObservation
from models.recording import RecordKind

steps = RuleObservation.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
MUCH = 10_000
"""So many rows stored of one kind, and the customers are gone through instead; with fewer most would not be touched."""
OF_CUSTOMERS = (kinds.CASE, kinds.DEPARTURE, kinds.RESPONSE)
OF_CASES = (kinds.PROMISE, kinds.OBSERVATION)


async def touched_customers(
    session: AsyncSession, workspace_id: UUID, since: datetime, until: datetime, after: UUID | None, limit: int
) -> Sequence[tuple[UUID, str]]:
    """Return the next customers touched after one moment and up to another, in the order of their ids."""
    customers = kinds.CUSTOMER.head
    window = (workspace_id, since, until)
    statement = select(customers.c.id, customers.c.reference).where(customers.c.workspace_id == workspace_id)
    statement = statement.where(is_somebody()).order_by(customers.c.id).limit(limit)
    if after is not None:
        statement = statement.where(customers.c.id > after)
    if await _is_much(session, *window):
        statement = statement.where(_was_touched(*window))
    else:
        found = _by_what_was_stored(*window)
        statement = statement.join(found, found.c.customer_id == customers.c.id)
    return [(row.id, row.reference) for row in await session.execute(statement)]


async def is_anything_stored(session: AsyncSession, workspace_id: UUID, since: datetime, until: datetime) -> bool:
    """Return whether a record of a customer, or what rules saw, was stored after one moment and up to another."""
    for table in _stored_in():
        if await session.scalar(select(exists().where(_stored(table, workspace_id, since, until)))):
            return True
    return False


async def _is_much(session: AsyncSession, workspace_id: UUID, since: datetime, until: datetime) -> bool:
    for table in _stored_in():
        some = select(literal(1)).select_from(table).where(_stored(table, workspace_id, since, until)).limit(MUCH)
        if await session.scalar(select(func.count()).select_from(some.subquery())) == MUCH:
            return True
    return False


def _stored_in() -> list[Table]:
    """Return the tables that say when something was stored; what rules see may change by time alone."""
    return [*(kind.head for kind in (kinds.CUSTOMER, *OF_CUSTOMERS, *OF_CASES)), steps]


def _stored(table: Table, workspace_id: UUID, since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(table.c.workspace_id == workspace_id, table.c.stored_at > since, table.c.stored_at <= until)


def _stored_among_theirs(table: Table, workspace_id: UUID, since: datetime, until: datetime) -> ColumnElement[bool]:
    """Say the same of rows that are looked up by whose they are: SQLite would go through the window for each."""
    stored_us = type_coerce(table.c.stored_at, BigInteger) + 0  # what is reckoned is in no index
    return and_(table.c.workspace_id == workspace_id, stored_us > to_us(since), stored_us <= to_us(until))


def _current(kind: RecordKind) -> tuple[FromClause, Table]:
    """Return a kind's heads joined with the version that holds of each, and the versions."""
    head, version = kind.head, kind.version
    same = and_(
        version.c.workspace_id == head.c.workspace_id, version.c.id == head.c.id, version.c.number == head.c.version
    )
    return version.join(head, same), version


def _by_what_was_stored(workspace_id: UUID, since: datetime, until: datetime) -> FromClause:
    """Select the customers of everything that was stored."""
    customers = kinds.CUSTOMER.head
    window = (workspace_id, since, until)
    found: list[Select[Any]] = [select(customers.c.id.label("customer_id")).where(_stored(customers, *window))]
    for kind in OF_CUSTOMERS:
        current, version = _current(kind)
        named = select(version.c.customer_id).select_from(current).where(_stored(kind.head, *window))
        found.append(named.where(version.c.customer_id.is_not(None)))
    theirs, case_version = _current(kinds.CASE)
    for kind in OF_CASES:
        current, version = _current(kind)
        in_case = and_(case_version.c.workspace_id == version.c.workspace_id, case_version.c.id == version.c.case_id)
        whose = select(case_version.c.customer_id).select_from(current.join(theirs, in_case))
        found.append(whose.where(_stored(kind.head, *window)))
    in_case = and_(case_version.c.workspace_id == steps.c.workspace_id, case_version.c.id == steps.c.case_id)
    whose = select(case_version.c.customer_id).select_from(steps.join(theirs, in_case))
    found.append(whose.where(_stored(steps, *window)))
    return union(*found).subquery("touched")


def _was_touched(workspace_id: UUID, since: datetime, until: datetime) -> ColumnElement[bool]:
    """Say of a customer that something of them was stored."""
    customers = kinds.CUSTOMER.head
    window = (workspace_id, since, until)
    ways = [_stored(customers, *window)]
    for kind in OF_CUSTOMERS:
        current, version = _current(kind)
        theirs = and_(version.c.workspace_id == workspace_id, version.c.customer_id == customers.c.id)
        ways.append(_is_there(current, theirs, _stored_among_theirs(kind.head, *window)))
    whose, case_version = _current(kinds.CASE)
    mine = and_(case_version.c.workspace_id == workspace_id, case_version.c.customer_id == customers.c.id)
    for kind in OF_CASES:
        current, version = _current(kind)
        in_case = and_(version.c.workspace_id == workspace_id, version.c.case_id == case_version.c.id)
        ways.append(_is_there(whose.join(current, in_case), mine, _stored_among_theirs(kind.head, *window)))
    in_case = and_(steps.c.workspace_id == workspace_id, steps.c.case_id == case_version.c.id)
    ways.append(_is_there(whose.join(steps, in_case), mine, _stored_among_theirs(steps, *window)))
    return or_(*ways)


def _is_there(rows: FromClause, *where: ColumnElement[bool]) -> ColumnElement[bool]:
    # Without OFFSET PostgreSQL reads and hashes all that was stored in the window, for every portion anew.
    found = select(literal(1)).select_from(rows).where(*where).offset(0)
    return exists(found.correlate(kinds.CUSTOMER.head))
