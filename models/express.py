"""Transactions of a few statements, written on the driver itself: for the one path where every microsecond counts.

What is asked and what is appended is built once, from the tables, and its text kept; nothing is mapped, nothing
compiled, nothing checked on the way. On PostgreSQL a transaction is three messages, whatever it appends; what all rows
have alike is sent once. On SQLite it is two calls in the thread of a connection of its own, under the same lock as
every other writer.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Dialect, PoolProxiedConnection, Select, Table
from sqlalchemy.exc import DatabaseError, OperationalError

from models.appending import Rows, insert_alike, insert_of
from models.bare import bare_connection
from models.database import PRAGMAS, Database, OutcomeUnknownError, is_disk_full
from models.turns import number_of

HEADS = "heads"
HELD = "held"

Question = tuple[Select[Any], Mapping[str, Any]]
"""A statement and its values: where it yields no row, what had to hold does not."""


@dataclass(frozen=True)
class Appended:
    """Rows that go together.

    Parameters
    ----------
    heads
        Rows that may be there already, by any unique key.
    followers
        Rows stored only where none of the heads was.
    """

    heads: Rows
    followers: Sequence[Rows]


class NotAppended(Exception):  # noqa: N818 - a state of things, which whoever appends can do something about
    """One of the heads was there already, or what had to hold does not: nothing is stored."""


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
                    await self._in_thread(self._begin)
                    yield transaction
                finally:
                    if not transaction.ended:
                        await self._in_thread(self._roll_back)
            return
        async with self._connected() as driver:
            turn = "" if beside is None else f", pg_advisory_xact_lock_shared({number_of(beside)})"
            await driver.execute(f"BEGIN; SELECT set_config('app.workspace', '{workspace_id}', true){turn}")
            yield _OnPostgreSQL(driver, self.database.writing.dialect)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """Yield a connection of the pool, a living one, and give it back outside any transaction or not at all."""
        connection = await bare_connection(self.database.writing)
        # Those that died while nobody used them are known to be dead: nobody is to be told of it by a failure.
        while (driver := _driver_of(connection)).is_closed():
            connection.invalidate()
            connection.close()
            connection = await bare_connection(self.database.writing)
        try:
            yield driver
        finally:
            try:
                if _is_within(driver):
                    with suppress(asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresError, OSError):
                        await driver.execute("ROLLBACK")
            finally:
                # In a transaction left open the next one's work would never be committed.
                if driver.is_closed() or _is_within(driver):
                    connection.invalidate()
                connection.close()

    async def _in_thread(self, do: Callable[..., Any], *given: Any) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, do, *given)
        except sqlite3.Error as error:
            kind = OperationalError if isinstance(error, sqlite3.OperationalError) else DatabaseError
            raise kind(None, None, error) from error

    def _begin(self) -> None:
        self.connected().execute("BEGIN IMMEDIATE")

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
    """One transaction: what is appended, committed."""

    ended = False

    async def commit(self, appended: Appended, where: Question) -> None:
        """Append and commit; raise `NotAppended` where a head was there already, or the question yields no row."""
        raise NotImplementedError


class _OnPostgreSQL(Transaction):
    def __init__(self, driver: "asyncpg.Connection[Any]", dialect: Dialect) -> None:
        self.driver, self.dialect = driver, dialect

    async def commit(self, appended: Appended, where: Question) -> None:
        statement, named = where
        parts = (appended.heads, *appended.followers)
        _, names = _text_of(statement, self.dialect)
        values = [*(named[name] for name in names), len(appended.heads.own)]
        for part in parts:
            alike, own = part.values(self.dialect)
            values += [*alike, *own]
        text = _together(statement, tuple((part.table, part.names) for part in parts), self.dialect)
        if not await self.driver.fetchval(text, *values):
            raise NotAppended
        try:
            await self.driver.execute("COMMIT")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise OutcomeUnknownError(str(error)) from error
        self.ended = True


class _OnSQLite(Transaction):
    def __init__(self, express: Express, run: Callable[..., Awaitable[Any]]) -> None:
        self.express, self.run = express, run
        self.dialect = express.database.writing.dialect

    async def commit(self, appended: Appended, where: Question) -> None:
        text, names = _text_of(where[0], self.dialect)
        given = [value.hex if isinstance(value := where[1][name], UUID) else value for name in names]
        written = [self._written(part) for part in (appended.heads, *appended.followers)]
        await self.run(self._commit, text, given, written)
        self.ended = True

    def _written(self, rows: Rows) -> tuple[str, list[tuple[Any, ...]]]:
        alike, own = map(iter, rows.values(self.dialect))
        names = insert_of(rows.table, self.dialect).names
        columns = [repeat(next(alike)) if name in rows.alike else next(own) for name in names]
        return insert_of(rows.table, self.dialect).text, list(zip(*columns, strict=False))

    def _commit(self, text: str, given: Sequence[Any], written: Sequence[tuple[str, list[tuple[Any, ...]]]]) -> None:
        connection = self.express.connected()
        if connection.execute(text, given).fetchone() is None:
            raise NotAppended
        (heads, rows), *others = written
        if connection.executemany(f"{heads} ON CONFLICT DO NOTHING", rows).rowcount < len(rows):
            raise NotAppended
        for insert, values in others:
            connection.executemany(insert, values)
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
def _together(where: Select[Any], parts: tuple[tuple[Table, tuple[str, ...]], ...], dialect: Dialect) -> str:
    """Return the one statement that inserts heads where something holds, and the others where all heads were new.

    It yields whether that was so. Its values are those of the question, how many heads there are, and those of the
    parts, of each what is alike before what is not.
    """
    question, names = _text_of(where, dialect)
    count = len(names) + 1
    place, texts = count + 1, [f"{HELD} AS ({question})"]
    new = f"(SELECT count(*) FROM {HEADS}) = ${count}::bigint"  # noqa: S608 - names come from our own tables
    for number, (table, own) in enumerate(parts):
        insert = insert_alike(table, dialect, own, numbered_from=place)
        place += len(table.columns)
        if number:
            texts.append(f"part_{number} AS ({insert} WHERE {new})")
        else:
            texts.append(f"{HEADS} AS ({insert} WHERE EXISTS (SELECT FROM {HELD}) ON CONFLICT DO NOTHING RETURNING id)")
    return f"WITH {', '.join(texts)} SELECT {new}"


def _driver_of(connection: PoolProxiedConnection) -> "asyncpg.Connection[Any]":
    driver: Any = connection.driver_connection
    own: asyncpg.Connection[Any] = driver
    return own


def _is_within(driver: "asyncpg.Connection[Any]") -> bool:
    """Return whether a connection is in a transaction; one that is closed is in none."""
    return not driver.is_closed() and driver.is_in_transaction()
