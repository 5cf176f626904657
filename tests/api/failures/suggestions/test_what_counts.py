"""A suggestion counts for nothing until it is confirmed, and what is confirmed never explains its own answer."""

from datetime import UTC, datetime
from math import isnan
from typing import Any

import pytest
from sqlalchemy import select

from api.cli.console import operator
from api.cli.importing.exported import as_sent
from api.cli.importing.lines import Problem
from api.cli.importing.targets import TARGETS, ImportKind
from api.dependencies import Work
from api.failures import rates
from api.privacy.retention import keep_no_longer
from api.worker import Worker, work_off, worker_caller
from api.workspaces.service import WorkspaceSettings
from ml.case_matrix import CaseMatrix
from models.database import Database
from models.tables import metadata
from tests.api.caller import Caller, ago, done, refusal
from tests.api.failures.suggestions.conftest import Look, Say

pytestmark = pytest.mark.anyio

SUGGESTIONS = "/v1/suggestions"


async def matrix_of(database: Database, workspace: WorkspaceSettings) -> CaseMatrix:
    """Give a workspace's cases as they are mined."""
    async with database.read(workspace.id) as session:
        work = Work(session, workspace.id, worker_caller(workspace.id), datetime.now(UTC))
        return await rates.case_matrix(work, await rates.catalogue(work))


async def confirm(client: Caller, suggestion: Any) -> Any:
    """Confirm a suggestion."""
    return done(await client.post(f"{SUGGESTIONS}/{suggestion['id']}/confirm", {"note": "read with Ana"}))


async def stored(database: Database, workspace: WorkspaceSettings, table: str) -> list[Any]:
    """Give the rows of a table."""
    async with database.read(workspace.id) as session:
        return list((await session.execute(select(metadata.tables[table]))).mappings().all())


async def test_what_was_read_out_of_an_answer_does_not_explain_that_answer(
    client: Caller, database: Database, workspace: WorkspaceSettings, say: Say, look: Look
) -> None:
    await client.catalogue("late", phrases=["too late"])
    await say("too late", satisfaction=1, answered_at=ago(days=3), recorded_at=ago(days=3))
    await say("too late", 2, satisfaction=1)
    for found in await look():
        await confirm(client, found)
    matrix = await matrix_of(database, workspace)
    assert (matrix.failed, matrix.not_known) == ([True, True], 0)
    assert [isnan(row[0]) for row in matrix.states] == [True, True]
    told = done(await client.get("/v1/failure-rates", condition="late"))["rows"]
    assert [row["cases"] for row in told] == [0, 0]
    # Asked again about the same case, what was known by then counts.
    await client.respond("K-1", satisfaction=2)
    matrix = await matrix_of(database, workspace)
    assert sorted(str(row[0]) for row in matrix.states) == ["1.0", "nan", "nan"]
    assert matrix.states[matrix.times.index(max(matrix.times))] == [1.0]


async def test_where_facts_make_the_failure_it_counts_from_when_it_was_known(
    client: Caller, database: Database, workspace: WorkspaceSettings, say: Say, look: Look
) -> None:
    definition = {"all": [{"field": "handovers", "op": "ge", "value": 2}]}
    await client.catalogue("late", phrases=["too late"])
    await say("too late")
    [found] = await look()
    await confirm(client, found)
    for as_of, state in (("opened", "nan"), ("latest", "1.0")):
        stated = {"failure_definition": {**definition, "as_of": as_of}}
        done(await client.patch("/v1/workspace", stated, **{"If-Match": "*"}))
        await client.put_case("K-1", "C-1", handovers=3)
        matrix = await matrix_of(database, workspace)
        assert [str(row[0]) for row in matrix.states] == [state], as_of


async def test_only_what_is_confirmed_touches_risk(client: Caller, say: Say, look: Look) -> None:
    await client.catalogue("late", phrases=["too late"])
    done(await client.patch("/v1/workspace", {"yearly_loss": 0.2}, **{"If-Match": "*"}))
    await say("too late")
    before = await risk_of(client)
    [found] = await look()
    assert await risk_of(client) == before
    await confirm(client, found)
    after = await risk_of(client)
    assert [one["code"] for one in before["conditions"]] == []
    assert [one["code"] for one in after["conditions"]] == ["late"]
    assert after["risk"] > before["risk"]


async def risk_of(client: Caller) -> Any:
    """Give the customer's risk, whenever it is asked for."""
    return {**await client.read("/v1/customers/C-1/risk"), "as_of": None}


async def test_a_withdrawn_response_takes_back_what_was_read_out_of_it(
    client: Caller, database: Database, workspace: WorkspaceSettings, say: Say, look: Look
) -> None:
    await client.catalogue("late", phrases=["too late"])
    await client.catalogue("rude", phrases=["rude"])
    response = await say("too late and rude")
    late = next(one for one in await look() if one["condition"] == "late")
    await confirm(client, late)
    await client.void(f"/v1/responses/{response}", "of another customer")
    assert (await client.read(SUGGESTIONS))["items"] == []
    assert (await client.read("/v1/observations"))["items"] == []
    refusal(await client.post(f"{SUGGESTIONS}/{late['id']}/confirm", {}), 404, "not_found")
    await client.void(f"/v1/responses/{response}", "of another customer")
    assert await look() == []
    told = await client.read(f"{SUGGESTIONS}/conditions")
    assert {one["n"] for one in told["conditions"]} == {0}
    assert len(await stored(database, workspace, "comment_suggestions")) == 2


