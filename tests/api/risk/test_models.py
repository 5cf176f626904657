"""Models: promoted and retired by a person, one at a time, and never one whose document cannot be trusted."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from api import audit
from api.dependencies import Caller as KeyHolder
from api.dependencies import writing_as
from api.risk import queries, registry
from api.workspaces.service import WorkspaceSettings
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel
from models.access import Scope
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio


def operator(workspace: WorkspaceSettings) -> KeyHolder:
    """Give somebody who may do everything in a workspace."""
    return KeyHolder(workspace.id, UUID(int=0), frozenset({Scope.ADMIN.value}))


async def registered(database: Database, workspace: WorkspaceSettings, loss: float = 0.3) -> str:
    """Register a model as a candidate; give its id."""
    model = RiskModel.prior(scorecard_for(["late"], []), loss, 90)
    async with writing_as(database, operator(workspace)) as work:
        return str(await registry.register(work, model, {"purpose": "a test"}, 0, 1))


async def states(client: Caller) -> dict[str, str]:
    """Give where each model stands."""
    return {item["id"]: item["state"] for item in await client.read_all("/v1/models", limit=1)}


async def change(client: Caller, model: str, what: str) -> Any:
    """Promote or retire a model."""
    return done(await client.post(f"/v1/models/{model}/{what}"))


async def test_a_model_is_promoted_and_the_one_before_is_kept_for_going_back(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    first, second = await registered(database, workspace), await registered(database, workspace, 0.5)
    assert list(await states(client)) == [second, first]
    said = await change(client, first, "promote")
    assert (said["state"], said["serves"], said["before"], said["unchanged"]) == ("champion", first, "prior", False)
    assert (await change(client, second, "promote"))["before"] == first
    assert await states(client) == {second: "champion", first: "retired"}
    assert (await change(client, first, "promote"))["serves"] == first
    assert (await change(client, first, "promote"))["unchanged"] is True
    assert await states(client) == {second: "retired", first: "champion"}
    assert (await client.read("/v1/customers/C-1/risk"))["model"] == first
    async with database.read(workspace.id) as session:
        noted = (await session.execute(select(audit.entries).order_by(audit.entries.c.id))).all()
    mine = [(row.subject, row.details) for row in noted if row.action == "model.promoted"]
    assert mine == [
        (first, {"before": "prior", "was": "candidate"}),
        (second, {"before": first, "was": "candidate"}),
        (first, {"before": second, "was": "retired"}),
    ]
    assert {row.actor.partition(":")[0] for row in noted} == {"key"}


async def test_models_whose_state_changed_are_found_since_then(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    first, second, third = [await registered(database, workspace) for _ in range(3)]
    await change(client, first, "promote")
    since = datetime.now(UTC).isoformat()
    assert await client.read_all("/v1/models", updated_since=since) == []
    await change(client, second, "promote")
    found = await client.read_all("/v1/models", updated_since=since)
    assert [(item["id"], item["state"]) for item in found] == [(second, "champion"), (first, "retired")]
    await change(client, second, "promote")
    await change(client, third, "retire")
    assert [item["id"] for item in await client.stream("/v1/models", updated_since=since)] == [third, second, first]


async def test_where_the_champion_is_retired_the_scorecard_serves_and_training_decides_nothing(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    model, other = await registered(database, workspace), await registered(database, workspace)
    async with writing_as(database, operator(workspace)) as work:
        assert await registry.has_champion(work) is False
    await change(client, model, "promote")
    assert (await change(client, other, "retire"))["serves"] == model
    said = await change(client, model, "retire")
    assert (said["serves"], said["before"], said["unchanged"]) == ("prior", model, False)
    assert "scorecard" in said["detail"]
    assert (await change(client, model, "retire"))["unchanged"] is True
    assert (await client.read("/v1/customers/C-1/risk"))["model"] == "prior"
    async with writing_as(database, operator(workspace)) as work:
        assert await registry.has_champion(work) is True


async def test_a_model_that_cannot_be_trusted_is_not_promoted(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    serving, broken = await registered(database, workspace), await registered(database, workspace)
    await change(client, serving, "promote")
    async with database.write(workspace.id) as session:
        mine = queries.models.c.id == UUID(broken)
        document = await session.scalar(select(queries.models.c.document).where(mine))
        assert document is not None
        changed = {**document, "intercept": document["intercept"] + 1e-6}
        await session.execute(update(queries.models).where(mine).values(document=changed))
    refusal(await client.post(f"/v1/models/{broken}/promote"), 409, "model_refused")
    assert await states(client) == {broken: "candidate", serving: "champion"}
    card = await client.read(f"/v1/models/{broken}/card")
    assert (card["usable"], card["weights"], card["intercept"]) == (False, [], None)
    assert "not the one that was registered" in card["refused"]


async def test_a_card_says_what_a_model_is_for_and_what_it_weighs(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    model = await registered(database, workspace)
    read = await client.read(f"/v1/models/{model}")
    card = await client.read(f"/v1/models/{model}/card")
    assert {name: card[name] for name in read} == read
    assert (card["usable"], card["refused"], card["horizon_days"]) == (True, None, 90)
    assert card["card"]["purpose"] == "a test"
    assert set(card["card"]["libraries"]) == {"steadfast", "numpy", "scipy", "scikit-learn"}
    assert "must not decide a customer's terms or redress" in card["purpose"]
    nothing = {"model": model, "report": None, "computed_at": None}
    assert {name: card["drift"][name] for name in nothing} == nothing
    for what in ("drift", "fairness", "comparison"):
        assert await client.read(f"/v1/models/{model}/{what}") == card[what]
    assert "seen:late" in {term["feature"] for term in card["weights"]}


async def test_of_two_promoted_at_once_one_serves(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    models = [await registered(database, workspace) for _ in range(4)]
    answers = await asyncio.gather(*(client.post(f"/v1/models/{model}/promote") for model in models))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted((await states(client)).values()) == ["champion", *["retired"] * 3]
    with pytest.raises(IntegrityError):
        async with database.write(workspace.id) as session:
            await session.execute(update(queries.models).values(state="champion"))


async def test_models_are_changed_by_an_admin_and_only_there(client: Caller, caller: MakeCaller) -> None:
    for what in ("promote", "retire"):
        refusal(await client.post(f"/v1/models/{uuid4()}/{what}"), 404, "not_found")
        refusal(await (await caller("risk:read")).post(f"/v1/models/{uuid4()}/{what}"), 403, "missing_scope")
    refusal(await client.get(f"/v1/models/{uuid4()}"), 404, "not_found")
    refusal(await client.get(f"/v1/models/{uuid4()}/card"), 404, "not_found")
