"""The quick way to one customer's risk says what the ordinary way says, as fresh, and leaves the rest to it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import text, update

from api.dependencies import Work
from api.risk import deciding, queries, registry, service
from api.risk.fresh import FreshRisk, Unproved
from api.risk.schemas import RiskAnswer
from api.risk.service import store_assessments
from api.workspaces.service import WorkspaceSettings
from ml.scorecard import scorecard_for
from ml.scoring import RiskModel
from models.access import ApiKey, Scope
from models.database import Database, owner_engine
from models.quick import Quick
from tests.api.caller import Caller, ago, done, refusal
from tests.api.company import a_past, catalogue, tell, today
from tests.api.conftest import MakeCaller, MakeKey, MakeWorkspace
from tests.api.risk.found import confirm, operator

pytestmark = pytest.mark.anyio
CUSTOMERS = 12
keys = ApiKey.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


@pytest.fixture
async def company(client: Caller, database: Database, workspace: WorkspaceSettings) -> Caller:
    """Tell of a company with a past that reaches to this day, with sets and countermeasures."""
    await catalogue(client)
    await tell(client, a_past(today(), customers=CUSTOMERS, days=290, leaving=0.0))
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.1}, if_match="*"))
    await confirm(database, workspace.id, ["late", "passed_on"], ["late", "long", "passed_on"], ["rude", "late"])
    await client.countermeasure("M-1", "late", live_from=ago(days=3))
    async with database.write(workspace.id) as session:
        work = Work(session, workspace.id, operator(workspace.id), database.clock.now())
        known = dict(await queries.customers_after(session, workspace.id, None, 100))
        answers = await service.assess(work, known)
        await store_assessments(work, dict(zip(known, answers, strict=True)))
    await client.put_customer("C-1", objects_to_scoring=True)
    await client.leave("C-11")
    return client


async def quickly(fresh: FreshRisk, workspace: WorkspaceSettings, key_id: Any, customer: str) -> RiskAnswer | None:
    """Ask the quick way."""
    answer = await fresh.answer(replace(operator(workspace.id), key_id=key_id), customer, "en")
    return None if answer is None else RiskAnswer(**answer)


async def a_key(database: Database, workspace: WorkspaceSettings) -> Any:
    """Give the id of a key of the workspace."""
    async with database.read(workspace.id) as session:
        return await session.scalar(keys.select().with_only_columns(keys.c.id).limit(1))


async def ordinarily(
    database: Database, workspace: WorkspaceSettings, customer: str, now: datetime, language: str = "en"
) -> RiskAnswer:
    """Ask the ordinary way, at a moment."""
    async with database.read(workspace.id) as session:
        work = Work(session, workspace.id, operator(workspace.id), now)
        return await service.risk_of(work, customer, language=language)


async def test_it_says_of_everybody_what_the_ordinary_way_says(
    company: Caller, database: Database, workspace: WorkspaceSettings, app: FastAPI
) -> None:
    key_id, states, sets = await a_key(database, workspace), set(), 0
    for number in range(CUSTOMERS):
        quick = await quickly(app.state.fresh_risk, workspace, key_id, f"C-{number}")
        assert quick is not None
        assert quick == await ordinarily(database, workspace, f"C-{number}", quick.as_of)
        states.add(quick.state)
        sets += len(quick.condition_sets)
    assert states == {"active", "left", "objected"}
    assert sets > 2
    assert (await company.read("/v1/customers/C-1/risk"))["state"] == "objected"


@pytest.mark.parametrize("language", ["en", "de", "ar"])
async def test_what_it_sends_is_of_the_documented_shape_and_in_the_readers_language(
    company: Caller, database: Database, workspace: WorkspaceSettings, language: str
) -> None:
    for number in range(4):
        path = f"/v1/customers/C-{number}/risk"
        for sent in (
            await company.ask("GET", path, {"Accept-Language": f"{language};q=0.9"}),
            await company.get(path, lang=language),
        ):
            answer = RiskAnswer.model_validate(sent.json())
            assert list(sent.json()) == list(RiskAnswer.model_fields)
            assert sent.headers["content-language"] == language
            assert (sent.headers["vary"], sent.headers["content-type"]) == ("Accept-Language", "application/json")
            assert answer == await ordinarily(database, workspace, f"C-{number}", answer.as_of, language)
            assert sent.json() == answer.model_dump(mode="json")


async def test_the_ordinary_ways_speak_too(company: Caller) -> None:
    before = await company.get("/v1/customers/C-0/risk", as_of=ago(hours=1), lang="fr")
    assert before.headers["content-language"] == "fr"
    looked_up = await company.ask("POST", "/v1/risk/lookup", {"Accept-Language": "fr"}, json={"customers": ["C-0"]})
    listed = await company.get("/v1/risk", lang="fr")
    history = await company.get("/v1/customers/C-0/risk/history", lang="fr")
    told = [before.json(), *(one.json()["items"][0] for one in (looked_up, listed, history))]
    texts = [one["reason_text"] for one in told if one["reason_text"] is not None]
    assert len(texts) >= 2
    assert all(text.startswith("Risque 0,") for text in texts)
    english = await company.read("/v1/risk")
    assert english["items"][0]["reason_text"] is None or english["items"][0]["reason_text"].startswith("Risk .")


async def test_another_process_that_promotes_a_model_is_seen_by_the_next_answer(
    company: Caller, database: Database, workspace: WorkspaceSettings, app: FastAPI
) -> None:
    key_id = await a_key(database, workspace)
    fresh: FreshRisk = app.state.fresh_risk
    before = await quickly(fresh, workspace, key_id, "C-0")
    assert before is not None
    for loss in (0.3, 0.6):
        model = RiskModel.prior(scorecard_for(["late"], []), loss, 90)
        async with database.write(workspace.id) as session:
            work = Work(session, workspace.id, operator(workspace.id), database.clock.now())
            model_id = await registry.register(work, model, {}, 0, 1)
            await deciding.promote(work, model_id)
        after = await quickly(fresh, workspace, key_id, "C-0")
        assert after is not None
        assert after.model == str(model_id)
        assert after.risk != before.risk
        before = after
    async with database.write(workspace.id) as session:
        await deciding.retire(Work(session, workspace.id, operator(workspace.id), database.clock.now()), model_id)
    assert (await company.read("/v1/customers/C-0/risk"))["model"] == "prior"


async def test_whatever_else_a_risk_stands_on_is_seen_by_the_next_answer(
    company: Caller, database: Database, workspace: WorkspaceSettings, app: FastAPI
) -> None:
    async def now() -> RiskAnswer:
        quick = await quickly(app.state.fresh_risk, workspace, key_id, "C-0")
        assert quick is not None
        assert quick == await ordinarily(database, workspace, "C-0", quick.as_of)
        return quick

    key_id = await a_key(database, workspace)
    await company.put_case("N-1", "C-0", handovers=4, opened_at=ago(hours=3))
    first = await now()
    done(await company.patch("/v1/workspace", {"yearly_loss": 0.4}, if_match="*"))
    assert (await now()).threshold != first.threshold
    await company.catalogue("sudden")
    await company.observe("N-1", "sudden")
    assert "sudden" in {one.code for one in (await now()).conditions}
    await confirm(database, workspace.id, ["passed_on", "sudden"])
    assert [one.conditions for one in (await now()).condition_sets] in (
        [["passed_on", "sudden"]],
        [["sudden", "passed_on"]],
    )
    standing = {one.code: one.countermeasure for one in (await now()).conditions}
    assert standing["sudden"] == "none"
    await company.countermeasure("M-2", "sudden", live_from=ago(hours=1))
    assert {one.code: one.countermeasure for one in (await now()).conditions}["sudden"] == "live"
    await company.countermeasure("M-2", "sudden", live_from=ago(hours=1), retired_at=ago(minutes=1))
    assert {one.code: one.countermeasure for one in (await now()).conditions}["sudden"] != "live"
    response = await company.respond("N-1", satisfaction=1)
    shown = {item for one in (await now()).conditions for item in one.evidence}
    assert f"response:{response['id']}" in shown


async def test_a_countermeasure_goes_live_by_the_clock_alone(
    company: Caller, database: Database, workspace: WorkspaceSettings, app: FastAPI
) -> None:
    await company.put_case("N-1", "C-0", opened_at=ago(hours=3))
    await company.catalogue("sudden")
    await company.observe("N-1", "sudden")
    await company.countermeasure("M-2", "sudden", live_from=ago(hours=-2))
    key_id = await a_key(database, workspace)

    async def standing() -> str:
        quick = await quickly(app.state.fresh_risk, workspace, key_id, "C-0")
        assert quick is not None
        return next(one.countermeasure for one in quick.conditions if one.code == "sudden")

    assert await standing() == "planned"
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=3), tick=True):
        assert await standing() == "live"


async def test_what_is_not_plain_is_left_to_the_ordinary_way(
    company: Caller, database: Database, workspace: WorkspaceSettings, app: FastAPI, caller: MakeCaller
) -> None:
    key_id, fresh = await a_key(database, workspace), app.state.fresh_risk
    assert await quickly(fresh, workspace, key_id, "nobody") is None
    refusal(await company.get("/v1/customers/nobody/risk"), 404, "not_found")
    await company.put_customer("C-twin")
    done(await company.post("/v1/customers/C-twin/merge", {"into": "C-0"}))
    assert await quickly(fresh, workspace, key_id, "C-twin") is None
    assert (await company.read("/v1/customers/C-twin/risk"))["customer"] == "C-twin"
    with pytest.raises(Unproved):
        await quickly(fresh, workspace, operator(workspace.id).key_id, "C-0")
    await company.erase("C-3")
    refusal(await company.get("/v1/customers/C-3/risk"), 404, "not_found")
    refusal(await company.get("/v1/customers/C-0/risk", as_of="yesterday"), 422)
    refusal(await company.get("/v1/customers/C-0/risk", lang="x" * 99), 422)
    assert (await company.get("/v1/customers/C-0/risk", lang="xx")).headers["content-language"] == "en"
    poor = await caller(Scope.RECORDS_READ)
    refusal(await poor.get("/v1/customers/C-0/risk"), 403, "missing_scope")
    refusal(await Caller(company.http).get("/v1/customers/C-0/risk"), 401, "unauthenticated")


async def test_a_key_that_was_revoked_a_moment_ago_is_refused(
    company: Caller, database: Database, workspace: WorkspaceSettings, caller: MakeCaller
) -> None:
    reader = await caller(Scope.RISK_READ)
    await reader.read("/v1/customers/C-0/risk")
    lookup = (reader.key or "").split("_")[2]
    async with database.write(workspace.id) as session:
        await session.execute(update(keys).where(keys.c.lookup == lookup).values(revoked_at=datetime.now(UTC)))
    refusal(await reader.get("/v1/customers/C-0/risk"), 401, "unauthenticated")
    await company.read("/v1/customers/C-0/risk")


async def test_a_case_that_rules_must_look_at_first_is_looked_at(client: Caller) -> None:
    await client.catalogue("late", rule={"all": [{"field": "promise_broken", "op": "eq", "value": True}]})
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.promise("K-1", "P-1", due_at=ago(hours=-1))
    assert (await client.read("/v1/customers/C-1/risk"))["conditions"] == []
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2), tick=True):
        found = await client.read("/v1/customers/C-1/risk")
    assert [one["code"] for one in found["conditions"]] == ["late"]


async def test_each_workspace_is_told_of_its_own_by_turns(
    client: Caller, make_workspace: MakeWorkspace, caller: MakeCaller
) -> None:
    theirs = await caller(Scope.ADMIN, of=await make_workspace("Cold Homes"))
    await client.put_customer("C-1")
    await theirs.put_customer("C-1")
    await theirs.put_customer("C-2")
    await theirs.put_case("K-1", "C-1", demand="failure", contacts=4)
    for _ in range(3):
        mine, other = await client.read("/v1/customers/C-1/risk"), await theirs.read("/v1/customers/C-1/risk")
        assert mine["risk"] < other["risk"]
        refusal(await client.get("/v1/customers/C-2/risk"), 404, "not_found")


async def test_many_at_once_are_each_told_their_own(company: Caller) -> None:
    asked = [f"C-{number}" for number in (0, 2, 3, 4, 5, 6) * 5]
    alone = {name: (await company.read(f"/v1/customers/{name}/risk"))["risk"] for name in set(asked)}
    found = await asyncio.gather(*(company.read(f"/v1/customers/{name}/risk") for name in asked))
    assert [one["customer"] for one in found] == asked
    assert [one["risk"] for one in found] == [pytest.approx(alone[one["customer"]], abs=1e-5) for one in found]


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
async def test_a_connection_that_was_cut_is_made_anew(client: Caller, app: FastAPI, migrated_url: str) -> None:
    await client.put_customer("C-1")
    await client.read("/v1/customers/C-1/risk")
    quick: Quick = app.state.fresh_risk.quick
    [bound] = quick._free
    engine = owner_engine(migrated_url)
    async with engine.begin() as connection:
        await connection.execute(text(f"SELECT pg_terminate_backend({bound.driver.get_server_pid()})"))
    await engine.dispose()
    assert (await client.read("/v1/customers/C-1/risk"))["state"] == "active"
    assert (await client.read("/v1/customers/C-1/risk"))["state"] == "active"
    assert bound not in quick._free
    quick._free[0].until = 0.0
    await client.read("/v1/customers/C-1/risk")
    assert quick._free == []
    assert (await client.read("/v1/customers/C-1/risk"))["state"] == "active"


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
async def test_a_question_that_is_wrong_is_not_taken_for_a_lost_connection(
    client: Caller, app: FastAPI, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    quick: Quick = app.state.fresh_risk.quick
    with pytest.raises(asyncpg.DataError):
        await quick._ask_postgres(workspace.id, "SELECT $1::integer", ["no number"])
    assert (await client.read("/v1/customers/C-1/risk"))["state"] == "active"


async def test_the_keys_limit_is_paid_here_too(client: Caller, key: MakeKey) -> None:
    await client.put_customer("C-1")
    reader = Caller(client.http, await key(Scope.RISK_READ))
    told = await reader.get("/v1/customers/C-1/risk")
    assert told.headers["ratelimit-policy"] == '"key";q=60000;w=60'
