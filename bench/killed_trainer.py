"""The trainer killed without a warning, again and again, on SQLite and PostgreSQL, while risks are asked for.

`PYTHONPATH=. python bench/killed_trainer.py --rounds 20`. The service runs as it is run, with its worker below it. Each
round asks for a training, waits until it learns, kills it at a random time and waits for the training to end by another
attempt; three clients ask for risks, models and readiness all the while. After each round every model must be readable,
with its training done and its card whole, and exactly one must serve.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from api.settings import settings
from tests.chaos.learners import Toll, endure
from tests.chaos.served import SECRET, Served, with_workspaces
from tests.postgres.server import PostgresServer


async def killed(url: str, folder: Path, rounds: int, seed: int) -> Toll:
    """Kill for so many rounds on one database."""
    served = Served(url, folder / "log", {"STEADFAST_LEASE_SECONDS": "5"})
    [key] = await with_workspaces(url, ["Warm Homes"])
    return await endure(served, key, rounds=rounds, seed=seed, say=_say)


def _say(toll: Toll) -> None:
    sys.stderr.write(
        f"round {toll.rounds}: {toll.kills} kills, {toll.answers.total()} requests so far, {toll.broken}\n"
    )


def show(store: str, toll: Toll, rounds: int) -> None:
    """Print one database's figures, asked beside measured."""
    failed = sum(count for status, count in toll.answers.items() if status >= 500)
    print(
        f"{store}: {toll.rounds} rounds (asked {rounds}), {toll.kills} trainers killed, {toll.trained} trainings came "
        f"to their end; {toll.answers.total()} requests meanwhile, {failed} answered with 5xx (asked 0), "
        f"{toll.silences} without an answer (asked 0), slowest {toll.longest:.2f} s; half-written: "
        f"{len(toll.broken)} (asked 0)",
        flush=True,
    )
    for one in toll.broken:
        print(f"  {one}", flush=True)


def main() -> None:
    """Kill on both databases."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--rounds", type=int, default=20)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--store", choices=["sqlite", "postgresql"])
    asked = given.parse_args()
    os.environ["STEADFAST_SECRET"] = SECRET
    settings.cache_clear()
    tolls: list[Toll] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.store != "postgresql":
            url = f"sqlite:///{folder / 'killed.db'}"
            tolls.append(asyncio.run(killed(url, folder, asked.rounds, asked.seed)))
            show("SQLite", tolls[-1], asked.rounds)
        if asked.store != "sqlite":
            with PostgresServer.create() as server:
                url = server.create_database("killed")
                tolls.append(asyncio.run(killed(url, folder, asked.rounds, asked.seed)))
                show("PostgreSQL", tolls[-1], asked.rounds)
    bad = any(toll.broken or toll.silences or set(toll.answers) - {200} for toll in tolls)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
