"""Telling a person everything that is stored about them: one JSON document, written as it is read."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.privacy.person import Person, find_person, found_holdings, place_of, rows_of, searched_holdings
from api.privacy.searching import about, rows_naming
from models.holding import Holding
from models.personal_data import BY_TABLE
from models.tables import metadata

NOT_TOLD = frozenset({"workspace_id"})


async def tell(
    session: AsyncSession, workspace_id: UUID, reference: str, now: datetime, also: Iterable[str]
) -> AsyncIterator[str]:
    """Yield the document in pieces: every version of every record about the person, table by table.

    Parameters
    ----------
    also
        Further texts that name the person: the hashes that stand for the references in the audit.
    """
    person = await find_person(session, workspace_id, reference)
    head = {"customer": reference, "told_at": _plain(now), "workspace_id": str(workspace_id)}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "records": {'
    separator = ""
    async for holding, rows in _tables(session, workspace_id, person, also):
        told = {"holds": holding.holds, "rows": [_told(row) for row in rows]}
        yield f"{separator}\n{json.dumps(holding.table)}: {json.dumps(told, ensure_ascii=False)}"
        separator = ","
    sealed = BY_TABLE["idempotent_answers"].holds
    note = f"Beside these: {sealed}, which nobody can read without the header of the request, deleted after 7 days."
    yield f"\n}}, {json.dumps('note')}: {json.dumps(note)}}}\n"


async def _tables(
    session: AsyncSession, workspace_id: UUID, person: Person, also: Iterable[str]
) -> AsyncIterator[tuple[Holding, list[dict[str, Any]]]]:
    names = person.names() | set(also)
    by_way = [holding for holding, _ in found_holdings()]
    for holding in [*by_way, *(one for one, _ in searched_holdings() if one.told and not one.found)]:
        table = metadata.tables[holding.table]
        rows = {
            place_of(table, row): row for row in await rows_of(session, workspace_id, person, table.name, holding.found)
        }
        if holding.searched:
            # Such a row may be about others as well: they are not told of.
            async for row in rows_naming(session, workspace_id, holding, table, names):
                theirs = {column: about(row[column], names) for column in holding.searched}
                rows.setdefault(place_of(table, row), {**row, **theirs})
        if rows:
            yield holding, list(rows.values())


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items() if name not in NOT_TOLD}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID | date) else value
