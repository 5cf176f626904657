"""Writing a database's files anew, so that the bytes of what was erased are gone from them too.

A deleted row leaves its bytes behind: in the log written ahead, in free parts of pages, in a page's gaps. SQLite
overwrites deleted cells (`secure_delete`); the log and the gaps need the work done here. On PostgreSQL `VACUUM FULL`
writes tables anew; archived logs and replicas' backups are the operator's to let expire.
"""

import asyncio
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from models.base import metadata
from models.database import is_sqlite, owner_engine

BUSY_SECONDS = 10.0
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


async def _compact_postgres(url: str, *, whole: bool) -> None:
    engine = owner_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            quoted = engine.dialect.identifier_preparer
            names = [quoted.format_table(table) for table in metadata.sorted_tables]
            # The planner's statistics hold the commonest values: they are made anew and then written anew.
            for name in [*names, "pg_catalog.pg_statistic"]:
                await connection.execute(text(f"VACUUM ({'FULL, ' if whole else ''}ANALYZE) {name}"))
            with suppress(DBAPIError):  # only some roles may; the server does it by itself every few minutes
                await connection.execute(text("CHECKPOINT"))
    finally:
        await engine.dispose()
