"""Erasures noted outside the database: whoever restores an older backup must erase again who was erased since.

One JSON object a line: workspace, kind, keyed hash, state, moment. It names nobody.
"""

import asyncio
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from sqlalchemy import URL

from api.dependencies import Work
from api.settings import settings
from models.base import to_us


class UnreadableLedgerError(Exception):
    """A file of tombstones cannot be read; the message says which line."""


@dataclass(frozen=True)
class Entry:
    """One tombstone as the ledger has it."""

    workspace_id: UUID
    kind: str
    digest: str
    state: str
    recorded_us: int

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        """Return a stored tombstone as an entry."""
        return cls(row["workspace_id"], str(row["kind"]), row["digest"], str(row["state"]), to_us(row["recorded_at"]))

    def line(self) -> str:
        """Return the entry as the file has it."""
        said = {"workspace": str(self.workspace_id), "kind": self.kind, "digest": self.digest, "state": self.state}
        return json.dumps({**said, "recorded_us": self.recorded_us}) + "\n"


def ledger_path(url: URL) -> Path | None:
    """Return where the erasures in a database are noted, None where that is nowhere."""
    if settings().tombstones:
        return Path(settings().tombstones)
    database = url.database if url.get_backend_name() == "sqlite" else None
    return Path(f"{database}.tombstones") if database and database != ":memory:" else None


async def note_erasures(work: Work, rows: Iterable[Mapping[Any, Any]]) -> None:
    """Note tombstones before their transaction is committed.

    One noted whose commit then fails only means that its erasure, which was asked for, is done again at a restore.
    """
    path = ledger_path(work.session.get_bind().engine.url)
    lines = [Entry.of(row).line() for row in rows]
    if path is not None and lines:
        await asyncio.to_thread(_append, path, "".join(lines))


def _append(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_ledger(path: Path) -> Iterator[Entry]:
    """Return the entries of a file, or refuse it with the number of the line that is none."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                said = json.loads(line)
                yield Entry(
                    UUID(said["workspace"]), said["kind"], said["digest"], said["state"], int(said["recorded_us"])
                )
            except (ValueError, KeyError, TypeError):
                raise UnreadableLedgerError(f"{path}, line {number} is no tombstone.") from None
