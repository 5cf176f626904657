"""Loading the demo workspace through the same services that the API asks."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from api import jobs
from api.cli.console import now, transaction
from api.customers import cases, departures
from api.customers import service as customers
from api.customers.schemas import CaseRow, CustomerRow, DepartureBody, PromiseRow
from api.demo import world
from api.errors import Refusal
from api.failures import service as failures
from api.failures.schemas import ConditionBody
from api.feedback import service as feedback
from api.feedback.schemas import ResponseBody
from api.recorded import Store
from api.risk import queries as risk
from api.roles import service as roles
from api.roles.schemas import ProposalBody
from api.workspaces import changing, queries
from api.workspaces import service as workspaces
from api.workspaces.schemas import WorkspacePatch
from models.access import Scope
from models.database import Database
from models.planning import refresh_statistics
from models.tables import metadata

NAME = "Brightwater Repairs (synthetic demo)"
AT_ONCE = 500
YEARLY_LOSS = 0.12


async def load(database: Database) -> str | None:
    """Make the demo workspace and its history; None where it is there already."""
    async with database.write() as session:
        if await queries.workspace_by_slug(session, workspaces.slug_of(NAME)) is not None:
            return None
        made = await workspaces.create_workspace(session, NAME, now())
        await feedback.publish_templates(session, made.id, now())
    async with transaction(database, made.id) as work:
        patch = WorkspacePatch(yearly_loss=YEARLY_LOSS, zone="Europe/Berlin")
        await changing.change(work, patch, "*")
        for condition in world.CONDITIONS:
            await failures.store_condition(work, ConditionBody.model_validate(condition))
    history = world.build(now() - timedelta(minutes=5))
    await _store(database, made.id, CustomerRow, customers.store_customers, history.customers)
    await _store(database, made.id, CaseRow, cases.store_cases, history.cases)
    await _store(database, made.id, PromiseRow, cases.store_promises, history.promises)
    await _store(database, made.id, CaseRow, cases.store_cases, history.visits)
    await _store(database, made.id, ResponseBody, feedback.store_responses, history.responses)
    await _store(database, made.id, CaseRow, cases.store_cases, history.restorations)
    await _store(database, made.id, DepartureBody, departures.store_departures, history.departures)
    async with transaction(database, made.id) as work:
        await roles.offer(work, ProposalBody.model_validate(world.PROPOSAL))
        # What is felt is put together by whoever works while the demo is served: nobody waits for a night.
        await jobs.enqueue(work, jobs.FELT, {})
    await refresh_statistics(database.url, metadata.tables.keys())
    return made.slug


async def _store(
    database: Database, workspace_id: UUID, model: type[BaseModel], store: Store[Any], rows: Sequence[world.Row]
) -> None:
    for start in range(0, len(rows), AT_ONCE):
        async with transaction(database, workspace_id) as work:
            stored = await store(work, [model.model_validate(row) for row in rows[start : start + AT_ONCE]])
            for item in stored:
                if isinstance(item, Refusal):
                    raise item


async def demo_key(database: Database) -> str:
    """Return a new key for the demo workspace."""
    async with database.write() as session:
        found = await workspaces.find(session, NAME)
        made = await workspaces.create_key(session, found.id, [Scope.ADMIN], now(), name="demo")
        return made.key


async def customer_at_risk(database: Database) -> str:
    """Return the customer the demo tells about: the one most at risk."""
    async with database.read() as session:
        found = await workspaces.find(session, NAME)
        return await risk.most_at_risk(session, found.id)
