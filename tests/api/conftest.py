"""What every test of the API may ask for: the application on either store, a workspace, keys, and who holds them.

Each test begins with an empty migrated database. The lifespan does not run: jobs are worked off by the test that wants
them (`api.worker.work_off`).
"""

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from fastapi import FastAPI

from api.feedback.service import publish_templates
from api.risk.stale import refusals
from api.settings import PREFIX, settings
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from models.access import Scope
from models.database import Database
from models.migrating import migrate
from tests.api.application import application
from tests.api.caller import Caller
from tests.api.engines import opened
from tests.postgres.emptying import Emptied
from tests.postgres.server import PostgresServer


class MakeWorkspace(Protocol):
    """Makes a workspace as `steadfast workspace create` does."""

    def __call__(self, name: str) -> Awaitable[WorkspaceSettings]:
        """Return the new workspace."""


class MakeKey(Protocol):
    """Makes an API key."""

    def __call__(
        self, *scopes: Scope | str, of: WorkspaceSettings | None = None, expires_at: datetime | None = None
    ) -> Awaitable[str]:
        """Return the key with these scopes, of `workspace` unless another is named."""


class MakeCaller(Protocol):
    """Makes somebody who calls."""

    def __call__(self, *scopes: Scope | str, of: WorkspaceSettings | None = None) -> Awaitable[Caller]:
        """Return a caller whose key has these scopes; of `workspace` unless another is named."""


@pytest.fixture(autouse=True)
def nothing_refused() -> None:
    """Begin with no refused model remembered, as a new process does."""
    refusals.__init__()  # type: ignore[misc]


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the settings of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STEADFAST_SECRET", "a secret that only tests know")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """Name the migrated PostgreSQL database that `postgres_url` copies here."""
    return postgres_server.create_template("head", lambda url: asyncio.run(migrate(url)))


@pytest.fixture(scope="session")
def worker_database(postgres_server: PostgresServer, postgres_template: str) -> Iterator[Emptied]:
    """Give the migrated PostgreSQL database that the tests of this worker use one after the other."""
    name = f"api_{uuid.uuid4().hex}"
    postgres_server.create_database(name, template=postgres_template)
    emptied = Emptied(postgres_server, name)
    yield emptied
    emptied.close()
    postgres_server.drop_database(name)


@pytest.fixture
def emptied_postgres_url(postgres_server: PostgresServer, worker_database: Emptied) -> str:
    """Give the URL of a migrated PostgreSQL database without a row: emptying takes 10 ms, a copy half a second."""
    worker_database.empty()
    return postgres_server.url(worker_database.name)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the migrated SQLite database that each test gets a copy of."""
    path = tmp_path_factory.mktemp("migrated") / "head.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty migrated database, on each store in turn."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("emptied_postgres_url"))
    copy = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "steadfast.db")
    return f"sqlite:///{copy}"


@pytest.fixture
async def database(
    migrated_url: str,
    anyio_backend: str,  # noqa: ARG001 - asked for so that tests that are not asynchronous can have it too
) -> AsyncIterator[Database]:
    """Open this test's database as the service does."""
    database = opened(migrated_url, pool_size=5)
    yield database
    await database.close()


@pytest.fixture
def app(database: Database) -> FastAPI:
    """Give the application on this test's database."""
    return application(database)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Reach the application without a network and without a key."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as client:
        yield client


@pytest.fixture
def make_workspace(database: Database) -> MakeWorkspace:
    """Let a test make workspaces."""

    async def make(name: str) -> WorkspaceSettings:
        now = datetime.now(UTC)
        async with database.write() as session:
            made = await workspaces.create_workspace(session, name, now)
            await publish_templates(session, made.id, now)
        return made

    return make


@pytest.fixture
async def workspace(make_workspace: MakeWorkspace) -> WorkspaceSettings:
    """Make the workspace that keys and callers belong to unless another is named."""
    return await make_workspace("Warm Homes")


@pytest.fixture
def key(database: Database, workspace: WorkspaceSettings) -> MakeKey:
    """Let a test make keys: `await key("records:write")`."""

    async def make(
        *scopes: Scope | str, of: WorkspaceSettings | None = None, expires_at: datetime | None = None
    ) -> str:
        where, wanted = (of or workspace).id, [Scope(scope) for scope in scopes]
        async with database.write(where) as session:
            made = await workspaces.create_key(session, where, wanted, datetime.now(UTC), expires_at=expires_at)
        return made.key

    return make


@pytest.fixture
def caller(http: httpx.AsyncClient, key: MakeKey) -> MakeCaller:
    """Let a test make callers: `await caller("roles:support")`, `await caller("admin", of=other)`."""

    async def make(*scopes: Scope | str, of: WorkspaceSettings | None = None) -> Caller:
        return Caller(http, await key(*scopes, of=of))

    return make


@pytest.fixture
async def client(caller: MakeCaller) -> Caller:
    """Give a caller who may do everything in `workspace`."""
    return await caller(Scope.ADMIN)


@pytest.fixture
def stranger(http: httpx.AsyncClient) -> Caller:
    """Give a caller without a key."""
    return Caller(http)
