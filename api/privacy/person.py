"""Who a person is in this workspace: their names, and the records that are about them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Select, Table, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.holding import Found, Holding, Subject, Trail
from models.personal_data import BY_TABLE, HOLDINGS
from models.recording import ROWS_A_QUESTION
from models.tables import metadata
from models.trails import HEADS, TRAILS

Row = dict[str, Any]
Place = tuple[Any, ...]
"""A row's primary key."""


@dataclass
class Person:
    """A customer, and by subject the ids and references of what is theirs."""

    reference: str
    about: defaultdict[Subject, set[Any]] = field(default_factory=lambda: defaultdict(set))
    addresses: set[str] = field(default_factory=set)

    @property
    def known(self) -> bool:
        """Whether anything is stored about them."""
        return any(self.about[subject] for subject in HEADS)

    def names(self) -> set[str]:
        """Return every text that names the person: references, addresses for mail, and ids of records about them."""
        references = self.about[Subject.CUSTOMER_REFERENCE] | self.about[Subject.CASE_REFERENCE]
        ids = [identity for subject in HEADS for identity in self.about[subject]]
        return references | self.addresses | {str(identity) for identity in ids} | {identity.hex for identity in ids}


async def find_person(session: AsyncSession, workspace_id: UUID, reference: str, *, locking: bool = False) -> Person:
    """Return the person a customer's reference names, with everything that is theirs.

    Parameters
    ----------
    locking
        Hold the customer and the cases against other writers until the end of the transaction.
    """
    person = Person(reference)
    person.about[Subject.CUSTOMER_REFERENCE].add(reference)
    ids = await _merged_together(session, workspace_id, reference)
    if locking:
        ids = await _locked(session, workspace_id, "customers", ids)
    heads = metadata.tables["customers"]
    person.about[Subject.CUSTOMER] = ids
    person.about[Subject.CUSTOMER_REFERENCE] |= await _values(
        session, workspace_id, heads, heads.c.reference, {"id": ids}
    )
    said = metadata.tables["customer_versions"]
    addresses = await _values(session, workspace_id, said, said.c.email, {"id": ids})
    person.addresses = {form for text in addresses - {None} for form in (text, text.casefold())}
    await _find_cases(session, workspace_id, person, locking=locking)
    for trail in TRAILS:
        person.about[trail.to].update(await _followed(session, workspace_id, person, trail))
    return person


async def _followed(session: AsyncSession, workspace_id: UUID, person: Person, trail: Trail) -> set[UUID]:
    """Return the ids a trail leads to; a record that was corrected to be another's is that other's."""
    heads, source = metadata.tables[HEADS[trail.to]], metadata.tables[trail.table]
    found: set[UUID] = set()
    for column, subject in trail.found.items():
        for some in portions(person.about[subject]):
            theirs = select(source.c.id).where(source.c.workspace_id == workspace_id, source.c[column].in_(some))
            found.update((await session.scalars(_as_it_stands(theirs, heads, source).distinct())).all())
    return found


def _as_it_stands(statement: Select[Any], heads: Table, source: Table) -> Select[Any]:
    """Leave of a table of versions those that count now."""
    if source is heads:
        return statement
    return statement.join(
        heads,
        and_(
            heads.c.workspace_id == source.c.workspace_id,
            heads.c.id == source.c.id,
            heads.c.version == source.c.number,
        ),
    )


async def _merged_together(session: AsyncSession, workspace_id: UUID, reference: str) -> set[UUID]:
    """Return the ids of the customer a reference leads to, and of everybody who was merged into them."""
    heads = metadata.tables["customers"]
    named = select(func.coalesce(heads.c.merged_into, heads.c.id)).where(
        heads.c.workspace_id == workspace_id, heads.c.reference == reference
    )
    survivors = list((await session.scalars(named)).all())
    all_ = select(heads.c.id).where(
        heads.c.workspace_id == workspace_id, or_(heads.c.id.in_(survivors), heads.c.merged_into.in_(survivors))
    )
    return set((await session.scalars(all_)).all())


async def _find_cases(session: AsyncSession, workspace_id: UUID, person: Person, *, locking: bool) -> None:
    """Find the cases that are theirs now; one that was moved to another customer is that customer's."""
    heads, versions = metadata.tables["cases"], metadata.tables["case_versions"]
    ever = await _values(
        session, workspace_id, versions, versions.c.id, {"customer_id": person.about[Subject.CUSTOMER]}
    )
    if locking:
        ever = await _locked(session, workspace_id, "cases", ever)
    for some in portions(ever):
        statement = (
            select(heads.c.id, heads.c.reference)
            .select_from(versions)
            .where(versions.c.workspace_id == workspace_id, versions.c.id.in_(some))
            .where(versions.c.customer_id.in_(person.about[Subject.CUSTOMER]))
        )
        for row in await session.execute(_as_it_stands(statement, heads, versions)):
            person.about[Subject.CASE].add(row.id)
            person.about[Subject.CASE_REFERENCE].add(row.reference)


async def _locked(session: AsyncSession, workspace_id: UUID, name: str, ids: Collection[UUID]) -> set[UUID]:
    """Hold records against other writers, whose additions would be overlooked; return those still there."""
    table = metadata.tables[name]
    # In the order in which others hold them: so nobody waits in a ring.
    order = "reference" if name == "customers" else "id"
    there: set[UUID] = set()
    for some in portions(ids):
        mine = select(table.c.id).where(table.c.workspace_id == workspace_id, table.c.id.in_(some))
        there.update((await session.scalars(mine.order_by(table.c[order]).with_for_update())).all())
    return there


async def _values(
    session: AsyncSession, workspace_id: UUID, table: Table, column: Column[Any], wanted: Mapping[str, Collection[Any]]
) -> set[Any]:
    found: set[Any] = set()
    for name, values in wanted.items():
        for some in portions(values):
            statement = select(column).where(table.c.workspace_id == workspace_id, table.c[name].in_(some))
            found.update((await session.scalars(statement.distinct())).all())
    return found


async def rows_of(session: AsyncSession, workspace_id: UUID, person: Person, name: str, found: Found) -> list[Row]:
    """Return the rows of a table that some columns say are the person's, each once."""
    table = metadata.tables[name]
    rows: dict[Place, Row] = {}
    for column, subject in found.items():
        for some in portions(person.about[subject]):
            statement = select(table).where(table.c.workspace_id == workspace_id, table.c[column].in_(some))
            for row in (await session.execute(statement)).mappings():
                rows[place_of(table, row)] = dict(row)
    return list(rows.values())


def found_holdings() -> Iterator[tuple[Holding, Table]]:
    """Return the holdings whose rows are found by a column, in the order in which rows can be stored."""
    for table in metadata.sorted_tables:
        holding = BY_TABLE[table.name]
        if holding.found:
            yield holding, table


def searched_holdings() -> Iterator[tuple[Holding, Table]]:
    """Return the holdings that have to be read through."""
    for holding in HOLDINGS:
        if holding.searched:
            yield holding, metadata.tables[holding.table]


def place_of(table: Table, row: Mapping[Any, Any]) -> Place:
    """Return a row's primary key."""
    return tuple(row[column.name] for column in table.primary_key.columns)


def portions(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Return values in portions that one question can hold."""
    wanted = sorted(set(values), key=str)
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        yield wanted[start : start + ROWS_A_QUESTION]
