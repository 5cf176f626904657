"""Who is let in, and by what; `tests/generated/test_doors.py` asks every route as everybody who should not be."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from api.routing import BULK_LIMIT
from api.security import PREFIX, make_key, parse_key
from api.workspaces import service as workspaces
from api.workspaces.service import WorkspaceSettings
from models.access import Scope
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller, MakeKey, MakeWorkspace
from tests.api.openapi import Route, guarded

pytestmark = pytest.mark.anyio


async def knock(caller: Caller, route: Route, **known: str) -> tuple[int, str]:
    """Ask a route with nothing to say; give the status and the code of the answer."""
    response = await caller.ask(route.method, route.address(known))
    assert response.headers["content-type"].startswith("application/"), response.text
    return response.status_code, response.json().get("code", "")


def opens(scope: Scope, route: Route) -> bool:
    """Say whether a key with this scope alone opens a route, as the document has it."""
    return scope is Scope.ADMIN or any(needed <= {scope.value} for needed in route.scopes)


async def test_nobody_comes_in_without_a_valid_key(
    app: FastAPI, stranger: Caller, client: Caller, key: MakeKey, database: Database, workspace: WorkspaceSettings
) -> None:
    now = datetime.now(UTC)
    async with database.write(workspace.id) as session:
        made = await workspaces.create_key(session, workspace.id, [Scope.ADMIN], now)
        await workspaces.revoke_key(session, workspace.id, made.id, now)
    valid = client.key or ""
    strangers = {
        "no key": stranger,
        "not a key": Caller(client.http, "letmein"),
        "bad checksum": Caller(client.http, valid[:-1] + ("a" if valid[-1] != "a" else "b")),
        "unknown": Caller(client.http, make_key("live").text),
        "revoked": Caller(client.http, made.key),
        "expired": Caller(client.http, await key("admin", expires_at=now - timedelta(seconds=1))),
    }
    tried = {route.method: route for route in guarded(app)}
    let_in = {
        f"{who}: {route}": answer
        for who, caller in strangers.items()
        for route in tried.values()
        if (answer := await knock(caller, route)) != (401, "unauthenticated")
    }
    assert let_in == {}
    assert {"GET", "PUT", "POST"} <= tried.keys()
    assert (await knock(client, guarded(app)[0]))[0] == 200


async def test_the_key_is_judged_before_anything_of_the_body_is_read(
    app: FastAPI, stranger: Caller, caller: MakeCaller
) -> None:
    lacking = await caller("risk:read")
    read: list[bytes] = []

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(4 * BULK_LIMIT // 65_536):
            read.append(b"[" * 65_536)
            yield read[-1]

    taking = [route for route in guarded(app) if route.takes_body]
    assert len(taking) > 20
    for holder, status in ((stranger, 401), (lacking, 403)):
        for route in taking:
            if any(needed <= {"risk:read"} for needed in route.scopes) and holder is lacking:
                continue
            for kind in ("application/json", "text/plain", "application/x-ndjson"):
                headers = {"Content-Type": kind, "Idempotency-Key": "\x01"}
                refusal(await holder.ask(route.method, route.address(), headers, content=endless()), status)
    assert read == []


async def test_only_a_post_that_stores_lists_the_header_it_honours(app: FastAPI) -> None:
    listing = {str(route) for route in guarded(app) if any(item[0] == "idempotency-key" for item in route.parameters)}
    assert "POST /v1/customers/bulk" in listing
    assert "POST /v1/keys/{key_id}/rotate" in listing
    assert "POST /v1/risk/lookup" not in listing
    assert [route for route in listing if not route.startswith("POST ")] == []


async def test_a_known_key_with_another_secret_opens_nothing(client: Caller) -> None:
    _, environment, lookup, secret, _ = (client.key or "").split("_")
    body = f"{PREFIX}_{environment}_{lookup}_{secret[::-1]}"
    forged = f"{body}_{hashlib.sha256(body.encode()).hexdigest()[:6]}"
    assert parse_key(forged) is not None
    refusal(await Caller(client.http, forged).get("/v1/me"), 401, "unauthenticated")


async def test_a_refused_caller_is_told_how_to_sign_in_and_nothing_else(stranger: Caller) -> None:
    answers = [await stranger.get("/v1/me"), await stranger.ask("GET", "/v1/me", {"Authorization": "Basic dTpw"})]
    for answer in answers:
        refusal(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    one, other = ({name: value for name, value in answer.json().items() if name != "request_id"} for answer in answers)
    assert one == other


async def test_a_key_opens_the_routes_its_scope_names(app: FastAPI, caller: MakeCaller) -> None:
    shut = {}
    for scope in Scope:
        holder = await caller(scope)
        opened = [route for route in guarded(app) if opens(scope, route)]
        assert opened, scope
        for route in opened:
            answer = await knock(holder, route)
            if answer == (403, "missing_scope"):
                shut[f"{scope}: {route}"] = answer
    assert shut == {}


async def test_another_workspaces_things_look_exactly_like_missing_ones(
    app: FastAPI, client: Caller, caller: MakeCaller, make_workspace: MakeWorkspace
) -> None:
    other = await caller("admin", of=await make_workspace("Another"))
    paths = [route for route in guarded(app) if "{" in route.path and route.method == "GET"]
    references = {"reference": "X-1", "case": "X-1", "promise": "X-1", "code": "late"}
    before = {str(route): await other.get(route.address(references)) for route in paths}
    ids = await _fill(client)
    compared = 0
    for route in paths:
        mine = await client.get(route.address(references | ids))
        theirs = await other.get(route.address(references | ids))
        if route.path in {"/v1/surveys/{key}", "/v1/cases/{case}/promises"}:
            continue
        if route.path == "/v1/loyalty/{dimension}/chart":
            asked = {"as_known_at": ""}
            assert theirs.json() | asked == before[str(route)].json() | asked
            continue
        if mine.status_code == 200:
            refusal(theirs, 404, "not_found")
            if not ids.keys() & set(route.path.replace("{", " ").replace("}", " ").split()):
                missing, foreign = before[str(route)].json(), theirs.json()
                assert {**foreign, "request_id": ""} == {**missing, "request_id": ""}
                compared += 1
    assert compared >= 6
    assert (await other.read("/v1/cases/X-1/promises"))["items"] == []
    refusal(await other.post("/v1/role-proposals/X-1/withdraw"), 404, "not_found")
    refusal(await other.post("/v1/role-proposals/X-1/supporters", {"name": "Eve"}), 404, "not_found")
    refusal(await other.get("/v1/failure-rates", condition="late"), 404, "not_found")
    for kind in ("customers", "cases", "departures", "responses", "conditions", "observations", "role-proposals"):
        assert await other.read_all(f"/v1/{kind}") == []
        assert len(await client.read_all(f"/v1/{kind}")) == 1


async def _fill(client: Caller) -> dict[str, str]:
    """Put one of everything into the caller's workspace, all named X-1."""
    await client.put_customer("X-1", name="Ana")
    await client.put_case("X-1", "X-1")
    await client.promise("X-1", "X-1")
    await client.catalogue("late")
    await client.observe("X-1", "late", reference="X-1")
    await client.leave("X-1", reference="X-1")
    await client.offer_role("X-1")
    response = await client.respond("X-1", satisfaction=5)
    return {"response_id": response["id"]}


