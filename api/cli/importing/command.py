"""`import KIND FILE --workspace NAME --map MAP.toml`."""

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from api.cli.console import FAILED, MISUSED, AsJson, WorkspaceName, errors, fail, run, show, working
from api.cli.importing.drafts import Draft, DraftWriter, as_they_are
from api.cli.importing.maps import FileForm, ImportMap, ImportRefusedError, MapRefusedError, read_map
from api.cli.importing.reading import Table, UnreadableFileError, opened_table
from api.cli.importing.report import RejectionReport
from api.cli.importing.sources import Columns
from api.cli.importing.storing import Advance, Tally, store_drafts
from api.cli.importing.targets import TARGETS, ImportKind

SILENT_SECONDS = 1.0
OBJECTS_A_SWEEP = 200_000
"""A batch makes many objects and no cycles: sweeping as often as a small program does costs a tenth of the time."""
LINES_OF_JSON = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")

Kind = Annotated[ImportKind, typer.Argument(help="What the file holds.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, NDJSON (.gz too), Parquet; TOML.")]
MapFile = Annotated[
    Path | None, typer.Option("--map", exists=True, dir_okay=False, help="Which column says what: docs/integrations.")
]
ReportFile = Annotated[
    Path | None, typer.Option("--report", help="Names every rejected row. Default: FILE.KIND.rejected.ndjson here.")
]


def import_file(
    kind: Kind,
    file: File,
    workspace: WorkspaceName,
    map_file: MapFile = None,
    report_file: ReportFile = None,
    as_json: AsJson = False,
) -> None:
    """Take what a file holds, row by row; the same file again changes nothing."""
    gc.freeze()
    gc.set_threshold(OBJECTS_A_SWEEP)
    report_path = report_file or Path.cwd() / f"{file.name}.{kind}.rejected.ndjson"
    if report_path.resolve() in {file.resolve(), map_file and map_file.resolve()}:
        fail("The report would overwrite the file it is about. Name another with --report.", MISUSED)
    try:
        with RejectionReport(report_path) as report:
            tally, whole = run(lambda: _import(kind, file, workspace, map_file, report))
            rejected = report.finish()
    except ImportRefusedError as refused:
        fail(str(refused), FAILED if isinstance(refused, UnreadableFileError) else MISUSED)
    answer = {
        "read": tally.read,
        "accepted": tally.accepted,
        "unchanged": tally.unchanged,
        "rejected": tally.rejected,
        "report": None if rejected is None else str(rejected),
    }
    show(answer, as_json=as_json, text=_summary(file, tally, report, rejected))
    if not whole:
        fail(f"{file} breaks off in the middle. What stood before was taken; send the whole file again.")


def _summary(file: Path, tally: Tally, report: RejectionReport, rejected: Path | None) -> str:
    counts = f"{tally.accepted} accepted, {tally.unchanged} unchanged, {tally.rejected} rejected"
    line = f"Read {tally.read} rows of {file.name}: {counts}."
    return line if rejected is None else f"{line}\nRejected: {report.reasons()}. Each with its line: {rejected}"


async def _import(
    kind: ImportKind, file: Path, workspace: str, map_file: Path | None, report: RejectionReport
) -> tuple[Tally, bool]:
    if kind is ImportKind.CONDITIONS:
        return await _import_conditions(file, workspace, map_file, report), True
    target = TARGETS[kind]
    if map_file is None and not file.name.lower().endswith(LINES_OF_JSON):
        raise MapRefusedError("Name the map with --map; only NDJSON in the API's own fields needs none.")
    found = None if map_file is None else read_map(map_file, target)
    form = FileForm() if found is None else found.file
    tally = Tally()
    async with working(workspace) as (database, settings):
        with opened_table(file, form, objects=found is None) as table, _shown(file, table) as advance:
            drafts = _drafts(table, found, kind, settings.zone)
            await store_drafts(database, settings.id, target, drafts, report, tally, advance)
            return tally, table.whole


async def _import_conditions(file: Path, workspace: str, map_file: Path | None, report: RejectionReport) -> Tally:
    if map_file is not None or file.suffix.lower() != ".toml":
        raise MapRefusedError("Conditions come from a TOML catalogue, which needs no map.")
    # A catalogue lets rules look at past cases: with it comes the whole worker, which no other kind waits for.
    catalogue = import_module("api.cli.importing.catalogue")
    entries = catalogue.read_catalogue(file)
    tally = Tally()
    async with working(workspace) as (database, settings):
        await catalogue.store_catalogue(database, settings, entries, report, tally)
    return tally


def _drafts(table: Table, found: ImportMap | None, kind: ImportKind, zone: str) -> Iterator[Draft]:
    """Return the drafts of a table, or refuse a map that names columns it does not have."""
    target = TARGETS[kind]
    if found is None:
        return as_they_are(table.rows, kind, target)
    columns = Columns(table.columns)
    writer = DraftWriter(found, target, columns, zone)
    if columns.unknown:
        lacking, known = ", ".join(columns.unknown), ", ".join(table.columns)
        raise MapRefusedError(f"The map names columns the file does not have: {lacking}.\n  It has: {known}.")
    return writer.drafts(table.rows)


@contextmanager
def _shown(file: Path, table: Table) -> Iterator[Advance]:
    """Show how far an import is, to people and after a second."""
    if not sys.stderr.isatty():
        yield lambda _tally: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=errors, transient=True)
    task = bar.add_task(file.name, total=1.0)
    begun = time.monotonic()

    def advance(tally: Tally) -> None:
        if time.monotonic() - begun > SILENT_SECONDS:
            bar.start()
        bar.update(task, completed=table.done(), description=f"{file.name}: {tally.read} rows")

    try:
        yield advance
    finally:
        bar.stop()
