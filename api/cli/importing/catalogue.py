"""Conditions from a TOML catalogue: the same bodies, the same service, as `POST /v1/conditions`."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from api.cli.console import transaction
from api.cli.importing.reading import UnreadableFileError
from api.cli.importing.report import RejectionReport
from api.cli.importing.storing import Tally
from api.dependencies import Work
from api.errors import Refusal
from api.failures.schemas import ConditionBody
from api.failures.service import store_condition
from api.recorded import malformed_row
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.database import Database

CONDITIONS = "conditions"


def read_catalogue(path: Path) -> list[Any]:
    """Return the entries of a catalogue: its `[[conditions]]` tables."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableFileError(f"{path} cannot be read: {error}") from error
    entries = document.pop(CONDITIONS, None)
    if document or not isinstance(entries, list):
        raise UnreadableFileError(f"{path} must hold [[conditions]] tables and nothing else.")
    return entries


async def store_catalogue(
    database: Database, workspace: WorkspaceSettings, entries: Sequence[Any], report: RejectionReport, tally: Tally
) -> None:
    """Store a catalogue in one transaction, then let changed rules look at all past cases."""
    async with transaction(database, workspace.id) as work:
        for number, entry in enumerate(entries, start=1):
            await _store_one(work, number, entry, report, tally)
    await work_off(database, workspace.id)


async def _store_one(work: Work, number: int, entry: Any, report: RejectionReport, tally: Tally) -> None:
    try:
        stored = await store_condition(work, ConditionBody.model_validate(entry))
    except (ValidationError, Refusal) as error:
        refusal = error if isinstance(error, Refusal) else malformed_row(error)
        code = entry.get("code") if isinstance(entry, dict) else None
        tally.rejected += 1
        report.reject([number], code if isinstance(code, str) else None, refusal)
        return
    if stored.unchanged:
        tally.unchanged += 1
    else:
        tally.accepted += 1
