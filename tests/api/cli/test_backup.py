"""Backups: taken while others write, whole or refused, and nobody erased comes back with one."""

import asyncio
import json
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from api.cli.keeping import _backup
from api.privacy.ledger import read_ledger
from api.settings import settings
from models.archives.manifest import ArchiveReader
from models.database import Database
from models.tables import metadata
from tests.api.application import application
from tests.api.caller import Caller, ago, done, refusal
from tests.api.cli.desk import WORKSPACE, Desk
from tests.api.cli.older import made_since
from tests.postgres.server import PostgresServer

Row = dict[str, Any]
ROUNDS = 10


@pytest.fixture
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Let a test have new, empty places to restore into: `places("sqlite")`."""
    made: list[str] = []

    def place(store: str) -> str:
        name = f"restored_{uuid.uuid4().hex}"
        if store == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        server: PostgresServer = request.getfixturevalue("postgres_server")
        made.append(name)
        return server.create_database(name)

    yield place
    for name in made:
        request.getfixturevalue("postgres_server").drop_database(name)


@pytest.fixture
def go_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a test turn to another database."""

    def go(url: str) -> None:
        monkeypatch.setenv("STEADFAST_DATABASE_URL", url)
        settings.cache_clear()

    return go


def said(desk: Desk, *arguments: str | Path) -> Row:
    """Run a command that succeeds; return the JSON it printed."""
    result = desk.run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    answer: Row = json.loads(result.stdout)
    return answer


def calling(desk: Desk, ask: Callable[[Caller], Any]) -> Any:
    """Call the service on the database the settings name, with a key made for it."""
    key = said(desk, "keys", "create", "--workspace", WORKSPACE, "--scope", "admin")["key"]

    async def call() -> Any:
        database = Database(settings().database_url)
        try:
            transport = httpx.ASGITransport(application(database))
            async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
                return await ask(Caller(http, key))
        finally:
            await database.close()

    return asyncio.run(call())


async def contents(url: str) -> dict[str, list[str]]:
    """Give every row of every table of the one workspace there is."""
    database = Database(url)
    try:
        async with database.read() as session:
            workspace = (await session.execute(select(metadata.tables["workspaces"]))).one()
        async with database.read(workspace.id) as session:
            return {
                name: sorted(map(repr, (await session.execute(select(table))).all()))
                for name, table in metadata.tables.items()
            }
    finally:
        await database.close()


async def fill(client: Caller) -> None:
    """Put one of everything into the workspace, text that is no ASCII included."""
    await client.put_customer("C-1", name='Ana "Ä" \\ 名', attributes={"a": [1, 2.5, None, {"b": "\t\n\x01\x02"}]})
    await client.put_case("K-1", "C-1", handovers=2, attributes={"ok": True})
    await client.promise("K-1", "visit")
    await client.catalogue("rude")
    await client.observe("K-1", "rude")
    await client.respond("K-1", satisfaction=1, answers={"comment": "ünd\\n"})
    await client.offer_role("P-1")
    body = {"customer": "C-1", "kind": "closed", "at": ago(days=1)}
    done(await client.post("/v1/departures", body, idempotency_key="k"))


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_backup_of_either_database_is_restored_into_either(
    desk: Desk, places: Callable[[str], str], go_to: Callable[[str], None], store: str
) -> None:
    calling(desk, fill)
    before = asyncio.run(contents(settings().database_url))
    assert sum(map(len, before.values())) > 20
    made = said(desk, "backup", "kept.zip")
    assert Path("kept.zip").stat().st_mode & 0o077 == 0
    assert list(Path().glob(".kept*")) == []
    target = places(store)
    go_to(target)
    restored = said(desk, "restore", "kept.zip", "--no-tombstones")
    assert restored == {**{name: made[name] for name in ("rows", "schema", "started_at")}, "erased_again": 0}
    assert asyncio.run(contents(target)) == before
    assert calling(desk, lambda client: client.read("/v1/customers/C-1"))["name"] == 'Ana "Ä" \\ 名'
    again = desk.run("restore", "kept.zip", "--no-tombstones")
    assert again.exit_code == 1
    assert "holds a workspace already" in again.output


