"""Every no has one shape, says what to do, and a database that is away is waited for, not blamed."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import sqlalchemy.exc
from fastapi import FastAPI
from sqlalchemy import event, text

from api.main import create_app
from api.problems import CODES
from api.workspaces import service as workspaces
from models.access import Scope
from models.database import Database, is_unavailable
from models.migrating import migrate
from tests.api.caller import Caller, done, refusal
from tests.postgres.server import PostgresServer

pytestmark = pytest.mark.anyio

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@on_sqlite
async def test_every_no_has_the_one_shape_and_its_code_is_explained(client: Caller) -> None:
    await client.put_customer("C-1")
    etag = {"If-Match": '"99"'}
    refusals = [
        (404, "not_found", await client.get("/v1/nowhere")),
        (404, "not_found", await client.get("/v1/customers/nobody")),
        (405, "method_not_allowed", await client.ask("DELETE", "/v1/customers/C-1")),
        (413, "too_large", await client.put("/v1/customers/C-1", {"name": "x" * 300_000})),
        (415, "unsupported_media_type", await client.ask("PUT", "/v1/customers/C-1", content="name=Ana")),
        (422, "malformed", await client.put("/v1/customers/C-1", {"name": 7})),
        (422, "in_the_future", await client.put("/v1/customers/C-1", {"occurred_at": "2199-01-01T00:00:00Z"})),
        (
            409,
            "unknown_reference",
            await client.post("/v1/departures", {"customer": "C-9", "kind": "closed", "at": "2026-01-01T00:00:00Z"}),
        ),
        (428, "precondition_required", await client.patch("/v1/workspace", {"name": "N"})),
        (412, "precondition_failed", await client.ask("PATCH", "/v1/workspace", etag, json={"name": "N"})),
        (401, "unauthenticated", await Caller(client.http).get("/v1/me")),
    ]
    page = (await client.get("/problems")).text
    for status, code, response in refusals:
        said = refusal(response, status, code)
        assert response.headers["x-request-id"] == said["request_id"]
        assert len(said["detail"]) > 15
        assert code in CODES
        assert f'id="{code}"' in page
    assert refusals[2][2].headers["allow"]


@on_sqlite
async def test_a_wrong_field_is_pointed_at_wherever_it_stands(client: Caller) -> None:
    body = {"value": {"amount": "much", "currency": "EUR"}, "since": "yesterday", "att/ri~bute": 1}
    errors = refusal(await client.put("/v1/customers/C-1", body), 422)["errors"]
    assert {error["pointer"] for error in errors} == {"/value/amount", "/since", "/att~1ri~0bute"}
    assert all(error["code"] and error["detail"] for error in errors)
    path = refusal(await client.put("/v1/customers/%20a", {}), 422)["errors"]
    assert [error["pointer"] for error in path] == ["/path/reference"]


@on_sqlite
async def test_a_request_keeps_its_own_id_and_gets_one_where_it_has_none(client: Caller) -> None:
    for path in ("/v1/me", "/v1/nowhere", "/livez"):
        own = await client.ask("GET", path, {"X-Request-ID": "crm-17/a"})
        assert own.headers["x-request-id"] == "crm-17/a"
        for odd in ("", "x" * 200, "a b", "<script>"):
            given = (await client.ask("GET", path, {"X-Request-ID": odd})).headers["x-request-id"]
            assert len(given) == 36
            assert given != odd


@on_sqlite
async def test_a_fault_of_ours_tells_the_caller_its_id_and_not_our_secrets(
    app: FastAPI, client: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(*_: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("api.customers.service.read_customer", break_down)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        response = await Caller(http, client.key).ask("GET", "/v1/customers/C-1", {"X-Request-ID": "mine"})
    said = refusal(response, 500, "internal_error")
    assert (said["request_id"], response.headers["x-request-id"], said["retryable"]) == ("mine", "mine", False)
    assert "hunter2" not in response.text


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        sqlalchemy.exc.TimeoutError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.TooManyConnectionsError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.InterfaceError("connection is closed"),
        sqlalchemy.exc.OperationalError("", None, Exception()),
    ],
    ids=lambda error: f"{type(error).__module__}.{type(error).__name__}",
)
def test_a_database_that_cannot_be_asked_is_known_by_every_error_it_gives(error: Exception) -> None:
    assert is_unavailable(error) is True


def test_a_server_that_stops_or_starts_is_known_by_its_code_however_it_is_wrapped() -> None:
    def wrapped(code: str | None) -> sqlalchemy.exc.DBAPIError:
        origin = Exception()
        origin.sqlstate = code  # type: ignore[attr-defined] # as the driver's errors have one
        return sqlalchemy.exc.DBAPIError("", None, origin)

    assert [is_unavailable(wrapped(code)) for code in ("57P03", "57P01", "53300", "08006")] == [True] * 4
    assert [is_unavailable(wrapped(code)) for code in ("23505", "42P01", None)] == [False] * 3


async def sqlite_error(database: Database, statement: str) -> Exception:
    """Give what a statement that SQLite refuses raises."""
    with pytest.raises(sqlalchemy.exc.OperationalError) as refused:
        async with database.read() as session:
            await session.execute(text(statement))
    return refused.value


@on_sqlite
async def test_only_an_sqlite_file_that_cannot_be_asked_just_now_is_unavailable(
    database: Database, tmp_path: Path
) -> None:
    for mistake in ("SELECT * FROM nowhere", "SELECT nothing", "SELECT ("):
        assert is_unavailable(await sqlite_error(database, mistake)) is False
    folder = Database(f"sqlite:///{tmp_path}")
    assert is_unavailable(await sqlite_error(folder, "SELECT 1")) is True
    await folder.close()
    with sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        hasty = sqlite3.connect(database.url.removeprefix("sqlite:///"), timeout=0)
        with pytest.raises(sqlite3.OperationalError) as locked:
            hasty.execute("BEGIN IMMEDIATE")
        hasty.close()
        other.execute("ROLLBACK")
    other.close()
    assert is_unavailable(sqlalchemy.exc.OperationalError("", None, locked.value)) is True
    for code in (sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_LOCKED):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = code
        assert is_unavailable(sqlalchemy.exc.OperationalError("", None, error)) is True


@pytest.mark.parametrize(
    "cause",
    [
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.CrashShutdownError("terminating connection because of crash of another server process"),
        asyncpg.DeadlockDetectedError("deadlock detected"),
    ],
    ids=lambda cause: type(cause).__name__,
)
def test_what_the_driver_said_is_seen_through_its_wrapper(cause: Exception) -> None:
    wrapped = Exception(str(cause))
    wrapped.__cause__ = cause
    assert is_unavailable(sqlalchemy.exc.DBAPIError("SELECT 1", None, wrapped)) is True


def test_a_wrong_question_is_not_the_databases_absence() -> None:
    wrapped = Exception()
    wrapped.__cause__ = asyncpg.UndefinedColumnError("no such column")
    wrong = sqlalchemy.exc.DBAPIError("SELECT 1", None, wrapped)
    for error in (sqlalchemy.exc.IntegrityError("", None, Exception()), wrong, KeyError(), ValueError()):
        assert is_unavailable(error) is False


@asynccontextmanager
async def serving(database: Database, key: str | None) -> AsyncIterator[Caller]:
    """Serve a database to a caller, faults of ours answered as they would be."""
    transport = httpx.ASGITransport(create_app(database), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        yield Caller(http, key)


async def refused_as_unavailable(caller: Caller) -> None:
    """Ask, write and look whether the service is ready: all must say that the database is away."""
    assert done(await caller.get("/livez")) == {"status": "ok"}
    answers = [
        await caller.get("/readyz"),
        await caller.get("/v1/customers"),
        await caller.put("/v1/customers/C-2", {}),
        await caller.post("/v1/customers/bulk", [{"reference": "C-2"}], idempotency_key="k"),
    ]
    for answer in answers:
        assert refusal(answer, 503, "unavailable")["retryable"] is True
        assert int(answer.headers["retry-after"]) >= 1


async def until_ready(caller: Caller) -> None:
    """Ask until the service says it is ready, at most ten seconds."""
    for _ in range(100):
        if (await caller.get("/readyz")).is_success:
            return
        await asyncio.sleep(0.1)
    pytest.fail("the service did not come back by itself")


async def test_a_stopped_postgresql_is_a_503_and_comes_back_without_a_restart() -> None:
    with PostgresServer.create() as server:
        url = server.create_database("steadfast")
        await migrate(url)
        database = Database(url, pool_size=3)
        now = datetime.now(UTC)
        async with database.write() as session:
            workspace = await workspaces.create_workspace(session, "Warm Homes", now)
            key = await workspaces.create_key(session, workspace.id, [Scope.ADMIN], now)
        async with serving(database, key.key) as caller:
            await asyncio.gather(*[caller.put_customer(f"C-{number}") for number in range(6)])
            server.stop(immediate=True)
            await refused_as_unavailable(caller)
            server.start()
            await until_ready(caller)
            await asyncio.gather(*[caller.put_customer(f"D-{number}") for number in range(6)])
            assert len(await caller.read_all("/v1/customers")) == 12
        await database.close()


def take_away(path: Path) -> Path:
    """Move a database's files away and leave in their place what no database can be; give where they are."""
    away = path.parent / "away"
    away.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        shutil.move(file, away)
    path.mkdir()
    return away


