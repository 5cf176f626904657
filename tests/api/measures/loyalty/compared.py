"""The facts of loyalty asked with what is kept, beside the same counted anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

from api.dependencies import Work
from api.handlers import worker_caller
from api.measures.loyalty import facts, kept
from api.measures.loyalty.asking import By, asked
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.rules.periods import Interval
from tests.api.caller import Caller, done

LONG = timedelta(days=190)


class Compared:
    """Asks a workspace both ways, and says how many periods were counted anew for an answer."""

    def __init__(self, database: Database, workspace: WorkspaceSettings) -> None:
        self.database = database
        self.workspace = workspace
        self.counted: list[int] = []
        self.told: Any = None

    async def ask(self, by: By | None = None, interval: Interval = Interval.WEEK, **named: Any) -> int:
        """Ask with what is kept, see that counting anew says the same, and return how many periods were counted."""
        async with self.database.read(self.workspace.id) as session:
            work = Work(session, self.workspace.id, worker_caller(self.workspace.id), self.database.clock.now())
            question = await asked(work, by=by, interval=interval, **{"start": work.now - LONG, **named})
            self.counted.clear()
            told = self.told = await facts.cells(work, question)
            anew = self.counted[:]
            wanted = await facts.cells_of(work, question, await facts.counted_rows(work, question))
            assert told == wanted, (by, interval, sorted_difference(told, wanted))
            return sum(anew)

    @property
    def keeps(self) -> kept.Keeps:
        """What is kept of the database."""
        session = self.database.unopened(self.workspace.id)
        return kept.keeps_of(Work(session, self.workspace.id, worker_caller(self.workspace.id), datetime.now(UTC)))


def sorted_difference(told: Any, wanted: Any) -> list[Any]:
    """Give the cells in which two answers differ."""
    return [(cell, told.get(cell), wanted.get(cell)) for cell in {*told, *wanted} if told.get(cell) != wanted.get(cell)]


async def a_company(client: Caller) -> None:
    """Let four customers have a case done every third day, half a year long; each need is one customer's."""
    now = datetime.now(UTC).replace(microsecond=0)
    for number in range(4):
        await client.put_customer(f"C-{number}", segment="gold", since=(now - timedelta(days=400)).isoformat())
    rows = []
    for number in range(60):
        opened = now - timedelta(days=1 + 3 * number)
        row = {"reference": f"K-{number}", "customer": f"C-{number % 4}", "need": f"need {number % 4}"}
        row |= {"opened_at": opened.isoformat(), "done_at": (opened + timedelta(hours=5)).isoformat()}
        rows.append({**row, "contacts": 1, "handovers": 0, "reopened": 0})
    assert done(await client.post("/v1/cases/bulk", rows))["rejected"] == 0
