"""Transactions on the driver: all of it or nothing, bound to one workspace, and the connection fit for the next."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import BindParameter, String, Uuid, bindparam, insert, select
from sqlalchemy.exc import DBAPIError

from models.appending import Rows
from models.database import Database, OutcomeUnknownError, bind_workspace
from models.express import Appended, Express, NotAppended, Question, _commit
from models.ids import uuid7
from models.outbox import AuditEntry, Event
from models.workspace import Workspace
from tests.api.engines import opened

pytestmark = pytest.mark.anyio

workspaces = Workspace.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
events = Event.__table__  # type: ignore[attr-defined] # same
entries = AuditEntry.__table__  # type: ignore[attr-defined] # same
NOW = datetime(2026, 3, 4, 17, tzinfo=UTC)
MINE: BindParameter[UUID] = bindparam("workspace_id", type_=Uuid())
SLUG: BindParameter[str] = bindparam("slug", type_=String())
TYPES = select(events.c.type).where(events.c.workspace_id == MINE)


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    """Open this test's database as the service does."""
    database = opened(migrated_url, pool_size=3)
    yield database
    await database.close()


@pytest.fixture
async def workspace_id(database: Database) -> UUID:
    """Give a workspace there is."""
    made = uuid7()
    async with database.write() as session:
        await bind_workspace(session, made)
        await session.execute(insert(workspaces).values(id=made, slug="warm-homes", created_at=NOW))
    return made


def told(workspace_id: UUID, kind: str, identity: UUID | None = None, once: str | None = None) -> dict[str, Any]:
    """Give an event's row."""
    own = {"workspace_id": workspace_id, "id": identity or uuid7(), "recorded_at": NOW}
    return {**own, "type": kind, "once": once, "payload": {"said": kind}}


def noted(workspace_id: UUID, action: str) -> dict[str, Any]:
    """Give an audit entry's row."""
    own = {"workspace_id": workspace_id, "id": uuid7(), "recorded_at": NOW}
    return {**own, "actor": "worker", "action": action, "subject": "here", "details": {}}


async def types(database: Database, workspace_id: UUID) -> list[str]:
    """Return the types of the events stored."""
    async with database.read(workspace_id) as session:
        return sorted((await session.scalars(TYPES, {"workspace_id": workspace_id})).all())


async def actions(database: Database, workspace_id: UUID) -> list[str]:
    """Return the actions noted."""
    async with database.read(workspace_id) as session:
        statement = select(entries.c.action).where(entries.c.workspace_id == workspace_id)
        return sorted((await session.scalars(statement)).all())


def together(workspace_id: UUID, *kinds: str, once: str | None = None) -> Appended:
    """Give events as heads, an entry that follows each, and one that tells of all."""
    heads = [told(workspace_id, kind, once=once) for kind in kinds]
    alike = {"workspace_id": workspace_id, "recorded_at": NOW}
    own = [{name: value for name, value in head.items() if name not in alike} for head in heads]
    followers = [noted(workspace_id, f"of {kind}") for kind in kinds]
    return Appended(
        Rows(events, alike, own), [Rows(entries, {}, followers), Rows(entries, {}, [noted(workspace_id, "beside")])]
    )


def where(workspace_id: UUID, slug: str = "warm-homes") -> Question:
    """Ask whether the workspace is there under a name."""
    statement = select(workspaces.c.id).where(workspaces.c.id == MINE, workspaces.c.slug == SLUG)
    return statement, {"workspace_id": workspace_id, "slug": slug}


async def stored(express: Express, workspace_id: UUID, appended: Appended, asked: Question | None = None) -> None:
    """Append and commit."""
    async with express.transaction(workspace_id) as transaction:
        await transaction.commit(appended, asked or where(workspace_id))


async def test_what_is_appended_together_is_there_together(database: Database, workspace_id: UUID) -> None:
    express = Express(database)
    async with express.transaction(workspace_id, "a name") as transaction:
        await transaction.commit(together(workspace_id, "one", "two"), where(workspace_id))
    assert await types(database, workspace_id) == ["one", "two"]
    assert await actions(database, workspace_id) == ["beside", "of one", "of two"]


async def test_one_that_is_there_undoes_all(database: Database, workspace_id: UUID) -> None:
    express = Express(database)
    await stored(express, workspace_id, together(workspace_id, "one", once="only once"))
    with pytest.raises(NotAppended):
        await stored(express, workspace_id, together(workspace_id, "two", once="only once"))
    assert await types(database, workspace_id) == ["one"]
    assert await actions(database, workspace_id) == ["beside", "of one"]


async def test_nothing_is_appended_where_what_had_to_hold_does_not(database: Database, workspace_id: UUID) -> None:
    express = Express(database)
    with pytest.raises(NotAppended):
        await stored(express, workspace_id, together(workspace_id, "one"), where(workspace_id, "cold-homes"))
    assert await types(database, workspace_id) == []
    assert await actions(database, workspace_id) == []


