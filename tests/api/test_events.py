"""Events: told with their cause, in documented words, once where once is promised, and of nobody's name."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import insert

from api.dependencies import Caller as KeyHolder
from api.dependencies import writing_as
from api.events import CATALOGUE, EVENT_TYPES, sample_of
from api.failures import telling
from api.failures.analysing import Finding, store_analysis
from api.roles.overdue import emit_overdue
from api.workspaces.service import WorkspaceSettings
from models.access import Scope
from models.database import Database
from models.failure import Analysis, AnalysisState
from models.ids import uuid7
from tests.api.caller import Caller, ago, done
from tests.api.conftest import MakeCaller
from tests.api.told import told

pytestmark = pytest.mark.anyio

analyses = Analysis.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
LATE = {"all": [{"field": "attributes.made_sla", "op": "eq", "value": False}], "as_of": "latest"}
SLOW = {"all": [{"field": "hours_open", "op": "gt", "value": 100}], "as_of": "latest"}


def operator(workspace: WorkspaceSettings) -> KeyHolder:
    """Give somebody who may do everything in a workspace."""
    return KeyHolder(workspace.id, UUID(int=0), frozenset({Scope.ADMIN.value}))


async def of_type(database: Database, workspace: WorkspaceSettings, kind: str) -> list[dict[str, Any]]:
    """Give what was told of one type."""
    return [payload for told_kind, payload in await told(database, workspace) if told_kind == kind]


def test_every_type_of_the_contract_has_its_place() -> None:
    contract = """response.received case.failed customer.at_risk customer.recovered condition_set.confirmed
    condition_set.returned countermeasure.verified role_proposal.offered role_proposal.answered support.overdue
    follow_up.overdue"""
    assert set(EVENT_TYPES) == set(contract.split())
    for kind, payload in CATALOGUE.items():
        assert sample_of(kind) == payload.model_validate(payload.sample).model_dump(mode="json")
        assert payload.__doc__


async def test_an_answer_is_told_of_by_references(
    client: Caller, caller: MakeCaller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1", name="Ana")
    await client.put_case("K-1", "C-1", team="north", channel="phone")
    sent = await client.respond("K-1", satisfaction=1, answers={"comment": "I am Ana"})
    claimant = await caller("feedback:write")
    claimed = await claimant.respond("K-1", satisfaction=1)
    (first, second) = await of_type(database, workspace, "response.received")
    assert first == {
        "version": 1,
        "response": sent["id"],
        "survey": "post_interaction",
        "customer": "C-1",
        "case": "K-1",
        "status": "complete",
        "claimed": False,
        "failure": True,
    }
    assert (second["response"], second["customer"], second["case"]) == (claimed["id"], None, None)
    assert (second["claimed"], second["failure"]) == (True, None)
    (failure,) = await of_type(database, workspace, "case.failed")
    opened = (await client.read("/v1/cases/K-1"))["opened_at"]
    about = {"case": "K-1", "customer": "C-1", "need": "repair", "team": "north", "channel": "phone"}
    assert failure == {"version": 1, **about, "opened_at": opened, "by": "answer", "response": sent["id"]}
    assert "Ana" not in str(await told(database, workspace))


async def test_a_case_fails_once_however_many_say_so(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    rows = [{"reference": f"R-{n}", "survey": "post_interaction", "case": "K-1"} for n in range(3)]
    bulk = [
        {**row, "answers": {"satisfaction": satisfaction}} for row, satisfaction in zip(rows, (5, 1, 1), strict=True)
    ]
    results = done(await client.post("/v1/responses/bulk", bulk))["results"]
    await client.respond("K-1", satisfaction=1)
    (failure,) = await of_type(database, workspace, "case.failed")
    assert failure["response"] == results[1]["id"]


async def test_a_case_fails_by_its_facts_where_no_customer_is_asked(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    done(await client.patch("/v1/workspace", {"failure_definition": LATE}, if_match="*"))
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", attributes={"made_sla": True})
    await client.put_case("K-2", "C-1")
    assert await of_type(database, workspace, "case.failed") == []
    for handovers in (1, 2):
        await client.put_case("K-1", "C-1", attributes={"made_sla": False}, handovers=handovers)
    (failure,) = await of_type(database, workspace, "case.failed")
    assert (failure["case"], failure["by"], failure["response"]) == ("K-1", "facts", None)
    broken = {"all": [{"field": "promise_broken", "op": "eq", "value": True}], "as_of": "latest"}
    done(await client.patch("/v1/workspace", {"failure_definition": broken}, if_match="*"))
    await client.promise("K-2", "visit", due_at=ago(hours=2))
    assert [item["case"] for item in await of_type(database, workspace, "case.failed")] == ["K-1", "K-2"]


async def test_a_case_that_fails_as_time_passes_is_told_of_when_looked_for(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    done(await client.patch("/v1/workspace", {"failure_definition": SLOW}, if_match="*"))
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=ago(hours=99))
    await client.put_case("K-2", "C-1", opened_at=ago(hours=99), done_at=ago(hours=1))
    for days in (0, 1, 2):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
            async with writing_as(database, operator(workspace)) as work:
                assert await telling.tell_all_failing(work) is None
        expected = ["K-1"] if days else []
        assert [item["case"] for item in await of_type(database, workspace, "case.failed")] == expected


def finding(*conditions: str, status: str = "confirmed") -> Finding:
    """Give what an analysis found of a set."""
    figures: dict[str, Any] = {"rows": 9, "customers": 8, "failures": 7, "rate": 0.7, "rate_without_any": 0.1}
    return Finding(conditions, status, **figures, completion=0.5, low=0.4, high=0.6)


async def test_a_set_is_confirmed_once_and_returns_when_it_had_gone(
    database: Database, workspace: WorkspaceSettings
) -> None:
    async def analysed(*found: Finding, whole: bool = True) -> Sequence[tuple[str, str]]:
        before = len(await told(database, workspace))
        async with writing_as(database, operator(workspace)) as work:
            row = {
                "workspace_id": work.workspace_id,
                "id": (analysis_id := uuid7()),
                "outcome": "failure",
                "request": {},
            }
            row |= {"state": AnalysisState.RUNNING, "whole": whole, "created_at": work.now}
            await work.session.execute(insert(analyses).values(row))
            await store_analysis(work, analysis_id, "failure", {}, found)
        return [(kind, payload["conditions"]) for kind, payload in (await told(database, workspace))[before:]]

    pair, weak = finding("late", "wrong_part"), finding("late", status="unconfirmed")
    assert await analysed(pair, whole=False) == []
    assert await analysed(pair, weak) == [("condition_set.confirmed", "late + wrong_part")]
    assert await analysed(whole=False) == []
    assert await analysed(pair) == []
    assert await analysed(finding("late", "wrong_part", status="unconfirmed"), finding("late")) == [
        ("condition_set.confirmed", "late")
    ]
    assert await analysed(pair) == [("condition_set.returned", "late + wrong_part")]
    assert await analysed() == []
    assert await analysed(finding("late")) == [("condition_set.returned", "late")]


async def test_support_overdue_is_told_of_once_for_each_date(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    async def looked(days: int) -> int:
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
            async with writing_as(database, operator(workspace)) as work:
                return await emit_overdue(work)

    offered = await client.offer_role("P-1", author="Ana", team="north")
    await client.offer_role("P-2")
    await client.answer_role("P-2", "support")
    assert [await looked(0), await looked(30), await looked(31)] == [0, 1, 0]
    due = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
    await client.answer_role("P-1", "taken_to", by_when=due)
    assert [await looked(31), await looked(50), await looked(60)] == [0, 1, 0]
    first, second = await of_type(database, workspace, "support.overdue")
    about = {"version": 1, "owed": "role_proposal", "reference": "P-1", "team": "north", "kind": "decision_right"}
    assert first == {**about, "due_at": offered["due_at"]}
    assert second["due_at"] > first["due_at"]


async def test_history_is_not_news(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    await client.put_customer("C-1")
    for reference, days in (("K-old", 30), ("K-new", 3)):
        await client.put_case(reference, "C-1", opened_at=ago(days=days), recorded_at=ago(days=days))
        told_at = {"answered_at": ago(days=days - 1), "recorded_at": ago(days=days - 1)}
        await client.respond(reference, satisfaction=1, **told_at)
    for kind in ("response.received", "case.failed"):
        assert [item["case"] for item in await of_type(database, workspace, kind)] == ["K-new"]


async def test_facts_that_failed_a_case_long_ago_are_not_told_of(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    etag = (await client.get("/v1/workspace")).headers["ETag"]
    done(await client.patch("/v1/workspace", {"failure_definition": LATE}, if_match=etag))
    await client.put_customer("C-1")
    for reference, days in (("K-old", 30), ("K-new", 3)):
        told_at = {"opened_at": ago(days=days), "recorded_at": ago(days=days)}
        await client.put_case(reference, "C-1", attributes={"made_sla": False}, **told_at)
    async with writing_as(database, operator(workspace)) as work:
        await telling.tell_all_failing(work)
    assert [item["case"] for item in await of_type(database, workspace, "case.failed")] == ["K-new"]
