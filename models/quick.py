"""Questions asked on the driver itself, several in one message: for the one answer where every microsecond counts.

The statements are built once from the tables, constants and all, and their text kept. On PostgreSQL all of them are one
statement, and so one view of the data, asked on a connection that stays with its workspace. On SQLite they are asked
one after the other within one transaction, in a thread and on a connection of their own, and joined in the order they
are written: its planner takes a whole workspace for a few rows and would go through it.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Dialect, Select
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine

from models.bare import bare_connection
from models.database import PRAGMAS, Database

MOST_CONNECTIONS = 4
"""Beside those of the pool; each is busy for a millisecond or two an answer."""
KEPT_SECONDS = 600.0
"""After so long a connection is made anew, and what it planned is planned by the tables as they are then."""
PREPARING = "SET plan_cache_mode = force_generic_plan"
"""To plan these statements takes longer than to run them."""
BINDING = "SELECT set_config('app.workspace', $1, false)"
GONE = (
    OSError,
    DBAPIError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidCachedStatementError,
    # What the driver says of a connection that was cut while it was told of it.
    asyncpg.InternalClientError,
)
"""The server went away, or a migration changed a table since the statement was prepared."""

Given = Mapping[str, ColumnElement[Any]]
Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Questions:
    """Statements that are asked together.

    Parameters
    ----------
    names
        The values they are asked with, each with its type.
    build
        Makes the statements of the places where those values will stand. Whatever else they compare with is written
        into their text.
    """

    names: tuple[tuple[str, TypeEngine[Any]], ...]
    build: Callable[[Given], Sequence[Select[Any]]]

    def columns(self) -> tuple[tuple[str, ...], ...]:
        """Return the names of each statement's columns."""
        return tuple(tuple(statement.selected_columns.keys()) for statement in self.build(self.places()))

    def places(self) -> Given:
        """Return by name the place of each value in a statement."""
        return {name: _Place(name, number, kind) for number, (name, kind) in enumerate(self.names, 1)}


class _Place(ColumnElement[Any]):
    """Where a value stands in a statement: by its name on SQLite, by its number and type on PostgreSQL."""

    inherit_cache = False

    def __init__(self, name: str, number: int, kind: TypeEngine[Any]) -> None:
        self.name, self.number, self.type = name, number, kind


@compiles(_Place)
def _placed(place: _Place, compiler: Any, **_: Any) -> str:
    dialect = compiler.dialect
    return f":{place.name}" if dialect.name == "sqlite" else f"${place.number}::{place.type.compile(dialect)}"


class Gone(Exception):  # noqa: N818 - a state of things: another way may still lead there
    """The connection was lost, and with it the question: nothing is known."""


class Quick:
    """A way to ask one database on its driver."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._thread = ThreadPoolExecutor(1, "quick") if database.sqlite else None
        self._sqlite: sqlite3.Connection | None = None
        self._free: list[_Bound] = []
        self._turns = asyncio.Semaphore(MOST_CONNECTIONS)
        database.closing.append(self.close)

    async def ask(self, workspace_id: UUID, asked: Questions, values: Mapping[str, Any]) -> Sequence[Rows]:
        """Return the rows of each statement, in a workspace, as the driver gives them; or raise `Gone`.

        Moments are microseconds; on SQLite an id is its 32 digits and truth is 0 or 1.
        """
        if self._thread is not None:
            given = {name: value.hex if isinstance(value, UUID) else value for name, value in values.items()}
            texts = texts_of(asked, self.database.reading.dialect)
            rows: Sequence[Rows] = await self._in_thread(self._ask, texts, given)
            return rows
        text = _together(asked, self.database.reading.dialect)
        async with self._turns:
            return await self._ask_postgres(workspace_id, text, [values[name] for name, _ in asked.names])

    async def _ask_postgres(self, workspace_id: UUID, text: str, given: Sequence[Any]) -> Sequence[Rows]:
        bound: _Bound | None = None
        try:
            bound = self._free.pop() if self._free else await self._connected()
            if bound.workspace_id != workspace_id:
                await bound.driver.fetchval(BINDING, str(workspace_id))
                bound.workspace_id = workspace_id
            if text not in bound.prepared:
                # The driver prepares long statements anew each time, unless it is told to keep them.
                bound.prepared[text] = await bound.driver.prepare(text)
            found: Sequence[Rows] = await bound.prepared[text].fetchrow(*given)
        except BaseException as error:
            # What is under way on it, or which workspace it is bound to, is not known any more.
            if bound is not None:
                bound.driver.terminate()
            if isinstance(error, GONE):
                raise Gone from error
            raise
        if bound.until > monotonic():
            self._free.append(bound)
        else:
            await bound.driver.close(timeout=1)
        return found

    async def _connected(self) -> "_Bound":
        raw = await bare_connection(self.database.reading)
        driver: Any = raw.driver_connection
        raw.detach()
        await driver.execute(PREPARING)
        return _Bound(driver, monotonic() + KEPT_SECONDS)

    async def _in_thread(self, do: Callable[..., Any], *given: Any) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, do, *given)
        except sqlite3.Error as error:
            kind = OperationalError if isinstance(error, sqlite3.OperationalError) else DatabaseError
            raise kind(None, None, error) from error

    def _ask(self, texts: Sequence[str], given: Mapping[str, Any]) -> Sequence[Rows]:
        connection = self._opened()
        connection.execute("BEGIN")
        try:
            return [connection.execute(text, given).fetchall() for text in texts]
        finally:
            connection.execute("ROLLBACK")

    def _opened(self) -> sqlite3.Connection:
        if self._sqlite is None:
            path = self.database.reading.url.database or ":memory:"
            self._sqlite = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            for pragma in (*PRAGMAS, "PRAGMA query_only = ON"):
                self._sqlite.execute(pragma)
        return self._sqlite

    async def close(self) -> None:
        """Give the connections back."""
        while self._free:
            self._free.pop().driver.terminate()
        if self._thread is not None:
            await self._in_thread(self._close)
            self._thread.shutdown()

    def _close(self) -> None:
        if self._sqlite is not None:
            self._sqlite.close()
            self._sqlite = None


@dataclass
class _Bound:
    """A connection to PostgreSQL, and the workspace its row-level security is bound to."""

    driver: Any
    until: float
    workspace_id: UUID | None = None
    prepared: dict[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=16)
def texts_of(asked: Questions, dialect: Dialect) -> tuple[str, ...]:
    """Return the texts of statements for SQLite, with their values by name."""
    return tuple(_text_of(statement, dialect) for statement in asked.build(asked.places()))


@lru_cache(maxsize=16)
def _together(asked: Questions, dialect: Dialect) -> str:
    """Return the one statement that asks all of them on PostgreSQL: one row, with an array of rows for each."""
    texts = [_text_of(statement, dialect) for statement in asked.build(asked.places())]
    return "SELECT " + ", ".join(f"ARRAY(SELECT ROW(asked.*) FROM ({text}) AS asked)" for text in texts)  # noqa: S608 - ours


def _text_of(statement: Select[Any], dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
