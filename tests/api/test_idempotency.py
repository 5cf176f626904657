"""The same request again gets the first answer again, and nothing happens twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from api.idempotency import KEPT_FOR, WAIT_MS, Once, first_answer, seal
from models.access import IdempotentAnswer
from models.database import Database, owner_engine
from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio

answers = IdempotentAnswer.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
SATISFIED = {"survey": "post_interaction", "answers": {"satisfaction": 5, "comment": "a plumber called Theodora"}}


async def workspace_of(client: Caller) -> UUID:
    """Give the workspace of a caller."""
    return UUID((await client.read("/v1/me"))["workspace_id"])


async def test_the_first_answer_comes_again_and_says_that_it_does(client: Caller) -> None:
    first = await client.post("/v1/responses", SATISFIED, idempotency_key="form-17")
    again = await client.post("/v1/responses", SATISFIED, idempotency_key="form-17")
    assert (first.status_code, first.headers.get("idempotent-replay")) == (201, None)
    assert (again.status_code, again.headers["idempotent-replay"]) == (201, "true")
    assert again.json() == first.json()
    assert again.headers["content-type"] == "application/json"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert len(await client.read_all("/v1/responses")) == 1


async def test_an_answer_comes_again_with_what_its_caller_goes_on_with(client: Caller) -> None:
    first, again = [await client.post("/v1/responses", SATISFIED, idempotency_key="k") for _ in range(2)]
    assert first.headers["etag"] == again.headers["etag"] == '"1"'
    drawn = {"conditions": [(await client.catalogue(code))["code"] for code in ("late", "rude")], "note": "both"}
    first, again = [await client.post("/v1/condition-sets", drawn, idempotency_key="k") for _ in range(2)]
    assert (again.headers["idempotent-replay"], again.status_code) == ("true", first.status_code)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["etag"] == first.headers["etag"]


async def test_an_answer_kept_without_its_headers_still_comes_again(client: Caller, database: Database) -> None:
    first = await client.post("/v1/responses", SATISFIED, idempotency_key="k")
    me = await client.read("/v1/me")
    body = first.request.content
    once = Once(UUID(me["workspace_id"]), UUID(me["key_id"]), "k", "POST /v1/responses?", body)
    async with database.write(once.workspace_id) as session:
        await session.execute(update(answers).values(sealed=seal(once, first.content)))
    again = await client.post("/v1/responses", SATISFIED, idempotency_key="k")
    assert (again.json(), again.headers["idempotent-replay"], again.headers.get("etag")) == (first.json(), "true", None)


async def test_another_body_under_the_same_key_is_refused_and_stores_nothing(client: Caller) -> None:
    done(await client.post("/v1/responses", SATISFIED, idempotency_key="form-17"))
    other = {**SATISFIED, "answers": {"satisfaction": 1}}
    refused = refusal(await client.post("/v1/responses", other, idempotency_key="form-17"), 409, "idempotency_mismatch")
    assert refused["retryable"] is False
    assert len(await client.read_all("/v1/responses")) == 1


@pytest.mark.parametrize("header", ["", "x" * 256, "käse", "tab\tkey"])
async def test_a_header_that_cannot_be_a_key_is_refused(client: Caller, header: str) -> None:
    headers = {b"Idempotency-Key": header.encode("latin-1"), b"Authorization": f"Bearer {client.key}".encode()}
    response = await client.http.post("/v1/responses", json=SATISFIED, headers=headers)
    refused = refusal(response, 422, "malformed")
    assert refused["errors"][0]["pointer"] == "/header/Idempotency-Key"
    assert await client.read_all("/v1/responses") == []


async def test_only_a_yes_is_kept(client: Caller) -> None:
    leaving = {"customer": "C-1", "kind": "closed", "at": ago(days=1)}
    refused = refusal(await client.post("/v1/departures", leaving, idempotency_key="k"), 409, "unknown_reference")
    assert refused["retryable"] is True
    refusal(await client.post("/v1/departures", {"kind": "closed"}, idempotency_key="k"), 422)
    await client.put_customer("C-1")
    now_taken = await client.post("/v1/departures", leaving, idempotency_key="k")
    assert (now_taken.status_code, now_taken.headers.get("idempotent-replay")) == (201, None)


async def test_a_key_counts_for_one_caller_one_method_and_one_path(client: Caller, caller: MakeCaller) -> None:
    colleague = await caller("admin")
    done(await client.post("/v1/responses", SATISFIED, idempotency_key="k"))
    assert "idempotent-replay" not in (await colleague.post("/v1/responses", SATISFIED, idempotency_key="k")).headers
    bulk = [{**SATISFIED, "reference": "r-1"}]
    assert "idempotent-replay" not in (await client.post("/v1/responses/bulk", bulk, idempotency_key="k")).headers
    atomic = await client.post("/v1/responses/bulk?atomic=true", bulk, idempotency_key="k")
    assert (atomic.json()["unchanged"], atomic.headers.get("idempotent-replay")) == (1, None)
    assert len(await client.read_all("/v1/responses")) == 3


async def test_a_put_needs_no_key_and_keeps_none(client: Caller, database: Database) -> None:
    for _ in range(2):
        response = await client.put("/v1/customers/C-1", {"name": "Ana"}, idempotency_key="k")
        assert "idempotent-replay" not in response.headers
    async with database.read(await workspace_of(client)) as session:
        assert (await session.execute(select(answers))).all() == []


async def test_twenty_at_once_store_one_row_and_get_one_answer(client: Caller) -> None:
    posts = [client.post("/v1/responses", SATISFIED, idempotency_key="at-once") for _ in range(20)]
    got = await asyncio.gather(*posts)
    assert {response.status_code for response in got} == {201}
    assert len({response.text for response in got}) == 1
    assert sum("idempotent-replay" in response.headers for response in got) == 19
    assert len(await client.read_all("/v1/responses")) == 1


async def test_what_is_kept_cannot_be_read_from_the_table(client: Caller, database: Database) -> None:
    body = {"code": "theodora", "name": "a plumber called Theodora", "kind": "other"}
    first = done(await client.post("/v1/conditions", body, idempotency_key="only-the-sender-knows"))
    async with database.read(await workspace_of(client)) as session:
        row = (await session.execute(select(answers))).mappings().one()
    kept = repr(dict(row)).lower()
    for secret in ("theodora", "only-the-sender-knows", "plumber", first["id"]):
        assert secret.lower() not in kept
    assert bytes(row["sealed"]) != b""


async def test_a_key_is_free_again_after_a_week(client: Caller, database: Database) -> None:
    done(await client.post("/v1/responses", SATISFIED, idempotency_key="k"))
    workspace_id = await workspace_of(client)
    async with database.write(workspace_id) as session:
        stored_at = (await session.execute(select(answers.c.stored_at))).scalar_one()
        await session.execute(update(answers).values(stored_at=stored_at - KEPT_FOR - timedelta(seconds=1)))
    fresh = await client.post("/v1/responses", {**SATISFIED, "language": "pt"}, idempotency_key="k")
    assert (fresh.status_code, fresh.headers.get("idempotent-replay")) == (201, None)
    assert len(await client.read_all("/v1/responses")) == 2


async def test_an_answer_that_was_tampered_with_is_told_to_nobody(client: Caller, database: Database) -> None:
    done(await client.post("/v1/responses", SATISFIED, idempotency_key="k"))
    async with database.write(await workspace_of(client)) as session:
        sealed = bytes((await session.execute(select(answers.c.sealed))).scalar_one())
        await session.execute(update(answers).values(sealed=sealed[:-1] + bytes([sealed[-1] ^ 1])))
    refused = refusal(await client.post("/v1/responses", SATISFIED, idempotency_key="k"), 409)
    assert refused["retryable"] is False
    assert len(await client.read_all("/v1/responses")) == 1


@asynccontextmanager
async def first_still_running(client: Caller, database: Database, key: str) -> AsyncIterator[None]:
    """Be the first request with a key, one that does not come to its end."""
    me = await client.read("/v1/me")
    workspace_id = UUID(me["workspace_id"])
    once = Once(workspace_id, UUID(me["key_id"]), key, "POST /v1/responses?", b"")
    async with database.write(workspace_id) as session:
        assert await first_answer(session, once, datetime.now(UTC)) is None
        yield


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
async def test_a_request_waits_for_the_first_and_is_then_told_to_ask_again(client: Caller, database: Database) -> None:
    async with first_still_running(client, database, "k"):
        started = time.monotonic()
        said = refusal(
            await client.post("/v1/responses", SATISFIED, idempotency_key="k"), 409, "idempotency_in_progress"
        )
        assert said["retryable"] is True
        assert WAIT_MS / 1000 <= time.monotonic() - started < 2 * WAIT_MS / 1000
    done(await client.post("/v1/responses", SATISFIED, idempotency_key="k"))
    assert len(await client.read_all("/v1/responses")) == 1


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
async def test_a_request_cancelled_by_the_database_while_it_waits_is_a_503(client: Caller, database: Database) -> None:
    async with first_still_running(client, database, "k"):
        waiting = asyncio.create_task(client.post("/v1/responses", SATISFIED, idempotency_key="k"))
        engine = owner_engine(database.url)
        cancel = text(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        async with engine.connect() as connection:
            while not (await connection.execute(cancel)).all():
                await asyncio.sleep(0.02)
                await connection.rollback()
        await engine.dispose()
        refusal(await waiting, 503, "unavailable")
    assert await client.read_all("/v1/responses") == []
