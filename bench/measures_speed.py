"""What it takes to count all dimensions by need and week: PostgreSQL and SQLite beside DuckDB, on the same rows.

DuckDB is an optional peer: `pip install duckdb`. The service's own statements run on all three (SQLite's text on
SQLite, PostgreSQL's on the other two), each on one core, and have to give the same sums. Seconds are those of a core:
of this process for SQLite and DuckDB, of the server's processes for PostgreSQL.
"""

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import asyncpg
import duckdb
from sqlalchemy.dialects import postgresql, sqlite

from api.measures.answers import Place
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.counting.reading import Reading
from api.measures.loyalty.counting.sums import sums
from api.measures.loyalty.facts import MOST_CELLS, OF_CASES, names_of, rows_of
from bench.figures import Figure
from bench.measure_data import END_US, PERIODS, START_US, SURVEY, made
from bench.rescoring import _seconds_of
from bench.rescoring_data import NOW_US, WORKSPACE, into_duckdb, into_postgresql, into_sqlite
from models.migrating import migrate
from models.rules.failure import DEFAULT_FAILURE
from models.rules.loyalty.dimensions import Part
from models.rules.outcome import read_definition
from models.rules.periods import Interval
from models.rules.supporters import Supporters
from tests.postgres.server import PostgresServer

WITHIN = 3.0
ALL = "all, beside DuckDB's CPU"
Answer = list[tuple[Any, ...]]
ON_POSTGRESQL = "SET max_parallel_workers_per_gather = 0; SET work_mem = '64MB'; SET jit = off"


@dataclass(frozen=True)
class Measured:
    """What one database took and answered, by statement."""

    seconds: Mapping[str, float]
    answers: Mapping[str, Answer]


def question() -> Question:
    """Ask for a year by need and week."""
    places = {name: [Place(SURVEY, (1,), (name,))] for name in ("needs_met", "contact_reason")}
    return Question(
        workspace_id=WORKSPACE,
        zone="UTC",
        start_us=START_US,
        end_us=END_US,
        periods=PERIODS,
        by=By.NEED,
        interval=Interval.WEEK,
        now_us=NOW_US,
        known_at=None,
        supporters=Supporters([]),
        former_names=[],
        needs_met=places["needs_met"],
        reasons=places["contact_reason"],
        failure=read_definition(DEFAULT_FAILURE),
    )


def statements(dialect: Any) -> dict[str, str]:
    """Return the service's statement as one database reads it: all shares, and beside it those of each of its rows."""

    def told(parts: Collection[Part]) -> str:
        rows = rows_of(Reading(question(), names_of(parts)), None, parts)
        text = sums(rows, MOST_CELLS + 1).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        return str(text).replace("%%", "%")

    alone = {"promises": {Part.KEPT}, "cases": OF_CASES, "contacts": {Part.NOT_NEEDLESS}, "customers": {Part.AS_NEW}}
    return {ALL: told(frozenset(Part)), **{name: told(parts) for name, parts in alone.items()}}


def plain(rows: Any) -> Answer:
    """Return rows in order, their numbers alike whatever a database calls them."""
    alike = [tuple(value if value is None or isinstance(value, str) else int(value) for value in row) for row in rows]
    return sorted(alike, key=str)


def on_duckdb(connection: duckdb.DuckDBPyConnection) -> Measured:
    """Measure DuckDB on one thread."""
    connection.execute("SET threads = 1; SET integer_division = true")
    seconds, answers = {}, {}
    for name, text in statements(postgresql.dialect()).items():
        begun = process_time()
        answers[name] = plain(connection.execute(text).fetchall())
        seconds[name] = process_time() - begun
    return Measured(seconds, answers)


def on_sqlite(path: Path) -> Measured:
    """Measure SQLite."""
    connection = sqlite3.connect(path)
    seconds, answers = {}, {}
    for name, text in statements(sqlite.dialect()).items():
        begun = process_time()
        answers[name] = plain(connection.execute(text).fetchall())
        seconds[name] = process_time() - begun
    connection.close()
    return Measured(seconds, answers)


async def on_postgresql(server: PostgresServer, url: str, explained: Path | None) -> Measured:
    """Measure PostgreSQL without helpers of its own; write down where the time goes if asked to."""
    connection = await asyncpg.connect(url)
    seconds, answers = {}, {}
    try:
        await connection.execute(ON_POSTGRESQL)
        for name, text in statements(postgresql.dialect()).items():
            begun = _seconds_of(server)
            answers[name] = plain(await connection.fetch(text, timeout=3_600))
            seconds[name] = _seconds_of(server) - begun
            if explained is not None:
                plan = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {text}", timeout=3_600)
                (explained / f"{name}.txt").write_text("\n".join(row[0] for row in plan), encoding="utf-8")
    finally:
        await connection.close()
    return Measured(seconds, answers)


def beside(name: str, one: Measured, duck: Measured) -> Iterator[Figure]:
    """Yield what one database took beside DuckDB, whole and by statement, and whether both say the same."""
    for what, seconds in one.seconds.items():
        theirs = duck.seconds[what]
        shown = f"{seconds / theirs:.2f} x ({seconds:.2f} s beside {theirs:.2f} s)"
        asked = f"<= {WITHIN:.0f} x" if what == ALL else "-"
        yield Figure(f"{name}: {what}", asked, shown, seconds / theirs <= WITHIN if what == ALL else None)
    apart = [what for what in one.answers if one.answers[what] != duck.answers[what]]
    yield Figure(f"{name}: sums alike", "all", f"all but {apart}" if apart else "all", not apart)


async def _measured(cases: int, folder: Path, explained: Path | None) -> list[Figure]:
    """Load a company into all three, and measure each."""
    tables = made(cases)
    rows = sum(table.num_rows for table in tables.values())
    sys.stderr.write(f"{cases} cases, {rows} rows\n")
    path = folder / "measures.db"
    await migrate(f"sqlite:///{path}")
    into_sqlite(path, tables)
    with duckdb.connect() as connection:
        into_duckdb(connection, tables, folder)
        duck = on_duckdb(connection)
    figures = []
    with PostgresServer.create() as server:
        await migrate(server.create_database("measures"))
        url = server.url("measures", superuser=True)
        await into_postgresql(url, tables, folder)
        figures += list(beside("PostgreSQL", await on_postgresql(server, url, explained), duck))
    figures += list(beside("SQLite", on_sqlite(path), duck))
    return figures


def speed(cases: int, explained: Path | None = None) -> Iterator[Figure]:
    """Yield what each database took."""
    yield Figure(f"{cases:,} cases, a year by need and week".replace(",", " "), "-", "seconds of one core", None)
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measured(cases, Path(folder), explained))
