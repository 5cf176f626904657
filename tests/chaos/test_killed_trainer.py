"""Killed at random times, the trainer interrupts nobody and leaves nothing half-written in the registry."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.api.caller import Caller
from tests.chaos.learners import Toll, ended, endure
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


async def test_a_training_is_waited_for_through_silences_and_failures_and_each_of_them_is_told() -> None:
    turns: list[Callable[[httpx.Request], httpx.Response]] = [
        lambda _: httpx.Response(200, json={"state": "running"}),
        lambda asked: _silent(httpx.ConnectError, asked),
        lambda asked: _silent(httpx.RemoteProtocolError, asked),
        lambda _: httpx.Response(503, json={"code": "unavailable"}),
        lambda _: httpx.Response(200, json={"state": "done"}),
    ]
    transport = httpx.MockTransport(lambda asked: turns.pop(0)(asked))  # noqa: PLW0108 - the turn is taken when it is asked
    toll = Toll()
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        assert await ended(Caller(http), "J-1", toll) == "done"
    assert (toll.silences, dict(toll.answers), turns) == (2, {503: 1}, [])


def _silent(error: type[httpx.TransportError], asked: httpx.Request) -> httpx.Response:
    raise error("nobody answers", request=asked)
