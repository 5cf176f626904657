"""Bringing a database to the newest schema. `python -m models.migrating` does it for the URL on its input.

A second line there names another revision. Several processes may start at once: on PostgreSQL one migrates under an
advisory lock while the others wait, on SQLite the write lock does the same.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from models.base import TextEnum
from models.database import APP_ROLE, owner_engine
from models.schema import head
from models.sqlite_planning import tell_planner
from models.tables import metadata

LOCK = 5_737_232_833
"""Ours alone among the advisory locks of a database."""


async def migrate(url: str, revision: str | None = None) -> str:
    """Bring the database to head, or to a revision before it, and return which that is.

    The way back is for a database without rows, before an older backup is put into it.
    """
    wanted = revision or head()
    engine = owner_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_move, wanted)
    finally:
        await engine.dispose()
    return wanted


async def differences(url: str) -> list[Any]:
    """Return what the tables in code have and the migrated database has not, or the other way round."""
    engine = owner_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare)
    finally:
        await engine.dispose()


def config() -> Config:
    """Return alembic's configuration, made in code so that an installed package needs no file beside it."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return made


def _move(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        _ensure_role(connection)
    made = config()
    made.attributes["connection"] = connection
    now = MigrationContext.configure(connection).get_current_revision()
    move = command.upgrade if now is None or now <= revision else command.downgrade
    move(made, revision)
    if connection.dialect.name == "sqlite":
        tell_planner(connection)


def _ensure_role(connection: Connection) -> None:
    """Make the role that serving connections become; roles belong to the whole server, so another may have made it."""
    exists = text("SELECT 1 FROM pg_roles WHERE rolname = :role")
    if connection.scalar(exists, {"role": APP_ROLE}) is None:
        try:
            with connection.begin_nested():
                connection.execute(text(f"CREATE ROLE {APP_ROLE} NOLOGIN"))
        except DBAPIError:
            if connection.scalar(exists, {"role": APP_ROLE}) is None:
                raise
    connection.execute(text(f"GRANT {APP_ROLE} TO CURRENT_USER"))


def _compare(connection: Connection) -> list[Any]:
    def alike(_context: Any, _column: Any, _metadata_column: Any, _found: Any, meant: Any) -> bool | None:
        return False if isinstance(meant, TextEnum) else None

    context = MigrationContext.configure(connection, opts={"compare_type": alike})
    return list(compare_metadata(context, metadata))


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(migrate(*sys.stdin.read().splitlines())))
