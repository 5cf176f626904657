"""What PostgreSQL's planner knows of the tables: kept up where new ones fill faster than the server looks at them.

Before a table's first statistics the planner takes a workspace for a small part of it. The checks of foreign keys then
go through any index that begins with the workspace and read all of it for every row: a load takes time with the square
of its rows. The server looks at new tables once a minute, which is later than an import is done, and late for whoever
sends a thousand answers a second. What asks of a whole workspace fares the same: the current one of its versions is
looked for by going through all of them for each. So whoever begins such work lets the server look first.
"""

from collections.abc import Collection

from sqlalchemy import text

from models.base import metadata
from models.database import Database, is_sqlite, owner_engine

UNKNOWN_AS_THEY_ARE = text(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace "
    "AND pg_relation_size(oid) > CASE WHEN reltuples < 0 THEN 0 "
    "ELSE 10 * relpages::bigint * current_setting('block_size')::bigint END"
)
"""Tables with rows that were never looked at, or when they were empty or not a tenth of what they are now."""


async def refresh_statistics(url: str, tables: Collection[str]) -> None:
    """Let PostgreSQL look at tables as they are now; SQLite was told all when it was migrated.

    Parameters
    ----------
    url
        The database.
    tables
        The names of those that have been written.
    """
    written = [table for table in metadata.sorted_tables if table.name in tables]
    if is_sqlite(url) or not written:
        return
    engine = owner_engine(url)
    try:
        quoted = engine.dialect.identifier_preparer
        names = ", ".join(quoted.format_table(table) for table in written)
        async with engine.begin() as connection:
            await connection.execute(text(f"ANALYZE {names}"))
    finally:
        await engine.dispose()


class NewTables:
    """Tables that hold rows of which PostgreSQL knows nothing yet, or of few.

    Looked for beside the requests, see `api.beside`, and before a job: what it reads may have come a moment ago.
    """

    waiting: Collection[str] = ()
    """Nothing waits: whoever asks finds out what there is."""

    async def flush(self, database: Database) -> int:
        """Let PostgreSQL look at tables that are new, or grew tenfold since; return how many there were."""
        if database.sqlite:
            return 0
        async with database.read() as session:
            found = set((await session.scalars(UNKNOWN_AS_THEY_ARE)).all()) & metadata.tables.keys()
        await refresh_statistics(database.url, found)
        return len(found)
