"""What tests generated from the OpenAPI document may ask for: a served process with one of everything in it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.api.caller import Caller
from tests.api.conftest import (
    app,
    caller,
    client,
    database,
    emptied_postgres_url,
    http,
    key,
    make_workspace,
    migrated_file,
    migrated_url,
    own_settings,
    postgres_template,
    stranger,
    worker_database,
    workspace,
)
from tests.chaos.served import Served, with_workspaces
from tests.generated.everything import fill, fill_more

__all__ = [
    "app",
    "caller",
    "client",
    "database",
    "emptied_postgres_url",
    "http",
    "key",
    "make_workspace",
    "migrated_file",
    "migrated_url",
    "own_settings",
    "postgres_template",
    "stranger",
    "worker_database",
    "workspace",
]


@dataclass
class Furnished:
    """A served process, an admin key, and what is there by the name of a path parameter."""

    served: Served
    key: str
    known: dict[str, str]


async def furnish(served: Served, admin: str) -> dict[str, str]:
    """Put one of everything into a workspace, and give what is there by the name of a path parameter."""
    await served.until_ready()
    async with httpx.AsyncClient(base_url=served.address, timeout=60) as to_it:
        filler = Caller(to_it, admin)
        known = await fill(filler)
        await fill_more(filler)
    return known


@pytest.fixture
def furnished(migrated_url: str, tmp_path: Path) -> Iterator[Furnished]:
    """Serve a database with one of everything in it."""
    served = Served(migrated_url, tmp_path / "log")
    [admin] = asyncio.run(with_workspaces(migrated_url, ["Warm Homes"]))
    served.start()
    try:
        yield Furnished(served, admin, asyncio.run(furnish(served, admin)))
    finally:
        served.kill()
