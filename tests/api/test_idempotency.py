"""The same request again gets the first answer again, and nothing happens twice."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from api.idempotency import KEPT_FOR
from models.access import IdempotentAnswer
from models.database import Database
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
