"""`doctor`: is this installation well? Each failing check says its remedy."""

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import func, make_url, select, text

from api.cli.console import FAILED, AsJson, now, run, safe_url, show
from api.jobs import claims
from api.settings import settings
from models.database import APP_ROLE, Database, is_sqlite, is_unavailable
from models.schema import head, is_at_head

ROOM_MIB = 500
SHORTEST_SECRET = 32
LATE_JOB_SECONDS = 3600


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    remedy: str | None


def doctor(as_json: AsJson = False) -> None:
    """Look at settings, database, schema, room and waiting jobs."""
    checks = run(_examine)
    well = all(check.ok for check in checks)
    lines = [f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.found}" for check in checks]
    lines = [
        line if check.ok or check.remedy is None else f"{line}\n      {check.remedy}"
        for line, check in zip(lines, checks, strict=True)
    ]
    show({"ok": well, "checks": [asdict(check) for check in checks]}, as_json=as_json, text="\n".join(lines))
    if not well:
        raise typer.Exit(FAILED)


async def _examine() -> list[Check]:
    checks = [_secret(), _address()]
    reached = await _reached()
    checks.append(reached)
    if not reached.ok:
        return checks
    schema = await _schema()
    checks.append(schema)
    if is_sqlite(settings().database_url):
        checks.append(_room())
    if schema.ok:
        checks += await _serving()
    return checks


def _secret() -> Check:
    long_enough = len(settings().secret) >= SHORTEST_SECRET
    found = "kept" if long_enough else f"only {len(settings().secret)} characters"
    return Check("secret", long_enough, found, "Set STEADFAST_SECRET to the output of `openssl rand -hex 32`.")


def _address() -> Check:
    url = settings().public_url
    ok = url.startswith(("https://", "http://127.0.0.1", "http://localhost"))
    return Check("public address", ok, url, "Serve over https and set STEADFAST_PUBLIC_URL to that address.")


async def _reached() -> Check:
    remedy = "Start the database, or correct STEADFAST_DATABASE_URL."
    try:
        await is_at_head(settings().database_url)
    except Exception as error:
        if not is_unavailable(error):
            raise
        return Check("database", ok=False, found=f"{safe_url()} does not answer: {error}", remedy=remedy)
    return Check("database", ok=True, found=f"{safe_url()} answers", remedy=None)


async def _schema() -> Check:
    newest = await is_at_head(settings().database_url)
    found = f"at {head()}" if newest else f"not at {head()}"
    return Check("schema", newest, found, "Run `steadfast migrate`.")


def _room() -> Check:
    folder = Path(make_url(settings().database_url).database or ".").resolve().parent
    free = shutil.disk_usage(folder).free // 2**20
    return Check("room", free >= ROOM_MIB, f"{free} MiB free", f"Free at least {ROOM_MIB} MiB in {folder}.")


async def _serving() -> list[Check]:
    database = Database(settings().database_url, 1)
    looks: list[Callable[[Database], Awaitable[Check]]] = [_durable if database.sqlite else _role, _jobs]
    try:
        return [await look(database) for look in looks]
    finally:
        await database.close()


async def _durable(database: Database) -> Check:
    async with database.read() as session:
        level: Any = await session.scalar(text("PRAGMA synchronous"))
        mode: Any = await session.scalar(text("PRAGMA journal_mode"))
    ok = mode == "wal" and int(level) >= 2  # noqa: PLR2004 - 2 is FULL
    return Check("durability", ok, f"journal {mode}, synchronous {level}", "Keep the file on a local disk.")


async def _role(database: Database) -> Check:
    async with database.read() as session:
        role: Any = await session.scalar(text("SELECT current_user"))
    return Check("role", role == APP_ROLE, f"serving as {role}", "Run `steadfast migrate` as the database's owner.")


async def _jobs(database: Database) -> Check:
    async with database.read() as session:
        waiting = await session.scalar(select(func.count()).select_from(claims)) or 0
        oldest = await session.scalar(select(func.min(claims.c.due_at)))
    late = oldest is not None and (now() - oldest).total_seconds() > LATE_JOB_SECONDS
    return Check("jobs", not late, f"{waiting} waiting", "See that `steadfast serve` runs; its log says what fails.")
