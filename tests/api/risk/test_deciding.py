"""Deciding on models: what did worse asks for a reason, a trial is nobody's answer, and there is a way back."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from api import audit
from api.dependencies import writing_as
from api.jobs import TRAIN
from api.jobs.leases import Held, Leases
from api.risk import queries, registry
from api.risk.stale import trained, training_failed
from api.schedules import tick
from api.worker import News, Refused, Worker
from api.workspaces.service import WorkspaceSettings
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel
from models.database import Database
from tests.api.caller import Caller, done, moment, refusal
from tests.api.conftest import MakeCaller
from tests.api.jobs.clock import Clock
from tests.api.risk.test_models import change, operator, registered, states

pytestmark = pytest.mark.anyio
WORSE = {"worse": True, "difference": 0.02, "low": 0.01, "high": 0.03, "reason": "worse"}
BETTER = {"worse": False, "difference": -0.02, "low": -0.03, "high": -0.01, "reason": "better"}


async def compared(database: Database, workspace: WorkspaceSettings, beside: str, told: dict[str, Any]) -> str:
    """Register a model that was compared with another when it was learnt."""
    model = RiskModel.prior(scorecard_for(["late"], []), 0.4, 90)
    async with writing_as(database, operator(workspace)) as work:
        return str(await registry.register(work, model, {"compared": {**told, "with": beside}}, 0, 1))


async def damage(database: Database, workspace: WorkspaceSettings, model: str, **values: Any) -> None:
    """Change what is stored of a model behind the registry's back."""
    async with database.write(workspace.id) as session:
        await session.execute(update(queries.models).where(queries.models.c.id == UUID(model)).values(**values))


