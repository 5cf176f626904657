"""What tests generated from the OpenAPI document may ask for: a served process with one of everything in it."""

import asyncio
import shutil
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
def everywhere(migrated_file: Path, emptied_postgres_url: str, tmp_path: Path) -> Iterator[list[Furnished]]:
    """Serve a database of either store, one of everything in each."""
    copy = shutil.copy(migrated_file, tmp_path / "steadfast.db")
    urls = {"sqlite": f"sqlite:///{copy}", "postgresql": emptied_postgres_url}
    services = [Served(url, tmp_path / f"{store}.log") for store, url in urls.items()]
    try:
        yield [furnished(served) for served in services]
    finally:
        for served in services:
            served.kill()


def furnished(served: Served) -> Furnished:
    """Start a service and put one of everything into it."""
    [admin] = asyncio.run(with_workspaces(served.url, ["Warm Homes"]))
    served.start()
    return Furnished(served, admin, asyncio.run(furnish(served, admin)))
