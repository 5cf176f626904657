"""Killed at random times, the trainer interrupts nobody and leaves nothing half-written in the registry."""

from pathlib import Path

import pytest

from tests.chaos.learners import Toll, endure
from tests.chaos.served import Served, with_workspaces
from tests.postgres.server import PostgresServer

pytestmark = pytest.mark.anyio
ROUNDS = 2
"""`bench/killed_trainer.py` goes through twenty on each database."""


def kept(toll: Toll) -> None:
    """Insist that everybody was answered and everything is whole."""
    assert toll.broken == []
    assert set(toll.answers) == {200}
    assert toll.silences == 0
    assert (toll.rounds, toll.trained) == (ROUNDS, ROUNDS)
    assert toll.answers.total() > 20


async def test_a_killed_trainer_interrupts_nobody_on_sqlite(tmp_path: Path) -> None:
    served = Served(f"sqlite:///{tmp_path / 'steadfast.db'}", tmp_path / "log")
    [key] = await with_workspaces(served.url, ["Warm Homes"])
    kept(await endure(served, key, rounds=ROUNDS, seed=1))


async def test_a_killed_trainer_interrupts_nobody_on_postgresql(tmp_path: Path) -> None:
    with PostgresServer.create() as server:
        served = Served(server.create_database("steadfast"), tmp_path / "log")
        [key] = await with_workspaces(served.url, ["Warm Homes"])
        kept(await endure(served, key, rounds=ROUNDS, seed=2))
