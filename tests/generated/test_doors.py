"""Every route against every caller who should not come in, and against the neighbour who may come in next door.

Everything here is generated from the OpenAPI document: a new route is tried the day it is declared.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import Table, select

from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from models.access import Scope
from models.database import Database
from models.tables import metadata
from tests.api.caller import Caller
from tests.api.conftest import MakeCaller, MakeKey, MakeWorkspace
from tests.api.openapi import Route, guarded
from tests.generated.bodies import fitting_body
from tests.generated.everything import NOT_FILLED, fill

pytestmark = pytest.mark.anyio

CANARY = "only-the-first-workspace-says-this"


async def knock(app: FastAPI, caller: Caller, route: Route, known: dict[str, str]) -> Any:
    """Ask a route for something that is there, with a body that fits its document."""
    body = fitting_body(app, route)
    sent = {} if body is None else {"json": body}
    return await caller.ask(route.method, route.address(known), {"If-Match": "*"}, **sent)


async def test_every_route_is_shut_to_everybody_who_should_not_come_in(
    app: FastAPI, stranger: Caller, client: Caller, key: MakeKey, database: Database, workspace: WorkspaceSettings
) -> None:
    known = await fill(client)
    now = datetime.now(UTC)
    async with database.write(workspace.id) as session:
        made = await workspaces.create_key(session, workspace.id, [Scope.ADMIN], now)
        await workspaces.revoke_key(session, workspace.id, made.id, now)
    callers = {
        "no key": stranger,
        "revoked": Caller(client.http, made.key),
        "expired": Caller(client.http, await key("admin", expires_at=now - timedelta(seconds=1))),
    }
    before = await rows_of(database, workspace.id)
    wrong = {}
    for route in guarded(app):
        for who, caller in callers.items():
            answer = await knock(app, caller, route, known)
            if (answer.status_code, answer.json()["code"]) != (401, "unauthenticated"):
                wrong[f"{who}: {route}"] = answer.text
    assert wrong == {}
    assert await rows_of(database, workspace.id) == before


async def test_no_scope_opens_a_route_that_asks_for_another(
    app: FastAPI, client: Caller, caller: MakeCaller, database: Database, workspace: WorkspaceSettings
) -> None:
    known = await fill(client)
    holders = {scope: await caller(scope) for scope in Scope if scope is not Scope.ADMIN}
    before = await rows_of(database, workspace.id)
    wrong, tried = {}, 0
    for route in guarded(app):
        for scope, holder in holders.items():
            if any(needed <= {scope.value} for needed in route.scopes):
                continue
            answer = await knock(app, holder, route, known)
            tried += 1
            if (answer.status_code, answer.json()["code"]) != (403, "missing_scope"):
                wrong[f"{scope}: {route}"] = answer.text
    assert wrong == {}
    assert tried > 200
    assert await rows_of(database, workspace.id) == before


async def test_another_workspace_sees_nothing_and_changes_nothing_whatever_it_asks(
    app: FastAPI,
    client: Caller,
    caller: MakeCaller,
    make_workspace: MakeWorkspace,
    database: Database,
    workspace: WorkspaceSettings,
) -> None:
    known = await fill(client, CANARY)
    neighbour = await caller("admin", of=await make_workspace("Another"))
    before = await rows_of(database, workspace.id)
    leaks, unlike = {}, {}
    for route in guarded(app):
        answer = await knock(app, neighbour, route, known)
        if CANARY in answer.text or str(workspace.id) in answer.text:
            leaks[str(route)] = answer.text
        if answer.status_code >= 500:
            leaks[str(route)] = answer.text
        if route.method == "GET" and "{" in route.path:
            missing = await knock(app, neighbour, route, {name: _nobody(name) for name in known})
            if _said(answer, route) != _said(missing, route):
                unlike[str(route)] = (answer.text, missing.text)
    assert leaks == {}
    # What a neighbour has itself by the same name (its own survey) or what it just made looks of course unlike.
    assert {name for name, (text, _) in unlike.items() if '"status":404' in text} == set()
    assert await rows_of(database, workspace.id) == before


async def test_one_of_everything_is_there_to_be_looked_at(app: FastAPI, client: Caller) -> None:
    known = await fill(client, CANARY)
    looked_at = [route for route in guarded(app) if route.method == "GET" and "{" in route.path]
    unseen = {
        str(route): answer.text
        for route in looked_at
        if route.path not in NOT_FILLED and not (answer := await client.get(route.address(known))).is_success
    }
    assert unseen == {}, "add a line to tests/generated/everything.py"
    assert len(looked_at) > 8


def _nobody(name: str) -> str:
    return str(UUID(int=7)) if name.endswith("_id") else "nobody_at_all"


def _said(answer: Any, route: Route) -> Any:
    """Give what an answer says beside what it was asked with."""
    body = answer.json()
    return {**body, "request_id": "", "instance": "", "detail": ""} | {"route": str(route)}


async def rows_of(database: Database, workspace_id: UUID) -> dict[str, list[Any]]:
    """Give every row that a workspace has, by table, what keys say of their use left out."""
    found = {}
    async with database.read(workspace_id) as session:
        for name, table in metadata.tables.items():
            if "workspace_id" in table.columns:
                found[name] = [tuple(row) for row in await session.execute(_own(table, workspace_id))]
    return found


def _own(table: Table, workspace_id: UUID) -> Any:
    columns = [column for column in table.columns if not column.name.startswith("last_used")]
    return select(*columns).where(table.c.workspace_id == workspace_id).order_by(*table.primary_key.columns)