def test_every_answer_given_before_a_backup_began_is_in_it(
    desk: Desk, places: Callable[[str], str], go_to: Callable[[str], None]
) -> None:
    source = settings().database_url
    store = source.partition(":")[0]
    acknowledged: list[str] = []
    enough = asyncio.Event()

    async def write(client: Caller, writer: int, stop: asyncio.Event) -> None:
        number = 0
        while not stop.is_set():
            name = f"C-{writer}-{number}"
            await client.put_customer(name, name=name)
            acknowledged.append(name)
            number += 1
            if number == ROUNDS:
                enough.set()

    async def under_load(client: Caller) -> list[str]:
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for writer in range(4):
                group.create_task(write(client, writer, stop))
            await enough.wait()
            before = list(acknowledged)
            await _backup(Path("kept.zip"))
            during = len(acknowledged) - len(before)
            stop.set()
        assert during > 0
        return before

    before = calling(desk, under_load)
    go_to(places(store))
    said(desk, "restore", "kept.zip", "--no-tombstones")
    rows = calling(desk, lambda client: client.read_all("/v1/customers", limit=1000))
    names = {row["reference"] for row in rows}
    assert set(before) - names == set()
    assert all(row["name"] == row["reference"] for row in rows)


def test_nobody_erased_since_comes_back_with_a_backup(
    desk: Desk, places: Callable[[str], str], go_to: Callable[[str], None], migrated_url: str
) -> None:
    async def tell(client: Caller) -> None:
        await fill(client)
        for name in ("C-before", "C-back", "C-stays"):
            await client.put_customer(name, name=f"{name} Ana")
        await client.erase("C-before")

    async def erase(client: Caller) -> None:
        await client.erase("C-1")
        await client.erase("C-back")
        done(await client.post("/v1/customers/C-back/personal-data/readmit"))

    calling(desk, tell)
    said(desk, "backup", "kept.zip")
    calling(desk, erase)
    assert said(desk, "tombstones", "export", "stones.ndjson")["tombstones"] == 5
    assert "C-1" not in Path("stones.ndjson").read_text(encoding="utf-8")
    target = places("sqlite" if migrated_url.startswith("sqlite") else "postgresql")
    go_to(target)
    unsaid = desk.run("restore", "kept.zip")
    assert (unsaid.exit_code, "erased" in unsaid.output) == (2, True)
    answer = said(desk, "restore", "kept.zip", "--tombstones", "stones.ndjson")
    assert answer["erased_again"] == 2
    assert said(desk, "tombstones", "apply", "stones.ndjson")["erased_again"] == 0

    async def look(client: Caller) -> None:
        names = {row["reference"] for row in await client.read_all("/v1/customers")}
        assert names == {"C-stays"}
        refusal(await client.put("/v1/customers/C-1", {}), 409, "erased")
        refusal(await client.put("/v1/customers/C-before", {}), 409, "erased")
        refusal(await client.put("/v1/cases/K-1", {"customer": "C-stays"}), 409, "erased")
        await client.put_customer("C-back", name="Ana who came back")
        [case] = await client.read_all("/v1/cases")
        assert case["attributes"] == {}
        actions = [row["action"] for row in await client.read_all("/v1/audit")]
        assert actions.count("personal_data.erased_again") == 2

    calling(desk, look)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_an_erasure_is_noted_beside_an_sqlite_database_and_found_by_a_restore(desk: Desk) -> None:
    calling(desk, lambda client: client.put_customer("C-1", name="Ana"))
    said(desk, "backup", "kept.zip")
    calling(desk, lambda client: client.erase("C-1"))
    path = Path(settings().database_url.removeprefix("sqlite:///"))
    noted = Path(f"{path}.tombstones")
    assert [(entry.kind, entry.state) for entry in read_ledger(noted)] == [("customer", "erased")]
    assert noted.stat().st_mode & 0o077 == 0
    path.unlink()
    log = Path(f"{path}-wal")
    log.write_bytes(b"what was told last")
    left = desk.run("restore", "kept.zip")
    assert (left.exit_code, "Move it along" in left.output.replace("\n", " ")) == (1, True)
    log.unlink()
    assert said(desk, "restore", "kept.zip")["erased_again"] == 1
    assert calling(desk, lambda client: client.read_all("/v1/customers")) == []


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_what_is_no_whole_backup_is_refused_and_nothing_is_left(
    desk: Desk, places: Callable[[str], str], go_to: Callable[[str], None]
) -> None:
    calling(desk, fill)
    said(desk, "backup", "kept.zip")
    whole = Path("kept.zip").read_bytes()
    desk.write("cut.zip", whole[: len(whole) // 2])
    desk.write("text.zip", "not a backup")
    damaged = bytearray(whole)
    for place in range(len(whole) // 3, len(whole) // 3 + 64):  # one bit among zeros can say what it said before
        damaged[place] ^= 1
    desk.write("damaged.zip", bytes(damaged))
    _with_manifest("kept.zip", "newer.zip", schema="9999")
    _with_manifest("kept.zip", "strange.zip", tables={'x"; --': 1})
    _with_manifest("kept.zip", "later.zip", format=2)
    _with_manifest("kept.zip", "other.zip", secret_check="0" * 16)
    target = places("sqlite")
    go_to(target)
    expected = {
        "cut.zip": "no whole backup",
        "text.zip": "no whole backup",
        "damaged.zip": "no whole backup",
        "strange.zip": "no whole backup",
        "later.zip": "format 2",
        "newer.zip": "9999",
        "other.zip": "another STEADFAST_SECRET",
    }
    for name, reason in expected.items():
        result = desk.run("restore", name, "--no-tombstones")
        assert (result.exit_code, reason in result.output.replace("\n", " ")) == (1, True), (name, result.output)
        assert not Path(target.removeprefix("sqlite:///")).exists()
    desk.write("bad.ndjson", '{"workspace": "x"}\n')
    for asked in (("restore", "kept.zip", "--tombstones", "bad.ndjson"), ("tombstones", "apply", "bad.ndjson")):
        bad = desk.run(*asked)
        assert (bad.exit_code, "line 1 is no tombstone" in bad.output) == (1, True)
    assert said(desk, "restore", "other.zip", "--no-tombstones", "--secret-lost")["erased_again"] == 0
    assert desk.run("backup", "nowhere/kept.zip").exit_code == 2


def test_a_backup_that_breaks_off_in_the_middle_of_a_table_is_refused_whole(
    desk: Desk, places: Callable[[str], str], go_to: Callable[[str], None]
) -> None:
    calling(desk, fill)
    said(desk, "backup", "kept.zip")
    reader = ArchiveReader(Path("kept.zip"))
    store = reader.manifest.store
    _with_manifest("kept.zip", "short.zip", tables={**reader.manifest.tables, "customers": 7})
    reader.close()
    target = places("postgresql" if store == "sqlite" else "sqlite")
    go_to(target)
    result = desk.run("restore", "short.zip", "--no-tombstones")
    assert (result.exit_code, "7 rows of customers" in result.output.replace("\n", " ")) == (1, True), result.output
    assert said(desk, "restore", "kept.zip", "--no-tombstones")["rows"] > 10


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_an_older_backup_is_restored_and_brought_to_the_newest_schema(
    desk: Desk, places: Callable[[str], str], go_to: Callable[[str], None]
) -> None:
    calling(desk, fill)
    said(desk, "backup", "kept.zip")
    reader = ArchiveReader(Path("kept.zip"))
    older = {name: rows for name, rows in reader.manifest.tables.items() if name not in made_since("0009")}
    _with_manifest("kept.zip", "older.zip", schema="0009", tables=older)
    for store in ("postgresql", "sqlite"):
        go_to(places(store))
        assert desk.run("migrate").exit_code == 0
        assert said(desk, "restore", "older.zip", "--no-tombstones")["schema"] == "0009"
        assert calling(desk, lambda client: client.erase("C-1"))["removed"]["customers"] == 1


def _with_manifest(source: str, target: str, **changed: Any) -> None:
    """Copy a backup with another manifest."""
    shutil.copy(source, target)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json":
                data = json.dumps({**json.loads(data), **changed}).encode()
            new.writestr(name, data)


def test_compacting_is_offered_as_a_command(desk: Desk) -> None:
    assert said(desk, "compact") == {"compacted": True}
