"""`keys create`, `keys list`, `keys rotate` and `keys revoke`."""

import re
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError

from api.cli.console import MISUSED, AsJson, WorkspaceName, fail, now, run, show, transaction, working
from api.keys import service
from api.keys.schemas import MOST_OVERLAP_HOURS, KeyBody
from api.listing import Asked
from api.recorded import malformed_row
from models.access import Scope

app = typer.Typer(help="API keys.", no_args_is_help=True, add_completion=False)
Scopes = Annotated[list[Scope], typer.Option("--scope", help="What the key may do; give it as often as needed.")]
Days = Annotated[int | None, typer.Option("--expires-in-days", min=1, max=36_500, help="Default: never.")]
KeyId = Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")]
SPAN = re.compile(r"^(\d{1,4})([dh])$")
AT_ONCE = 1000


@app.command("create")
def create(
    workspace: WorkspaceName,
    scopes: Scopes,
    name: Annotated[str, typer.Option("--name", help="What the key is for.")] = "",
    expires_in_days: Days = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown this once."""
    expires = None if expires_in_days is None else now() + timedelta(days=expires_in_days)
    try:
        body = KeyBody(name=name, scopes=list(dict.fromkeys(scopes)), expires_at=expires)
    except ValidationError as error:
        fail("; ".join(f"{item['pointer']}: {item['detail']}" for item in malformed_row(error).errors), MISUSED)
    made = run(lambda: _create(workspace, body))
    show(made, as_json=as_json, text=f"{made['key']}\nKeep it: it is shown this once.")


async def _create(workspace: str, body: KeyBody) -> dict[str, Any]:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        made = await service.make(work, body)
    return {"id": str(made.id), "key": made.key}


@app.command("list")
def list_all(workspace: WorkspaceName, as_json: AsJson = False) -> None:
    """List a workspace's keys and the day each was last used; no secret is stored, so none is shown."""
    found = run(lambda: _list(workspace))
    lines = [
        f"{item['id']}  {item['state']:8}  used {item['last_used_on'] or 'never':10}  "
        f"{', '.join(item['scopes'])}  {item['name']}"
        for item in found
    ]
    show({"items": found}, as_json=as_json, text="\n".join(lines) or "There is none yet.")


async def _list(workspace: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with working(workspace) as (database, known):
        cursor: str | None = None
        while True:
            async with transaction(database, known.id) as work:
                items, cursor = await service.list_keys(work, Asked(AT_ONCE, cursor))
            found += [item.model_dump(mode="json") for item in items]
            if cursor is None:
                return found


@app.command("rotate")
def rotate(
    workspace: WorkspaceName,
    key_id: KeyId,
    overlap: Annotated[str, typer.Option("--overlap", help="How long the old key still lives: `7d`, `12h`.")] = "7d",
    as_json: AsJson = False,
) -> None:
    """Make a key's successor with the same name and scopes. Both open until the overlap ends."""
    identity, span = _identity(key_id), _span(overlap)
    made = run(lambda: _rotate(workspace, identity, span))
    text = (
        f"{made['key']}\nKeep it: it is shown this once. The key {key_id} lives until {made['replaces']['expires_at']}."
    )
    show(made, as_json=as_json, text=text)


async def _rotate(workspace: str, key_id: UUID, overlap: timedelta) -> dict[str, Any]:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        made = await service.rotate(work, key_id, overlap)
    return made.model_dump(mode="json")


@app.command("revoke")
def revoke(workspace: WorkspaceName, key_id: KeyId, as_json: AsJson = False) -> None:
    """Let a key open nothing from now on."""
    identity = _identity(key_id)
    run(lambda: _revoke(workspace, identity))
    show({"id": key_id, "state": "revoked"}, as_json=as_json, text=f"The key {key_id} opens nothing any more.")


async def _revoke(workspace: str, key_id: UUID) -> None:
    async with working(workspace) as (database, found), transaction(database, found.id) as work:
        await service.revoke(work, key_id)


def _identity(key_id: str) -> UUID:
    try:
        return UUID(key_id)
    except ValueError:
        fail(f"{key_id} is no key's id. `steadfast keys list` names them.", MISUSED)


def _span(text: str) -> timedelta:
    found = SPAN.match(text)
    hours = 0 if found is None else int(found[1]) * (24 if found[2] == "d" else 1)
    if found is None or hours > MOST_OVERLAP_HOURS:
        fail(f"{text} is no overlap: give days or hours, like 7d or 12h, at most {MOST_OVERLAP_HOURS // 24}d.", MISUSED)
    return timedelta(hours=hours)
