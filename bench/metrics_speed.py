"""How long `GET /v1/metrics` takes over many responses, on SQLite and PostgreSQL.

`PYTHONPATH=. python bench/metrics_speed.py --responses 500000`. Three customers in ten responses; all lie in one year.
Each question is asked twice through the service, and the second time is told, with the seconds of a core that this
process took: SQLite works in it.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic, process_time
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Table, select, text

from api import kinds
from api.feedback.service import publish_templates
from api.main import create_app
from api.workspaces import service
from bench.figures import Figure, print_figures
from models.access import Scope
from models.appending import append_rows
from models.database import Database, owner_engine
from models.feedback import Survey
from models.ids import uuid7
from models.migrating import migrate
from tests.api.caller import Caller
from tests.postgres.server import PostgresServer

PORTION = 5_000
YEAR = datetime(2026, 6, 1, tzinfo=UTC)
ASKED: dict[str, dict[str, Any]] = {
    "one weekly series": {"metric": "satisfaction"},
    "weekly by team": {"metric": "satisfaction", "by": "team"},
    "weekly, five choices": {"metric": "contact_reason"},
    "daily for a year": {"metric": "satisfaction", "interval": "day", "from": "2025-06-01"},
    "weekly as known earlier": {"metric": "satisfaction", "as_known_at": "2026-05-01T00:00:00Z"},
}


def rows_of(count: int, workspace: UUID, survey: UUID) -> Iterator[tuple[Table, dict[str, Any]]]:
    """Yield the rows of customers, cases and responses, parents first."""
    random = Random(1)  # noqa: S311 - a simulation
    people = [(uuid7(), uuid7()) for _ in range(count * 3 // 10)]
    begun = {"occurred_at": YEAR - timedelta(days=400), "recorded_at": YEAR - timedelta(days=400)}
    for number, (customer, case) in enumerate(people):
        about = {"customer_id": customer, "team": f"team-{number % 20}", "attributes": {}}
        for kind, identity, state in ((kinds.CUSTOMER, customer, {"attributes": {}}), (kinds.CASE, case, about)):
            yield from _record(kind, workspace, identity, f"{kind.name}-{number}", {**begun, **state})
    for number in range(count):
        customer, case = people[random.randrange(len(people))]
        at = YEAR - timedelta(seconds=random.randrange(365 * 86_400))
        said = {
            "satisfaction": random.randint(1, 5),
            "needs_met": "fully",
            "felt_1": 3,
            "felt_4": 2,
            "comment": "c" * 60,
        }
        said["contact_reason"] = random.choice(["new_need", "went_wrong", "chasing", "unclear", "other"])
        state = {"survey_version": 1, "customer_id": customer, "case_id": case, "answers": said, "complete": True}
        when = {"answered_at": at, "occurred_at": at, "recorded_at": at}
        head = {"survey_id": survey, "body_hash": "0" * 64}
        yield from _record(kinds.RESPONSE, workspace, uuid7(), f"R-{number}", {**state, **when}, **head)


def _record(
    kind: Any, workspace: UUID, identity: UUID, reference: str, state: dict[str, Any], **head: Any
) -> Iterator[tuple[Table, dict[str, Any]]]:
    key = {"workspace_id": workspace, "id": identity, "stored_at": state["recorded_at"]}
    yield kind.head, {**dict.fromkeys(kind.head.columns.keys()), **key, "reference": reference, "version": 1, **head}
    yield (
        kind.version,
        {**dict.fromkeys(kind.version.columns.keys()), **key, "number": 1, "given": [], "voided": False, **state},
    )


async def filled(database: Database, count: int) -> str:
    """Fill a database; give a key to it."""
    now = datetime.now(UTC)
    async with database.write() as session:
        made = await service.create_workspace(session, "Company", now)
        await publish_templates(session, made.id, now)
        key = (await service.create_key(session, made.id, [Scope.ADMIN], now)).key
    surveys = Survey.__table__  # type: ignore[attr-defined]
    async with database.read(made.id) as session:
        survey = await session.scalar(select(surveys.c.id).where(surveys.c.key == "post_interaction"))
    waiting: dict[Table, list[dict[str, Any]]] = {}

    async def store() -> None:
        async with database.write(made.id) as session:
            for table, rows in waiting.items():
                await append_rows(session, table, rows)
        waiting.clear()

    for number, (table, row) in enumerate(rows_of(count, made.id, survey), start=1):
        waiting.setdefault(table, []).append(row)
        if number % (4 * PORTION) == 0:
            await store()
    await store()
    return key


async def measured(url: str, count: int) -> list[Figure]:
    """Measure on one database."""
    await migrate(url)
    database = Database(url, 5)
    store = "SQLite" if database.sqlite else "PostgreSQL"
    try:
        begun = monotonic()
        key = await filled(database, count)
        sys.stderr.write(f"{store}: filled in {monotonic() - begun:.0f} s\n")
        owner = owner_engine(url)
        async with owner.begin() as connection:
            await connection.execute(text("ANALYZE"))
        await owner.dispose()
        transport = httpx.ASGITransport(create_app(database))
        async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test", timeout=600) as http:
            return [await _timed(Caller(http, key), store, name, params) for name, params in ASKED.items()]
    finally:
        await database.close()


async def _timed(client: Caller, store: str, name: str, params: dict[str, Any]) -> Figure:
    seconds, own = 0.0, 0.0
    for _ in range(2):
        begun, worked = monotonic(), process_time()
        found = await client.read("/v1/metrics", **{"from": "2025-12-01", "to": "2026-06-01", **params})
        seconds, own = monotonic() - begun, process_time() - worked
    answers = sum(point["n"] for point in found["points"]) // max(1, len(found["scales"][0]["counted"]))
    words = f"{seconds:.1f} s, of them {own:.1f} of this process ({answers} answers, {len(found['points'])} points)"
    return Figure(f"{store}: {name}", "-", words, None)


async def main() -> None:
    """Print the seconds."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--responses", type=int, default=500_000)
    asked.add_argument("--only", choices=("sqlite", "postgresql"))
    given = asked.parse_args()
    count = given.responses
    figures: list[Figure] = []
    if given.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            figures += await measured(f"sqlite:///{Path(folder) / 'speed.db'}", count)
    if given.only != "sqlite":
        with PostgresServer.create() as server:
            figures += await measured(server.create_database("speed"), count)
    print_figures(figures)


if __name__ == "__main__":
    asyncio.run(main())
