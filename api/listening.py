"""The service listening: requests answered, metrics at a port of their own, and a stop that loses nothing."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from api.health import MetricsPage
from api.logs import take_over_logs
from api.main import create_app
from api.settings import settings

GRACE_SECONDS = 20
"""How long requests under way may take to be answered after the signal to stop."""


def listen(host: str, port: int) -> None:
    """Answer requests until told to stop; what is under way is finished first."""
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
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    with asyncio.Runner(loop_factory=main.config.get_loop_factory()) as runner:
        try:
            runner.run(_listen(main, app, host))
        except SystemExit:
            sys.exit(f"error {host} cannot be listened at with port {port}: the line above says why.")


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
