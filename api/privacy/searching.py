"""Reading through what names a person somewhere inside: events, jobs, analyses, the audit.

Rows are read in portions and looked at here: a statement with every name in it would be slower, and SQL never opens
JSON. Each text inside is compared whole, and by its parts between `:` and `/`, as in `case:K-1`.
"""

import re
from collections.abc import AsyncIterator, Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from api.privacy.person import Row, place_of
from models.personal_data import Holding

ROWS_AT_ONCE = 2000
PARTS = re.compile(r"[:/]")
ERASED = "erased"
EMPTIED: dict[str, Any] = {ERASED: True}


async def rows_naming(
    session: AsyncSession, workspace_id: UUID, holding: Holding, table: Table, names: Collection[str]
) -> AsyncIterator[Row]:
    """Return the rows of a table that name the person."""
    key = tuple_(*table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    while True:
        statement = select(table).where(table.c.workspace_id == workspace_id).order_by(*table.primary_key.columns)
        if after is not None:
            statement = statement.where(key > after)
        rows = (await session.execute(statement.limit(ROWS_AT_ONCE))).mappings().all()
        for row in rows:
            if any(mentions(row[column], names) for column in holding.searched):
                yield dict(row)
        if len(rows) < ROWS_AT_ONCE:
            return
        after = place_of(table, rows[-1])


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
