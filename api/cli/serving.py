"""`serve` and `migrate`."""

from typing import Annotated

import typer
import uvicorn

from api.cli.console import AsJson, migrate, ready, run, show
from api.main import create_app
from api.settings import settings

Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[int, typer.Option(envvar="PORT", help="The port to listen at.")]


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the API. An SQLite database migrates itself; another must be at the newest schema."""
    run(ready)
    listen(host, port)


def listen(host: str, port: int) -> None:
    """Answer requests until told to stop; what is under way is finished first."""
    uvicorn.run(
        create_app(),
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        forwarded_allow_ips=settings().trusted_proxies,
        timeout_graceful_shutdown=20,
    )


def migrate_database(as_json: AsJson = False) -> None:
    """Bring the database to the newest schema."""
    revision = migrate(run(_url))
    show({"revision": revision}, as_json=as_json, text=f"The database is at {revision}.")


async def _url() -> str:
    return settings().database_url
