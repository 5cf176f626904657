"""A database emptied again and again over one connection: to connect takes longer than to empty."""

import asyncio
import contextlib
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg

from tests.postgres.server import PostgresServer

EMPTY = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL lock_timeout = '5s';
    SET LOCAL session_replication_role = replica;  -- rows go in any order
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""


class Emptied:
    """Takes every row out of a migrated database when asked.

    Its loop turns in a thread of its own, so that the running loop of a test is no obstacle.

    Parameters
    ----------
    server, name
        The database and where it is; it is emptied as the superuser, whom no policy binds.
    """

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server, self.name = server, name
        self._thread = ThreadPoolExecutor(1)
        self._runner = self._thread.submit(asyncio.Runner).result()
        self._connection: Any = None

    def empty(self) -> None:
        """Take every row out."""
        self._run(self._empty())

    def close(self) -> None:
        """Give the connection back."""
        self._run(self._leave())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._thread.submit(self._runner.run, work).result()

    async def _empty(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError):
                await self._connection.execute(EMPTY)
                return
        await self._leave()
        self._connection = await asyncpg.connect(self.server.url(self.name, superuser=True), timeout=30)
        await self._connection.execute(EMPTY)

    async def _leave(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
