"""Many rows at once: an INSERT compiled once a table and run on the driver.

SQLAlchemy builds the parameters of every row anew; over the rows of an import that costs more than the database does.
The columns' own converters are the same, so the rows are too. PostgreSQL gets a whole batch as one statement with an
array a column: starting the executor anew for each row costs as much as storing it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Dialect, Table
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import note_change

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Insert:
    """One table's INSERT: its text, its columns, and by place what writes a value for the driver."""

    text: str
    names: Sequence[str]
    converts: Sequence[tuple[int, Convert]]
    by_column: bool


@dataclass(frozen=True)
class Rows:
    """Rows of one table: what all of them have alike, and what each has of its own; together they name every column."""

    table: Table
    alike: Mapping[str, Any]
    own: Sequence[Mapping[str, Any]]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of which each row has its own value, in the table's order."""
        return tuple(column.name for column in self.table.columns if column.name not in self.alike)

    def values(self, dialect: Dialect) -> tuple[list[Any], list[list[Any]]]:
        """Return what is alike, and what is not by column, each as the driver takes it and in the table's order."""
        insert = insert_of(self.table, dialect)
        converts = dict(insert.converts)
        alike, own = [], []
        for place, name in enumerate(insert.names):
            convert = converts.get(place)
            if name in self.alike:
                value = self.alike[name]
                alike.append(value if convert is None else convert(value))
            else:
                column = [row[name] for row in self.own]
                own.append(column if convert is None else [convert(value) for value in column])
        return alike, own


async def append_rows(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]], *, skip_existing: bool = False
) -> None:
    """Insert rows that name every column of a table; with `skip_existing`, those not there by any unique key."""
    if rows:
        await _append(session, table, rows, skip_existing=skip_existing, returning="")


async def append_new_rows(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Insert those rows that are not there by any unique key; return the ids of those that were inserted.

    SQLite's one writer has looked before: there all are.

    Parameters
    ----------
    session
        Whose transaction the rows belong to.
    table
        Where they go.
    rows
        Column names to values, as for an ordinary insert.
    """
    if not rows:
        return set()
    if session.get_bind().dialect.name == "sqlite":
        await _append(session, table, rows, skip_existing=True, returning="")
        return {row["id"] for row in rows}
    result = await _append(session, table, rows, skip_existing=True, returning="id")
    return {UUID(bytes=row[0].bytes) for row in result}


async def _append(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]], *, skip_existing: bool, returning: str
) -> CursorResult[Any]:
    note_change(session, table.name, len(rows))
    connection = await session.connection()
    insert = insert_of(table, connection.dialect)
    columns = columns_of(table, rows, connection.dialect)
    text = insert.text + (" ON CONFLICT DO NOTHING" if skip_existing else "")
    text += f" RETURNING {returning}" if returning else ""
    return await connection.exec_driver_sql(
        text, tuple(columns) if insert.by_column else list(zip(*columns, strict=True))
    )


def columns_of(table: Table, rows: Sequence[Mapping[str, Any]], dialect: Dialect) -> list[list[Any]]:
    """Return rows as columns, each value as the driver takes it."""
    insert = insert_of(table, dialect)
    columns = [[row[name] for row in rows] for name in insert.names]
    for place, convert in insert.converts:
        columns[place] = [convert(value) for value in columns[place]]
    return columns


@lru_cache(maxsize=256)
def insert_of(table: Table, dialect: Dialect) -> Insert:
    """Return the insert of rows that name every column of a table."""
    by_column = dialect.name == "postgresql"
    names = [column.name for column in table.columns]
    if by_column:
        text = insert_alike(table, dialect, tuple(names))
    else:
        text = f"{_insert_into(table, dialect)} VALUES ({', '.join('?' for _ in names)})"
    return Insert(text, names, _converts(table, dialect), by_column)


def insert_alike(table: Table, dialect: Dialect, own: Sequence[str], *, numbered_from: int = 1) -> str:
    """Return PostgreSQL's insert of rows that have some columns alike, and an array for each of the others.

    Parameters
    ----------
    table, dialect
        Where, and in whose words.
    own
        The columns of which each row has its own value; of the others one value is given for all.
    numbered_from
        The number of the first value; those that are alike come first.
    """
    quoted = dialect.identifier_preparer
    alike = [column for column in table.columns if column.name not in own]
    differing = [column for column in table.columns if column.name in own]
    number = {column: place for place, column in enumerate((*alike, *differing), start=numbered_from)}
    kinds = {column: column.type.compile(dialect=dialect) for column in table.columns}
    names = {column: quoted.quote(column.name) for column in table.columns}
    taken = ", ".join(
        f"mine.{names[column]}" if column in differing else f"${number[column]}::{kinds[column]}"
        for column in table.columns
    )
    arrays = ", ".join(f"${number[column]}::{kinds[column]}[]" for column in differing)
    source = f"unnest({arrays}) AS mine ({', '.join(names[column] for column in differing)})"
    return f"{_insert_into(table, dialect)} SELECT {taken} FROM {source}"  # noqa: S608 - names come from our own tables


def _insert_into(table: Table, dialect: Dialect) -> str:
    # Names come from our own tables, never from a caller.
    quoted = dialect.identifier_preparer
    names = ", ".join(quoted.quote(column.name) for column in table.columns)
    return f"INSERT INTO {quoted.format_table(table)} ({names})"


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
