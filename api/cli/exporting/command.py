"""`export KIND --workspace NAME --to FILE`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api import audit
from api.cli.console import MISUSED, AsJson, WorkspaceName, fail, now, operator, run, show, transaction, working
from api.cli.exporting.everybody import features_to
from api.cli.exporting.files import WRITERS, opened
from api.cli.exporting.kinds import EXPORTED, ExportKind
from api.dependencies import Work
from api.listing import Asked

ROWS_A_PAGE = 1000
Kind = Annotated[ExportKind, typer.Argument(help="What the file is to hold.")]
To = Annotated[Path, typer.Option("--to", dir_okay=False, help="FILE.csv, FILE.ndjson or FILE.parquet.")]


Raw = Annotated[bool, typer.Option("--raw", help="In CSV, leave texts as they are that a spreadsheet would run.")]


AsOf = Annotated[datetime | None, typer.Option("--as-of", help="Of `features` alone: as known then, in UTC.")]


def export(
    kind: Kind, workspace: WorkspaceName, to: To, raw: Raw = False, as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """Write what a workspace holds of a kind to a file. That it was done is in the audit.

    `import` takes an NDJSON file back as it is. In CSV a text that a spreadsheet would run as a formula begins with a
    quote, but for references.
    """
    if kind is ExportKind.FEATURES:
        rows = features_to(to, workspace, as_of, quiet=as_json)
        show({"file": str(to), "rows": rows}, as_json=as_json, text=f"{to}: the features of {rows} customers.")
        return
    if as_of is not None:
        fail("Only `features` are exported as of a moment.", MISUSED)
    if to.suffix.lower() not in WRITERS:
        fail(f"{to} ends in none of {', '.join(WRITERS)}.", MISUSED)
    if not to.parent.is_dir():
        fail(f"There is no folder {to.parent}.", MISUSED)
    rows = run(lambda: _export(kind, workspace, to, raw=raw))
    show({"file": str(to), "rows": rows}, as_json=as_json, text=f"{to}: {rows} {kind}.")


async def _export(kind: ExportKind, workspace: str, to: Path, *, raw: bool) -> int:
    exported, count, cursor = EXPORTED[kind], 0, None
    async with working(workspace) as (database, found):
        async with database.read(found.id) as session:
            work = Work(session, found.id, operator(found.id), now())
            with opened(to, exported.shape, raw=raw) as write:
                while True:
                    rows, cursor = await exported.list(work, Asked(ROWS_A_PAGE, cursor))
                    write(rows)
                    count += len(rows)
                    if cursor is None:
                        break
        async with transaction(database, found.id) as work:
            await audit.note(work, "exported", f"export {kind}", {"rows": count, "form": to.suffix.lower()})
    return count