async def test_what_is_left_without_a_commit_is_undone_and_hinders_nobody(
    database: Database, workspace_id: UUID
) -> None:
    express = Express(database)
    for _ in range(5):  # more than there are connections
        async with express.transaction(workspace_id):
            pass  # nothing is appended
    async with database.write(workspace_id) as session:
        await session.execute(insert(events).values(told(workspace_id, "ordinary")))
    assert await types(database, workspace_id) == ["ordinary"]


async def test_a_row_of_another_workspace_is_refused(database: Database, workspace_id: UUID) -> None:
    express = Express(database)
    abroad = uuid7()
    with pytest.raises((DBAPIError, asyncpg.PostgresError)):
        await stored(express, workspace_id, together(abroad, "one"))
    assert await types(database, workspace_id) == []


async def test_writers_of_both_kinds_take_turns(database: Database, workspace_id: UUID) -> None:
    express = Express(database)

    async def fast(number: int) -> None:
        await stored(express, workspace_id, together(workspace_id, f"fast {number}"))

    async def ordinary(number: int) -> None:
        async with database.write(workspace_id) as session:
            await session.execute(insert(events).values(told(workspace_id, f"ordinary {number}")))

    await asyncio.gather(*(way(number) for number in range(8) for way in (fast, ordinary)))
    assert len(await types(database, workspace_id)) == 16


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
async def test_a_commit_without_an_answer_is_told_from_one_that_failed(database: Database, workspace_id: UUID) -> None:
    express = Express(database)
    async with express.transaction(workspace_id) as transaction:
        driver: Any = transaction
        driver.driver = Cut(driver.driver)
        with pytest.raises(OutcomeUnknownError):
            await transaction.commit(together(workspace_id, "one"), where(workspace_id))
        driver.driver = driver.driver.before
    assert await types(database, workspace_id) == []


class Cut:
    """A connection that is cut when it is told to commit."""

    def __init__(self, before: Any) -> None:
        self.before = before
        self.fetchval = before.fetchval

    async def execute(self, text: str) -> None:
        """Lose the connection."""
        raise asyncpg.ConnectionDoesNotExistError(text)


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
async def test_connections_that_died_unused_fail_nobody(database: Database, workspace_id: UUID) -> None:
    express = Express(database)
    async with AsyncExitStack() as held:
        for _ in range(3):  # as many as there are
            await held.enter_async_context(express.transaction(workspace_id))
    alive = await connected(database)
    for driver in alive:
        driver.terminate()
    await stored(express, workspace_id, together(workspace_id, "one"))
    assert await types(database, workspace_id) == ["one"]


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
async def test_a_connection_lost_on_the_way_is_not_given_to_the_next(database: Database, workspace_id: UUID) -> None:
    express = Express(database)
    for _ in range(5):  # more than there are connections
        with pytest.raises(asyncpg.InterfaceError):
            await lost(express, workspace_id)
    async with database.write(workspace_id) as session:
        await session.execute(insert(events).values(told(workspace_id, "ordinary")))
    assert await types(database, workspace_id) == ["ordinary"]


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
async def test_a_transaction_left_open_takes_its_connection_with_it(
    database: Database, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    express = Express(database)
    execute = asyncpg.Connection.execute

    async def cut_short(self: Any, text: str, *given: Any, **options: Any) -> Any:
        if text == "ROLLBACK":
            raise asyncio.CancelledError
        return await execute(self, text, *given, **options)

    monkeypatch.setattr(asyncpg.Connection, "execute", cut_short)
    for _ in range(4):
        with pytest.raises(asyncio.CancelledError):
            async with express.transaction(workspace_id):
                pass
    monkeypatch.undo()
    async with database.write(workspace_id) as session:
        await session.execute(insert(events).values(told(workspace_id, "ordinary")))
    assert await types(database, workspace_id) == ["ordinary"]


async def lost(express: Express, workspace_id: UUID) -> None:
    """Lose the connection in a transaction."""
    async with express.transaction(workspace_id) as transaction:
        of_driver: Any = transaction
        of_driver.driver.terminate()
        await transaction.commit(together(workspace_id, "lost"), where(workspace_id))


async def connected(database: Database) -> list[Any]:
    """Take all connections of the pool and give them back; return what they are on the driver."""
    held = [await database.writing.raw_connection() for _ in range(3)]
    found = [connection.driver_connection for connection in held]
    for connection in held:
        connection.close()
    return found


class Disk:
    """A connection to a disk that fails when told to commit."""

    def __init__(self, message: str) -> None:
        self.message = message

    def execute(self, _text: str) -> None:
        """Fail."""
        raise sqlite3.OperationalError(self.message)


@pytest.mark.parametrize(
    ("message", "kind"), [("disk is full", sqlite3.OperationalError), ("disk I/O error", OutcomeUnknownError)]
)
def test_a_full_disk_stored_nothing_and_of_a_broken_one_nobody_knows(message: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        _commit(Disk(message))  # type: ignore[arg-type] # all that is used of a connection
