"""Putting a backup into an empty database, whole or not at all; each kind of database takes either kind's backup."""

import asyncio
import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import asyncpg
from sqlalchemy import make_url

from models.archives.manifest import CHUNK, DATABASE_FILE, ArchiveReader, ArchiveRefusedError, sync_folder
from models.archives.saving import plain_url
from models.database import is_sqlite
from models.schema import head, revision_at
from models.tables import DIRECTORY_TABLES

ROWS_AT_ONCE = 1000
BESIDE = ("-wal", "-shm")
MigrateTo = Callable[[str, str], object]
"""Brings an empty database, by its URL, to a revision."""


async def refuse_unfit(url: str, archive: ArchiveReader) -> None:
    """Refuse a backup of a newer schema, and a database that holds something already."""
    if archive.manifest.schema > head():
        raise ArchiveRefusedError(
            f"{archive.path} was written by version {archive.manifest.version} with the schema "
            f"{archive.manifest.schema}; this version knows {head()}. Install that version, then restore."
        )
    log = _file_of(url).with_name(f"{_file_of(url).name}-wal") if is_sqlite(url) else None
    if log is not None and not _file_of(url).exists() and log.exists() and log.stat().st_size:
        raise ArchiveRefusedError(
            f"{log} belongs to the database that was moved aside, and holds what it was told last. Move it along."
        )
    if await _holds_something(url):
        raise ArchiveRefusedError(
            "The database holds a workspace already. Restore into an empty one: name another in "
            "STEADFAST_DATABASE_URL, or move the old one aside."
        )


async def _holds_something(url: str) -> bool:
    if is_sqlite(url) and not _file_of(url).exists():
        return False
    if await revision_at(url) is None:
        return False
    if is_sqlite(url):
        connection = sqlite3.connect(_file_of(url))
        try:
            return connection.execute("SELECT 1 FROM workspaces LIMIT 1").fetchone() is not None
        finally:
            connection.close()
    asking: Any = await asyncpg.connect(plain_url(url))
    try:
        return await asking.fetchval("SELECT 1 FROM workspaces LIMIT 1") is not None
    finally:
        await asking.close()


async def restore(url: str, archive: ArchiveReader, migrate_to: MigrateTo) -> None:
    """Put a backup into an empty database, at the backup's own schema."""
    if not is_sqlite(url):
        migrate_to(url, archive.manifest.schema)
        await _into_postgres(url, archive)
        return
    target = _file_of(url)
    unfinished = target.with_name(f".{target.name}.restored")
    unfinished.unlink(missing_ok=True)
    try:
        if archive.manifest.store == "sqlite":
            await asyncio.to_thread(_extract, archive, unfinished)
        else:
            migrate_to(f"sqlite:///{unfinished}", archive.manifest.schema)
            await asyncio.to_thread(_into_sqlite, archive, unfinished)
        _put_in_place(unfinished, target)
    finally:
        for name in ("", *BESIDE):
            unfinished.with_name(f"{unfinished.name}{name}").unlink(missing_ok=True)


def _file_of(url: str) -> Path:
    return Path(make_url(url).database or "").resolve()


def _extract(archive: ArchiveReader, path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with archive.member(DATABASE_FILE) as source, os.fdopen(descriptor, "wb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)
    connection = sqlite3.connect(path)
    try:
        said = connection.execute("PRAGMA quick_check").fetchone()[0]
    finally:
        connection.close()
    if said != "ok":
        raise ArchiveRefusedError(f"{archive.path} holds a damaged database: {said}")


def _put_in_place(unfinished: Path, target: Path) -> None:
    with unfinished.open("rb+") as file:
        os.fsync(file.fileno())
    for name in BESIDE:
        target.with_name(f"{target.name}{name}").unlink(missing_ok=True)
    unfinished.replace(target)
    sync_folder(target.parent)


async def _into_postgres(url: str, archive: ArchiveReader) -> None:
    connection: Any = await asyncpg.connect(plain_url(url))
    try:
        async with connection.transaction():
            with _all_rows(archive) as rows_of:
                for table, expected in archive.manifest.tables.items():
                    guarded = table not in DIRECTORY_TABLES
                    if guarded:  # the owner puts in rows of all workspaces; a rollback puts the guard back as well
                        await connection.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
                    stored = 0
                    for batch in rows_of(table):
                        await connection.execute(
                            f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(null::"{table}", $1::json)',  # noqa: S608 - checked below
                            f"[{','.join(batch)}]",
                        )
                        stored += len(batch)
                    _check_count(table, stored, expected)
                    if guarded:
                        await connection.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    finally:
        await connection.close()


def _into_sqlite(archive: ArchiveReader, path: Path) -> None:
    connection = sqlite3.connect(path)
    try:
        for table, expected in archive.manifest.tables.items():
            columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
            names = ", ".join(f'"{column[1]}"' for column in columns)
            marks = ", ".join("?" for _ in columns)
            stored = 0
            with _lines(archive, table) as batches:
                for batch in batches:
                    rows = [_for_sqlite(json.loads(line), columns) for line in batch]
                    connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608 - from the schema
                    stored += len(batch)
            _check_count(table, stored, expected)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()


def _check_count(table: str, stored: int, expected: int) -> None:
    if stored != expected:
        raise ArchiveRefusedError(f"The backup names {expected} rows of {table} and holds {stored}. Take another one.")


def _for_sqlite(row: dict[str, Any], columns: Sequence[Any]) -> list[Any]:
    return [_written(row.get(column[1]), column[2].upper()) for column in columns]


def _written(value: Any, kind: str) -> Any:
    """Return a value of a JSON line as SQLite keeps it."""
    if value is None:
        return None
    if kind == "JSON":
        return json.dumps(value)
    if kind == "CHAR(32)":
        return str(value).replace("-", "")
    return bytes.fromhex(value.removeprefix("\\x")) if kind == "BLOB" else value


def _read(value: Any, kind: str) -> Any:
    """Return a value SQLite keeps as PostgreSQL's JSON takes it."""
    if value is None:
        return None
    if kind == "JSON":
        return json.loads(value)
    if kind == "BOOLEAN":
        return bool(value)
    return f"\\x{value.hex()}" if kind == "BLOB" else value


@contextmanager
def _all_rows(archive: ArchiveReader) -> Iterator[Callable[[str], Iterator[list[str]]]]:
    """Yield what gives the rows of a table as JSON, in batches, from either kind of backup."""
    if archive.manifest.store == "postgresql":

        def lines(table: str) -> Iterator[list[str]]:
            with _lines(archive, table) as batches:
                yield from batches

        yield lines
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / DATABASE_FILE
        _extract(archive, path)
        connection = sqlite3.connect(path)
        try:
            yield lambda table: _rows_of_sqlite(connection, table)
        finally:
            connection.close()


def _rows_of_sqlite(connection: sqlite3.Connection, table: str) -> Iterator[list[str]]:
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    cursor = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - from the manifest, which is ours
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield [
            json.dumps({column[1]: _read(value, column[2].upper()) for column, value in zip(columns, row, strict=True)})
            for row in rows
        ]


@contextmanager
def _lines(archive: ArchiveReader, table: str) -> Iterator[Iterator[list[str]]]:
    with archive.member(f"{table}.ndjson") as file:
        yield _batches(file)


def _batches(file: IO[bytes]) -> Iterator[list[str]]:
    batch: list[str] = []
    for line in file:
        batch.append(line.decode().rstrip("\n"))
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
