"""The service in this process, for tests that are not asynchronous: every call goes through one event loop."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from api.feedback.service import publish_templates
from api.workspaces import service as workspaces
from models.access import Scope
from models.database import Database
from tests.api.application import application
from tests.api.caller import Caller


@dataclass
class World:
    """One application on one database, and the loop it lives in."""

    portal: BlockingPortal
    database: Database
    http: httpx.AsyncClient
    paths: dict[str, Any]

    def call(self, what: Callable[..., Awaitable[Any]], *arguments: Any, **named: Any) -> Any:
        """Do something asynchronous and wait for it."""
        return self.portal.call(partial(what, *arguments, **named))

    def offers(self, method: str, path: str) -> bool:
        """Return whether the service has a route."""
        return method.lower() in self.paths.get(path, {})

    def new_caller(self) -> Caller:
        """Give somebody who may do everything in a workspace that is empty."""
        return Caller(self.http, self.call(self._new_key))

    async def _new_key(self) -> str:
        now = datetime.now(UTC)
        async with self.database.write() as session:
            made = await workspaces.create_workspace(session, f"W {now.timestamp()}", now)
            await publish_templates(session, made.id, now)
            key = await workspaces.create_key(session, made.id, [Scope.ADMIN], now)
        return key.key


@contextmanager
def world_of(url: str) -> Iterator[World]:
    """Open the application on a migrated database."""
    with start_blocking_portal() as portal:
        database = Database(url, pool_size=3)
        app = application(database)
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://steadfast.test")
        try:
            yield World(portal, database, http, app.openapi()["paths"])
        finally:
            portal.call(http.aclose)
            portal.call(database.close)
