"""What tests of outreach have in common: what it is reckoned with, customers let down, and the worker's deeds."""

from typing import Any

from api.dependencies import writing_as
from api.handlers import worker_caller
from api.risk import effect, offering, scoring
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, done

PATH = "/v1/follow-ups"
EUR = {"currency": "EUR"}
COST = {"amount": 500, **EUR}


async def declare(client: Caller, *, loss: float | None = 0.2, **outreach: Any) -> None:
    """Declare a yearly loss and what outreach is reckoned with."""
    if loss is not None:
        outreach = {"contact_cost": COST, **outreach}
    patch = {"outreach": outreach, **({} if loss is None else {"yearly_loss": loss})}
    done(await client.patch("/v1/workspace", patch, if_match="*"))


async def customer(client: Caller, name: str, value: int | None = None, **fields: Any) -> None:
    """Report a customer who was let down twice."""
    worth = {} if value is None else {"value": {"amount": value, **EUR}}
    await client.put_customer(name, **worth, **fields)
    for number in range(2):
        await client.put_case(f"K-{name}-{number}", name, demand="failure", handovers=3, contacts=4)


async def score(database: Database, workspace: WorkspaceSettings) -> dict[str, int]:
    """Assess everybody, and keep what changed."""
    async with writing_as(database, worker_caller(workspace.id)) as work:
        return (await scoring.assess_all(work, None))[1]


async def offer(database: Database, workspace: WorkspaceSettings) -> int:
    """Begin what outreach there is to begin."""
    async with writing_as(database, worker_caller(workspace.id)) as work:
        return await offering.offer(work)


async def reckon(database: Database, workspace: WorkspaceSettings) -> bool:
    """Reckon what is known of the effect."""
    async with writing_as(database, worker_caller(workspace.id)) as work:
        return await effect.reckon(work)


async def said(client: Caller, name: str) -> dict[str, Any]:
    """Read what the risk answer says of a flag."""
    found = await client.read(f"/v1/customers/{name}/risk")
    keys = ("flagged", "flag_rule", "threshold", "uncertain", "outreach_worth", "risk", "low", "high")
    return {key: found[key] for key in keys}
