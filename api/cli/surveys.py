"""`surveys import`, `surveys publish` and `surveys export`: a survey as one document, in and out."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.console import MISUSED, AsJson, WorkspaceName, fail, now, operator, run, show, transaction, working
from api.dependencies import Work
from api.errors import Malformed
from api.feedback import surveys
from api.feedback.moving import exported, import_survey
from api.routing import BODY_LIMIT

app = typer.Typer(help="Surveys as documents.", no_args_is_help=True, add_completion=False)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An export of ours, or a Formbricks survey.")]
NewKey = Annotated[str | None, typer.Option("--key", help="What to call it. Default: as the document does.")]
Key = Annotated[str, typer.Argument(help="The survey's key.")]
To = Annotated[Path | None, typer.Option("--to", dir_okay=False, help="The file to write. Default: print it.")]


@app.command("import")
def import_file(file: File, workspace: WorkspaceName, key: NewKey = None, as_json: AsJson = False) -> None:
    """Take a survey's document as a draft, and name what cannot be carried over."""
    document = _read(file)
    made = run(lambda: _import(workspace, document, key))
    survey = made["survey"]
    lines = [f"Drafted {survey['key']}, version {survey['version']}, with {len(survey['questions'])} questions."]
    lines += [f"Left out at {item['pointer'] or '/'}: {item['detail']}" for item in made["left_out"]]
    show(made, as_json=as_json, text="\n".join(lines))


def _read(file: Path) -> dict[str, Any]:
    if file.stat().st_size > BODY_LIMIT:
        fail(f"{file} is larger than a survey's document can be ({BODY_LIMIT // 1024} KiB).", MISUSED)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        fail(f"{file} is no JSON document: {error}", MISUSED)
    if not isinstance(document, dict):
        fail(f"{file} is no JSON object.", MISUSED)
    return document


async def _import(workspace: str, document: dict[str, Any], key: str | None) -> dict[str, Any]:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        try:
            return (await import_survey(work, document, key)).model_dump(mode="json")
        except Malformed as refused:
            said = [f"{error['pointer']}: {error['detail']}" for error in refused.errors]
            raise Malformed("\n".join([refused.detail, *said]), errors=refused.errors) from None


@app.command("publish")
def publish(key: Key, workspace: WorkspaceName, as_json: AsJson = False) -> None:
    """Publish the newest version of a survey: from now on it is asked and never changes."""
    made = run(lambda: _publish(workspace, key))
    show(made, as_json=as_json, text=f"Published {key}, version {made['version']}.")


async def _publish(workspace: str, key: str) -> dict[str, Any]:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        return (await surveys.publish(work, key)).model_dump(mode="json")


@app.command("export")
def export(key: Key, workspace: WorkspaceName, to: To = None, as_json: AsJson = False) -> None:
    """Write a survey as one document that `surveys import` takes anywhere."""
    document = run(lambda: _export(workspace, key))
    if to is None:
        show(document, as_json=True, text="")
        return
    try:
        to.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        fail(f"{to} cannot be written: {error.strerror or error}")
    show({"file": str(to), "key": key}, as_json=as_json, text=f"{to}: the survey {key}.")


async def _export(workspace: str, key: str) -> dict[str, Any]:
    async with working(workspace) as (database, found), database.read(found.id) as session:
        work = Work(session, found.id, operator(found.id), now())
        return (await exported(work, key)).model_dump(mode="json")
