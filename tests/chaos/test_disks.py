"""A full disk is said to be full, a failing disk is waited for, and what was acknowledged before is still there."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.caller import Caller, done, refusal
from tests.chaos.disks import FaultyDisk, small_disk, why_no_faulty_disk, why_no_small_disk
from tests.chaos.rounds import Fault, endure
from tests.chaos.served import Served, with_workspaces
from tests.postgres.server import PostgresServer

pytestmark = pytest.mark.anyio

SYNCS = (0, 5)
"""Which sync after the fault was planned goes wrong, one a round."""
BALLAST = 3 * 1024 * 1024
READY = {"status": "ok", "reasons": [], "stale": []}
NO_ROOM = {"status": "degraded", "reasons": ["little_room"], "stale": []}


def filling(number: int) -> list[dict[str, Any]]:
    """Give a bulk request of some size."""
    return [{"reference": f"F-{number}-{row}", "attributes": {"a": os.urandom(7000).hex()}} for row in range(100)]


async def fill_up_and_go_on(served: Served, key: str, ballast: Path, ready: dict[str, Any]) -> None:
    """Fill the disk, see that it is said to be full and still read, make room, and go on without a restart.

    `ready` is what the service says of itself when there is no room.
    """
    await asyncio.to_thread(ballast.write_bytes, bytes(BALLAST))
    async with httpx.AsyncClient(base_url=served.address, timeout=60) as http:
        caller = Caller(http, key)
        taken, refused = 0, None
        while refused is None:
            response = await caller.post("/v1/customers/bulk", filling(taken), idempotency_key=f"fill {taken}")
            if response.is_success:
                assert response.json()["accepted"] == 100
                taken += 1
            else:
                refused = response
        assert refusal(refused, 507, "no_room")["retryable"] is True
        assert taken > 2
        assert len(await caller.read_all("/v1/customers", limit=1000)) == 100 * taken
        assert done(await caller.get("/readyz")) == ready
        await asyncio.to_thread(ballast.unlink)
        again = await caller.post("/v1/customers/bulk", filling(taken), idempotency_key=f"fill {taken}")
        assert done(again)["accepted"] == 100
        served.kill()
        served.start()
        await served.until_ready()
        assert len(await caller.read_all("/v1/customers", limit=1000)) == 100 * (taken + 1)


@contextmanager
def running(served: Served) -> Iterator[Served]:
    """Start it, and end it whatever happens."""
    served.start()
    try:
        yield served
    finally:
        served.kill()


@pytest.fixture(scope="module")
def mountable() -> None:
    """Skip where no small disk can be mounted."""
    reason = why_no_small_disk()
    if reason:
        pytest.skip(reason=reason)


@pytest.fixture(scope="module")
def breakable() -> None:
    """Skip where syncs cannot be made to fail."""
    reason = why_no_faulty_disk()
    if reason:
        pytest.skip(reason=reason)


@pytest.mark.usefixtures("mountable")
async def test_a_full_disk_under_sqlite_is_a_507_read_from_and_recovered_from(tmp_path: Path) -> None:
    with small_disk(16) as disk:
        served = Served(f"sqlite:///{disk / 'steadfast.db'}", tmp_path / "log")
        [key] = await with_workspaces(served.url, ["Warm Homes"])
        with running(served):
            await served.until_ready()
            await fill_up_and_go_on(served, key, disk / "ballast", NO_ROOM)


@pytest.mark.usefixtures("mountable")
async def test_a_full_disk_under_postgresql_is_a_507_read_from_and_recovered_from(tmp_path: Path) -> None:
    with small_disk(32) as disk, PostgresServer.create() as server:
        tables = disk / "tables"
        tables.mkdir(mode=0o777)
        tables.chmod(0o777)
        served = Served(server.create_small_database("steadfast", tables), tmp_path / "log")
        [key] = await with_workspaces(served.url, ["Warm Homes"])
        with running(served):
            await served.until_ready()
            await fill_up_and_go_on(served, key, disk / "ballast", READY)


def failing(disk: FaultyDisk) -> list[tuple[Fault, Fault]]:
    """Give one fault for each of the syncs that go wrong; it mends itself."""

    def nothing() -> None:
        """Recovery takes nobody's hand."""

    def fault(after: int) -> Fault:
        return lambda: disk.fail_now(after=after)

    return [(fault(after), nothing) for after in SYNCS]


@pytest.mark.usefixtures("breakable")
async def test_an_error_at_the_nth_sync_of_sqlite_loses_nothing_acknowledged(tmp_path: Path) -> None:
    disk = FaultyDisk.make(tmp_path, "steadfast.db")
    served = Served(f"sqlite:///{tmp_path / 'steadfast.db'}", tmp_path / "log", disk.environment)
    [key] = await with_workspaces(served.url, ["Warm Homes"])
    ledger = await endure(served, key, rounds=len(SYNCS), seed=5, faults=failing(disk))
    assert disk.failed >= len(SYNCS)
    assert ledger.broken == []
    assert ledger.refused[503] > 0
    assert len(ledger.acknowledged) > 50


@pytest.mark.usefixtures("breakable")
async def test_an_error_at_the_nth_sync_of_postgresql_loses_nothing_acknowledged(tmp_path: Path) -> None:
    with PostgresServer.create() as server:
        disk = FaultyDisk.make(server.folder, "pg_wal")
        server.environment.update(disk.environment)
        server.restart()
        served = Served(server.create_database("steadfast"), tmp_path / "log")
        [key] = await with_workspaces(served.url, ["Warm Homes"])
        ledger = await endure(served, key, rounds=len(SYNCS), seed=6, faults=failing(disk))
        assert disk.failed >= len(SYNCS)
    assert ledger.broken == []
    assert ledger.refused[503] > 0
    assert len(ledger.acknowledged) > 50
