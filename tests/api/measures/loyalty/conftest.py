"""What the tests of loyalty share: an invented company posted as systems post it, and questions asked of the facts."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from api.dependencies import Work
from api.handlers import worker_caller
from api.measures.loyalty import facts
from api.measures.loyalty.asking import Question, asked
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.rules.loyalty.dimensions import Part
from models.rules.loyalty.profile import PartSums
from tests.api.caller import Caller, done
from tests.api.measures.loyalty.compared import Compared
from tests.api.measures.loyalty.histories import START
from tests.api.measures.loyalty.invented import NEEDS, Invented, posted


@pytest.fixture
async def work(database: Database, workspace: WorkspaceSettings) -> AsyncIterator[Work]:
    """Give the work of a request that reads."""
    async with database.read(workspace.id) as session:
        yield Work(session, workspace.id, worker_caller(workspace.id), datetime.now(UTC))


async def post(client: Caller, found: Invented) -> None:
    """Post an invented company in bulk."""
    for need, minutes in NEEDS.items():
        own = {} if minutes is None else {"customer_time": f"PT{minutes}M"}
        done(await client.put(f"/v1/needs/{need}", {"name": need, **own}))
    kinds = {"customers": found.customers, "cases": found.cases, "promises": found.promises}
    kinds |= {"interactions": found.contacts}
    for kind, rows in kinds.items():
        told = done(await client.post(f"/v1/{kind}/bulk", posted(rows)))
        assert told["rejected"] == 0, told
    answers = [{"survey": "post_interaction", **row} for row in posted(found.answers)]
    told = done(await client.post("/v1/responses/bulk", answers))
    assert told["rejected"] == 0, told


async def ask(work: Work, parts: Any = facts.EVERY_PART, **named: Any) -> Mapping[Any, Mapping[Part, PartSums]]:
    """Ask for the facts as they stand."""
    question: Question = await asked(work, **named)
    return await facts.cells(work, question, parts)


@pytest.fixture
def compared(database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch) -> Compared:
    """Ask `workspace` both ways."""
    found = Compared(database, workspace)
    counted_rows = facts.counted_rows

    async def noted(work: Work, question: Question, parts: Any = facts.EVERY_PART) -> Any:
        found.counted.append(len(question.periods))
        return await counted_rows(work, question, parts)

    monkeypatch.setattr(facts, "counted_rows", noted)
    return found


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    """Stand at the start of a history."""
    with time_machine.travel(START) as found:
        yield found
