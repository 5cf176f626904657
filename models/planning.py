"""What PostgreSQL's planner knows of the tables: kept up while a bulk load outruns the server's own upkeep.

Before a table's first statistics the planner takes a workspace for a small part of it. The checks of foreign keys then
go through any index that begins with the workspace and read all of it for every row: a load takes time with the square
of its rows. The server looks at new tables once a minute, which is later than an import is done.
"""

from collections.abc import Collection

from sqlalchemy import text

from models.base import metadata
from models.database import is_sqlite, owner_engine


async def refresh_statistics(url: str, tables: Collection[str]) -> None:
    """Let PostgreSQL look at tables as they are now; SQLite plans by rules that need no statistics.

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