async def test_another_workspaces_records_cannot_be_named_as_parents(
    client: Caller, caller: MakeCaller, make_workspace: MakeWorkspace
) -> None:
    await _fill(client)
    other = await caller("admin", of=await make_workspace("Another"))
    await other.put_customer("Mine")
    refusal(await other.put("/v1/cases/C", {"customer": "X-1", "need": "n", "opened_at": "2026-01-01T00:00:00Z"}), 409)
    refusal(
        await other.post("/v1/departures", {"customer": "X-1", "kind": "closed", "at": "2026-01-01T00:00:00Z"}), 409
    )
    body = {"survey": "post_interaction", "case": "X-1", "answers": {"satisfaction": 1}}
    refusal(await other.post("/v1/responses", body), 409, "unknown_reference")
    assert (await client.read("/v1/cases/X-1"))["customer"] == "X-1"


async def test_a_key_says_whose_it_is(client: Caller, workspace: WorkspaceSettings) -> None:
    said = await client.read("/v1/me")
    assert (said["workspace"], said["workspace_id"]) == (workspace.name, str(workspace.id))
    assert said["scopes"] == ["admin"]


async def test_a_request_holds_one_connection_at_a_time(client: Caller, database: Database) -> None:
    held, most = 0, 0

    def taken(*_: object) -> None:
        nonlocal held, most
        held += 1
        most = max(most, held)

    def given(*_: object) -> None:
        nonlocal held
        held -= 1

    engines = {id(engine): engine.sync_engine for engine in (database.reading, database.writing)}.values()
    for engine in engines:
        event.listen(engine, "checkout", taken)
        event.listen(engine, "checkin", given)
        event.listen(engine, "detach", given)  # kept beside the pool from then on
    done(await client.put("/v1/customers/C-1", {"name": "Ana"}))
    done(await client.post("/v1/departures", {"customer": "C-1", "kind": "closed", "at": "2026-01-01T00:00:00Z"}))
    await client.read("/v1/customers/C-1/risk")
    for engine in engines:
        event.remove(engine, "checkout", taken)
        event.remove(engine, "checkin", given)
        event.remove(engine, "detach", given)
    assert (held, most) == (0, 1)
