"""Lists as they are asked for: page by page, or with `Accept: application/x-ndjson` every row, one object a line.

A stream reads page after page, each in a read session of its own that ends before the page is sent: it holds no
connection while its client is slow, and no more than one page in memory. Streams take turns and leave half of the
connections to others. The first page is read in the request, so that whatever can be refused is refused as a problem; a
stream that cannot go on is cut off, which its reader sees.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query, Request, Response, params
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, Table

from api.dependencies import Work, database
from api.paging import Cursor, Limit, Page, UpdatedSince, cursor_after, next_cursor, page_of, read_cursor
from api.routing import NDJSON_TYPES
from models.base import from_us, to_us
from models.database import Database

NDJSON = NDJSON_TYPES[0]
ROWS_A_READ = 500
STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {NDJSON: {"schema": {"type": "string"}}},
        "description": f"A page. With `Accept: {NDJSON}`: all that fit, one object a line, whatever the limit.",
    }
}
"""What a list route says in the API description: `@router.get(…, response_model=Page[…], responses=STREAMED)`."""

NOTHING = UUID(int=0)

A = TypeVar("A", bound=BaseModel)
T = TypeVar("T")
Voided = Annotated[bool, Query(description="List what was withdrawn too, marked `voided`.")]


@dataclass(frozen=True)
class Asked:
    """What every list may be asked: a page from a cursor or a moment on, or with `lines` everything from there on.

    Parameters
    ----------
    lines
        Where the pages after the first are read from, if everything is asked for.
    """

    limit: int = 100
    cursor: str | None = None
    updated_since: datetime | None = None
    lines: Database | None = None


async def asking(
    request: Request, limit: Limit = 100, cursor: Cursor = None, updated_since: UpdatedSince = None
) -> Asked:
    """Read what a list is asked."""
    lines = database(request) if wants_lines(request.headers.get("accept", "")) else None
    return Asked(limit, cursor, updated_since, lines)


Asking = Annotated[Asked, params.Depends(asking)]
ReadPage = Callable[[Work, Asked], Awaitable[tuple[list[A], str | None]]]
"""Reads the page that is asked for, in the work's session; with the cursor of the page after."""


def wants_lines(accept: str) -> bool:
    """Return whether an Accept header asks for JSON lines.

    >>> wants_lines("application/x-ndjson"), wants_lines("text/html, application/jsonl;q=0.5"), wants_lines("*/*")
    (True, True, False)
    """
    return any(item.partition(";")[0].strip() in NDJSON_TYPES for item in accept.lower().split(","))


async def listed(work: Work, asked: Asked, read: ReadPage[A]) -> Page[A] | Response:
    """Answer a list: with one page, or with a stream of all of it."""
    lines = asked.lines
    if lines is None:
        items, following = await read(work, asked)
        return Page(items=items, next_cursor=following)
    asked = replace(asked, limit=ROWS_A_READ)
    first = await read(work, asked)
    return StreamingResponse(_lines(lines, work, asked, read, first), media_type=NDJSON)


async def _lines(
    database: Database, work: Work, asked: Asked, read: ReadPage[A], first: tuple[Sequence[A], str | None]
) -> AsyncIterator[str]:
    items, following = first
    while True:
        if items:
            yield "".join(f"{item.model_dump_json(by_alias=True)}\n" for item in items)
        if following is None:
            return
        async with database.read_in_turn(work.workspace_id) as session:
            items, following = await read(replace(work, session=session), replace(asked, cursor=following))


async def rows_of(
    work: Work, asked: Asked, statement: Select[Any], head: Table, answer: Callable[[Any], A]
) -> tuple[list[A], str | None]:
    """Return the page that is asked for of a statement that selects a kind's current rows, oldest change first."""
    page = page_of(statement, head, asked.cursor, asked.limit, asked.updated_since)
    return await answers_of(work, asked, page, answer)


async def answers_of(
    work: Work, asked: Asked, page: Select[Any], answer: Callable[[Any], A], moment: str = "changed_at"
) -> tuple[list[A], str | None]:
    """Return the page that a statement selects; `moment` names the column that its pages go by."""
    rows = (await work.session.execute(page)).mappings().all()
    return [answer(row) for row in rows[: asked.limit]], next_cursor(rows, asked.limit, moment)


def part_of(
    rows: Sequence[T], asked: Asked, wanted: Callable[[T], bool] = lambda _: True, source: UUID = NOTHING
) -> tuple[list[T], str | None]:
    """Return the page that is asked for of a list that is known whole; its cursor says how many rows came before.

    Rows that are not wanted have their place too: none is missed because one before it is wanted no more. What the
    list was made from goes with the cursor (`source_of`), so that its pages are of one source.
    """
    start = 0 if asked.cursor is None else to_us(read_cursor(asked.cursor)[0])
    left = ((place, row) for place, row in enumerate(rows, 1) if place > start and wanted(row))
    found = list(islice(left, asked.limit + 1))
    page = found[: asked.limit]
    following = cursor_after(from_us(page[-1][0]), source) if len(found) > asked.limit else None
    return [row for _, row in page], following


def source_of(asked: Asked) -> UUID | None:
    """Return what the pages before were made from; None for the first page."""
    return None if asked.cursor is None else read_cursor(asked.cursor)[1]


def narrowed(
    statement: Select[Any], version: Table, narrow: Sequence[tuple[ColumnElement[Any], Any]], *, voided: bool
) -> Select[Any]:
    """Return a statement that selects only what is as named, None for whatever; and not what was withdrawn."""
    wanted = [column == value for column, value in narrow if value is not None]
    if not voided:
        wanted.append(version.c.voided.is_(False))
    return statement.where(*wanted)
