"""Every statement about customers, cases and what is recorded of them, by name."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, Table, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from models.base import metadata
from models.recording import ROWS_A_QUESTION, RecordKind, current_rows

customers = kinds.CUSTOMER.head
cases = kinds.CASE.head


async def ids_by_reference(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, references: Iterable[str]
) -> dict[str, UUID]:
    """Return the ids of those references that are known; an alias has the id of the customer it leads to.

    A head without a version is nobody any more: what is left of somebody erased.
    """
    wanted = sorted(set(references))
    found: dict[str, UUID] = {}
    head = kind.head
    identity = func.coalesce(customers.c.merged_into, customers.c.id) if head is customers else head.c.id
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        statement = select(head.c.reference, identity.label("id")).where(
            head.c.workspace_id == workspace_id, head.c.reference.in_(wanted[start : start + ROWS_A_QUESTION])
        )
        statement = statement.where(head.c.version > 0)
        found |= {row.reference: row.id for row in await session.execute(statement)}
    return found


async def survivors_of_references(
    session: AsyncSession, workspace_id: UUID, references: Iterable[str], *, hold: bool = False
) -> dict[str, str]:
    """Return by alias the reference it leads to; what is no alias is not there.

    Parameters
    ----------
    hold
        Keep a merge from coming between this and what is stored next. On SQLite nobody else writes meanwhile: nothing
        is held, and nothing looked up again.
    """
    if hold and session.get_bind().dialect.name == "sqlite":
        return {}
    survivor = customers.alias("survivor")
    wanted = sorted(set(references))
    merged: dict[str, UUID] = {}
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        statement = (
            select(customers.c.reference, customers.c.merged_into)
            .where(
                customers.c.workspace_id == workspace_id,
                customers.c.reference.in_(wanted[start : start + ROWS_A_QUESTION]),
            )
            .order_by(customers.c.reference)
        )
        rows = await session.execute(statement.with_for_update() if hold else statement)
        merged |= {row.reference: row.merged_into for row in rows if row.merged_into is not None}
    if not merged:
        return {}
    statement = select(survivor.c.id, survivor.c.reference).where(
        survivor.c.workspace_id == workspace_id, survivor.c.id.in_(sorted(set(merged.values())))
    )
    names = {row.id: row.reference for row in await session.execute(statement)}
    return {alias: names[survivor_id] for alias, survivor_id in merged.items()}


async def held_survivors(session: AsyncSession, workspace_id: UUID, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return by merged customer the survivor, and keep all of them from being merged until this transaction ends.

    On SQLite nobody else writes meanwhile, and whoever looked a reference up has the survivor already.
    """
    if session.get_bind().dialect.name == "sqlite":
        return {}
    wanted = sorted(set(ids))
    found: dict[UUID, UUID] = {}
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        statement = (
            select(customers.c.id, customers.c.merged_into)
            .where(
                customers.c.workspace_id == workspace_id, customers.c.id.in_(wanted[start : start + ROWS_A_QUESTION])
            )
            .order_by(customers.c.reference)
            .with_for_update(read=True)
        )
        found |= {row.id: row.merged_into for row in await session.execute(statement) if row.merged_into is not None}
    return found


async def aliases(session: AsyncSession, workspace_id: UUID, ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return by customer the references of those who were merged into them, in the order of the alphabet."""
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        statement = (
            select(customers.c.merged_into, customers.c.reference)
            .where(
                customers.c.workspace_id == workspace_id,
                customers.c.merged_into.in_(wanted[start : start + ROWS_A_QUESTION]),
            )
            .order_by(customers.c.reference)
        )
        for row in await session.execute(statement):
            found[row.merged_into].append(row.reference)
    return found


async def heads_by_reference(
    session: AsyncSession, workspace_id: UUID, references: Sequence[str]
) -> dict[str, RowMapping]:
    """Return customers as they stand in the directory of references, aliases as themselves."""
    statement = select(customers.c.reference, customers.c.id, customers.c.merged_into).where(
        customers.c.workspace_id == workspace_id, customers.c.reference.in_(references), customers.c.version > 0
    )
    return {row["reference"]: row for row in (await session.execute(statement)).mappings()}


async def reference_of(session: AsyncSession, workspace_id: UUID, customer_id: UUID) -> str:
    """Return what a customer is known by."""
    mine = and_(customers.c.workspace_id == workspace_id, customers.c.id == customer_id)
    return str((await session.scalars(select(customers.c.reference).where(mine))).one())


async def hold_customers(session: AsyncSession, workspace_id: UUID, ids: Sequence[UUID]) -> None:
    """Wait for whoever is storing something of some customers, and keep others from it until this transaction ends."""
    # FOR NO KEY UPDATE: a row that points to one of them already, and is told again, need not wait.
    statement = (
        select(customers.c.id)
        .where(customers.c.workspace_id == workspace_id, customers.c.id.in_(ids))
        .order_by(customers.c.reference)
        .with_for_update(key_share=True)
    )
    await session.execute(statement)


async def held_records_of(
    session: AsyncSession, kind: RecordKind, workspace_id: UUID, customer_id: UUID
) -> Sequence[RowMapping]:
    """Return the records of a kind that are a customer's as known now, kept from other writers."""
    head, version = kind.head, kind.version
    theirs = and_(version.c.workspace_id == workspace_id, version.c.customer_id == customer_id)
    ever = select(version.c.id).where(theirs)
    held = select(head.c.id).where(head.c.workspace_id == workspace_id, head.c.id.in_(ever))
    await session.execute(held.order_by(head.c.reference).with_for_update())
    # Only now: what another writer said of them meanwhile is the state to go on from.
    rows = await session.execute(current_rows(kind, workspace_id).where(version.c.customer_id == customer_id))
    return list(rows.mappings().all())


async def move_rows(
    session: AsyncSession, workspace_id: UUID, table: str, customer_id: UUID, survivor_id: UUID
) -> None:
    """Give a table's rows about a customer to another."""
    rows = metadata.tables[table]
    mine = and_(rows.c.workspace_id == workspace_id, rows.c.customer_id == customer_id)
    await session.execute(update(rows).where(mine).values(customer_id=survivor_id))


async def point_to_survivor(
    session: AsyncSession, workspace_id: UUID, customer_id: UUID, survivor_id: UUID, now: datetime
) -> None:
    """Make a customer, and whoever was merged into it before, aliases of another; that is news of all of them."""
    either = or_(customers.c.id == customer_id, customers.c.merged_into == customer_id)
    aliases = update(customers).where(customers.c.workspace_id == workspace_id, either)
    await session.execute(aliases.values(merged_into=survivor_id, stored_at=now))
    survivor = update(customers).where(customers.c.workspace_id == workspace_id, customers.c.id == survivor_id)
    await session.execute(survivor.values(stored_at=now))


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
