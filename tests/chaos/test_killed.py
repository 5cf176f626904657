"""Nothing acknowledged is lost, doubled or renamed when the service or its database is killed under its clients."""

from pathlib import Path

import pytest

from tests.chaos.ledger import Ledger
from tests.chaos.rounds import endure, killing
from tests.chaos.served import Served, with_workspaces
from tests.postgres.server import PostgresServer

pytestmark = pytest.mark.anyio

ROUNDS = {"sqlite": 1, "postgresql": 2}
"""Enough to see a promise broken that is broken often; `make chaos` goes through forty on each."""


def kept(ledger: Ledger) -> None:
    """Insist that every promise was kept, and that there were some to keep."""
    assert ledger.broken == []
    assert len(ledger.acknowledged) > 20
    assert ledger.unknown or ledger.retried


async def test_a_killed_service_keeps_what_it_acknowledged_on_sqlite(tmp_path: Path) -> None:
    served = Served(f"sqlite:///{tmp_path / 'steadfast.db'}", tmp_path / "log")
    [key] = await with_workspaces(served.url, ["Warm Homes"])
    kept(await endure(served, key, rounds=ROUNDS["sqlite"], seed=1))


async def test_a_killed_service_and_a_stopped_postgresql_keep_what_was_acknowledged(tmp_path: Path) -> None:
    with PostgresServer.create() as server:
        served = Served(server.create_database("steadfast"), tmp_path / "log")
        [key] = await with_workspaces(served.url, ["Warm Homes"])
        kept(await endure(served, key, rounds=ROUNDS["postgresql"], seed=2, faults=killing(served, server)))
