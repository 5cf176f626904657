"""Writing a database's files anew, so that the bytes of what was erased are gone from them too.

A deleted row leaves its bytes behind: in the log written ahead, in free parts of pages, in a page's gaps. SQLite
overwrites deleted cells (`secure_delete`); the log and the gaps need the work done here. On PostgreSQL `VACUUM FULL`
writes tables anew; archived logs and replicas' backups are the operator's to let expire.
"""

import asyncio
import sqlite3
import time
from collections.abc import Collection
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import metadata
from models.database import Database, is_sqlite, owner_engine

BUSY_SECONDS = 10.0
STANDS_ASIDE_SECONDS = 1.0
LONGEST_ASIDE_SECONDS = 3.0
"""Writers wait for less than what they take for a failure (`models.database.WRITE_WAIT_SECONDS`)."""
LONG_LOG_BYTES = 32 * 2**20
"""SQLite begins its log anew after four megabytes where nobody reads; one this long has had readers all the time."""
KNOWN_OF_EMPTY_TABLES = text(
    "SELECT relname, a.attname, format_type(atttypid, atttypmod) FROM pg_stats AS s "
    "JOIN pg_class ON relname = tablename AND relnamespace = current_schema()::regnamespace "
    "JOIN pg_attribute AS a ON attrelid = pg_class.oid AND a.attname = s.attname "
    "WHERE schemaname = current_schema() AND reltuples = 0 AND attcollation <> 0"
)
"""Columns of words of which statistics are kept though their table is empty."""
AT_ONCE_BYTES = 256 * 2**20
"""An SQLite file up to this size is written anew after each erasure; a larger one in a quiet hour."""


class StillReadError(Exception):
    """Somebody reads from the log written ahead, so it cannot be cut yet; again later."""


async def compact(url: str, *, whole: bool | None = None) -> bool:
    """Write a database anew; return whether all of it was.

    Parameters
    ----------
    whole
        Write every page anew, which others wait for. By default only a small SQLite database; else deleted rows'
        room is given back, and SQLite's log written ahead cut.

    Raises
    ------
    StillReadError
    """
    if is_sqlite(url):
        path = Path(make_url(url).database or "")
        return await asyncio.to_thread(_compact_sqlite, path, whole=whole)
    await _compact_postgres(url, whole=bool(whole))
    return bool(whole)


def _compact_sqlite(path: Path, *, whole: bool | None) -> bool:
    wholly = path.stat().st_size <= AT_ONCE_BYTES if whole is None else whole
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete = ON")
        if wholly:
            connection.execute("VACUUM")
        until = time.monotonic() + BUSY_SECONDS
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > until:
                raise StillReadError
            time.sleep(0.1)
    finally:
        connection.close()
    return wholly


class LongLog:
    """SQLite's log written ahead, cut beside the requests (`api.beside`) where it has grown long.

    SQLite begins the log anew when nobody reads from it at a commit. Where there is always somebody, it never does:
    the log grows, and every question takes longer. So writers stand aside for the moment the last readers need, and the
    longer the log has become because readers were slower than that, the longer.
    """

    waiting: Collection[str] = ()
    """Nothing waits: the file says how long it is."""

    async def flush(self, database: Database) -> int:
        """Cut the log if it is long and its readers end soon; return how many bytes were cut."""
        if not database.sqlite:
            return 0
        path = Path(make_url(database.url).database or "")
        log = path.with_name(f"{path.name}-wal")
        before = log.stat().st_size if log.exists() else 0
        if before <= LONG_LOG_BYTES:
            return 0
        patience = min(STANDS_ASIDE_SECONDS * before / LONG_LOG_BYTES, LONGEST_ASIDE_SECONDS)
        async with database.writer_turn():
            await asyncio.to_thread(_cut, path, patience)
        return max(before - log.stat().st_size, 0)


def _cut(path: Path, patience: float) -> None:
    with closing(sqlite3.connect(path, timeout=patience, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _forget_what_emptied_tables_held(connection: AsyncConnection) -> None:
    """Take from the planner what it knew of tables that hold no row any more.

    Looking at an empty table leaves its old statistics as they are. They go with the type of a column, also where the
    same one is said again.
    """
    quoted = connection.dialect.identifier_preparer
    for table, column, kind in (await connection.execute(KNOWN_OF_EMPTY_TABLES)).all():
        names = quoted.quote(table), quoted.quote(column)
        await connection.execute(text("ALTER TABLE {} ALTER COLUMN {} TYPE {}".format(*names, kind)))


async def _compact_postgres(url: str, *, whole: bool) -> None:
    engine = owner_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            quoted = engine.dialect.identifier_preparer
            names = [quoted.format_table(table) for table in metadata.sorted_tables]
            # The planner's statistics hold the commonest values: they are made anew and then written anew.
            for name in names:
                await connection.execute(text(f"VACUUM ({'FULL, ' if whole else ''}ANALYZE) {name}"))
            await _forget_what_emptied_tables_held(connection)
            await connection.execute(text(f"VACUUM ({'FULL, ' if whole else ''}ANALYZE) pg_catalog.pg_statistic"))
            with suppress(DBAPIError):  # only some roles may; the server does it by itself every few minutes
                await connection.execute(text("CHECKPOINT"))
    finally:
        await engine.dispose()
