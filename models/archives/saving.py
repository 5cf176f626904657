"""Writing a backup while the service runs: every answer given before it began is in it, and nothing half."""

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import make_url

from models.archives.manifest import CHUNK, DATABASE_FILE, ArchiveWriter, Manifest, Member
from models.database import is_sqlite
from models.tables import DIRECTORY_TABLES, metadata

UNUSED_QUOTE, UNUSED_DELIMITER = "\x01", "\x02"
"""Characters that stand in no JSON line, so that COPY writes each line as it is."""


async def save(url: str, path: Path, manifest: Manifest) -> Manifest:
    """Write a backup of a database to a file; return what it says of itself."""
    writer = ArchiveWriter(path, manifest)
    with writer.opened():
        if is_sqlite(url):
            await asyncio.to_thread(_save_sqlite, Path(make_url(url).database or ""), writer)
        else:
            await _save_postgres(url, writer)
    return writer.manifest


def _save_sqlite(source: Path, writer: ArchiveWriter) -> None:
    copy = writer.path.with_name(f".{writer.path.name}.copy")
    copy.unlink(missing_ok=True)
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT, 0o600))
        _copy_sqlite(source, copy)
        writer.manifest.tables = _counted(copy)
        with copy.open("rb") as file, writer.member(DATABASE_FILE) as member:
            while chunk := file.read(CHUNK):
                member.write(chunk)
    finally:
        copy.unlink(missing_ok=True)


def _copy_sqlite(source: Path, copy: Path) -> None:
    """Copy all pages in one step: one snapshot, during which writers go on."""
    reading = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
    writing = sqlite3.connect(copy)
    try:
        reading.backup(writing, pages=-1)
        # The copy is one file: no log written ahead belongs to it.
        writing.execute("PRAGMA journal_mode = DELETE")
    finally:
        writing.close()
        reading.close()


def _counted(path: Path) -> dict[str, int]:
    connection = sqlite3.connect(path)
    try:
        return {
            table.name: connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0]  # noqa: S608 - our own names
            for table in metadata.sorted_tables
        }
    finally:
        connection.close()


async def _save_postgres(url: str, writer: ArchiveWriter) -> None:
    connection: Any = await asyncpg.connect(plain_url(url))
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            workspaces = [row["id"] for row in await connection.fetch("SELECT id FROM workspaces ORDER BY id")]
            for table in metadata.sorted_tables:
                with writer.member(f"{table.name}.ndjson") as member:
                    if table.name in DIRECTORY_TABLES:
                        await _copy_rows(connection, table.name, member)
                    for workspace in [] if table.name in DIRECTORY_TABLES else workspaces:
                        # Row-level security binds the owner too: each workspace is read as itself.
                        await connection.execute("SELECT set_config('app.workspace', $1, true)", str(workspace))
                        await _copy_rows(connection, table.name, member)
                writer.manifest.tables[table.name] = member.lines
    finally:
        await connection.close()


async def _copy_rows(connection: Any, table: str, member: Member) -> None:
    async def take(data: bytes) -> None:
        member.write(data)

    await connection.copy_from_query(
        f'SELECT row_to_json(r) FROM "{table}" r',  # noqa: S608 - our own names
        output=take,
        format="csv",
        delimiter=UNUSED_DELIMITER,
        quote=UNUSED_QUOTE,
    )


def plain_url(url: str) -> str:
    """Return a URL as the driver itself reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
