"""Lists: `limit`, an opaque cursor, and the shape `{items, next_cursor}`.

A cursor is where the last page ended, in the list's order: (stored_at, id) unless it says another. It carries no data
of the rows between.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import ColumnElement, FromClause, Select, tuple_

from api.bodies import Moment
from api.errors import Malformed
from models.base import from_us, to_us

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=1000, description="How many items a page holds.")]
Cursor = Annotated[str | None, Query(max_length=200, description="Where the page before ended: its `next_cursor`.")]
UpdatedSince = Annotated[Moment | None, Query(description="Only what was stored or changed at or after this.")]


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None


def cursor_after(stored_at: datetime, identity: UUID) -> str:
    """Return the cursor for what follows this row."""
    text = f"{to_us(stored_at)}.{identity.hex}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Return the row a cursor stands after."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        us, _, identity = text.partition(".")
        return from_us(int(us)), UUID(identity)
    except (ValueError, OverflowError, binascii.Error):
        errors = [{"pointer": "/query/cursor", "code": "unknown_cursor", "detail": "Not a cursor of this list."}]
        raise Malformed("Use the `next_cursor` of the page before, unchanged.", errors=errors) from None


def page_of(
    statement: Select[Any], head: FromClause, cursor: str | None, limit: int, updated_since: datetime | None = None
) -> Select[Any]:
    """Return the statement for one page, one row longer than asked so that the end is seen."""
    if updated_since is not None:
        statement = statement.where(head.c.stored_at >= updated_since)
    return page_by(statement, (head.c.stored_at, head.c.id), cursor, limit)


def page_by(
    statement: Select[Any],
    order: tuple[ColumnElement[Any], ColumnElement[Any]],
    cursor: str | None,
    limit: int,
    *,
    newest_first: bool = False,
) -> Select[Any]:
    """Return the statement for one page in the order of a moment and an id, one row longer than asked."""
    place = tuple_(*order)
    if cursor is not None:
        before = read_cursor(cursor)
        statement = statement.where(place < before if newest_first else place > before)
    by = tuple(column.desc() for column in order) if newest_first else order
    return statement.order_by(*by).limit(limit + 1)


def next_cursor(rows: Sequence[Any], limit: int, moment: str = "changed_at") -> str | None:
    """Return the cursor of the page after, None at the end; `moment` names the column that pages go by."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return cursor_after(last[moment], last["id"])
