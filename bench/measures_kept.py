"""What a year by need and week takes when it is asked again: the sums of closed weeks are kept.

One company in SQLite, asked in the service's own way; seconds are this process's CPU, SQLite's threads among it. Beside
the year until now, whose last weeks are open, stands a year that is closed, and both after a record that came late.
"""

import asyncio
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time

from api.dependencies import Work
from api.handlers import worker_caller
from api.measures.loyalty import facts, kept
from api.measures.loyalty.asking import Question
from bench.figures import Figure
from bench.measure_data import made
from bench.measures_speed import question
from bench.rescoring_data import NOW_US, WORKSPACE, into_sqlite
from models.base import from_us
from models.database import Database
from models.migrating import migrate

ROUNDS = 5
OPEN_WEEKS = 3


async def _seconds(database: Database, asked: Question) -> tuple[float, facts.Cells]:
    async with database.read(WORKSPACE) as session:
        work = Work(session, WORKSPACE, worker_caller(WORKSPACE), from_us(NOW_US))
        begun = process_time()
        found = await facts.cells(work, asked)
        return process_time() - begun, found


def _touch(path: Path) -> Callable[[], None]:
    """Let something come late of a case in the middle of the year, as a report does: its head says when."""

    def touch() -> None:
        with sqlite3.connect(path) as connection:
            middle = "SELECT id FROM cases ORDER BY stored_at LIMIT 1 OFFSET (SELECT count(*) / 2 FROM cases)"
            connection.execute(f"UPDATE cases SET stored_at = ? WHERE id = ({middle})", (NOW_US,))  # noqa: S608 - ours
        connection.close()

    return touch


async def _asked(path: Path, asked: Question, before: Callable[[], None] | None = None) -> tuple[float, float, bool]:
    """Return the seconds of the first time and of the second, the median of some, and whether they say the same."""
    first, second, alike = [], [], True
    for _ in range(ROUNDS):
        database = Database(f"sqlite:///{path}")
        try:
            seconds, found = await _seconds(database, asked)
            first.append(seconds)
            if before is not None:
                before()
            seconds, again = await _seconds(database, asked)
            second.append(seconds)
            alike = alike and again == found
        finally:
            await database.close()
    return statistics.median(first), statistics.median(second), alike


async def _measured(cases: int, folder: Path) -> list[Figure]:
    path = folder / "kept.db"
    await migrate(f"sqlite:///{path}")
    into_sqlite(path, made(cases))
    year = question()
    closed = replace(year, periods=year.periods[:-OPEN_WEEKS])
    figures = []
    for name, asked, before in (
        ("a year until now", year, None),
        ("closed weeks alone", closed, None),
        ("closed weeks, one case late by half a year", closed, _touch(path)),
    ):
        first, second, alike = await _asked(path, asked, before)
        shown = f"{second / first:.2f} x ({1000 * second:.0f} ms beside {1000 * first:.0f} ms)"
        figures.append(Figure(f"again: {name}", "the same sums", shown, alike))
    return figures


def kept_sums(cases: int) -> Iterator[Figure]:
    """Yield what the second time takes beside the first."""
    yield Figure(f"{cases:,} cases, by need and week".replace(",", " "), "-", f"at most {kept.MOST_SUMS} kept", None)
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measured(cases, Path(folder)))
