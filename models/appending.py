"""Many rows at once: an INSERT compiled once a table and run on the driver.

SQLAlchemy builds the parameters of every row anew; over the rows of an import that costs more than the database does.
The columns' own converters are the same, so the rows are too. PostgreSQL gets a whole batch as one statement with an
array a column: starting the executor anew for each row costs as much as storing it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Table
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import note_change

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class _Insert:
    """One table's INSERT: its text, its columns, and by place what writes a value for the driver."""

    text: str
    names: Sequence[str]
    converts: Sequence[tuple[int, Convert]]
    by_column: bool


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
    note_change(session, table.name, len(rows))
    connection = await session.connection()
    insert = _insert(table, connection.dialect, skip_existing)
    values = [_values(row, insert) for row in rows]
    await connection.exec_driver_sql(
        insert.text, tuple(map(list, zip(*values, strict=True))) if insert.by_column else values
    )


def _values(row: Mapping[str, Any], insert: _Insert) -> tuple[Any, ...]:
    values = [row[name] for name in insert.names]
    for place, convert in insert.converts:
        values[place] = convert(values[place])
    return tuple(values)


@lru_cache(maxsize=128)
def _insert(table: Table, dialect: Dialect, skip_existing: bool) -> _Insert:
    by_column = dialect.name == "postgresql"
    quoted = dialect.identifier_preparer
    columns = ", ".join(quoted.quote(column.name) for column in table.columns)
    if by_column:
        kinds = [column.type.compile(dialect=dialect) for column in table.columns]
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(kinds, start=1))
        source = f"SELECT * FROM unnest({arrays})"  # noqa: S608 - names come from our own tables
    else:
        source = f"VALUES ({', '.join('?' for _ in table.columns)})"
    skip = " ON CONFLICT DO NOTHING" if skip_existing else ""
    return _Insert(
        # Names come from our own tables, never from a caller.
        f"INSERT INTO {quoted.format_table(table)} ({columns}) {source}{skip}",
        [column.name for column in table.columns],
        _converts(table, dialect),
        by_column,
    )


def _converts(table: Table, dialect: Dialect) -> list[tuple[int, Convert]]:
    converts = []
    for place, column in enumerate(table.columns):
        convert = column.type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            converts.append((place, _remembering(convert) if column.name == "given" else convert))
    return converts


def _remembering(convert: Convert) -> Convert:
    """Write each list of names once: the rows of a load are given alike."""
    written: dict[tuple[str, ...], Any] = {}

    def write(names: list[str]) -> Any:
        key = tuple(names)
        if key not in written:
            written[key] = convert(names)
        return written[key]

    return write
