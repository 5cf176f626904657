"""The only room that knows drivers: engines for a URL, SQLite's pragmas, sessions bound to a workspace.

On PostgreSQL every serving connection is the role `steadfast_app`, which row-level security binds, and every
transaction says which workspace it is about. On SQLite one writer at a time begins with `BEGIN IMMEDIATE` under an
asynchronous lock, readers have connections of their own, and `synchronous=FULL` keeps what was acknowledged.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import URL, Connection, UpdateBase, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from models.clock import Clock

APP_ROLE = "steadfast_app"
WRITE_WAIT_SECONDS = 5.0

OWNER_WAIT_MS = 60_000
"""How long a migration, or a look at the schema, waits for another process that is migrating."""

PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    # In KiB, and small: every connection has a cache of its own, and the operating system's serves them all.
    "PRAGMA cache_size = -4000",
)
READERS_CACHE = "PRAGMA cache_size = -1000"
"""There are as many readers as the pool has connections, and as a file grows each fills its own."""


class WriterBusyError(Exception):
    """The one SQLite writer did not come free in time; asking again is right."""


class OutcomeUnknownError(Exception):
    """The database went away while it committed: what was to be stored may be there or not."""


DATABASE_ERRORS = (
    DBAPIError,
    NoFreeConnectionError,
    WriterBusyError,
    OutcomeUnknownError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)
"""Whatever a database, its pool or its driver raises; while connecting, the driver's own errors come unwrapped."""

ABSENCES = (
    OSError,
    NoFreeConnectionError,
    WriterBusyError,
    OutcomeUnknownError,
    InterfaceError,
    OperationalError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)

SQLITE_ABSENCES = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL}
)
"""What SQLite says when its file cannot be asked just now. Whatever else it says is a mistake of ours."""
PRIMARY_CODE = 0xFF
POSTGRES_ABSENCES = ("08", "40", "53", "57")
"""The classes of PostgreSQL's codes for a lost connection, a transaction undone for another's sake, a lack of
resources, and a server that stops or starts."""


class WorkspaceSession(Session):
    """A session that knows its workspace, and tells PostgreSQL at the start of each transaction."""


