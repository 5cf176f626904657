"""Which schema a database has, told without loading the migration library: a serving process asks only this."""

import re
from functools import lru_cache
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import is_unavailable, owner_engine

VERSIONS = Path(__file__).parent / "migrations" / "versions"
NUMBERED = re.compile(r"^(\d{4})_\w+\.py$")


@lru_cache(maxsize=1)
def head() -> str:
    """Return the newest revision: the highest number among the migrations."""
    return max(found.group(1) for path in VERSIONS.iterdir() if (found := NUMBERED.match(path.name)))


async def is_at_head(url: str) -> bool:
    """Return whether the database has the newest schema; raises what the driver raises when it cannot be asked."""
    return await revision_at(url) == head()


async def revision_at(url: str) -> str | None:
    """Return which schema a database has, None where it has none."""
    engine = owner_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_revision)
    finally:
        await engine.dispose()


async def revision_of(session: AsyncSession) -> str | None:
    """Return the schema a serving session sees; None where it sees none."""
    try:
        found: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError as error:
        if is_unavailable(error):
            raise
        return None
    return found


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found