async def test_erasure_takes_suggestions_and_leaves_what_was_seen(
    client: Caller, database: Database, workspace: WorkspaceSettings, say: Say, look: Look
) -> None:
    await client.catalogue("late", phrases=["too late"])
    await say("too late, says Ana", "Ana-1")
    await say("too late", 2)
    for found in await look():
        await confirm(client, found)
    told = (await client.read("/v1/customers/C-Ana-1/personal-data"))["records"]
    assert [row["phrase"] for row in told["comment_suggestions"]["rows"]] == ["too late"]
    assert [row["note"] for row in told["suggestion_decisions"]["rows"]] == ["read with Ana"]
    removed = (await client.erase("C-Ana-1"))["removed"]
    assert (removed["comment_suggestions"], removed["suggestion_decisions"]) == (1, 1)
    await work_off(database)
    [left] = (await client.read(SUGGESTIONS))["items"]
    assert left["case"] == "K-2"
    assert len(await stored(database, workspace, "suggestion_decisions")) == 1
    assert len((await client.read("/v1/observations"))["items"]) == 2
    assert len(await look()) == 1


async def test_a_note_that_names_somebody_erased_loses_its_words(
    client: Caller, database: Database, workspace: WorkspaceSettings, say: Say, look: Look
) -> None:
    await client.catalogue("late", phrases=["too late"])
    await say("too late")
    await client.put_customer("C-77")
    [found] = await look()
    done(await client.post(f"{SUGGESTIONS}/{found['id']}/confirm", {"note": "as with C-77"}))
    await client.erase("C-77")
    await work_off(database)
    [decision] = await stored(database, workspace, "suggestion_decisions")
    assert decision["note"] == "erased"


async def test_words_kept_no_longer_leave_no_suggestion(
    client: Caller, database: Database, workspace: WorkspaceSettings, look: Look
) -> None:
    await client.catalogue("late", phrases=["too late"])
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=ago(days=400))
    for days in (300, 0):
        when = ago(days=days)
        await client.respond("K-1", answers={"comment": f"too late {days}"}, answered_at=when, recorded_at=when)
    for found in await look():
        await confirm(client, found)
    done(await client.patch("/v1/workspace", {"retention": {"comments": 200}}, **{"If-Match": "*"}))
    await keep_no_longer(database, operator(workspace.id))
    [left] = (await client.read(SUGGESTIONS))["items"]
    assert left["excerpt"] == "too late 0"
    assert len((await client.read("/v1/observations"))["items"]) == 2
    done(await client.patch("/v1/workspace", {"retention": {"responses": 1}}, **{"If-Match": "*"}))
    versions = metadata.tables["response_versions"]
    async with database.write(workspace.id) as session:
        await session.execute(versions.update().values(answered_at=versions.c.answered_at - 2 * 86_400_000_000))
    await keep_no_longer(database, operator(workspace.id))
    assert await stored(database, workspace, "comment_suggestions") == []
    assert await stored(database, workspace, "suggestion_decisions") == []


async def test_a_survey_that_unlinks_its_answers_unlinks_its_suggestions(
    client: Caller, database: Database, workspace: WorkspaceSettings, look: Look
) -> None:
    await client.catalogue("late", phrases=["too late"])
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=ago(days=400))
    asked = {"key": "why", "kind": "text", "texts": {"en": "Why?"}}
    done(await client.post("/v1/surveys", {"key": "visit", "questions": [asked], "retention_days": 200}))
    done(await client.post("/v1/surveys/visit/publish"))
    body = {"survey": "visit", "case": "K-1", "answers": {"why": "too late"}}
    done(await client.post("/v1/responses", {**body, "answered_at": ago(days=300), "recorded_at": ago(days=300)}))
    assert len(await look()) == 1
    await keep_no_longer(database, operator(workspace.id))
    assert await stored(database, workspace, "comment_suggestions") == []


async def test_a_merge_takes_suggestions_along(client: Caller, say: Say, look: Look, worker: Worker) -> None:
    await client.catalogue("late", phrases=["too late"])
    await say("too late")
    await look()
    await client.put_customer("C-2")
    done(await client.post("/v1/customers/C-1/merge", {"into": "C-2"}))
    await worker.work_off()
    [found] = (await client.read(SUGGESTIONS))["items"]
    assert (await confirm(client, found))["case"] == "K-1"


async def test_nobody_speaks_for_a_comment(client: Caller, say: Say, look: Look) -> None:
    await client.catalogue("late", phrases=["too late"])
    await say("too late")
    [found] = await look()
    await confirm(client, found)
    [seen] = (await client.read("/v1/observations"))["items"]
    body = {"case": "K-1", "condition": "late", "state": "absent", "source": "staff", "observed_at": ago(hours=1)}
    taken = {**body, "reference": seen["reference"]}
    refusal(await client.post("/v1/observations", taken), 422, "seen_in_a_comment")
    void = f"/v1/observations/{seen['reference']}/void"
    refusal(await client.post(void, {"reason": "r"}), 422, "seen_in_a_comment")


async def test_an_import_does_not_tell_anew_what_was_confirmed(client: Caller, say: Say, look: Look) -> None:
    await client.catalogue("late", phrases=["too late"])
    await say("too late")
    [found] = await look()
    await confirm(client, found)
    [row] = await client.stream("/v1/observations")
    told = as_sent(ImportKind.OBSERVATIONS, TARGETS[ImportKind.OBSERVATIONS], row)
    assert isinstance(told, Problem)
    assert told.code == "seen_in_a_comment"
