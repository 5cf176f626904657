"""A word planted in every free field, then trained on, scored, told and logged, and erased: no byte is left."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.typing import EventDict

from api import errors, worker
from api.cli.learning import score_all
from api.learner import analyse, train
from api.logs import RequestLines
from api.webhooks.delivery import deliver_due
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.compacting import compact
from models.database import Database
from models.migrating import migrate
from tests.api.application import application
from tests.api.caller import Caller, ago, refusal
from tests.api.company import a_past, catalogue, tell, today
from tests.api.conftest import MakeCaller, MakeWorkspace
from tests.api.privacy.planted import (
    WITHOUT,
    plant,
    plant_a_model,
    plant_a_pulse,
    plant_decisions,
    plant_what_is_missing,
    unplanted,
)
from tests.api.webhooks.hooking import hook, set_up
from tests.api.webhooks.receiver import answering, receiving
from tests.postgres.server import PostgresServer

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CANARY = f"kanari{secrets.token_hex(6)}"
FORGETFUL = {"wal_recycle": "off", "min_wal_size": "32MB", "autovacuum": "off"}
"""A server that deletes the log it needs no more, instead of writing over it some day."""


@pytest.fixture(scope="module")
def forgetful_server() -> Iterator[PostgresServer]:
    """Start a PostgreSQL of this test's own, whose files can be looked through."""
    with PostgresServer.create(FORGETFUL) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database whose files are this test's alone."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'steadfast.db'}"
    else:
        url = request.getfixturevalue("forgetful_server").create_database(f"canary{secrets.token_hex(3)}")
    asyncio.run(migrate(url))
    return url


@pytest.fixture
async def http(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """Reach the application; what goes wrong there is an answer, not an exception of the test's."""
    transport = httpx.ASGITransport(application(database), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as client:
        yield client


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give every line that is logged from now on, as it is before it is written."""
    written: list[str] = []

    def note(_logger: object, _name: str, event: EventDict) -> EventDict:
        written.append(str(event))
        return event

    tell = RequestLines.tell

    def note_request(self: RequestLines, request_id: str, line: Mapping[str, Any]) -> None:
        written.append(str({"request_id": request_id, **line}))
        tell(self, request_id, line)

    monkeypatch.setattr(RequestLines, "tell", note_request)
    for module in (errors, worker):
        logger = module.log.bind()
        *before, render = logger._processors
        monkeypatch.setattr(logger, "_processors", [*before, note, render])
    return written


async def provoke(client: Caller) -> None:
    """Make the service refuse, so that it may be tempted to write down what it refused."""
    refusal(await client.get(f"/v1/customers/{CANARY}-nobody"), 404)
    refusal(await client.put(f"/v1/customers/{CANARY}", {"name": 7, CANARY: CANARY}), 422)
    refusal(
        await client.put(f"/v1/cases/{CANARY}-x", {"customer": f"{CANARY}-y", "need": "n", "opened_at": ago(days=1)}),
        409,
    )
    refusal(await client.ask("PUT", f"/v1/customers/{CANARY}", content=f'{{"name": "{CANARY}'.encode()), 415)
    await client.get(f"/v1/nowhere/{CANARY}")


async def canaries(url: str, folders: list[Path]) -> list[str]:
    """Give the files in which the canary is found."""
    found = []
    for path in (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()):
        data = path.read_bytes()
        if CANARY.encode() in data:
            found.append(path.name)
    assert any(folder.exists() for folder in folders), url
    return found


async def write_anew(url: str, server: PostgresServer | None) -> None:
    """Do what `steadfast compact` does, with a superuser's rights where there are roles, and let the log end."""
    if server is None:
        return
    admin = url.replace(url.split("@", maxsplit=1)[0], f"postgresql://postgres:{server.password}")
    await compact(admin, whole=True)
    connection: Any = await asyncpg.connect(admin)
    try:
        for _ in range(3):
            await connection.execute("SELECT pg_switch_wal()")
            await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


@pytest.mark.parametrize("alias", ["", "-old"], ids=["survivor", "alias"])
async def test_no_byte_is_left_of_whom_was_erased(
    alias: str,
    request: pytest.FixtureRequest,
    migrated_url: str,
    database: Database,
    client: Caller,
    caller: MakeCaller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: list[str],
    make_workspace: MakeWorkspace,
    workspace: WorkspaceSettings,
) -> None:
    set_up(monkeypatch, database_url=migrated_url, allow_private_hooks="true", hook_timeout="5")
    sqlite = migrated_url.startswith("sqlite")
    server: PostgresServer | None = None if sqlite else request.getfixturevalue("forgetful_server")
    files = [tmp_path if server is None else server.data]
    await make_workspace("Another")
    await catalogue(client)
    await tell(client, a_past(today(), customers=20))
    async with receiving(answering(500), answering(204)) as receiver:
        await hook(client, receiver, ["response.received", "case.failed", "customer.at_risk"])
        await plant(client, await caller("feedback:write"), CANARY)
        await plant_decisions(client, database, workspace.id, CANARY)
        assert await deliver_due(database) > 0
        assert any(CANARY.encode() in post.body for post in receiver.posts)
    await provoke(client)
    await analyse("warm-homes")
    await plant_what_is_missing(database, workspace.id, CANARY)
    await plant_a_model(database, workspace.id, CANARY)
    await plant_a_pulse(client, database, workspace.id, CANARY)
    summary = await train("Warm Homes", promote="yes")
    assert summary["customers"] == 22
    assert (await score_all("warm-homes"))["customers"] == 23
    assert await unplanted(database, workspace.id, CANARY) == set(WITHOUT)
    assert CANARY in (await client.get(f"/v1/customers/{CANARY}/personal-data")).text
    assert await canaries(migrated_url, files) != []
    removed = (await client.erase(f"{CANARY}{alias}"))["removed"]
    assert {"customer_versions", "assessments", "case_versions", "response_versions", "events"} <= set(removed)
    assert removed["customers"] == 2
    await work_off(database)
    await write_anew(migrated_url, server)
    assert await canaries(migrated_url, files) == []
    for name in (CANARY, f"{CANARY}-old"):
        refusal(await client.get(f"/v1/customers/{name}"), 404)
        refusal(await client.put(f"/v1/customers/{name}", {}), 409, "erased")
    assert (await client.read("/v1/customers/C-1/risk"))["model"] == summary["model"]
    assert any("/v1/customers/{reference}" in line for line in lines)
    assert [line for line in lines if CANARY in line] == []
