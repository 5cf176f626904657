"""What the tests of loyalty share: an invented company posted as systems post it, and questions asked of the facts."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from api.dependencies import Work
from api.handlers import worker_caller
from api.measures.loyalty import facts
from api.measures.loyalty.asking import Question, asked
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.rules.loyalty.dimensions import Part
from models.rules.loyalty.profile import PartSums
from tests.api.caller import Caller, done
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
