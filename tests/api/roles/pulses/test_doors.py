"""What staff answer is not read one by one, whichever door is tried, and nothing that is stored says whose it is."""

import json
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from api.cli.exporting.kinds import EXPORTED, ExportKind
from api.dependencies import writing_as
from api.handlers import worker_caller
from api.listing import Asked
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.tables import metadata
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.openapi import routes
from tests.api.roles.pulses.answering import (
    ASKED,
    TOOLS,
    answer,
    answer_many,
    ask_staff,
    launch,
    let_a_night_go_by,
    links,
)

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

SECRET = "kryptonite"
BODY: dict[str, Any] = {"survey": "crew", "answers": {"tools": 1, "why": SECRET}}


async def test_nobody_is_invited_to_what_staff_are_asked(client: Caller) -> None:
    await ask_staff(client)
    await client.put_customer("C-1")
    asked = {"survey": "crew", "customer": "C-1"}
    refusal(await client.post("/v1/invitations", asked), 409, "asked_in_a_pulse")
    refusal(await client.post("/v1/eligibility", asked), 409, "asked_in_a_pulse")
    told = done(await client.post("/v1/invitations/bulk", [asked, {**asked, "survey": "post_interaction"}]))
    assert (told["rejected"], told["results"][0]["problem"]["code"]) == (1, "asked_in_a_pulse")


async def invited_before_it_asked_staff(client: Caller) -> str:
    """Give what leads to a survey that asked customers, and asks staff now."""
    done(await client.post("/v1/surveys", {"key": "crew", "questions": [{**TOOLS, "metric_key": "tools"}]}))
    done(await client.post("/v1/surveys/crew/publish"))
    token: str = done(await client.post("/v1/invitations", {"survey": "crew"}))["token"]
    done(await client.post("/v1/surveys/crew/versions", {"questions": ASKED}))
    done(await client.post("/v1/surveys/crew/publish"))
    return token


async def test_what_staff_are_asked_is_no_response(client: Caller, caller: MakeCaller) -> None:
    token = await invited_before_it_asked_staff(client)
    form = await caller("feedback:write")
    for whose in (form, client):
        refused = refusal(await whose.post("/v1/responses", BODY), 409, "asked_in_a_pulse")
        assert "POST /v1/pulses" in refused["detail"]
        refusal(await whose.post("/v1/responses", BODY, idempotency_key="k"), 409, "asked_in_a_pulse")
    refusal(await client.post("/v1/responses", {**BODY, "complete": False}), 409, "asked_in_a_pulse")
    rows = done(await client.post("/v1/responses/bulk", [BODY]))
    assert [row["problem"]["code"] for row in rows["results"]] == ["asked_in_a_pulse"]
    refusal(await form.post("/v1/responses", {**BODY, "invitation": token}), 409, "asked_in_a_pulse")
    assert await client.read_all("/v1/responses") == []


async def test_nor_is_it_on_a_page_for_customers(client: Caller) -> None:
    token = await invited_before_it_asked_staff(client)
    slug = (await client.read("/v1/workspace"))["slug"]
    for path in (f"/f/{slug}/crew", f"/i/{token}"):
        got = await client.http.get(path, headers={"Accept": "application/json"})
        assert (got.status_code, got.json()["code"]) == (409, "asked_in_a_pulse")
        sent = await client.http.post(path, json={"answers": {"tools": 1}})
        assert (sent.status_code, sent.json()["code"]) == (409, "asked_in_a_pulse")
    page = await client.http.get(f"/f/{slug}/crew", headers={"Accept": "text/html"})
    assert "There is nothing here" in page.text
    assert await client.read_all("/v1/responses") == []


async def test_an_answer_leaves_no_trace_of_who_gave_it(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client)
    await launch(client, teams=["north"])
    at = (await links(client))["north"]
    before = await _all(database, workspace)
    page_id = uuid4()
    said = {"_id": str(page_id), "tools": 3, "why": SECRET}
    headers = {"X-Forwarded-For": "203.0.113.7", "User-Agent": "Staff/1.0", "Idempotency-Key": "mine"}
    for _ in range(2):
        done(await client.http.post(at, json=said, headers=headers))
    after = await _all(database, workspace)
    [row] = after.pop("pulse_answers")
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
    assert set(row) == {"workspace_id", "id", "pulse_id", "team", "answers", "batch"}
    assert (row["team"], row["answers"], row["batch"]) == ("north", {"tools": 3, "why": SECRET}, None)
    assert (row["id"] != page_id, row["id"].version) == (True, 4)


