"""Many rows at once: an INSERT compiled once a table and run on the driver.

SQLAlchemy builds the parameters of every row anew; over the rows of an import that costs more than the database does.
The statement and the columns' own converters are the same, so the rows are too.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any]


async def append_rows(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]], *, skip_existing: bool = False
) -> None:
    """Insert rows that name every column of a table.

    Parameters
    ----------
    session
        Whose transaction the rows belong to.
    table
        Where they go.
    rows
        Column names to values, as for an ordinary insert.
    skip_existing
        Leave rows alone that are there already by any unique key.
    """
    if not rows:
        return
    connection = await session.connection()
    text, columns = _compiled(table, connection.dialect, skip_existing)
    parameters = [
        tuple(row[name] if convert is None else convert(row[name]) for name, convert in columns) for row in rows
    ]
    await connection.exec_driver_sql(text, parameters)


@lru_cache(maxsize=128)
def _compiled(table: Table, dialect: Dialect, skip_existing: bool) -> tuple[str, list[tuple[str, Convert | None]]]:
    """Return the statement's text, and in its order each column with what writes its values for the driver."""
    into = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    statement = into.on_conflict_do_nothing() if skip_existing else into
    compiled = statement.compile(dialect=dialect, column_keys=[column.name for column in table.columns])
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - an INSERT compiles to SQL
    order = compiled.positiontup or []
    return str(compiled), [(name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order]
