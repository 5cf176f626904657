"""Reading through what names a person somewhere inside: events, jobs, analyses, the audit, what staff write.

Rows are read in portions and looked at here, because SQL never opens JSON. Each text inside is compared whole, by its
parts between `:` and `/`, as in `case:K-1`, and word by word; the cost does not depend on how many names there are.

In a sentence only what leads to nobody else is taken for a name: references and ids with a digit and a letter, long
numbers, addresses for mail. A customer called `7` or `north` would take words out of what is written about others, and
so would the name a person bears.
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
WORD = re.compile(r"[^\s,;()\[\]{}\"'<>]+")
AROUND = "#.:!?"
"""What stands around a word without being of it."""
LONG_NUMBER = 6
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
        if any(text is not None and _may_name(text, written) for text in row[1:])
    ]
    found: list[Row] = []
    for some in portions(suspects):
        whole = select(table).where(mine, table.c.id.in_(some)).order_by(*table.primary_key.columns)
        rows = (await session.execute(whole)).mappings()
        found += [dict(row) for row in rows if any(mentions(row[column], names) for column in holding.searched)]
    return found, wanted[-1] if len(wanted) == ROWS_AT_ONCE else None


def _may_name(text: str, written: Collection[str]) -> bool:
    return any(piece in written for piece in WORDS.findall(text)) or any(
        _names_somebody(word, written) for word in WORD.findall(text)
    )


def mentions(value: Any, names: Collection[str]) -> bool:
    """Return whether a text, or any text inside a JSON value, is one of the names or has one in its sentences.

    >>> mentions({"evidence": ["case:K-1"]}, {"K-1"}), mentions({"note": "K-1 is late"}, {"K-1"})
    (True, True)
    >>> mentions({"note": "7 are late"}, {"7"})
    False
    """
    if isinstance(value, str):
        return value in names or without(value, names) != value
    if isinstance(value, dict):
        return any(_names_somebody(key, names) or mentions(item, names) for key, item in value.items())
    return isinstance(value, list) and any(mentions(item, names) for item in value)


def about(value: Any, names: Collection[str]) -> Any:
    """Return what of a text or a JSON value is about the person: of lists only the items that name them.

    >>> about({"cases": ["K-1", "K-2"], "n": 2}, {"K-1"})
    {'cases': ['K-1'], 'n': 2}
    >>> about("Bob phoned about K-2", {"K-1"}) is None
    True
    """
    if isinstance(value, str):
        return value if mentions(value, names) else None
    return _items_about(value, names)


def _items_about(value: Any, names: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {key: _items_about(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_items_about(item, names) for item in value if mentions(item, names)]
    return value


def without(value: Any, names: Collection[str]) -> Any:
    """Return a value with another word in place of each text that names the person.

    >>> without({"cases": ["case:K-1", "case:K-2"], "n": 2}, {"K-1"})
    {'cases': ['case:erased', 'case:K-2'], 'n': 2}
    >>> without({"since": "since", "K-1": 1}, {"since", "K-1"})
    {'since': 'erased', 'erased': 1}
    >>> without("Is (K-1) like #K-2? Ask Ana@Example.org.", {"K-2", "ana@example.org"})
    'Is (K-1) like #erased? Ask erased.'
    """
    if isinstance(value, str):
        return ERASED if value in names else _without_words(_without_parts(value, names), names)
    if isinstance(value, dict):
        # A word of ours that says what stands there is left, even where somebody bears it as a name.
        return {ERASED if _names_somebody(key, names) else key: without(item, names) for key, item in value.items()}
    return [without(item, names) for item in value] if isinstance(value, list) else value


def _without_parts(text: str, names: Collection[str]) -> str:
    pieces = re.split(r"([:/])", text)
    return "".join(ERASED if piece in names else piece for piece in pieces)


def _without_words(text: str, names: Collection[str]) -> str:
    def another(found: re.Match[str]) -> str:
        word = found[0]
        return word.replace(word.strip(AROUND), ERASED) if _names_somebody(word, names) else word

    return WORD.sub(another, text)


def _names_somebody(word: str, names: Collection[str]) -> bool:
    """Return whether a word of a sentence is a name that leads to one person wherever it stands."""
    core = word.strip(AROUND)
    if "@" in core:
        return core in names or core.casefold() in names
    digits = sum(map(str.isdigit, core))
    telling = digits >= LONG_NUMBER or (digits > 0 and any(map(str.isalpha, core)))
    return telling and core in names
