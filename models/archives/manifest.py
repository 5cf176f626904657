"""What a backup says of itself, and the zip file it is written to and read from."""

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

MANIFEST = "manifest.json"
DATABASE_FILE = "steadfast.db"
FORMAT = 1
CHUNK = 1 << 20
NAME = re.compile(r"[a-z][a-z_0-9]*")


class ArchiveRefusedError(Exception):
    """A backup cannot be restored; the message says why and what to do."""


@dataclass
class Manifest:
    """What a backup says of itself.

    Attributes
    ----------
    store
        `sqlite` or `postgresql`: whose form the data has.
    schema
        The revision of the schema.
    version
        The version of this software.
    started_at
        When the backup began: every answer given before is in it.
    secret_check
        Tells the installation's secret from another without telling it.
    tables
        Rows by table, in the order in which they can be stored.
    members
        SHA-256 by file.
    """

    store: str
    schema: str
    version: str
    started_at: str
    secret_check: str
    format: int = FORMAT
    tables: dict[str, int] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)


class Member:
    """One file within a backup, hashed while it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = hashlib.sha256()
        self.lines = 0

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._file.write(data)
        self.hash.update(data)
        self.lines += data.count(b"\n")


class ArchiveWriter:
    """Writes a backup beside its name, and gives it that name when it is whole and on the disk."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self.unfinished = path.with_name(f".{path.name}.unfinished")

    @contextmanager
    def opened(self) -> Iterator["ArchiveWriter"]:
        """Yield the writer; what breaks off leaves nothing."""
        try:
            with self.unfinished.open("wb") as file:
                os.fchmod(file.fileno(), 0o600)
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as self._zip:
                    yield self
                    self._zip.writestr(MANIFEST, json.dumps(asdict(self.manifest), indent=1))
                file.flush()
                os.fsync(file.fileno())
            self.unfinished.replace(self.path)
            sync_folder(self.path.parent)
        finally:
            self.unfinished.unlink(missing_ok=True)

    @contextmanager
    def member(self, name: str) -> Iterator[Member]:
        """Yield a new file within the backup."""
        with self._zip.open(name, "w", force_zip64=True) as file:
            made = Member(file)
            yield made
        self.manifest.members[name] = made.hash.hexdigest()


class ArchiveReader:
    """A backup whose every byte has been compared with its manifest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest = _manifest(json.loads(self._zip.read(MANIFEST)))
            self._check()
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, OSError, zipfile.LargeZipFile) as error:
            raise ArchiveRefusedError(f"{path} is no whole backup: {error}. Take another one.") from None

    def _check(self) -> None:
        for name, expected in self.manifest.members.items():
            seen = hashlib.sha256()
            with self._zip.open(name) as file:
                while chunk := file.read(CHUNK):
                    seen.update(chunk)
            if seen.hexdigest() != expected:
                raise ValueError(f"{name} is damaged")

    @contextmanager
    def member(self, name: str) -> Iterator[IO[bytes]]:
        """Yield a file within the backup."""
        with self._zip.open(name) as file:
            yield file

    def close(self) -> None:
        """Give the file back."""
        self._zip.close()


def _manifest(said: Mapping[str, Any]) -> Manifest:
    if said["format"] != FORMAT:
        raise ValueError(f"it has format {said['format']}, and this version reads {FORMAT}")
    strange = [name for name in said["tables"] if not NAME.fullmatch(name)]
    if strange:
        raise ValueError(f"{strange[0]!r} is no table's name")
    return Manifest(**said)


def sync_folder(folder: Path) -> None:
    """Let a new name in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