async def _all(database: Database, workspace: WorkspaceSettings) -> dict[str, list[dict[str, Any]]]:
    """Give all rows of all tables."""
    async with database.read(workspace.id) as session:
        return {
            name: [dict(row) for row in (await session.execute(select(table))).mappings()]
            for name, table in metadata.tables.items()
            if name != "marks"
        }


async def test_no_door_tells_what_somebody_answered(
    app: FastAPI, client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client)
    await launch(client)
    hook = {"target_url": "http://127.0.0.1:9/", "events": ["response.received"]}
    hook_id = done(await client.post("/v1/hooks", hook))["id"]
    at = (await links(client))[None]
    done(await answer(client, at, tools=1, why=SECRET))
    await answer_many(client, at, 8, tools=3, why="fine")
    await let_a_night_go_by(database, workspace.id)
    slug = (await client.read("/v1/workspace"))["slug"]
    named = {"key": "spring", "hook_id": hook_id}
    asked = 0
    for route in (route for route in routes(app) if route.method == "GET"):
        needed = {"metric": "pulse_tools", "type": "response.received", "survey": "crew"}
        params = {name: needed[name] for name, place, *_ in route.parameters if place == "query" and name in needed}
        found = await client.get(route.address(named), **params)
        asked += 1
        assert SECRET not in found.text, route
    assert asked > 90
    assert SECRET not in (await client.http.get(f"/f/{slug}/crew")).text
    assert (await client.read(f"/v1/hooks/{hook_id}/deliveries"))["items"] == []


async def test_a_customers_own_data_hold_no_answer_that_is_not_told(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-77")
    await ask_staff(client)
    await launch(client, teams=["north"])
    at = (await links(client))["north"]
    done(await answer(client, at, tools=1, why=f"{SECRET} for C-77"))
    own = "/v1/customers/C-77/personal-data"
    assert SECRET not in (await client.get(own)).text
    await answer_many(client, at, 9, tools=2, why="fine")
    await let_a_night_go_by(database, workspace.id)
    told = (await client.read(own))["records"]
    assert "pulse_answers" not in told
    [row] = told["pulse_releases"]["rows"]
    assert row["figures"]["comments"]["why"]["texts"] == [f"{SECRET} for C-77"]
    # What is erased goes where it waits and where it was told.
    await client.erase("C-77")
    await work_off(database, workspace.id)
    [comments] = (await client.read("/v1/pulses/spring"))["comments"]
    assert f"{SECRET} for erased" in comments["comments"]
    assert "C-77" not in repr(await _all(database, workspace))


@on_sqlite
@pytest.mark.parametrize("kind", list(EXPORTED), ids=str)
async def test_no_export_tells_what_somebody_answered(
    client: Caller, database: Database, workspace: WorkspaceSettings, kind: ExportKind
) -> None:
    await ask_staff(client)
    await launch(client)
    await answer_many(client, (await links(client))[None], 9, tools=1, why=SECRET)
    await let_a_night_go_by(database, workspace.id)
    async with writing_as(database, worker_caller(workspace.id)) as work:
        items, _ = await EXPORTED[kind].list(work, Asked())
    assert SECRET not in repr(items)


@pytest.mark.parametrize("path", ["/v1/pulses/spring", "/v1/pulses/spring/answers", "/p/acme/spring/x"])
@on_sqlite
async def test_nothing_is_changed_or_taken_away(client: Caller, path: str) -> None:
    await ask_staff(client)
    await launch(client)
    tried = [await client.patch(path, {"scores_from": 3}), await client.put(path, {}), await client.delete(path)]
    assert {one.status_code for one in tried} <= {404, 405, 409}
    assert (await client.read("/v1/pulses/spring"))["scores_from"] == 5


async def test_metrics_and_events_know_nothing_of_a_pulse(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client)
    await launch(client)
    at = (await links(client))[None]
    await answer_many(client, at, 6, tools=3, why="fine")
    await let_a_night_go_by(database, workspace.id)
    assert '"n": 6' not in json.dumps(await client.read("/v1/metrics", metric="pulse_tools"))
    async with database.read(workspace.id) as session:
        assert (await session.execute(select(metadata.tables["events"]))).all() == []
