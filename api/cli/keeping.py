"""`backup`, `restore`, `tombstones`, `compact`: the data kept safe, and the erased kept erased."""

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import make_url

from api import marks
from api.cli.console import MISUSED, AsJson, fail, migrate, now, opened, operator, run, safe_url, show
from api.dependencies import Work, writing_as
from api.privacy.ledger import Entry, UnreadableLedgerError, ledger_path, read_ledger
from api.privacy.replaying import by_workspace, erase_again
from api.security import derived_key, keyed_digest
from api.settings import settings
from api.tombstones import since
from api.worker import work_off
from api.workspaces import queries as workspaces
from models.archives.manifest import ArchiveReader, ArchiveRefusedError, Manifest, sync_folder
from models.archives.restoring import refuse_unfit
from models.archives.restoring import restore as put_back
from models.archives.saving import save
from models.base import EPOCH
from models.compacting import StillReadError
from models.compacting import compact as write_anew
from models.database import Database, is_sqlite
from models.mark import MarkName
from models.planning import refresh_statistics
from models.schema import head

tombstones_app = typer.Typer(help="Who was erased, as keyed hashes.", no_args_is_help=True, add_completion=False)

BackupFile = Annotated[Path, typer.Argument(dir_okay=False, help="Where the backup goes.")]
GivenFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file written then.")]
Tombstones = Annotated[
    list[Path] | None,
    typer.Option("--tombstones", exists=True, dir_okay=False, help="Erasures noted since; as often as needed."),
]
NoTombstones = Annotated[bool, typer.Option("--no-tombstones", help="Nobody was erased since the backup.")]
SecretLost = Annotated[
    bool, typer.Option("--secret-lost", help="Restore under another secret: no API key and no tombstone is known then.")
]


def backup(file: BackupFile, as_json: AsJson = False) -> None:
    """Write a backup while the service runs. It holds everything answered before it began. Keep the secret too."""
    if not file.parent.is_dir():
        fail(f"There is no folder {file.parent}.", MISUSED)
    done = run(lambda: _backup(file))
    rows, size = sum(done.tables.values()), file.stat().st_size
    answer = {"file": str(file), "bytes": size, "rows": rows, "schema": done.schema, **_when(done)}
    text = f"{file}: {rows} rows, {size // 1024} KiB. Keep STEADFAST_SECRET with it: one is no use alone."
    show(answer, as_json=as_json, text=text)


def _when(manifest: Manifest) -> dict[str, str]:
    return {"started_at": manifest.started_at}


async def _backup(file: Path) -> Manifest:
    async with opened() as database:
        kind = "sqlite" if is_sqlite(settings().database_url) else "postgresql"
        manifest = Manifest(kind, head(), version("steadfast"), now().isoformat(), _secret_check())
        done = await save(settings().database_url, file, manifest)
        await marks.keep(database, MarkName.BACKUP, now())
        return done


def _secret_check() -> str:
    return keyed_digest(derived_key(settings().secret, "backup"), "which secret")[:16]


def restore(
    file: GivenFile,
    tombstones: Tombstones = None,
    no_tombstones: NoTombstones = False,
    secret_lost: SecretLost = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup into an empty database, and erase again whoever was erased since."""
    try:
        archive = ArchiveReader(file)
        entries = _noted(tombstones or [], none=no_tombstones)
        answer = run(lambda: _restore(archive, entries, secret_lost=secret_lost))
    except (ArchiveRefusedError, UnreadableLedgerError) as refused:
        fail(str(refused))
    text = f"Restored {answer['rows']} rows of {answer['started_at']} into {safe_url()}."
    show(answer, as_json=as_json, text=f"{text} {answer['erased_again']} customers were erased again.")


def _noted(files: Sequence[Path], *, none: bool) -> list[Entry]:
    beside = ledger_path(make_url(settings().database_url))
    found = [*files, *([beside] if beside is not None and beside.exists() else [])]
    if not found and not none:
        fail(
            "Whoever was erased after this backup must be erased again. Name the erasures with --tombstones FILE: "
            "what `steadfast tombstones export` wrote, or the file that STEADFAST_TOMBSTONES names, by default "
            "beside the old SQLite database. Nobody was erased since? Say --no-tombstones.",
            MISUSED,
        )
    return [entry for path in found for entry in read_ledger(path)]


async def _restore(archive: ArchiveReader, entries: Sequence[Entry], *, secret_lost: bool) -> dict[str, Any]:
    url = settings().database_url
    if archive.manifest.secret_check != _secret_check() and not secret_lost:
        fail(
            "The backup was made under another STEADFAST_SECRET. Put that one back (for SQLite: the .secret file "
            "beside the old database). Is it lost? Then --secret-lost: new keys for everybody, and erase again by hand."
        )
    await refuse_unfit(url, archive)
    await put_back(url, archive, migrate)
    archive.close()
    migrate(url)
    erased = await _replayed(entries)
    await refresh_statistics(url, archive.manifest.tables)
    if erased:
        await write_anew(url, whole=True)
    rows = sum(archive.manifest.tables.values())
    return {"rows": rows, "schema": archive.manifest.schema, "erased_again": erased, **_when(archive.manifest)}


async def _replayed(entries: Sequence[Entry]) -> int:
    erased = 0
    async with opened() as database:
        there = await _workspaces(database)
        for workspace_id, some in by_workspace(entries).items():
            if workspace_id in there:
                async with writing_as(database, operator(workspace_id)) as work:
                    erased += await erase_again(work, some)
                await work_off(database, workspace_id)
    return erased


async def _workspaces(database: Database) -> set[Any]:
    async with database.read() as session:
        return {row.id for row in await workspaces.all_workspaces(session)}


@tombstones_app.command("export")
def export_tombstones(file: BackupFile, as_json: AsJson = False) -> None:
    """Write down who was erased, as keyed hashes, for `restore --tombstones`. Keep it apart from the backups."""
    count = run(lambda: _export(file))
    show({"file": str(file), "tombstones": count}, as_json=as_json, text=f"{file}: {count} tombstones.")


async def _export(file: Path) -> int:
    unfinished = file.with_name(f".{file.name}.unfinished")
    count = 0
    async with opened() as database:
        with unfinished.open("w", encoding="utf-8") as out:
            for workspace_id in sorted(await _workspaces(database)):
                async with database.read(workspace_id) as session:
                    for row in await since(Work(session, workspace_id, operator(workspace_id), now()), EPOCH):
                        out.write(Entry.of(row).line())
                        count += 1
            out.flush()
            os.fsync(out.fileno())
    unfinished.replace(file)
    sync_folder(file.parent)
    return count


@tombstones_app.command("apply")
def apply_tombstones(file: GivenFile, as_json: AsJson = False) -> None:
    """Erase again whom a file of tombstones names: after a snapshot of somebody else's was put back."""
    try:
        entries = list(read_ledger(file))
    except UnreadableLedgerError as refused:
        fail(str(refused))
    erased = run(lambda: _replayed(entries))
    show({"erased_again": erased}, as_json=as_json, text=f"{erased} customers were erased again.")


def compact(as_json: AsJson = False) -> None:
    """Write the database's files anew, so that no byte of what was erased is left. Others wait meanwhile."""
    try:
        run(_compact)
    except StillReadError:
        fail("Somebody is reading; the log written ahead cannot be cut. Again in a moment.")
    show({"compacted": True}, as_json=as_json, text=f"The files of {safe_url()} are written anew.")


async def _compact() -> None:
    async with opened():
        await write_anew(settings().database_url, whole=True)