async def test_a_model_that_did_worse_is_promoted_only_with_a_reason_that_stands_on_its_card(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    serving = await registered(database, workspace)
    await change(client, serving, "promote")
    worse = await compared(database, workspace, serving, WORSE)
    said = refusal(await client.post(f"/v1/models/{worse}/promote"), 409, "worse_than_champion")
    assert "0.0200 [0.0100, 0.0300]" in said["detail"]
    refusal(await client.post(f"/v1/models/{worse}/promote", {"reason": "I like it."}), 409, "worse_than_champion")
    refusal(await client.post(f"/v1/models/{worse}/promote", {"anyway": True}), 422, "malformed")
    refusal(await client.post(f"/v1/models/{worse}/promote", {"anyway": 1, "reason": "x"}), 422, "malformed")
    assert await states(client) == {worse: "candidate", serving: "champion"}
    why = {"anyway": True, "reason": "The test period was the strike."}
    assert done(await client.post(f"/v1/models/{worse}/promote", why))["serves"] == worse
    [decision] = (await client.read(f"/v1/models/{worse}/card"))["decisions"]
    assert (decision["decision"], decision["anyway"], decision["reason"]) == ("promoted", True, why["reason"])
    assert decision["before_id"] == serving
    async with database.read(workspace.id) as session:
        noted = (await session.execute(select(audit.entries).where(audit.entries.c.subject == worse))).all()
    [row] = [row for row in noted if row.action == "model.promoted"]
    assert (row.details["anyway"], row.details["reason"]) == (True, why["reason"])


async def test_a_model_that_was_held_to_another_than_serves_is_promoted(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    worse = await compared(database, workspace, str(uuid4()), WORSE)
    better = await compared(database, workspace, "prior", BETTER)
    assert (await change(client, worse, "promote"))["serves"] == worse
    assert (await change(client, better, "promote"))["serves"] == better


async def test_going_back_to_what_a_better_one_replaced_asks_for_a_reason_too(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    old = await registered(database, workspace)
    await change(client, old, "promote")
    new = await compared(database, workspace, old, BETTER)
    await change(client, new, "promote")
    said = refusal(await client.post(f"/v1/models/{old}/promote"), 409, "worse_than_champion")
    assert "0.0200 [0.0100, 0.0300]" in said["detail"]
    back = {"anyway": True, "reason": "Customers complain of the new one."}
    assert done(await client.post(f"/v1/models/{old}/promote", back))["serves"] == old
    decisions = (await client.read(f"/v1/models/{old}/card"))["decisions"]
    assert [(one["was"], one["anyway"]) for one in decisions] == [("candidate", False), ("retired", True)]


async def test_a_model_on_trial_is_nobodys_answer(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    before = await client.read("/v1/customers/C-1/risk")
    first, second = await registered(database, workspace), await registered(database, workspace)
    said = await change(client, first, "challenge")
    assert (said["state"], said["serves"], said["before"]) == ("challenger", "prior", "prior")
    assert "in silence" in said["detail"]
    assert (await change(client, first, "challenge"))["unchanged"] is True
    await change(client, second, "challenge")
    assert await states(client) == {second: "challenger", first: "candidate"}
    after = await client.read("/v1/customers/C-1/risk")
    assert (after["risk"], after["model"]) == (before["risk"], "prior")
    await change(client, second, "promote")
    refusal(await client.post(f"/v1/models/{second}/challenge"), 409, "model_serves")
    await damage(database, workspace, first, sha256="0" * 64)
    refusal(await client.post(f"/v1/models/{first}/challenge"), 409, "model_refused")


async def test_what_only_a_worker_can_score_with_challenges_and_does_not_serve(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    async with writing_as(database, operator(workspace)) as work:
        learnt = {"n_customers": 10, "n_departures": 2, "trained_from": work.now, "trained_to": work.now}
        apart = str(await registry.register_artefact(work, b"bytes", {"kind": "x"}, basis="blended", learnt=learnt))
    refusal(await client.post(f"/v1/models/{apart}/promote"), 409, "model_refused")
    card = await client.read(f"/v1/models/{apart}/card")
    assert (card["usable"], card["name"]) == (False, "gradient_boosting")
    assert "worker alone" in card["refused"]
    assert (await change(client, apart, "challenge"))["state"] == "challenger"


async def test_where_the_champion_cannot_be_trusted_the_last_good_one_serves_and_readiness_says_so(
    client: Caller, stranger: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    first, second, third = [await registered(database, workspace) for _ in range(3)]
    for model in (first, second, third):
        await change(client, model, "promote")
    await damage(database, workspace, third, document={"kind": "steadfast.risk", "format": 99})
    assert (await client.read("/v1/customers/C-1/risk"))["model"] == second
    said = refusal(await client.post(f"/v1/models/{third}/promote"), 409, "model_refused")
    assert "Promote another, or train a new one." in said["detail"]
    ready = done(await stranger.get("/readyz"))
    assert ready["status"] == "degraded"
    assert "models_stale" in ready["reasons"]
    [told] = ready["stale"]
    assert (told["code"], told["workspaces"]) == ("model_refused", 1)
    await client.read("/v1/customers/C-1/risk")
    assert done(await stranger.get("/readyz"))["stale"] == [told]
    await damage(database, workspace, second, sha256="0" * 64)
    assert (await client.read("/v1/customers/C-1/risk"))["model"] == first
    await change(client, first, "promote")
    assert (await client.read("/v1/customers/C-1/risk"))["model"] == first
    assert done(await stranger.get("/readyz"))["stale"] == []


async def test_a_model_that_somebody_retired_does_not_come_back_by_itself(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    first, second = await registered(database, workspace), await registered(database, workspace)
    await change(client, first, "promote")
    await change(client, first, "retire")
    await change(client, second, "promote")
    await damage(database, workspace, second, sha256="0" * 64)
    assert (await client.read("/v1/customers/C-1/risk"))["model"] == "prior"


async def test_a_failed_training_is_stale_since_it_first_failed(
    client: Caller, stranger: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    clock = Clock()
    await tick(database, clock)
    first = clock.now
    for _ in range(2):
        async with database.write(workspace.id) as session:
            await training_failed(session, workspace.id, "gave_up", clock.now)
        clock.move(hours=1)
    [told] = done(await stranger.get("/readyz"))["stale"]
    assert (told["code"], told["workspaces"], moment(told["since"])) == ("training_failed", 1, first)
    async with database.write(workspace.id) as session:
        await trained(session, workspace.id)
    assert done(await stranger.get("/readyz"))["stale"] == []


@pytest.mark.parametrize(("code", "late"), [("gave_up", 1), ("nothing_to_learn_from", 0)])
async def test_a_training_that_fails_leaves_the_last_good_model_serving(
    client: Caller, stranger: Caller, database: Database, workspace: WorkspaceSettings, code: str, late: int
) -> None:
    await client.put_customer("C-1")
    model = await registered(database, workspace)
    await change(client, model, "promote")
    await tick(database, Clock())

    async def failing(held: Held, _news: News, _stop: asyncio.Event) -> None:
        if held.kind == TRAIN:
            raise Refused(code, "It could not be done.")
        raise Refused("not_asked", "Only trainings are looked at here.")

    done(await client.post("/v1/models"))
    await Worker(Leases(database), failing).work_off(workspace.id)
    told = done(await stranger.get("/readyz"))["stale"]
    assert [one["code"] for one in told] == ["training_failed"] * late
    assert (await client.read("/v1/customers/C-1/risk"))["model"] == model


async def test_reports_of_a_model_are_its_workspaces(client: Caller, caller: MakeCaller) -> None:
    for what in ("drift", "fairness", "comparison"):
        refusal(await client.get(f"/v1/models/{uuid4()}/{what}"), 404, "not_found")
        refusal(await (await caller("records:read")).get(f"/v1/models/{uuid4()}/{what}"), 403, "missing_scope")
    refusal(await (await caller("risk:read")).post(f"/v1/models/{uuid4()}/challenge"), 403, "missing_scope")
