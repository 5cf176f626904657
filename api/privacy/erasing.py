"""Erasing: the one thing that deletes facts.

Rows that are the customer's go. Cases, and what was seen, promised and answered in them, stay under new ids and
without what could name somebody, so that counts and rates stay true. Each case gets an anonymous customer of its own:
one for all of them would still say which cases are one person's.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import outbox
from api.idempotency import answers as idempotent_answers
from api.outbox import events
from api.privacy.blanking import Blanking, Change, anonymous_customer
from api.privacy.person import Person, Row, found_holdings, portions, rows_of
from api.privacy.searching import EMPTIED, ERASED, mentions, without
from models.holding import Deed, Filler, Holding, Subject
from models.personal_data import BY_TABLE
from models.tables import metadata
from models.trails import CATALOGUES, HEADS
from models.workspace import RouteKind


async def erase_person(session: AsyncSession, workspace_id: UUID, person: Person, now: datetime) -> Counter[str]:
    """Erase a person from every table; return how many rows of each were taken away or blanked."""
    held = {
        table: await rows_of(session, workspace_id, person, table.name, holding.found)
        for holding, table in found_holdings()
    }
    done = Counter({table.name: len(rows) for table, rows in held.items() if rows})
    done["events"] = await _empty_events(session, workspace_id, person, _moments(held), now)
    blanking = await _prepared(session, workspace_id, person, held)
    kept = {
        table: [blanking.changed(table, row) for row in rows if blanking.stays(table, row)]
        for table, rows in held.items()
        if _is_kept(table)
    }
    await _add_anonymous(session, workspace_id, held, blanking)
    for table in (table for table in held if _is_head(table) and _is_kept(table)):
        if kept[table]:
            await session.execute(insert(table), [change.after for change in kept[table]])
    for table in (table for table in held if not _is_head(table) and _is_kept(table)):
        await _update(session, table, kept[table])
    for table in reversed(list(held)):
        whole = _is_head(table) or not _is_kept(table)
        await _delete(session, table, [row for row in held[table] if whole or not blanking.stays(table, row)])
    await _close_ways(session, workspace_id, held)
    await _clear_names(session, workspace_id, person)
    done["idempotent_answers"] = await _forget_answers(session, workspace_id, _moments(held))
    return +done


def _moments(held: Mapping[Table, Sequence[Row]]) -> set[datetime]:
    """Return when rows of the person were written: whatever the same requests wrote beside them has these moments."""
    return {
        row[column]
        for table, rows in held.items()
        for column in ("stored_at", "recorded_at")
        if column in table.c
        for row in rows
    }


async def _empty_events(
    session: AsyncSession, workspace_id: UUID, person: Person, moments: Collection[datetime], now: datetime
) -> int:
    """Empty the events written beside the person's rows, so that none is told any more; others are swept later."""
    names, found = person.names(), []
    for some in portions(moments):
        told = select(events).where(events.c.workspace_id == workspace_id, events.c.recorded_at.in_(some))
        rows = (await session.execute(told)).mappings()
        found += [dict(row) for row in rows if mentions(row["payload"], names)]
    await scrub(session, workspace_id, events, found, names, now)
    return len(found)


async def scrub(
    session: AsyncSession, workspace_id: UUID, table: Table, rows: Sequence[Row], names: Collection[str], now: datetime
) -> None:
    """Take a person's names out of rows that name them; events are emptied and not told."""
    holding = BY_TABLE[table.name]
    # Only these columns: a job may get on meanwhile.
    await _update(session, table, [Change(row, _scrubbed(holding, row, names)) for row in rows], list(holding.searched))
    if table is events:
        await outbox.withdraw(session, workspace_id, [row["id"] for row in rows], now)


def _is_kept(table: Table) -> bool:
    return BY_TABLE[table.name].deed is Deed.KEPT


def _is_head(table: Table) -> bool:
    return table.name in HEADS.values()


async def _prepared(
    session: AsyncSession, workspace_id: UUID, person: Person, held: Mapping[Table, Sequence[Row]]
) -> Blanking:
    """Choose new ids, and read what the blanking of single rows has to know."""
    heads = [table for table in held if _is_head(table) and _is_kept(table)]
    asked = {row["id"]: row["survey_id"] for row in held[metadata.tables["responses"]]}
    return Blanking(
        customers=frozenset(person.about[Subject.CUSTOMER]),
        new_ids={table.name: {row["id"]: uuid4() for row in held[table]} for table in heads},
        asked=asked,
        questions=await questions_of(session, workspace_id, set(asked.values())),
        shared={
            (table.name, column): await _shared_words(session, workspace_id, table, column, rows)
            for table, rows in held.items()
            for column, filler in BY_TABLE[table.name].blank.items()
            if filler in {Filler.SHARED, Filler.SHARED_OR_TEXT}
        },
    )


