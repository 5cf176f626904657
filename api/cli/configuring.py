"""`workspace set`: how a company works here, from a file that can be kept under version control."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from api.cli.console import MISUSED, AsJson, WorkspaceName, fail, run, show, transaction, working
from api.recorded import malformed_row
from api.workspaces import changing, service
from api.workspaces.schemas import WorkspacePatch

SettingsFile = Annotated[
    Path, typer.Option("--file", exists=True, dir_okay=False, help="TOML: zone, currency, yearly_loss, …")
]


def set_from_file(workspace: WorkspaceName, file: SettingsFile, as_json: AsJson = False) -> None:
    """Change what the file names, with the fields of `PATCH /v1/workspace`. The rest stays."""
    patch = _patch(file)
    answer = run(lambda: _set(workspace, patch))
    text = f"{answer['slug']} works so since version {answer['version']}."
    show(answer, as_json=as_json, text=text)


def _patch(file: Path) -> WorkspacePatch:
    try:
        return WorkspacePatch.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        fail(f"{file} cannot be read: {error}", MISUSED)
    except ValidationError as error:
        lines = "\n".join(f"  {item['pointer']}: {item['detail']}" for item in malformed_row(error).errors)
        fail(f"{file} cannot be followed.\n{lines}", MISUSED)


async def _set(workspace: str, patch: WorkspacePatch) -> dict[str, Any]:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        changed = await changing.change(work, patch, "*")
        return {**service.answer(changed).model_dump(mode="json"), "unchanged": changed.version == found.version}
