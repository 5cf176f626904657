"""The service as it is run: a process of its own on a loopback port, which a test may kill and start again."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import httpx

from api.feedback.service import publish_templates
from api.settings import PREFIX
from api.workspaces import service as workspaces
from models.access import Scope
from models.database import Database
from models.migrating import migrate
from tests.postgres.host import free_port

SECRET = "a secret that only tests know"
ROOT = Path(__file__).parents[2]
READY_SECONDS = 60.0


@dataclass
class Served:
    """One serving process on one database; `address` stays the same however often it is started again."""

    url: str
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    _output: IO[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; `until_ready` waits."""
        assert self.process is None, "it is running"
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
        own = {"STEADFAST_DATABASE_URL": self.url, "STEADFAST_SECRET": SECRET}
        self._output = self.log.open("ab")
        self.process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port)],
            cwd=ROOT,
            env={**kept, **own, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
        )

    def kill(self) -> None:
        """End it as a power cut would: nothing of it runs any more when this returns."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop, and give its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(how)
        code = self.process.wait(60)
        self.process = None
        if self._output is not None:
            self._output.close()
        return code

    async def until_ready(self) -> None:
        """Wait until it answers that it is ready."""
        async with httpx.AsyncClient(base_url=self.address, timeout=10) as http:
            for _ in range(int(READY_SECONDS / 0.05)):
                if self.process is not None and self.process.poll() is not None:
                    break
                try:
                    if (await http.get("/readyz")).is_success:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
        raise AssertionError(f"it did not become ready:\n{self.log.read_text(encoding='utf-8')[-4000:]}")


async def with_workspaces(url: str, names: Sequence[str]) -> list[str]:
    """Migrate a database, make workspaces in it, and give an admin key of each."""
    await migrate(url)
    database = Database(url, pool_size=2)
    keys = []
    try:
        for name in names:
            now = datetime.now(UTC)
            async with database.write() as session:
                made = await workspaces.create_workspace(session, name, now)
                await publish_templates(session, made.id, now)
                keys.append((await workspaces.create_key(session, made.id, [Scope.ADMIN], now)).key)
    finally:
        await database.close()
    return keys
