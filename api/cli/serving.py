"""`serve` and `migrate`."""

import os
import sys
from typing import Annotated

import typer

from api.cli.console import AsJson, migrate, ready, run, show
from api.settings import PREFIX, settings

Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[int, typer.Option(envvar="PORT", help="The port to listen at.")]
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - recognised here, listened at only where asked for


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the API. An SQLite database migrates itself; another must be at the newest schema."""
    run(ready)
    become_the_service(host, port)


def become_the_service(host: str, port: int) -> None:
    """Let this process be the serving one from now on, under the same id: whoever stops it stops the service."""
    _lead_here(host, port)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "api.serving", host, str(port)])  # noqa: S606 - our own, no shell


def _lead_here(host: str, port: int) -> None:
    """Let the links in answers lead to where this serves, unless a public address is set."""
    name = f"{PREFIX}PUBLIC_URL"
    if {name, f"{name}_FILE"} & {given.upper() for given in os.environ}:
        return
    reached_at = "127.0.0.1" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    os.environ[name] = f"http://{reached_at}:{port}"


def migrate_database(as_json: AsJson = False) -> None:
    """Bring the database to the newest schema."""
    revision = migrate(run(_url))
    show({"revision": revision}, as_json=as_json, text=f"The database is at {revision}.")


async def _url() -> str:
    return settings().database_url
