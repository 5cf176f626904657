"""The sweep after an erasure: what names somebody somewhere inside is found, whoever wrote it and when."""

import asyncio
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from api import tombstones
from api.cli.console import now, operator
from api.dependencies import Work, writing_as
from api.errors import Gone
from api.privacy import erasing, searching, service
from api.privacy.ledger import read_ledger
from api.settings import settings
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.failure import AnalysisState
from models.ids import uuid7
from models.outbox import JobState
from models.tables import metadata
from models.tombstone import Buried
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeWorkspace

pytestmark = pytest.mark.anyio

SUMMARY = {"unexplained": ["case:K-1", "case:K-2", {"K-1": "C-1"}], "n": 2, "none": None}
LEFT = [{"case": "K-1"}, {"case": "K-2"}]
DETAILS = {"case": "K-1", "path": "/v1/cases/K-1/promises"}


@pytest.fixture
async def named(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    """Name a customer and their case in every table that is searched, at moments of their own."""
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    at = datetime.now(UTC)
    stamp = {"workspace_id": workspace.id}
    rows: dict[str, dict[str, Any]] = {
        "analyses": {
            "outcome": "failure",
            "request": {},
            "state": AnalysisState.DONE,
            "summary": SUMMARY,
            "unexplained": LEFT,
        },
        "jobs": {"kind": "derive", "request": {"cases": ["K-1"]}, "state": JobState.FAILED, "problem": "K-1"},
        "events": {"type": "support.overdue", "payload": {"about": {"customer": "C-1"}, "text": "Ana"}},
        "audit_entries": {"actor": "a", "action": "a", "subject": "s", "details": DETAILS},
    }
    moments = {"analyses": "created_at", "jobs": "created_at", "events": "recorded_at", "audit_entries": "recorded_at"}
    async with database.write(workspace.id) as session:
        for name, row in rows.items():
            whole = {**stamp, "id": uuid7(), **row, moments[name]: at}
            await session.execute(insert(metadata.tables[name]), [whole])
        again = {**stamp, "id": uuid7(), **rows["jobs"], "problem": None, "created_at": at}
        await session.execute(insert(metadata.tables["jobs"]), [again])


async def found(database: Database, workspace: WorkspaceSettings, name: str, column: str) -> list[Any]:
    """Give a column of a table, oldest first."""
    async with database.read(workspace.id) as session:
        table = metadata.tables[name]
        return list((await session.scalars(select(table.c[column]).order_by(table.c.id))).all())


@pytest.mark.usefixtures("named")
async def test_what_names_the_erased_is_taken_out_and_the_rest_stays(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.erase("C-1")
    [sealed] = [row for row in await found(database, workspace, "jobs", "request") if "sealed" in row]
    assert "K-1" not in str(sealed)
    assert await work_off(database) == 2
    assert (await found(database, workspace, "analyses", "summary"))[0] == {
        "unexplained": ["case:erased", "case:K-2", {"erased": "erased"}],
        "n": 2,
        "none": None,
    }
    assert await found(database, workspace, "analyses", "unexplained") == [LEFT[1:]]
    assert await found(database, workspace, "jobs", "request") == [{"cases": ["erased"]}] * 2 + [{}] * 2
    assert (await found(database, workspace, "jobs", "problem"))[:2] == ["erased", None]
    assert await found(database, workspace, "events", "payload") == [{"erased": True}]
    details = await found(database, workspace, "audit_entries", "details")
    assert {"erased": True} in details
    assert "K-1" not in str(details)
    assert set(await found(database, workspace, "jobs", "state")) == {JobState.FAILED, JobState.DONE}


@pytest.mark.usefixtures("named")
async def test_a_sweep_in_many_portions_misses_nothing(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "ROWS_AT_ONCE", 1)
    await client.erase("C-1")
    assert await work_off(database) == 2
    for table, column in (("jobs", "request"), ("analyses", "summary"), ("audit_entries", "details")):
        assert "K-1" not in str(await found(database, workspace, table, column))


async def test_a_case_that_showed_a_set_is_no_evidence_once_it_is_erased(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    for number in (1, 2):
        await client.put_customer(f"C-{number}")
        await client.put_case(f"K-{number}", f"C-{number}")
    ids = {row["reference"]: row["id"].replace("-", "") for row in await client.read_all("/v1/cases")}
    at, analysis, mine = datetime.now(UTC), uuid7(), uuid7()
    shared = {"workspace_id": workspace.id}
    asked = {"id": analysis, "outcome": "failure", "request": {}, "state": AnalysisState.DONE, "created_at": at}
    known = {"id": mine, "outcome": "failure", "conditions": ["late"], "stored_at": at}
    figures = {"status": "confirmed", "rows": 2, "customers": 2, "failures": 2, "completion": 1, "low": 0, "high": 1}
    finding = {"id": mine, "analysis_id": analysis, "position": 0, **figures, "measures": {}, "recorded_at": at}
    async with database.write(workspace.id) as session:
        for name, row in (("analyses", asked), ("condition_sets", known)):
            await session.execute(insert(metadata.tables[name]), [{**shared, **row}])
        shown = {"evidence": [ids["K-1"], ids["K-2"]]}
        await session.execute(insert(metadata.tables["condition_set_findings"]), [{**shared, **finding, **shown}])
    await client.erase("C-1")
    await work_off(database)
    assert await found(database, workspace, "condition_set_findings", "evidence") == [[ids["K-2"]]]


async def test_staff_who_named_the_erased_in_a_sentence_keep_the_sentence(client: Caller, database: Database) -> None:
    await client.put_customer("C-1", email="Ana@example.org")
    await client.put_customer("7", name="Bo")
    await client.put_case("K-1", "C-1")
    said = "C-1 (see #K-1, K-11) waited; ask ana@EXAMPLE.org. 7 others waited."
    await client.offer_role("P-1", situation=said, evidence={"cases": ["K-1", "K-2"]})
    await client.answer_role("P-1", "ask", reason=said)
    done(await client.post("/v1/support-requests", {"reference": "S", "team": "north", "kind": "tool", "what": said}))
    done(await client.post("/v1/heard", {"reference": "H", "what": said}))
    done(await client.post("/v1/heard", {"reference": "H-1", "what": said, "case": "K-1"}))
    told = (await client.get("/v1/customers/C-1/personal-data")).json()["records"]
    assert {"role_proposal_versions", "support_answers", "support_request_versions"} <= set(told)
    assert len(told["heard_versions"]["rows"]) == 2
    await client.erase("C-1")
    await client.erase("7")
    await work_off(database)
    left = "erased (see #erased, K-11) waited; ask erased. 7 others waited."
    proposal = await client.read("/v1/role-proposals/P-1")
    assert (proposal["situation"], proposal["evidence"]["cases"]) == (left, ["erased", "K-2"])
    assert proposal["answers"][0]["reason"] == left
    assert (await client.read("/v1/support-requests/S"))["what"] == left
    assert {item["what"] for item in await client.read_all("/v1/heard")} == {left, "erased"}


async def test_a_word_that_the_workspace_catalogues_stays(client: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "CATALOGUES", {"need": ("surveys", "key")})
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", need="post_interaction")
    await client.put_case("K-2", "C-1", need="something else")
    await client.erase("C-1")
    assert {case["need"] for case in await client.read_all("/v1/cases")} == {"post_interaction", "erased"}


async def test_who_points_at_somebody_who_is_just_being_erased_is_refused(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    body = {"customer": "C-1", "need": "repair", "opened_at": ago(days=1)}
    async with writing_as(database, operator(workspace.id)) as work:
        await service.erase(work, "C-1")
        put = asyncio.create_task(client.put("/v1/cases/K-1", body))
        await asyncio.sleep(0.5)
    answer = await put
    assert (answer.status_code, answer.json()["code"]) in {(409, "conflict"), (409, "erased")}
    again = await client.put("/v1/cases/K-1", body)
    assert (again.status_code, again.json()["code"]) == (409, "erased")


async def test_who_is_told_of_again_while_being_erased_is_not_made_anew(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1", name="Ana")
    async with writing_as(database, operator(workspace.id)) as work:
        await service.erase(work, "C-1")
        put = asyncio.create_task(client.put("/v1/customers/C-1", {"name": "Ana Two"}))
        await asyncio.sleep(0.5)
    refused = refusal(await put, 409)
    assert refused["code"] in {"conflict", "erased"}
    refusal(await client.put("/v1/customers/C-1", {"name": "Ana Two"}), 409, "erased")
    refusal(await client.get("/v1/customers/C-1"), 404)


async def test_what_was_made_anew_of_somebody_erased_meanwhile_is_refused_where_others_write(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    """On SQLite nobody writes between the look and the deed."""
    await client.put_customer("C-1")
    await client.erase("C-1")
    async with database.read(workspace.id) as session:
        work = Work(session, workspace.id, operator(workspace.id), now())
        alone = session.get_bind().dialect.name == "sqlite"
        with nullcontext() if alone else pytest.raises(Gone):
            await tombstones.refuse_erased_meanwhile(work, Buried.CUSTOMER, ["C-1"])
        await tombstones.refuse_erased_meanwhile(work, Buried.CUSTOMER, ["C-2"])


async def test_only_an_erasure_in_the_same_workspace_explains_an_orphan(
    client: Caller, database: Database, workspace: WorkspaceSettings, make_workspace: MakeWorkspace
) -> None:
    other = await make_workspace("Another")
    await client.put_customer("C-1")
    await client.erase("C-1")
    for where, expected in ((workspace, True), (other, False)):
        async with database.read(where.id) as session:
            assert await tombstones.erased_lately(Work(session, where.id, operator(where.id), now())) is expected


async def test_an_erasure_is_noted_where_the_settings_say(
    client: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    noted = tmp_path / "elsewhere.ndjson"
    monkeypatch.setenv("STEADFAST_TOMBSTONES", str(noted))
    settings.cache_clear()
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.erase("C-1")
    with noted.open("a") as file:
        file.write("\n")
    assert sorted(entry.kind for entry in read_ledger(noted)) == ["case", "customer"]
