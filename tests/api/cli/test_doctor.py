"""`doctor` looks at the whole installation, and each thing that is not well says its remedy."""

import asyncio
import json
import os
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from api import marks
from api.cli import checks, database_checks, model_checks
from api.dependencies import Work
from api.jobs import TRAIN, claims
from api.risk import deciding, queries, registry, stale
from api.settings import settings
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel
from models.database import Database, owner_engine
from models.ids import uuid7
from models.mark import MarkName
from models.schema import head
from models.workspace import Workspace
from tests.api.cli.desk import Desk
from tests.api.cli.orders import asked

SECRET = "0123456789abcdef" * 3
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


def looked(desk: Desk, code: int | None = None) -> dict[str, dict[str, Any]]:
    """Run `doctor`; return its checks by name."""
    settings.cache_clear()
    result = desk.run("doctor", "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == (0 if answer["ok"] else 1) == (result.exit_code if code is None else code)
    for check in answer["checks"]:
        assert check["ok"] or len(check["remedy"]) > 15, check
    return {check["name"]: check for check in answer["checks"]}


@pytest.fixture(autouse=True)
def well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything be as it should be."""
    monkeypatch.setenv("STEADFAST_SECRET", SECRET)
    monkeypatch.setenv("STEADFAST_PUBLIC_URL", "https://feedback.example.com")
    monkeypatch.setenv("STEADFAST_METRICS_TOKEN", "a-token-only-prometheus-knows")
    settings.cache_clear()
    assert desk


def mark(name: MarkName, at: datetime) -> None:
    """Keep a mark."""

    async def keep() -> None:
        database = Database(settings().database_url, 1)
        await marks.keep(database, name, at)
        await database.close()

    asyncio.run(keep())


def change(statement: str) -> None:
    """Change the database as its owner."""

    async def execute() -> None:
        engine = owner_engine(settings().database_url)
        async with engine.begin() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(execute())


def test_a_well_installation_is_found_well(desk: Desk) -> None:
    for name in MarkName:
        mark(name, datetime.now(UTC))
    found = looked(desk, 0)
    assert [name for name, check in found.items() if not check["ok"]] == []
    names = {"settings", "secret", "public address", "proxies", "metrics", "time zones", "database", "schema"}
    names |= {"durability", "clock", "worker", "jobs", "deliveries", "backup"}
    assert names <= set(found)
    shown = desk.run("doctor").output
    assert "FAIL" not in shown
    assert "ok    schema: at 0" in shown


def test_what_can_be_lived_with_is_a_warning(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADFAST_PUBLIC_URL", "http://localhost:8000")
    monkeypatch.delenv("STEADFAST_METRICS_TOKEN")
    found = looked(desk, 0)
    warned = {name for name, check in found.items() if check["warning"]}
    assert warned == {"public address", "metrics", "worker", "backup"}
    assert "warn  backup" in desk.run("doctor").output
    mark(MarkName.BACKUP, datetime.now(UTC) - timedelta(days=30))
    assert looked(desk, 0)["backup"]["warning"]
    monkeypatch.setenv("STEADFAST_PUBLIC_URL", "https://feedback.example.com")
    monkeypatch.setenv("STEADFAST_TRUSTED_PROXIES", " ")
    assert looked(desk, 0)["proxies"]["warning"]


@on_sqlite
@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("SECRET", "short", "secret"),
        ("SECRET", "abab" * 12, "secret"),
        ("PUBLIC_URL", "http://feedback.example.com", "public address"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "proxies"),
        ("TRUSTED_PROXIES", "proxy.example.com", "settings"),
        ("PUBLIC_URL", "feedback", "settings"),
        ("METRICS_TOKEN", "short", "settings"),
        ("SECRETS", "x", "settings"),
        ("METRICS_PORT", "99999", "settings"),
    ],
)
def test_a_wrong_setting_fails_with_its_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, value: str, check: str
) -> None:
    monkeypatch.setenv(f"STEADFAST_{name}", value)
    found = looked(desk, 1)
    assert [item for item, said in found.items() if not said["ok"] and not said["warning"]] == [check]
    if check == "settings":
        assert f"STEADFAST_{name}" in found[check]["found"]


@on_sqlite
def test_a_secret_that_others_may_read_is_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk.write("secret", SECRET)
    monkeypatch.delenv("STEADFAST_SECRET")
    monkeypatch.setenv("STEADFAST_SECRET_FILE", str(file))
    file.chmod(0o644)
    assert str(file) in looked(desk, 1)["secret file"]["remedy"]
    file.chmod(0o600)
    assert looked(desk, 0)["secret file"]["ok"]
    monkeypatch.delenv("STEADFAST_SECRET_FILE")
    settings.cache_clear()
    assert settings().secret != SECRET
    kept = Path(f"{settings().database_url.removeprefix('sqlite:///')}.secret")
    kept.chmod(0o640)
    assert not looked(desk, 1)["secret file"]["ok"]


@on_sqlite
def test_a_machine_without_room_or_zones_is_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ROOM_MIB", 2**40)
    monkeypatch.setattr(checks, "available_timezones", set)
    found = looked(desk, 1)
    assert not found["room"]["ok"]
    assert "tzdata" in found["time zones"]["remedy"]

    def missing(_name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError

    monkeypatch.setattr(checks, "available_timezones", zoneinfo.available_timezones)
    monkeypatch.setattr(checks, "ZoneInfo", missing)
    assert not looked(desk, 1)["time zones"]["ok"]


def leave_job(due_at: datetime, **counts: int) -> None:
    """Leave a job that waits or runs, taken so often."""

    async def leave() -> None:
        database = Database(settings().database_url, 1)
        workspace_id = uuid7()
        async with database.write() as session:
            workspaces = Workspace.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
            row = {"id": workspace_id, "slug": str(workspace_id), "created_at": due_at}
            await session.execute(insert(workspaces).values(row))
            job = {"workspace_id": workspace_id, "job_id": uuid7(), "kind": "derive", "due_at": due_at}
            await session.execute(insert(claims).values({**job, **counts}))
        await database.close()

    asyncio.run(leave())


@pytest.mark.parametrize(
    ("counts", "well"),
    [
        ({"attempts": 500}, True),
        ({"attempts": 9, "failures": 1, "lost": 1}, True),
        ({"attempts": 9, "failures": 3}, False),
        ({"attempts": 9, "lost": 3}, False),
    ],
)
def test_a_long_job_that_takes_turns_is_well_and_one_that_gets_nowhere_is_not(
    desk: Desk, counts: dict[str, int], *, well: bool
) -> None:
    leave_job(datetime.now(UTC), **counts)
    assert looked(desk)["jobs"]["ok"] is well


async def learn_badly(work: Work) -> None:
    """Let a model serve, and leave word that none was learnt since."""
    model_id = await registry.register(work, RiskModel.prior(scorecard_for(), 0.2, 90), {}, 0, 1)
    await deciding.promote(work, model_id)
    told = {"workspace_id": work.workspace_id, "kind": TRAIN, "due_at": work.now}
    await work.session.execute(insert(stale.schedules).values(told))
    await stale.training_failed(work.session, work.workspace_id, "gave_up", datetime(2026, 5, 4, tzinfo=UTC))


async def damage(work: Work) -> None:
    """Let no model be as it was registered."""
    await work.session.execute(update(queries.models).values(sha256="00"))


def test_models_that_are_older_than_they_should_be_are_told_by_workspace(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looked(desk)["models"] == {
        "name": "models",
        "ok": True,
        "found": "none is stale",
        "remedy": None,
        "warning": False,
    }
    assert desk.run("workspace", "create", "Another").exit_code == 0
    asked(learn_badly)
    found = looked(desk, 0)["models"]
    assert (found["warning"], found["found"]) == (
        True,
        "warm-homes: no training succeeded since 2026-05-04 00:00 UTC",
    )
    asked(damage)
    found = looked(desk, 0)["models"]["found"]
    assert found.endswith(
        "; warm-homes: the model that is to serve cannot be used: the document is not the one that was registered"
    )
    monkeypatch.setattr(model_checks, "MOST_NAMED", 1)
    assert looked(desk, 0)["models"]["found"].endswith("UTC; and 1 more")


def test_a_silent_worker_stuck_jobs_and_late_deliveries_are_found(desk: Desk) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    mark(MarkName.WORKER, long_ago)
    leave_job(long_ago)
    found = looked(desk, 1)
    assert [name for name, check in found.items() if not check["ok"] and not check["warning"]] == ["worker", "jobs"]
    assert "1 waiting" in found["jobs"]["found"]


def test_a_clock_that_goes_wrong_is_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mark(MarkName.WORKER, datetime.now(UTC) + timedelta(hours=1))
    assert "behind" in looked(desk, 1)["clock"]["found"]
    mark(MarkName.WORKER, datetime.now(UTC))
    monkeypatch.setattr(database_checks, "MOST_DRIFT", timedelta(seconds=-1))
    assert not looked(desk, 1)["clock"]["ok"]


def test_a_database_with_another_schema_is_found(desk: Desk) -> None:
    change("UPDATE alembic_version SET version_num = '0001'")
    try:
        found = looked(desk, 1)
        assert "steadfast migrate" in found["schema"]["remedy"]
        assert "jobs" not in found
    finally:
        change(f"UPDATE alembic_version SET version_num = '{head()}'")  # noqa: S608 - ours


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_a_table_without_its_security_is_found(desk: Desk) -> None:
    change("ALTER TABLE customers NO FORCE ROW LEVEL SECURITY")
    try:
        assert "customers" in looked(desk, 1)["row-level security"]["found"]
    finally:
        change("ALTER TABLE customers FORCE ROW LEVEL SECURITY")
    assert looked(desk, 0)["role"]["found"] == "serving as steadfast_app"


def test_a_database_that_is_away_is_found_and_its_password_not_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEADFAST_DATABASE_URL", "postgresql://somebody:hunter2@127.0.0.1:1/none")
    settings.cache_clear()
    result = desk.run("doctor")
    assert result.exit_code == 1
    assert "Start the database" in result.output
    assert "hunter2" not in result.output
    assert os.environ["STEADFAST_DATABASE_URL"]
