"""`workspace create`, `workspace list`, and `workspace set`, which has a room of its own."""

from typing import Annotated, Any

import typer

from api import audit
from api.cli.configuring import set_from_file
from api.cli.console import AsJson, now, opened, operator, run, show
from api.dependencies import Work
from api.feedback.service import publish_templates
from api.workspaces import queries, service

app = typer.Typer(help="Companies using this installation.", no_args_is_help=True, add_completion=False)
app.command("set")(set_from_file)


@app.command("create")
def create(name: Annotated[str, typer.Argument(help="The company's name.")], as_json: AsJson = False) -> None:
    """Make a workspace with the survey it starts with."""
    made = run(lambda: _create(name))
    show(made, as_json=as_json, text=f"Made the workspace {made['name']} ({made['slug']}).")


async def _create(name: str) -> dict[str, Any]:
    async with opened() as database, database.write() as session:
        made = await service.create_workspace(session, name, now())
        await publish_templates(session, made.id, now())
        await audit.note_changes(Work(session, made.id, operator(made.id), now()), "workspaces.create", made.slug)
        return {"id": str(made.id), "name": made.name, "slug": made.slug}


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """Name the workspaces of this installation."""
    found = run(_list)
    show({"items": found}, as_json=as_json, text="\n".join(item["slug"] for item in found) or "There is none yet.")


async def _list() -> list[dict[str, Any]]:
    async with opened() as database, database.read() as session:
        rows = await queries.all_workspaces(session)
        return [{"id": str(row.id), "slug": row.slug, "created_at": row.created_at.isoformat()} for row in rows]
