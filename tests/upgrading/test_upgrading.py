"""A database that an earlier release left is brought to the newest schema, and tells what it told before.

`python -m tests.upgrading.recording` records a release; this goes through every recording on both databases.
"""

import asyncio
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from alembic import command
from sqlalchemy import Connection, column, func, insert, make_url, select, table, text
from sqlalchemy.types import NullType

from ml.protected import is_protected
from ml.same_events import features_of
from models import migrating
from models.database import Database, owner_engine
from models.schema import head, is_at_head
from tests.api.application import application
from tests.api.caller import Caller, done
from tests.chaos.served import SECRET
from tests.postgres.server import PostgresServer
from tests.upgrading.recording import A_PAGE, FOLDER, KINDS, read, takes_limit

RECORDINGS = sorted(FOLDER.glob("*.json"))
MOVED = {"observation_versions": "rule_observations"}
"""Tables some of whose rows an upgrade moves, each with the table that has them then; their heads go."""
CHANGING = {"version", "request_id", "reason_text"}
"""What an upgrade may tell anew: a version it appends, and words made of the figures that stand beside them."""
FIGURES_OF_RISK = {"risk", "low", "high", "expected_loss"}
"""Told anew where a rule of the release's catalogue reads a protected trait, which enters a risk no more."""
FIGURE_WITHOUT = {"risk_without"}
"""Told anew where a rule asks for events that features count too: those go with the condition."""


def migrate_to(connection: Connection, revision: str) -> None:
    """Make the schema of a release."""
    if connection.dialect.name == "postgresql":
        migrating._ensure_role(connection)
    made = migrating.config()
    made.attributes["connection"] = connection
    command.upgrade(made, revision)


def load(connection: Connection, recording: dict[str, Any]) -> None:
    """Put the rows of a recording in, parents and children in any order."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
    for name, found in recording["tables"].items():
        kinds = found["columns"]
        target = table(name, *(column(each, KINDS.get(kind, NullType())) for each, kind in kinds.items()))
        rows = [
            {each: read(value, kinds[each]) for each, value in zip(kinds, row, strict=True)} for row in found["rows"]
        ]
        connection.execute(insert(target), rows)


async def restore(url: str, recording: dict[str, Any]) -> None:
    """Bring a database to where a release left it; `url` is the superuser's on PostgreSQL, whom no policy binds."""
    engine = owner_engine(url)
    async with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            await connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        await connection.run_sync(load, recording)
    await engine.dispose()


async def make_schema(url: str, revision: str) -> None:
    """Make the schema of a release as its owner."""
    engine = owner_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(migrate_to, revision)
    await engine.dispose()


async def counts(url: str, names: list[str]) -> dict[str, int]:
    """Count the rows of tables, as whoever may see them all."""
    engine = owner_engine(url)
    async with engine.connect() as connection:
        found = {name: await connection.scalar(select(func.count()).select_from(table(name))) or 0 for name in names}
    await engine.dispose()
    return found


def steadfast_migrate(url: str) -> str:
    """Upgrade as an operator does."""
    environment = {**os.environ, "STEADFAST_DATABASE_URL": url, "STEADFAST_SECRET": SECRET}
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "migrate", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    revision: str = json.loads(done.stdout)["revision"]
    return revision


def told_otherwise(before: Any, after: Any, changing: set[str], where: str = "") -> list[str]:
    """Name what is not as it was, but for what may change; what is new is no change."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            problem
            for name, value in before.items()
            if name not in changing
            for problem in (
                told_otherwise(value, after[name], changing, f"{where}/{name}")
                if name in after
                else [f"{where}/{name} is gone"]
            )
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [problem for place, pair in pairs for problem in told_otherwise(*pair, changing, f"{where}/{place}")]
    return [] if before == after else [f"{where}: {before!r} became {after!r}"]


def arranged(observations: list[Any]) -> dict[str, Any]:
    """Give what was seen by what names it: what a rule saw keeps its reference, not its id, nor its place in a list."""
    by_rule = [item for item in observations if str(item["reference"]).startswith("rule:")]
    told = {item["id"]: item for item in observations if item not in by_rule}
    return told | {item["reference"]: {**item, "id": None} for item in by_rule}


def rules_of(recording: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the rules of the catalogue."""
    catalogue = recording["tables"]["condition_versions"]
    place = list(catalogue["columns"]).index("rule")
    return [row[place] for row in catalogue["rows"] if row[place] is not None]


def figures_anew(recording: dict[str, Any]) -> set[str]:
    """Give the figures of a risk that are told anew by what the rules of the catalogue ask for."""
    rules = rules_of(recording)
    traits = any(is_protected(asked["field"]) for rule in rules for asked in rule.get("all", []))
    counted = any(features_of(rule) for rule in rules)
    return (FIGURES_OF_RISK if traits else set()) | (FIGURE_WITHOUT if counted else set())


def seen_by_rules(recording: dict[str, Any]) -> int:
    """Count the heads of what rules saw: a release that keeps it apart has none of them."""
    heads = recording["tables"]["observations"]
    place = list(heads["columns"]).index("reference")
    return sum(str(row[place]).startswith("rule:") for row in heads["rows"])


async def tell_again(url: str, recording: dict[str, Any]) -> dict[str, list[str]]:
    """Ask the upgraded database what the release was asked; give what is told otherwise, by path."""
    database = Database(url, pool_size=2)
    app = application(database)
    transport = httpx.ASGITransport(app)
    told = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        caller = Caller(http, recording["key"])
        for path, before in recording["answers"].items():
            paged = path in app.openapi()["paths"] and takes_limit(app, path)
            after = done(await caller.ask("GET", f"{path}?limit={A_PAGE}" if paged else path))
            if path == "/v1/observations":
                after = arranged(await caller.read_all(path))
            expected = arranged(before["items"]) if path == "/v1/observations" else before
            changing = CHANGING | (figures_anew(recording) if "/risk?" in path else set())
            if differences := told_otherwise(expected, after, changing):
                told[path] = differences
        done(await caller.put("/v1/customers/C-1", {"name": "Still there"}))
    await database.close()
    return told


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Give the URL of an empty database for its owner, and for whoever may do everything in it."""
    if request.param == "sqlite":
        return (f"sqlite:///{tmp_path / 'steadfast.db'}",) * 2
    url = str(request.getfixturevalue("empty_postgres_url"))
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return url, server.url(str(make_url(url).database), superuser=True)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_what_a_release_left_is_upgraded_and_tells_what_it_told(path: Path, urls: tuple[str, str]) -> None:
    recording = json.loads(path.read_text(encoding="utf-8"))
    url, everything = urls
    asyncio.run(make_schema(url, recording["revision"]))
    asyncio.run(restore(everything, recording))
    before = asyncio.run(counts(everything, list(recording["tables"])))
    assert before == {name: len(found["rows"]) for name, found in recording["tables"].items()}
    assert steadfast_migrate(url) == head()
    assert asyncio.run(is_at_head(url)) is True
    after = asyncio.run(counts(everything, [*recording["tables"], *MOVED.values()]))
    fewer = {name: rows - after[name] for name, rows in before.items() if after[name] < rows}
    moved = {name: after[target] for name, target in MOVED.items() if target not in before}
    assert fewer == {**moved, **({"observations": seen_by_rules(recording)} if moved else {})}
    with time_machine.travel(datetime.fromisoformat(recording["at"]), tick=True):
        assert asyncio.run(tell_again(url, recording)) == {}


def test_there_is_a_recording_to_go_through() -> None:
    assert [path.stem for path in RECORDINGS]
