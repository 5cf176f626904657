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

Converts = Sequence[tuple[int, Callable[[Any], Any]]]
"""By place in a row, what writes a value for the driver."""


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
    text, names, converts = _compiled(table, connection.dialect, skip_existing)
    await connection.exec_driver_sql(text, [_parameters(row, names, converts) for row in rows])


def _parameters(row: Mapping[str, Any], names: Sequence[str], converts: Converts) -> tuple[Any, ...]:
    values = [row[name] for name in names]
    for place, convert in converts:
        values[place] = convert(values[place])
    return tuple(values)


@lru_cache(maxsize=128)
def _compiled(table: Table, dialect: Dialect, skip_existing: bool) -> tuple[str, Sequence[str], Converts]:
    """Return the statement's text, its columns in order, and what writes their values for the driver."""
    into = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    statement = into.on_conflict_do_nothing() if skip_existing else into
    compiled = statement.compile(dialect=dialect, column_keys=[column.name for column in table.columns])
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - an INSERT compiles to SQL
    names = list(compiled.positiontup or ())
    converts = [
        (place, convert)
        for place, name in enumerate(names)
        if (convert := table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
    ]
    return str(compiled), names, converts
