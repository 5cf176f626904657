"""Workers killed without a warning, again and again, on SQLite and PostgreSQL: which jobs are lost or done twice.

`PYTHONPATH=. python bench/killed_workers.py --rounds 30`. Two real workers, two workspaces, jobs of every kind; each
round kills one to three times at random. A takeover is timed from the kill to another holding of the job. The lease is
two seconds, the shortest there is; LEASE_SECONDS=10 sets another.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from uuid import UUID

import httpx

from api.feedback.service import publish_templates
from api.main import create_app
from api.settings import settings
from api.workspaces import service
from models.access import Scope
from models.database import Database
from models.migrating import migrate
from tests.api.caller import Caller
from tests.api.company import tell
from tests.api.jobs.killing import LEASE_SECONDS, Toll, one_round, workers
from tests.api.test_learner import many, reading
from tests.postgres.server import PostgresServer

LEARNING_EACH = 5
"""An analysis takes longer than all else together: it is part of every so many rounds."""


async def company(database: Database, number: int) -> UUID:
    """Make a workspace in which sets are found."""
    now = datetime.now(UTC)
    async with database.write() as session:
        made = await service.create_workspace(session, f"Company {number}", now)
        await publish_templates(session, made.id, now)
        key = (await service.create_key(session, made.id, [Scope.ADMIN], now)).key
    transport = httpx.ASGITransport(create_app(database))
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        client = Caller(http, key)
        for name in ("handed", "away"):
            await client.catalogue(name, rule=reading(name))
        await tell(client, many(failing=2))
    return made.id


async def killed(url: str, rounds: int, seed: int) -> Toll:
    """Kill for so many rounds on one database."""
    await migrate(url)
    database = Database(url, 5)
    toll, chosen = Toll(), random.Random(seed)  # noqa: S311 - an example, no secret
    try:
        workspaces = [await company(database, number) for number in range(2)]
        async with workers(database, 2) as running:
            for number in range(rounds):
                learning = number % LEARNING_EACH == LEARNING_EACH - 1
                begun = monotonic()
                await one_round(database, workspaces, running, chosen, toll, learning=learning)
                sys.stderr.write(f"round {number + 1}: {monotonic() - begun:.1f} s, {toll.kills} kills so far\n")
    finally:
        await database.close()
    return toll


def show(store: str, toll: Toll) -> None:
    """Print one database's figures."""
    print(
        f"{store}: {toll.rounds} rounds, {toll.kills} workers killed, {toll.jobs} jobs: {toll.lost} lost, "
        f"{toll.twice} portions done twice; lease {LEASE_SECONDS} s; taken over: "
        f"{spread(toll.takeovers)} light, {spread(toll.learning)} learning",
        flush=True,
    )


def spread(seconds: Sequence[float]) -> str:
    """Say how many there were, and how long in the middle and at the latest."""
    if not seconds:
        return "0"
    return f"{len(seconds)} (median {statistics.median(seconds):.1f} s, at the latest {max(seconds):.1f} s)"


def main() -> None:
    """Kill on both databases."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--rounds", type=int, default=30)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--store", choices=["sqlite", "postgresql"])
    asked = given.parse_args()
    os.environ["STEADFAST_SECRET"] = "only this bench knows it"  # noqa: S105 - of a database that goes with the bench
    settings.cache_clear()
    tolls: list[Toll] = []
    if asked.store != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'killed.db'}"
            tolls.append(asyncio.run(killed(url, asked.rounds, asked.seed)))
            show("SQLite", tolls[-1])
    if asked.store != "sqlite":
        with PostgresServer.create() as server:
            tolls.append(asyncio.run(killed(server.create_database("killed"), asked.rounds, asked.seed)))
            show("PostgreSQL", tolls[-1])
    assert all(toll.lost == toll.twice == 0 for toll in tolls)


if __name__ == "__main__":
    main()