def bring_back(path: Path, away: Path) -> None:
    """Move a database's files back."""
    path.rmdir()
    for file in away.iterdir():
        shutil.move(file, path.parent)


@on_sqlite
async def test_a_lost_sqlite_file_is_a_503_and_comes_back_without_a_restart(client: Caller, database: Database) -> None:
    await client.put_customer("C-1")
    await database.close()
    path = Path(database.url.removeprefix("sqlite:///"))
    away = take_away(path)
    async with serving(database, client.key) as caller:
        await refused_as_unavailable(caller)
        bring_back(path, away)
        assert [item["reference"] for item in await caller.read_all("/v1/customers")] == ["C-1"]
        await caller.put_customer("C-2")


@on_sqlite
async def test_a_full_disk_is_a_507_and_nothing_of_the_request_is_stored(client: Caller, database: Database) -> None:
    await client.put_customer("C-1")
    async with database.write() as session:
        pages = await session.scalar(text("PRAGMA page_count"))
        await session.execute(text(f"PRAGMA max_page_count = {pages}"))
    rows = [{"reference": f"F-{number}", "attributes": {"a": "x" * 1000}} for number in range(200)]
    refusal(await client.post("/v1/customers/bulk", rows), 507, "no_room")
    async with database.write() as session:
        await session.execute(text("PRAGMA max_page_count = 1000000"))
    assert len(await client.read_all("/v1/customers")) == 1
    assert done(await client.post("/v1/customers/bulk", rows))["accepted"] == 200


async def test_a_pool_without_a_free_connection_is_a_503(client: Caller, database: Database) -> None:
    small = Database(database.url, pool_size=1)
    for engine in (small.reading, small.writing):
        engine.sync_engine.pool._timeout = 0.05  # type: ignore[attr-defined] # QueuePool's
    try:
        async with serving(small, client.key) as caller, small.read() as held:
            await held.execute(text("SELECT 1"))
            refusal(await caller.get("/v1/customers"), 503, "unavailable")
        async with serving(small, client.key) as caller:
            assert await caller.read_all("/v1/customers") == []
    finally:
        await small.close()


async def test_a_driver_error_without_a_wrapper_is_a_503(client: Caller, database: Database) -> None:
    def fail(*_: Any) -> None:
        raise asyncpg.CannotConnectNowError("the database system is starting up")

    event.listen(database.reading.sync_engine, "begin", fail)
    try:
        async with serving(database, client.key) as caller:
            refusal(await caller.get("/v1/customers"), 503, "unavailable")
            refusal(await caller.get("/readyz"), 503, "unavailable")
    finally:
        event.remove(database.reading.sync_engine, "begin", fail)