async def questions_of(
    session: AsyncSession, workspace_id: UUID, surveys: Collection[UUID]
) -> dict[tuple[UUID, int], list[dict[str, Any]]]:
    """Return the questions of some surveys, by survey and version."""
    versions = metadata.tables["survey_versions"]
    found: dict[tuple[UUID, int], list[dict[str, Any]]] = {}
    for some in portions(surveys):
        statement = select(versions).where(versions.c.workspace_id == workspace_id, versions.c.id.in_(some))
        found |= {(row.id, row.number): row.questions for row in await session.execute(statement)}
    return found


async def _shared_words(
    session: AsyncSession, workspace_id: UUID, table: Table, column: str, rows: Sequence[Row]
) -> frozenset[str]:
    """Return which of the rows' words are not theirs alone: catalogued, or in somebody else's rows as well."""
    theirs = {row["id"] for row in rows}
    shared = set[str]()
    for word in {row[column] for row in rows if row[column] is not None}:
        ids = select(table.c.id).where(table.c.workspace_id == workspace_id, table.c[column] == word).distinct()
        if set((await session.scalars(ids.limit(len(theirs) + 1))).all()) - theirs:
            shared.add(word)
        elif column in CATALOGUES:
            name, key = CATALOGUES[column]
            catalogue = metadata.tables[name]
            known = select(catalogue.c.id).where(catalogue.c.workspace_id == workspace_id, catalogue.c[key] == word)
            if await session.scalar(known.limit(1)) is not None:
                shared.add(word)
    return frozenset(shared)


async def _add_anonymous(
    session: AsyncSession, workspace_id: UUID, held: Mapping[Table, Sequence[Row]], blanking: Blanking
) -> None:
    """Store the anonymous customers, each with the moment its case was first stored."""
    table = metadata.tables["customers"]
    first = {row["id"]: row["stored_at"] for row in held[metadata.tables["cases"]]}
    rows = [
        anonymous_customer(table, identity, workspace_id, first.get(case) or blanking.stored[case])
        for case, identity in blanking.anonymous.items()
    ]
    if rows:
        await session.execute(insert(table), rows)


async def _update(session: AsyncSession, table: Table, changes: Sequence[Change], columns: Sequence[str] = ()) -> None:
    if not changes:
        return
    key = [column.name for column in table.primary_key.columns]
    columns = columns or [column.name for column in table.columns]
    statement = (
        update(table)
        .where(*[table.c[name] == bindparam(f"at_{name}") for name in key])
        .values({name: bindparam(f"to_{name}") for name in columns})
    )
    connection = await session.connection()
    await connection.execute(
        statement,
        [
            {f"at_{name}": change.before[name] for name in key} | {f"to_{name}": change.after[name] for name in columns}
            for change in changes
        ],
    )


async def _delete(session: AsyncSession, table: Table, rows: Sequence[Row]) -> None:
    if not rows:
        return
    key = [column.name for column in table.primary_key.columns]
    statement = delete(table).where(*[table.c[name] == bindparam(f"at_{name}") for name in key])
    connection = await session.connection()
    await connection.execute(statement, [{f"at_{name}": row[name] for name in key} for row in rows])


def _scrubbed(holding: Holding, row: Row, names: Collection[str]) -> Row:
    new = dict(row)
    for column, filler in holding.searched.items():
        if row[column] is not None:
            new[column] = _in_its_place(filler, row[column], names)
    return new


def _in_its_place(filler: Filler, value: Any, names: Collection[str]) -> Any:
    if filler is Filler.NAMES:
        return without(value, names)
    if filler is Filler.ITEMS:
        return [item for item in value if not mentions(item, names)]
    return {Filler.TEXT: ERASED, Filler.OBJECT: EMPTIED}.get(filler)


async def _clear_names(session: AsyncSession, workspace_id: UUID, person: Person) -> None:
    """Clear the person's references where other people's rows have them."""
    for holding in BY_TABLE.values():
        table = metadata.tables[holding.table]
        for column, subject in holding.named_in.items():
            for some in portions(person.about[subject]):
                named = update(table).where(table.c.workspace_id == workspace_id, table.c[column].in_(some))
                await session.execute(named.values({column: None}))


async def _close_ways(session: AsyncSession, workspace_id: UUID, held: Mapping[Table, Sequence[Row]]) -> None:
    """Let the links of the person's invitations lead nowhere."""
    ways = metadata.tables["access_routes"]
    hashes = [row["token_hash"] for row in held[metadata.tables["invitations"]] if row["token_hash"] is not None]
    for some in portions(hashes):
        theirs = (ways.c.kind == RouteKind.TOKEN, ways.c.workspace_id == workspace_id, ways.c.lookup.in_(some))
        await session.execute(delete(ways).where(*theirs))


async def _forget_answers(session: AsyncSession, workspace_id: UUID, moments: Collection[datetime]) -> int:
    """Delete the answers kept of those requests that told of the person: they carry the moment of their rows."""
    count = 0
    for some in portions(moments):
        told = delete(idempotent_answers).where(
            idempotent_answers.c.workspace_id == workspace_id, idempotent_answers.c.stored_at.in_(some)
        )
        count += len((await session.scalars(told.returning(idempotent_answers.c.id))).all())
    return count
