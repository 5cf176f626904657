"""`serve` and `migrate`."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from api.cli.console import AsJson, fail, migrate, ready, run, show
from api.health import MetricsPage
from api.logs import take_over_logs
from api.main import create_app
from api.settings import PREFIX, settings

Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[int, typer.Option(envvar="PORT", help="The port to listen at.")]
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - recognised here, listened at only where asked for
GRACE_SECONDS = 20
"""How long requests under way may take to be answered after the signal to stop."""


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the API. An SQLite database migrates itself; another must be at the newest schema."""
    run(ready)
    listen(host, port)


def listen(host: str, port: int) -> None:
    """Answer requests until told to stop; what is under way is finished first."""
    _lead_here(host, port)
    app = create_app()
    take_over_logs()
    main = Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            access_log=False,
            log_config=None,
            # Who really called is decided by `api.proxies`, which knows more headers and the whole chain.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    with asyncio.Runner(loop_factory=main.config.get_loop_factory()) as runner:
        try:
            runner.run(_listen(main, app, host))
        except SystemExit:
            fail(f"{host} cannot be listened at with port {port}: the line above says why.")


def _lead_here(host: str, port: int) -> None:
    """Let the links in answers lead to where this serves, unless a public address is set."""
    name = f"{PREFIX}PUBLIC_URL"
    if {name, f"{name}_FILE"} & {given.upper() for given in os.environ}:
        return
    reached_at = "127.0.0.1" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    os.environ[name] = f"http://{reached_at}:{port}"
    settings.cache_clear()


async def _listen(main: uvicorn.Server, app: FastAPI, host: str) -> None:
    """Serve requests, and the metrics at a port of their own where one is set, until the signal to stop."""
    if not settings().metrics_port:
        await main.serve()
        return
    page = MetricsPage(app.state.database)
    beside = BesideServer(
        uvicorn.Config(
            page,
            host=host,
            port=settings().metrics_port,
            access_log=False,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    watching = asyncio.create_task(beside.serve())
    try:
        await main.serve()
    finally:
        beside.should_exit = True
        await watching


class Server(uvicorn.Server):
    """A server for which the signal to stop is an order and not a way to die: it ends with exit code 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals to stop for as long as it serves."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class BesideServer(uvicorn.Server):
    """A server that leaves the signals to the one it runs beside."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield


def migrate_database(as_json: AsJson = False) -> None:
    """Bring the database to the newest schema."""
    revision = migrate(run(_url))
    show({"revision": revision}, as_json=as_json, text=f"The database is at {revision}.")


async def _url() -> str:
    return settings().database_url
