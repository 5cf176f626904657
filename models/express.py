"""Transactions of a few statements, written on the driver itself: for the one path where every microsecond counts.

What is asked and what is appended is built once, from the tables, and its text kept; nothing is mapped, nothing
compiled, nothing checked on the way. On PostgreSQL a transaction is four messages, whatever it appends. On SQLite it is
two calls in the thread of a connection of its own, under the same lock as every other writer.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Dialect, Select, Table
from sqlalchemy.exc import DatabaseError, OperationalError

from models.appending import columns_of, insert_of
from models.database import PRAGMAS, Database, OutcomeUnknownError, is_disk_full
from models.turns import number_of

Rows = Sequence[Mapping[str, Any]]
HEADS = "heads"


@dataclass(frozen=True)
class Appended:
    """Rows that go together: each head, and what follows it.

    Parameters
    ----------
    heads
        The table and the rows that may be there already, by any unique key.
    followers
        Tables and rows stored only beside their heads: as many as there are heads, in their order.
    beside
        Tables and rows stored in any case.
    """

    heads: tuple[Table, Rows]
    followers: Sequence[tuple[Table, Rows]]
    beside: Sequence[tuple[Table, Rows]] = ()


class Taken(Exception):  # noqa: N818 - a state of things, which whoever appends can do something about
    """One of the heads was there already: nothing is stored."""


class Express:
    """A way to write to one database on its driver."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._thread = ThreadPoolExecutor(1, "express") if database.sqlite else None
        self._sqlite: sqlite3.Connection | None = None
        database.closing.append(self.close)

    @asynccontextmanager
    async def transaction(self, workspace_id: UUID, beside: str | None = None) -> AsyncIterator["Transaction"]:
        """Yield a transaction of a workspace; what does not reach its `commit` is undone.

        Parameters
        ----------
        workspace_id
            Whose.
        beside
            A name held beside others who share it, as `models.turns.hold_name` holds it.
        """
        if self.database.sqlite:
            async with self.database.writer_turn():
                transaction: Transaction = _OnSQLite(self, self._in_thread)
                try:
                    yield transaction
                finally:
                    if not transaction.ended:
                        await self._in_thread(self._roll_back)
            return
        async with self.database.writing.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            transaction = _OnPostgreSQL(driver, connection.dialect)
            turn = "" if beside is None else f"; SELECT pg_advisory_xact_lock_shared({number_of(beside)})"
            try:
                await driver.execute(f"BEGIN; SELECT set_config('app.workspace', '{workspace_id}', true){turn}")
                yield transaction
            finally:
                if not transaction.ended:
                    with suppress(asyncpg.InterfaceError, asyncpg.PostgresError, OSError):
                        await driver.execute("ROLLBACK")

    async def _in_thread(self, do: Callable[..., Any], *given: Any) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, do, *given)
        except sqlite3.Error as error:
            kind = OperationalError if isinstance(error, sqlite3.OperationalError) else DatabaseError
            raise kind(None, None, error) from error

    def _roll_back(self) -> None:
        if self._sqlite is not None and self._sqlite.in_transaction:
            self._sqlite.execute("ROLLBACK")

    async def close(self) -> None:
        """Give the connection back."""
        if self._thread is not None:
            await self._in_thread(self._close)
            self._thread.shutdown()

    def _close(self) -> None:
        if self._sqlite is not None:
            self._sqlite.close()
            self._sqlite = None

    def connected(self) -> sqlite3.Connection:
        """Return the connection of this thread, made when it is first asked for."""
        if self._sqlite is None:
            path = self.database.writing.url.database or ":memory:"
            self._sqlite = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            for pragma in PRAGMAS:
                self._sqlite.execute(pragma)
        return self._sqlite


