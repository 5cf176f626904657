"""What PostgreSQL's planner knows of the tables: kept up while a bulk load outruns the server's own upkeep.

Before a table's first statistics the planner takes a workspace for a small part of it. The checks of foreign keys then
go through any index that begins with the workspace and read all of it for every row: a load takes time with the square
of its rows. The server looks at new tables once a minute, which is later than an import is done.
"""

from sqlalchemy import text

from models.base import metadata
from models.database import is_sqlite, owner_engine


async def refresh_statistics(url: str) -> None:
    """Let PostgreSQL look at the tables as they are now; SQLite plans by rules that need no statistics."""
    if is_sqlite(url):
        return
    engine = owner_engine(url)
    try:
        quoted = engine.dialect.identifier_preparer
        names = ", ".join(quoted.format_table(table) for table in metadata.sorted_tables)
        async with engine.begin() as connection:
            await connection.execute(text(f"ANALYZE {names}"))
    finally:
        await engine.dispose()
