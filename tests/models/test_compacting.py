"""The log written ahead is cut where it has grown long, once its readers have ended."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import make_url, text

from models import compacting
from models.compacting import LONG_LOG_BYTES, STANDS_ASIDE_SECONDS, LongLog
from models.database import Database
from tests.api.engines import opened

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    """Open this test's database as the service does."""
    database = opened(migrated_url, pool_size=2)
    yield database
    await database.close()


def log_of(database: Database) -> Path:
    """Return the place of the log written ahead."""
    return Path(f"{make_url(database.url).database}-wal")


async def grow(database: Database) -> None:
    """Write more than a long log holds, in one transaction."""
    async with database.write() as session:
        await session.execute(text("CREATE TABLE filler (bytes BLOB)"))
        for _ in range(LONG_LOG_BYTES // 2**20 + 4):
            await session.execute(text("INSERT INTO filler VALUES (randomblob(1048576))"))


async def test_a_short_log_is_left_alone_and_postgresql_its_own(database: Database) -> None:
    if database.sqlite:
        async with database.write() as session:
            await session.execute(text("CREATE TABLE filler (bytes BLOB)"))
        assert log_of(database).stat().st_size > 0
    assert await LongLog().flush(database) == 0


async def test_a_long_log_is_cut_once_its_reader_has_ended(database: Database) -> None:
    if not database.sqlite:
        return
    with closing(sqlite3.connect(str(make_url(database.url).database), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM workspaces").fetchone()
        await grow(database)
        assert await LongLog().flush(database) == 0
        reader.execute("ROLLBACK")
    assert await LongLog().flush(database) > LONG_LOG_BYTES
    assert log_of(database).stat().st_size == 0
    async with database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM filler")) == LONG_LOG_BYTES // 2**20 + 4


async def test_the_longer_the_log_the_longer_writers_stand_aside(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database.sqlite:
        return
    monkeypatch.setattr(compacting, "LONG_LOG_BYTES", LONG_LOG_BYTES // 8)
    path = str(make_url(database.url).database)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM workspaces").fetchone()
        await grow(database)
        ending = Timer(2 * STANDS_ASIDE_SECONDS, reader.execute, ["ROLLBACK"])
        ending.start()
        assert await LongLog().flush(database) > LONG_LOG_BYTES
        ending.join()
