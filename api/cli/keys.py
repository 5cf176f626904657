"""`keys create`, `keys list` and `keys revoke`."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from api.cli.console import AsJson, WorkspaceName, fail, now, run, show, transaction, working
from api.workspaces import queries, service
from models.access import Scope

app = typer.Typer(help="API keys.", no_args_is_help=True)
Scopes = Annotated[list[Scope], typer.Option("--scope", help="What the key may do; give it as often as needed.")]
Days = Annotated[int | None, typer.Option("--expires-in-days", min=1, help="Default: never.")]


@app.command("create")
def create(
    workspace: WorkspaceName,
    scopes: Scopes,
    name: Annotated[str, typer.Option("--name", help="What the key is for.")] = "",
    expires_in_days: Days = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown this once."""
    made = run(lambda: _create(workspace, scopes, name, expires_in_days))
    show(made, as_json=as_json, text=f"{made['key']}\nKeep it: it is shown this once.")


async def _create(workspace: str, scopes: list[Scope], name: str, days: int | None) -> dict[str, Any]:
    expires = None if days is None else now() + timedelta(days=days)
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        made = await service.create_key(work.session, found.id, scopes, now(), name=name, expires_at=expires)
        return {"id": str(made.id), "key": made.key}


@app.command("list")
def list_all(workspace: WorkspaceName, as_json: AsJson = False) -> None:
    """List a workspace's keys; no secret is stored, so none is shown."""
    found = run(lambda: _list(workspace))
    lines = [f"{item['id']}  {item['state']:8}  {', '.join(item['scopes'])}  {item['name']}" for item in found]
    show({"items": found}, as_json=as_json, text="\n".join(lines) or "There is none yet.")


async def _list(workspace: str) -> list[dict[str, Any]]:
    async with working(workspace) as (database, found), database.read(found.id) as session:
        rows = await queries.keys_of(session, found.id)
    return [{"id": str(row.id), "name": row.name, "scopes": row.scopes, "state": _state(row)} for row in rows]


def _state(row: Any) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now() else "active"


@app.command("revoke")
def revoke(workspace: WorkspaceName, key_id: Annotated[str, typer.Argument()], as_json: AsJson = False) -> None:
    """Let a key open nothing from now on."""
    try:
        identity = UUID(key_id)
    except ValueError:
        fail(f"{key_id} is no key's id. `steadfast keys list` names them.", 2)
    run(lambda: _revoke(workspace, identity))
    show({"id": key_id, "state": "revoked"}, as_json=as_json, text=f"The key {key_id} opens nothing any more.")


async def _revoke(workspace: str, key_id: UUID) -> None:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        await service.revoke_key(work.session, found.id, key_id, now())
