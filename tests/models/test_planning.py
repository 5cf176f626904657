"""What the planner knows: a table is looked at once it holds rows, and again by us only where it grew tenfold."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, text

from models.base import metadata
from models.database import Database, bind_workspace, owner_engine
from models.ids import uuid7
from models.outbox import Event
from models.planning import NewTables, refresh_statistics
from models.workspace import Workspace
from tests.api.engines import opened

pytestmark = pytest.mark.anyio

workspaces = Workspace.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
events = Event.__table__  # type: ignore[attr-defined] # same
NOW = datetime(2026, 3, 4, tzinfo=UTC)
LOOKED_AT = text("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= 0")


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    """Open this test's database as the service does."""
    database = opened(migrated_url, pool_size=2)
    yield database
    await database.close()


async def tell(database: Database) -> None:
    """Store an event of a new workspace."""
    identity = uuid7()
    async with database.write() as session:
        await bind_workspace(session, identity)
        workspace = {"id": identity, "slug": identity.hex, "created_at": NOW}
        await session.execute(insert(workspaces).values(workspace))
        event = {"workspace_id": identity, "id": uuid7(), "type": "case.failed", "payload": {}, "recorded_at": NOW}
        await session.execute(insert(events).values(event))


async def make_new(database: Database) -> None:
    """Make the events' table one that PostgreSQL never looked at: another test may have left it otherwise."""
    engine = owner_engine(database.url)
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE events"))
    await engine.dispose()


async def looked_at(database: Database) -> set[str]:
    """Return the tables that PostgreSQL has looked at."""
    async with database.read() as session:
        return set((await session.scalars(LOOKED_AT)).all()) & metadata.tables.keys()


async def test_a_new_table_is_looked_at_once_it_holds_rows(database: Database) -> None:
    if database.sqlite:
        await tell(database)
        assert await NewTables().flush(database) == 0
        return
    await make_new(database)
    await NewTables().flush(database)
    assert "events" not in await looked_at(database)
    await tell(database)
    assert await NewTables().flush(database) >= 1
    assert "events" in await looked_at(database)


async def test_what_was_looked_at_is_left_to_the_server(database: Database) -> None:
    await tell(database)
    await NewTables().flush(database)
    await tell(database)
    assert await NewTables().flush(database) == 0


async def test_what_was_looked_at_while_it_was_empty_is_looked_at_again(database: Database) -> None:
    if database.sqlite:
        return
    await make_new(database)
    await NewTables().flush(database)
    await refresh_statistics(database.url, ["events"])
    assert await NewTables().flush(database) == 0
    await tell(database)
    assert await NewTables().flush(database) >= 1
