"""What it takes to score everybody anew: features by SQLite and PostgreSQL beside DuckDB, and scoring itself.

`PYTHONPATH=. python bench/rescoring.py --customers 1000000`. DuckDB is an optional peer: `pip install duckdb`. The same
compiled statement runs on all three (SQLite's text on SQLite, PostgreSQL's on the other two), each on one core, and is
added up where it runs; the sums have to be the same. Seconds are those of a core (user and system), of this process for
SQLite and DuckDB, of the server's processes for PostgreSQL.
"""

import argparse
import asyncio
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import asyncpg
import duckdb
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite

from bench.figures import Figure, print_figures
from bench.rescoring_data import NOW_US, WORKSPACE, events, into_duckdb, into_postgresql, into_sqlite, made
from ml.batches import score_batches
from ml.features import FEATURES, all_moments, customer_features
from ml.matrix import Exposed, feature_batches
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel
from models.migrating import migrate
from tests.postgres.server import PostgresServer

WITHIN = 2.5
LEAST_A_SECOND = 150_000
MOST_MEMORY = 1e9
TOLERANCE = 1e-9
UNKNOWN = 0.4


@dataclass(frozen=True)
class Measured:
    """What one database took, and what its features add up to."""

    seconds: float
    sums: tuple[float | None, ...]


def statement(dialect: Any) -> str:
    """Return the features added up, as one database reads it."""
    found = customer_features(all_moments(WORKSPACE, [NOW_US]))
    text = str(found.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")
    sums = ", ".join(f"sum({name})" for name in FEATURES)
    return f"SELECT count(*), {sums} FROM ({text}) AS features"  # noqa: S608 - ours


def _floats(row: Any) -> tuple[float | None, ...]:
    return tuple(None if value is None else float(value) for value in row)


def on_duckdb(connection: duckdb.DuckDBPyConnection) -> Measured:
    """Measure DuckDB on one thread."""
    connection.execute("SET threads = 1; SET integer_division = true")
    begun = process_time()
    row = connection.execute(statement(postgresql.dialect())).fetchone()
    return Measured(process_time() - begun, _floats(row))


def on_sqlite(path: Path) -> Measured:
    """Measure SQLite."""
    connection = sqlite3.connect(path)
    begun = process_time()
    row = connection.execute(statement(sqlite.dialect())).fetchone()
    return Measured(process_time() - begun, _floats(row))


async def on_postgresql(server: PostgresServer, url: str) -> Measured:
    """Measure PostgreSQL without helpers of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET max_parallel_workers_per_gather = 0; SET work_mem = '64MB'; SET jit = off")
        begun = _seconds_of(server)
        row = await connection.fetchrow(statement(postgresql.dialect()), timeout=3_600)
        return Measured(_seconds_of(server) - begun, _floats(row))
    finally:
        await connection.close()


def _seconds_of(server: PostgresServer) -> float:
    """Return what the server's processes took of a core by now."""
    ticks = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if (place / "cwd").readlink() == server.data:
                fields = (place / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def whole_way(path: Path) -> tuple[int, float]:
    """Read, score and count everybody of an SQLite database as `score --to` does; return how many and the seconds."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _plain(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    begun = process_time()
    with engine.connect() as connection:
        return _scored(connection), process_time() - begun


def _scored(connection: Connection) -> int:
    batches = feature_batches(connection, WORKSPACE, NOW_US, Exposed())
    return sum(batch.num_rows for batch in score_batches(batches, MODEL))


MODEL = RiskModel.prior(scorecard_for(["late", "rude", "passed_on"], ["s"]), yearly_loss=0.15)


def scoring(customers: int) -> Figure:
    """Measure scoring alone, from batches of features to batches of risk."""
    random, rows = np.random.default_rng(3), 8_192

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, customers, rows):
            yield pa.RecordBatch.from_pydict({"customer": names[: min(rows, customers - start)], **_cut(start)})

    def _cut(start: int) -> dict[str, Any]:
        return {name: column[: min(rows, customers - start)] for name, column in columns.items()}

    names = [f"C-{number}" for number in range(rows)]
    known = {name: random.random(rows) >= UNKNOWN for name in MODEL.scorecard.features}
    columns = {name: pa.array(random.gamma(1.0, 1.0, rows), mask=~there) for name, there in known.items()}
    begun = process_time()
    scored = sum(batch.num_rows for batch in score_batches(batches(), MODEL))
    rate = scored / (process_time() - begun)
    words = f"{rate:,.0f} customers/s ({len(MODEL.weights)} terms)"
    return Figure("scoring a core", f">= {LEAST_A_SECOND:,} customers/s", words, rate >= LEAST_A_SECOND)


def _beside(name: str, one: Measured, duck: Measured) -> Iterator[Figure]:
    ratio = one.seconds / duck.seconds
    shown = f"{ratio:.2f} x ({one.seconds:.1f} s beside {duck.seconds:.1f} s)"
    yield Figure(f"{name}: features beside DuckDB's CPU", f"<= {WITHIN} x", shown, ratio <= WITHIN)
    apart = [
        each
        for each, ours, theirs in zip(("n", *FEATURES), one.sums, duck.sums, strict=True)
        if (ours is None) != (theirs is None) or abs((ours or 0) - (theirs or 0)) > TOLERANCE * max(1, abs(theirs or 0))
    ]
    yield Figure(f"{name}: features that add up alike", "all", f"all but {apart}" if apart else "all", not apart)


async def measured(customers: int, folder: Path) -> list[Figure]:
    """Load a company into all three, and measure each."""
    tables = made(customers)
    sys.stderr.write(f"{customers} customers, {events(tables)} events\n")
    path = folder / "rescoring.db"
    await migrate(f"sqlite:///{path}")
    into_sqlite(path, tables)
    with duckdb.connect() as connection:
        into_duckdb(connection, tables, folder)
        duck = on_duckdb(connection)
    figures = []
    with PostgresServer.create() as server:
        await migrate(server.create_database("rescoring"))
        url = server.url("rescoring", superuser=True)
        await into_postgresql(url, tables, folder)
        figures += list(_beside("PostgreSQL", await on_postgresql(server, url), duck))
    figures += list(_beside("SQLite", on_sqlite(path), duck))
    return [*figures, scoring(customers)]


def alone(path: str) -> None:
    """Go the whole way in a process of its own, and print how many it scored, seconds, bytes at first and at most."""
    begun = _memory("VmRSS")
    count, seconds = whole_way(Path(path))
    print(count, seconds, begun, _memory("VmHWM"))


def _memory(name: str) -> int:
    """Return what Linux says of this program's memory, in bytes.

    Not `ru_maxrss`: that begins with what the process held that started this one, here the company being loaded.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


async def _alone(path: Path) -> Figure:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "bench/rescoring.py", "--alone", str(path), stdout=asyncio.subprocess.PIPE
    )
    count, seconds, begun, most = (float(word) for word in (await program.communicate())[0].split())
    way = f"{begun / 1e6:.0f} MB before; {count:.0f} customers in {seconds:.1f} s of a core, features to risk"
    shown = f"{most / 1e6:.0f} MB ({way})"
    return Figure("SQLite, the whole way: memory", f"< {MOST_MEMORY / 1e6:.0f} MB", shown, most < MOST_MEMORY)


async def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--customers", type=int, default=1_000_000)
    asked.add_argument("--alone", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.alone:
        alone(given.alone)
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = await measured(given.customers, Path(folder))
        figures.append(await _alone(Path(folder) / "rescoring.db"))
        print_figures(figures)


if __name__ == "__main__":
    asyncio.run(main())