@event.listens_for(WorkspaceSession, "after_begin")
def _say_workspace(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    if connection.dialect.name == "postgresql" and "workspace_id" in session.info:
        say_workspace(connection, session.info["workspace_id"])


@event.listens_for(WorkspaceSession, "do_orm_execute")
def _count_changes(state: ORMExecuteState) -> None:
    if isinstance(state.statement, UpdateBase):
        many = len(state.parameters) if isinstance(state.parameters, list) else 1
        note_change(state.session, state.statement.table.description, many)


def note_change(session: Session | AsyncSession, table: str, rows: int) -> None:
    """Count rows written, so that the audit can say what a request did and no route can forget to."""
    session.info.setdefault("changes", Counter())[table] += rows


def changes_of(session: AsyncSession) -> Counter[str]:
    """Return how many rows of which table this session has written."""
    found: Counter[str] = session.info.get("changes", Counter())
    return found


def say_workspace(connection: Connection, workspace_id: UUID) -> None:
    """Tell PostgreSQL's row-level security which workspace the rest of this transaction is about."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT set_config('app.workspace', :workspace, true)"), {"workspace": str(workspace_id)}
        )


def driver_url(url: str) -> URL:
    """Return the URL with the driver this house uses; raise `ValueError` for any other kind of address."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("an address like sqlite:///./steadfast.db or postgresql://user@host/name") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+asyncpg")
    raise ValueError(f"STEADFAST_DATABASE_URL names {backend}; only sqlite and postgresql are known")


def is_sqlite(url: str) -> bool:
    """Return whether the URL names an SQLite database."""
    return make_url(url).get_backend_name() == "sqlite"


def _prepare_sqlite(engine: AsyncEngine, begin: str, *more: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        # The driver's own BEGIN would be deferred; ours is said in `_begin`.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (*PRAGMAS, *more):
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def owner_engine(url: str) -> AsyncEngine:
    """Return an engine with the URL's own rights: for migrations and checks, never for serving."""
    engine = create_async_engine(driver_url(url), pool_size=1, max_overflow=1, hide_parameters=True)
    if is_sqlite(url):
        _prepare_sqlite(engine, "BEGIN IMMEDIATE", f"PRAGMA busy_timeout = {OWNER_WAIT_MS}")
    return engine


class Database:
    """One database as the service sees it: sessions for reading, sessions for writing, each of one workspace.

    Parameters
    ----------
    url
        `sqlite:///…` or `postgresql://…`.
    pool_size
        Connections kept open for requests.
    """

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.url = url
        self.sqlite = is_sqlite(url)
        target = driver_url(url)
        if self.sqlite:
            self.writing = create_async_engine(target, pool_size=1, max_overflow=0, hide_parameters=True)
            self.reading = create_async_engine(target, pool_size=pool_size, max_overflow=0, hide_parameters=True)
            _prepare_sqlite(self.writing, "BEGIN IMMEDIATE")
            _prepare_sqlite(self.reading, "BEGIN", READERS_CACHE)
        else:
            self.writing = create_async_engine(
                target,
                pool_size=pool_size,
                max_overflow=0,
                pool_timeout=WRITE_WAIT_SECONDS,
                hide_parameters=True,
                # Compiling a statement of many cases (the facts of loyalty) took a minute, running it 10 ms.
                connect_args={"server_settings": {"role": APP_ROLE, "application_name": "steadfast", "jit": "off"}},
            )
            self.reading = self.writing
        self.clock = Clock()
        self.closing: list[Callable[[], Awaitable[None]]] = []
        """What else is given back when the database is."""
        self._writer = asyncio.Lock()
        self._streams = asyncio.Semaphore(max(pool_size // 2, 1))

    async def close(self) -> None:
        """Give all connections back."""
        while self.closing:
            await self.closing.pop()()
        await self.writing.dispose()
        if self.reading is not self.writing:
            await self.reading.dispose()

    def unopened(self, workspace_id: UUID) -> AsyncSession:
        """Return a session that has no connection and is given none: for work whose statements go another way."""
        return self._session(self.reading, workspace_id)

    @asynccontextmanager
    async def read(self, workspace_id: UUID | None = None) -> AsyncIterator[AsyncSession]:
        """Yield a session for reading; whatever it did is rolled back."""
        session = self._session(self.reading, workspace_id)
        try:
            yield session
        finally:
            await session.close()

    @asynccontextmanager
    async def read_in_turn(self, workspace_id: UUID) -> AsyncIterator[AsyncSession]:
        """Yield a session for one page of a stream; streams wait in line, and for no more than half of the connections.

        The pool itself gives a connection to whoever asks first when one comes free: of many streams a few would go on
        until their end, and the others wait too long.
        """
        async with self._streams, self.read(workspace_id) as session:
            yield session

    @asynccontextmanager
    async def write(self, workspace_id: UUID | None = None) -> AsyncIterator[AsyncSession]:
        """Yield a session whose work is committed at the end, all of it or none."""
        if not self.sqlite:
            async with self._committing(workspace_id) as session:
                yield session
            return
        async with self.writer_turn(), self._committing(workspace_id) as session:
            yield session

    @asynccontextmanager
    async def writer_turn(self) -> AsyncIterator[None]:
        """Be the one who writes on SQLite, when it is this one's turn."""
        try:
            await asyncio.wait_for(self._writer.acquire(), WRITE_WAIT_SECONDS)
        except TimeoutError:
            raise WriterBusyError from None
        try:
            yield
        finally:
            self._writer.release()

    @asynccontextmanager
    async def _committing(self, workspace_id: UUID | None) -> AsyncIterator[AsyncSession]:
        session = self._session(self.writing, workspace_id)
        try:
            yield session
            await _commit(session)
        except BaseException:
            await session.rollback()
            raise
        finally:
            await session.close()

    def _session(self, engine: AsyncEngine, workspace_id: UUID | None) -> AsyncSession:
        info = {} if workspace_id is None else {"workspace_id": workspace_id}
        return AsyncSession(engine, sync_session_class=WorkspaceSession, expire_on_commit=False, info=info)


async def _commit(session: AsyncSession) -> None:
    """Commit, telling a commit that failed from one whose answer never came."""
    try:
        await session.commit()
    except DATABASE_ERRORS as error:
        if is_unavailable(error) and not is_disk_full(error):
            raise OutcomeUnknownError(str(error)) from error
        raise


async def bind_workspace(session: AsyncSession, workspace_id: UUID) -> None:
    """Say within a running session which workspace it is about, now and in its later transactions."""
    session.info["workspace_id"] = workspace_id
    connection: AsyncConnection = await session.connection()
    await connection.run_sync(say_workspace, workspace_id)


def is_disk_full(error: BaseException) -> bool:
    """Return whether a database error says that there is no room left."""
    message = str(error).lower()
    return "disk is full" in message or "no space left" in message or "disk full" in message


def is_unavailable(error: BaseException) -> bool:
    """Return whether an error says that the database could not be asked, rather than that the question was wrong.

    Of two transactions that wait for each other PostgreSQL gives one up; asked again, it goes through.
    """
    if isinstance(error, OperationalError) and isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & PRIMARY_CODE in SQLITE_ABSENCES
    if isinstance(error, ABSENCES):
        return True
    if not isinstance(error, DBAPIError):
        return False
    # What has no class of its own among SQLAlchemy's, as a server that is starting, is told by its code.
    said = (error.orig, getattr(error.orig, "__cause__", None))
    state = next((code for code in (getattr(one, "sqlstate", None) for one in said) if code), "")
    return error.connection_invalidated or state.startswith(POSTGRES_ABSENCES)


def is_orphan(error: BaseException) -> bool:
    """Return whether a database error says that what a row points at is gone: erased while the row was written."""
    original = getattr(error, "orig", None)
    return getattr(original, "sqlstate", "") == "23503" or "FOREIGN KEY constraint failed" in str(original)
