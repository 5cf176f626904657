"""A list as a stream: every row, one object a line, whatever else the service is doing."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Pool, select

from api.listing import ROWS_A_READ, wants_lines
from api.main import create_app
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.ids import uuid7
from models.tables import metadata
from tests.api.caller import Caller, done, refusal
from tests.api.openapi import routes
from tests.api.risk.test_assessments import score
from tests.api.risk.test_models import registered
from tests.api.suggesting import look_through
from tests.generated.everything import fill, fill_again, fill_more, fill_the_rest

pytestmark = pytest.mark.anyio

MANY = 2 * ROWS_A_READ + 1
LINES = {"Accept": "application/x-ndjson"}
LONG_AGO, FAR_AHEAD = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"


async def put_many(client: Caller, number: int = MANY) -> set[str]:
    """Report many customers; give their references."""
    rows = [{"reference": f"C-{place}", "segment": "odd" if place % 2 else "even"} for place in range(number)]
    for start in range(0, number, 1000):
        done(await client.post("/v1/customers/bulk", rows[start : start + 1000]))
    return {row["reference"] for row in rows}


def test_lines_are_sent_to_those_who_ask_for_them() -> None:
    assert [wants_lines(accept) for accept in ("application/x-ndjson", "text/html, application/jsonl;q=0.5")] == [
        True,
        True,
    ]
    assert [wants_lines(accept) for accept in ("", "*/*", "application/json")] == [False] * 3


async def test_a_stream_gives_every_row_once_and_the_same_as_pages_do(client: Caller) -> None:
    known = await put_many(client)
    streamed = await client.stream("/v1/customers", limit=3)
    assert len(streamed) == len(known)
    assert {item["reference"] for item in streamed} == known
    assert streamed == await client.read_all("/v1/customers", limit=1000)


async def test_a_stream_can_be_narrowed_and_begun_anywhere(client: Caller) -> None:
    await put_many(client, 10)
    assert len(await client.stream("/v1/customers", segment="odd")) == 5
    page = await client.read("/v1/customers", limit=4)
    rest = await client.stream("/v1/customers", cursor=page["next_cursor"])
    assert len(rest) == 6
    await client.put_customer("C-3", name="Ana")
    since = (await client.read("/v1/customers/C-3"))["stored_at"]
    assert [item["reference"] for item in await client.stream("/v1/customers", updated_since=since)] == ["C-3"]
    assert await client.stream("/v1/cases") == []


async def test_what_can_be_refused_is_refused_before_a_line_is_sent(client: Caller, caller: Any) -> None:
    refusal(await client.ask("GET", "/v1/customers?cursor=nonsense", LINES), 422, "malformed")
    refusal(await client.ask("GET", "/v1/customers?limit=0", LINES), 422, "malformed")
    poor = await caller("feedback:write")
    refusal(await poor.ask("GET", "/v1/customers", LINES), 403, "missing_scope")


def lists(app: FastAPI) -> list[str]:
    """Give the path of every list."""
    found = app.openapi()["paths"].items()
    return [path for path, operations in found if _shape(operations).startswith("Page")]


def _shape(operations: dict[str, Any]) -> str:
    name: str = _contents(operations).get("application/json", {}).get("schema", {}).get("$ref", "")
    return name.rpartition("/")[2]


def _contents(operations: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    return found


async def test_every_list_says_that_it_streams_and_takes_what_every_list_takes(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    assert len(lists(app)) > 30
    assert {path for path in lists(app) if "application/x-ndjson" not in _contents(paths[path])} == set()
    for route in routes(app):
        if route.method == "GET" and route.path in lists(app):
            assert {"limit", "cursor", "updated_since"} <= {name for name, *_ in route.parameters}, route


@dataclass
class Filled:
    """The address of each list by its path, and a moment between the first and the second of what each list holds."""

    addresses: dict[str, str]
    between: str


async def name_missing(database: Database, workspace: WorkspaceSettings, words: str) -> None:
    """Let somebody name what was missing in a failure, as one may once a worker has found what is unexplained."""
    cases, analyses, missing = (metadata.tables[name] for name in ("cases", "analyses", "missing_conditions"))
    async with database.write(workspace.id) as session:
        ids = [
            await session.scalar(select(one.c.id).where(one.c.workspace_id == workspace.id))
            for one in (cases, analyses)
        ]
        row = {"workspace_id": workspace.id, "id": uuid7(), "case_id": ids[0], "analysis_id": ids[1], "words": words}
        await session.execute(missing.insert().values(**row, actor="key:1", recorded_at=datetime.now(UTC)))


@pytest.fixture
async def filled(app: FastAPI, client: Caller, database: Database, workspace: WorkspaceSettings) -> Filled:
    """Put two of everything into the workspace."""
    known = await fill(client)
    known["hook_id"] = await fill_the_rest(client)
    await registered(database, workspace, 0.3)
    await look_through(database, workspace.id)
    await name_missing(database, workspace, "no key")
    between = datetime.now(UTC).isoformat()
    await fill_more(client)
    await fill_again(client)
    await registered(database, workspace, 0.5)
    await look_through(database, workspace.id)
    await name_missing(database, workspace, "no ladder")
    await score(database, workspace)
    return Filled({route.path: route.address(known) for route in routes(app) if route.path in lists(app)}, between)


async def test_every_list_streams_what_its_pages_hold(client: Caller, filled: Filled) -> None:
    short, unlike = set(), {}
    for path, address in filled.addresses.items():
        streamed = await client.stream(address)
        for limit in (1, 1000):
            paged = await client.read_all(address, limit=limit)
            if paged != streamed:
                unlike[f"{path} by {limit}"] = (streamed, paged)
        if len(streamed) < 2:
            short.add(path)
    assert unlike == {}
    assert short == set(), "add a line to tests/generated/everything.py"


async def test_every_list_tells_what_is_new_since_a_moment(client: Caller, filled: Filled) -> None:
    wrong = {}
    for path, address in filled.addresses.items():
        whole = await client.stream(address)
        since = {moment: await client.stream(address, updated_since=moment) for moment in (LONG_AGO, FAR_AHEAD)}
        new = await client.read_all(address, updated_since=filled.between, limit=1)
        if (since[LONG_AGO], since[FAR_AHEAD]) != (whole, []):
            wrong[path] = since
        if not 0 < len(new) < len(whole) or new != [row for row in whole if row in new]:
            wrong[f"{path} since {filled.between}"] = {"new": new, "whole": whole}
    assert wrong == {}


async def test_no_list_takes_a_cursor_that_it_did_not_give(client: Caller, filled: Filled) -> None:
    for address in filled.addresses.values():
        for headers in ({}, LINES):
            refused = await client.ask("GET", f"{address}?cursor=nonsense", headers)
            assert refusal(refused, 422, "malformed")["errors"][0]["pointer"] == "/query/cursor", address


def pool_of(database: Database) -> Pool:
    """Give the connections that reading uses."""
    return database.reading.sync_engine.pool


async def test_eight_streams_and_as_many_questions_share_two_connections(client: Caller, migrated_url: str) -> None:
    known = await put_many(client)
    small = Database(migrated_url, pool_size=2)
    transport = httpx.ASGITransport(create_app(small))
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        reader = Caller(http, client.key)
        streams = [reader.stream("/v1/customers") for _ in range(8)]
        questions = [reader.read(f"/v1/customers/C-{place}") for place in range(8)]
        answers = await asyncio.gather(*streams, *questions)
    assert all({item["reference"] for item in found} == known for found in answers[:8])
    assert pool_of(small).checkedout() == 0  # type: ignore[attr-defined] # a queue of connections counts them
    await small.close()


async def test_a_stream_whose_client_goes_away_stops_and_holds_nothing(
    app: FastAPI, client: Caller, database: Database
) -> None:
    await put_many(client)
    sent: list[bytes] = []
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if sent:
            await gone.wait()
            return {"type": "http.disconnect"}
        sent.append(b"")
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            sent.append(message["body"])
            # A slow client: while it takes its time nobody is kept from the database.
            assert pool_of(database).checkedout() == 0  # type: ignore[attr-defined] # same
            gone.set()
            await asyncio.sleep(0.1)

    headers = [(b"authorization", f"Bearer {client.key}".encode()), (b"accept", b"application/x-ndjson")]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/customers",
        "raw_path": b"/v1/customers",
        "query_string": b"",
        "headers": headers,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("steadfast.test", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    await app(scope, receive, send)
    lines = [json.loads(line) for line in b"".join(sent).splitlines()]
    assert len(lines) == ROWS_A_READ
    assert pool_of(database).checkedout() == 0  # type: ignore[attr-defined] # same
