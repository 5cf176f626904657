"""Reading through what names a person somewhere inside: events, jobs, analyses, the audit.

Rows are read in portions and looked at here, because SQL never opens JSON. Each text inside is compared whole, and by
its parts between `:` and `/`, as in `case:K-1`; the cost does not depend on how many names there are.
"""

import json
import re
from collections.abc import AsyncIterator, Collection
from typing import Any
from uuid import UUID

from sqlalchemy import String, Table, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.privacy.person import Row, portions
from models.holding import Holding

ROWS_AT_ONCE = 5000
PARTS = re.compile(r"[:/]")
WORDS = re.compile(r'[^":/]+')
"""What can be a name in a text or in JSON as it is written, and no more than that."""
ERASED = "erased"
EMPTIED: dict[str, Any] = {ERASED: True}


async def rows_naming(
    session: AsyncSession, workspace_id: UUID, holding: Holding, table: Table, names: Collection[str]
) -> AsyncIterator[Row]:
    """Return the rows of a table that name the person."""
    after: UUID | None = UUID(int=0)
    while after is not None:
        rows, after = await portion_naming(session, workspace_id, holding, table, names, after)
        for row in rows:
            yield row


async def portion_naming(
    session: AsyncSession, workspace_id: UUID, holding: Holding, table: Table, names: Collection[str], after: UUID
) -> tuple[list[Row], UUID | None]:
    """Return those rows of a table's next portion that name the person, and where to go on; None at the end."""
    # A name stands in JSON as JSON writes it; what may be a hit is looked at as a value.
    written = {piece for name in names for form in (name, json.dumps(name)) for piece in WORDS.findall(form)}
    texts = [cast(table.c[column], String) for column in holding.searched]
    mine = table.c.workspace_id == workspace_id
    ids = select(table.c.id).where(mine, table.c.id > after).distinct().order_by(table.c.id).limit(ROWS_AT_ONCE)
    wanted = list((await session.scalars(ids)).all())
    if not wanted:
        return [], None
    # Several rows may have one id: all of them belong to this portion.
    statement = select(table.c.id, *texts).where(mine, table.c.id > after, table.c.id <= wanted[-1])
    suspects = [
        row.id
        for row in await session.execute(statement)
        if any(text is not None and not written.isdisjoint(WORDS.findall(text)) for text in row[1:])
    ]
    found: list[Row] = []
    for some in portions(suspects):
        whole = select(table).where(mine, table.c.id.in_(some)).order_by(*table.primary_key.columns)
        rows = (await session.execute(whole)).mappings()
        found += [dict(row) for row in rows if any(mentions(row[column], names) for column in holding.searched)]
    return found, wanted[-1] if len(wanted) == ROWS_AT_ONCE else None


def mentions(value: Any, names: Collection[str]) -> bool:
    """Return whether a text, or any text inside a JSON value, is one of the names.

    >>> mentions({"evidence": ["case:K-1"]}, {"K-1"}), mentions({"note": "K-1 is late"}, {"K-1"})
    (True, False)
    """
    if isinstance(value, str):
        return value in names or any(part in names for part in PARTS.split(value))
    if isinstance(value, dict):
        return any(key in names or mentions(item, names) for key, item in value.items())
    return isinstance(value, list) and any(mentions(item, names) for item in value)


def without(value: Any, names: Collection[str]) -> Any:
    """Return a value with another word in place of each text that names the person.

    >>> without({"cases": ["case:K-1", "case:K-2"], "n": 2}, {"K-1"})
    {'cases': ['case:erased', 'case:K-2'], 'n': 2}
    """
    if isinstance(value, str):
        return ERASED if value in names else _without_parts(value, names)
    if isinstance(value, dict):
        return {without(key, names): without(item, names) for key, item in value.items()}
    return [without(item, names) for item in value] if isinstance(value, list) else value


def _without_parts(text: str, names: Collection[str]) -> str:
    pieces = re.split(r"([:/])", text)
    return "".join(ERASED if piece in names else piece for piece in pieces)
