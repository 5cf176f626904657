"""What `doctor` asks the database: whether it is newest, durable, closed between workspaces, and its work done."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api import marks
from api.backlog import Backlog, backlog
from api.cli.checks import Check, warn
from api.cli.console import now, safe_url
from api.cli.model_checks import of_models
from api.health import LATE_SECONDS
from api.settings import settings
from models.database import APP_ROLE, Database, is_unavailable
from models.mark import MarkName
from models.schema import head, is_at_head
from models.tables import DIRECTORY_TABLES, metadata

FULL = 2
TROUBLED = 3
"""A job that so many attempts in a row did not get on with needs somebody; how often one merely took turns does not."""
MOST_DRIFT = timedelta(seconds=5)
OLD_BACKUP = timedelta(days=7)
UNGUARDED = """
    SELECT relname FROM pg_class JOIN pg_namespace space ON space.oid = relnamespace AND space.nspname = 'public'
    WHERE relkind IN ('r', 'p') AND NOT (relrowsecurity AND relforcerowsecurity)
"""
ROLE = "SELECT current_user AS name, rolsuper OR rolbypassrls AS free FROM pg_roles WHERE rolname = current_user"


async def of_database() -> list[Check]:
    """Look at everything that the database can be asked."""
    try:
        newest = await is_at_head(settings().database_url)
    except Exception as error:
        if not is_unavailable(error):
            raise
        remedy = "Start the database, or correct STEADFAST_DATABASE_URL."
        return [Check("database", ok=False, found=f"{safe_url()} does not answer: {error}", remedy=remedy)]
    found = f"at {head()}" if newest else f"not at {head()}"
    checks = [
        Check("database", ok=True, found=f"{safe_url()} answers", remedy=None),
        Check("schema", newest, found, "Run `steadfast migrate`."),
    ]
    return checks + await _serving() if newest else checks


async def _serving() -> list[Check]:
    database = Database(settings().database_url, 1)
    try:
        async with database.read() as session:
            checks = await _durable(session) if database.sqlite else await _closed(session)
            waits, done = await backlog(session, now()), await marks.read(session)
            theirs = now() if database.sqlite else await session.scalar(text("SELECT clock_timestamp()"))
        models = await of_models(database)
    finally:
        await database.close()
    return [*checks, _clock(theirs, done), _worker(done), *_work(waits), models, _backup(done)]


async def _durable(session: AsyncSession) -> list[Check]:
    level: Any = await session.scalar(text("PRAGMA synchronous"))
    mode: Any = await session.scalar(text("PRAGMA journal_mode"))
    ok = mode == "wal" and int(level) >= FULL
    return [Check("durability", ok, f"journal {mode}, synchronous {level}", "Keep the file on a local disk.")]


async def _closed(session: AsyncSession) -> list[Check]:
    """Look whether a serving connection is bound by row-level security, and every table behind it."""
    remedy = "Run `steadfast migrate` as the database's owner."
    role = (await session.execute(text(ROLE))).one()
    unguarded = set(await session.scalars(text(UNGUARDED)))
    lacking = sorted(unguarded & (set(metadata.tables) - DIRECTORY_TABLES))
    durable: Any = await session.scalar(text("SHOW synchronous_commit"))
    synced: Any = await session.scalar(text("SHOW fsync"))
    return [
        Check("role", role.name == APP_ROLE and not role.free, f"serving as {role.name}", remedy),
        Check("row-level security", not lacking, f"missing on {', '.join(lacking)}" if lacking else "forced", remedy),
        Check(
            "durability",
            durable != "off" and synced == "on",
            f"synchronous_commit {durable}, fsync {synced}",
            "Set both to on in postgresql.conf: what is acknowledged must survive a power cut.",
        ),
    ]


def _clock(theirs: Any, done: Mapping[str, datetime]) -> Check:
    """Compare this machine's clock with the database's, and with what was marked before."""
    drift = abs(now() - theirs)
    ahead = max((at - now() for at in done.values()), default=timedelta(0))
    remedy = "Let both machines' clocks be set by the network (NTP)."
    if ahead > MOST_DRIFT:
        return Check("clock", ok=False, found=f"{ahead} behind what was stored before", remedy=remedy)
    return Check("clock", drift <= MOST_DRIFT, f"{drift.total_seconds():.1f} s from the database's", remedy)


def _worker(done: Mapping[str, datetime]) -> Check:
    remedy = "Start `steadfast serve`; its log says what the worker does."
    last = done.get(MarkName.WORKER)
    if last is None:
        return warn("worker", "no sign of life yet", remedy)
    silent = (now() - last).total_seconds()
    return Check("worker", silent <= marks.SILENT_SECONDS, f"last sign of life {silent:.0f} s ago", remedy)


def _work(waits: Backlog) -> Iterator[Check]:
    stuck = waits.overdue > LATE_SECONDS or waits.most_troubles >= TROUBLED
    found = f"{waits.waiting} waiting, {waits.running} running, {waits.lost} lost by their worker"
    remedy = "See that `steadfast serve` runs; its log says what fails."
    yield Check("jobs", not stuck, f"{found}, longest due {waits.overdue:.0f} s", remedy)
    late = waits.deliveries_overdue > LATE_SECONDS
    found = f"{waits.deliveries} events to deliver, longest due {waits.deliveries_overdue:.0f} s"
    yield Check("deliveries", not late, found, "See that the receivers of the hooks answer, and that a worker runs.")


def _backup(done: Mapping[str, datetime]) -> Check:
    remedy = "Back up the database and the secret from a timer, daily."
    last = done.get(MarkName.BACKUP)
    if last is None:
        return warn("backup", "none is known here", remedy)
    if now() - last > OLD_BACKUP:
        return warn("backup", f"the last known is of {last:%Y-%m-%d}", remedy)
    return Check("backup", ok=True, found=f"{last:%Y-%m-%d %H:%M} UTC", remedy=None)
