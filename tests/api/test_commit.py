"""Commit, then answer: a 2xx is a promise that what was sent is kept, and anything else that nothing of it is."""

from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError

from api.errors import AT_COMMIT
from models.database import Database, owner_engine
from models.tables import metadata
from tests.api.caller import Caller, ago, refusal

pytestmark = pytest.mark.anyio

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

# At the end of a transaction that adds a customer the database finds a row that points nowhere: a commit that fails.
DOOMED = {
    "sqlite": [
        "CREATE TABLE nowhere (id INTEGER PRIMARY KEY)",
        "CREATE TABLE doomed (id INTEGER REFERENCES nowhere (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER doom AFTER INSERT ON customers BEGIN INSERT INTO doomed VALUES (1); END",
    ],
    "postgresql": [
        "CREATE TABLE nowhere (id INTEGER PRIMARY KEY)",
        "CREATE TABLE doomed (id INTEGER REFERENCES nowhere (id) DEFERRABLE INITIALLY DEFERRED)",
        "GRANT ALL ON doomed, nowhere TO steadfast_app",
        (
            "CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN INSERT INTO doomed VALUES (1); RETURN NULL; END'"
        ),
        "CREATE TRIGGER doom AFTER INSERT ON customers FOR EACH ROW EXECUTE FUNCTION doom()",
    ],
}
MENDED = {
    "sqlite": ["DROP TRIGGER doom", "DROP TABLE doomed", "DROP TABLE nowhere"],
    "postgresql": ["DROP TRIGGER doom ON customers", "DROP FUNCTION doom", "DROP TABLE doomed, nowhere"],
}


async def alter(database: Database, statements: dict[str, list[str]]) -> None:
    """Change the schema as its owner."""
    engine = owner_engine(database.url)
    async with engine.begin() as connection:
        for statement in statements["sqlite" if database.sqlite else "postgresql"]:
            await connection.execute(text(statement))
    await engine.dispose()


async def test_a_commit_that_the_database_refuses_is_never_a_yes(client: Caller, database: Database) -> None:
    await alter(database, DOOMED)
    try:
        refusal(await client.put("/v1/customers/C-1", {"name": "Ana"}), 500, "internal_error")
        rows = [{"reference": "C-1"}, {"reference": "C-2"}]
        refusal(await client.post("/v1/customers/bulk", rows, idempotency_key="once"), 500, "internal_error")
    finally:
        await alter(database, MENDED)
    assert await client.read_all("/v1/customers") == []
    again = await client.post("/v1/customers/bulk", rows, idempotency_key="once")
    assert (again.json()["accepted"], again.headers.get("idempotent-replay")) == (2, None)


WRITES = [
    ("PUT", "/v1/customers/C-1", {"name": "Ana"}),
    ("PUT", "/v1/cases/K-1", {"customer": "C-0", "need": "repair", "opened_at": ago(days=1)}),
    ("PUT", "/v1/cases/K-0/promises/P-1", {"what": "a call", "made_at": ago(hours=1), "due_at": ago(hours=-1)}),
    ("POST", "/v1/departures", {"customer": "C-0", "kind": "closed", "at": ago(hours=1)}),
    ("POST", "/v1/responses", {"survey": "post_interaction", "case": "K-0", "answers": {"satisfaction": 1}}),
    ("POST", "/v1/conditions", {"code": "late", "name": "late", "kind": "process"}),
    ("POST", "/v1/customers/bulk", [{"reference": "C-1"}]),
    ("POST", "/v1/role-proposals", {"role": "r", "kind": "tool", "customer_need": "n", "proposed_change": "c"}),
]


async def test_every_answer_of_a_writing_route_waits_for_its_commit(
    app: FastAPI, client: Caller, database: Database
) -> None:
    await client.put_customer("C-0")
    await client.put_case("K-0", "C-0")
    happened: list[str] = []

    def committed(_connection: object) -> None:
        happened.append("commit")

    event.listen(database.writing.sync_engine, "commit", committed)

    async def watched(scope: Message, receive: Any, send: Send) -> None:
        async def sending(message: Message) -> None:
            happened.append(message["type"])
            await send(message)

        await app(scope, receive, sending)

    transport = httpx.ASGITransport(watched)
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        for method, path, body in WRITES:
            happened.clear()
            response = await Caller(http, client.key).ask(method, path, {"Idempotency-Key": "k"}, json=body)
            assert response.is_success, response.text
            assert happened[:2] == ["commit", "http.response.start"], f"{method} {path}"
    event.remove(database.writing.sync_engine, "commit", committed)


@contextmanager
def failing_commits(database: Database, error: Exception) -> Iterator[None]:
    """Let every commit fail."""

    def fail(_connection: object) -> None:
        raise error

    event.listen(database.writing.sync_engine, "commit", fail)
    try:
        yield
    finally:
        event.remove(database.writing.sync_engine, "commit", fail)


async def counts(database: Database, workspace_id: Any) -> dict[str, int]:
    """Count the rows of every table as the workspace sees them."""
    async with database.read(workspace_id) as session:
        return {
            name: int(await session.scalar(select(func.count()).select_from(table)) or 0)
            for name, table in metadata.tables.items()
        }


async def test_a_lost_connection_at_the_commit_is_a_503_and_nothing_is_stored(
    client: Caller, database: Database
) -> None:
    await client.put_customer("C-0")
    await client.put_case("K-0", "C-0")
    workspace_id = (await client.read("/v1/me"))["workspace_id"]
    before = await counts(database, workspace_id)
    gone = OperationalError("COMMIT", None, OSError("connection lost"))
    with failing_commits(database, gone):
        for method, path, body in WRITES:
            response = await client.ask(method, path, {"Idempotency-Key": "k"}, json=body)
            said = refusal(response, 503, "unavailable")
            assert (said["retryable"], said["detail"]) == (True, AT_COMMIT)
            assert response.headers["retry-after"]
    assert await counts(database, workspace_id) == before
    for method, path, body in WRITES:
        response = await client.ask(method, path, {"Idempotency-Key": "k"}, json=body)
        assert response.is_success
        assert "idempotent-replay" not in response.headers
    assert (await counts(database, workspace_id))["responses"] == 1


async def test_a_request_that_is_refused_half_way_stores_nothing(client: Caller, database: Database) -> None:
    await client.put_customer("C-0")
    workspace_id = (await client.read("/v1/me"))["workspace_id"]
    before = await counts(database, workspace_id)
    rows = [{"reference": "C-1"}, {"reference": "C-2", "name": 7}]
    refused = refusal(await client.post("/v1/customers/bulk?atomic=true", rows), 422, "bulk_rejected")
    assert [error["pointer"] for error in refused["errors"]] == ["/1"]
    refusal(await client.get(f"/v1/responses/{uuid4()}"), 404)
    assert await counts(database, workspace_id) == before