class Transaction:
    """One transaction: a question, then what is appended and committed."""

    ended = False

    async def ask(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a statement; moments as microseconds."""
        raise NotImplementedError

    async def commit(self, appended: Appended) -> None:
        """Append and commit; raise `Taken` where a head was there already."""
        raise NotImplementedError


class _OnPostgreSQL(Transaction):
    def __init__(self, driver: "asyncpg.Connection[Any]", dialect: Dialect) -> None:
        self.driver, self.dialect = driver, dialect

    async def ask(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        text, names = _text_of(statement, self.dialect)
        found: Sequence[Sequence[Any]] = await self.driver.fetch(text, *(values[name] for name in names))
        return found

    async def commit(self, appended: Appended) -> None:
        table, heads = appended.heads
        beside = tuple(one for one, _ in appended.beside)
        text = _together(table, tuple(one for one, _ in appended.followers), beside, self.dialect)
        ids = [row["id"] for row in heads]
        values = columns_of(table, heads, self.dialect)
        for follower, rows in appended.followers:
            values += [ids, *columns_of(follower, rows, self.dialect)]
        for one, rows in appended.beside:
            values += columns_of(one, rows, self.dialect)
        if len(await self.driver.fetch(text, *values)) < len(heads):
            raise Taken
        try:
            await self.driver.execute("COMMIT")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise OutcomeUnknownError(str(error)) from error
        self.ended = True


class _OnSQLite(Transaction):
    def __init__(self, express: Express, run: Callable[..., Awaitable[Any]]) -> None:
        self.express, self.run = express, run
        self.dialect = express.database.writing.dialect

    async def ask(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        text, names = _text_of(statement, self.dialect)
        given = [value.hex if isinstance(value := values[name], UUID) else value for name in names]
        found: Sequence[Sequence[Any]] = await self.run(self._ask, text, given)
        return found

    async def commit(self, appended: Appended) -> None:
        written = [self._written(*appended.heads)]
        written += [self._written(*one) for one in (*appended.followers, *appended.beside)]
        await self.run(self._commit, written)
        self.ended = True

    def _written(self, table: Table, rows: Rows) -> tuple[str, list[tuple[Any, ...]]]:
        return insert_of(table, self.dialect).text, list(zip(*columns_of(table, rows, self.dialect), strict=True))

    def _ask(self, text: str, given: Sequence[Any]) -> Sequence[Sequence[Any]]:
        connection = self.express.connected()
        connection.execute("BEGIN IMMEDIATE")
        return connection.execute(text, given).fetchall()

    def _commit(self, written: Sequence[tuple[str, Sequence[tuple[Any, ...]]]]) -> None:
        connection = self.express.connected()
        (heads, rows), *others = written
        if connection.executemany(f"{heads} ON CONFLICT DO NOTHING", rows).rowcount < len(rows):
            raise Taken
        for text, values in others:
            connection.executemany(text, values)
        _commit(connection)


def _commit(connection: sqlite3.Connection) -> None:
    """Commit, telling a commit that failed from one whose outcome nobody knows."""
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if is_disk_full(error):
            raise
        raise OutcomeUnknownError(str(error)) from error


@lru_cache(maxsize=64)
def _text_of(statement: Select[Any], dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """Return a statement as its driver takes it, and the names of its values in their order."""
    compiled = statement.compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ())


@lru_cache(maxsize=64)
def _together(heads: Table, followers: tuple[Table, ...], beside: tuple[Table, ...], dialect: Dialect) -> str:
    """Return the one statement that inserts heads, what follows those that were not there, and what stands beside."""
    first = insert_of(heads, dialect, numbered_from=1)
    parts = [f"{HEADS} AS ({first.text} ON CONFLICT DO NOTHING RETURNING id)"]
    place = 1 + len(first.names)
    for follower in followers:
        insert = insert_of(follower, dialect, numbered_from=place + 1, following=(HEADS, place))
        parts.append(f"part_{place} AS ({insert.text})")
        place += 1 + len(insert.names)
    for one in beside:
        insert = insert_of(one, dialect, numbered_from=place)
        parts.append(f"part_{place} AS ({insert.text})")
        place += len(insert.names)
    return f"WITH {', '.join(parts)} SELECT id FROM {HEADS}"  # noqa: S608 - names come from our own tables
