"""Hooks: added without a handshake, shown without their secrets, and gone when removed."""

import asyncio
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from api.events import CATALOGUE
from api.outbox import hooks
from api.webhooks import service, signing
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller, MakeWorkspace

pytestmark = pytest.mark.anyio
BODY: dict[str, Any] = {"target_url": "https://crm.example/hooks", "events": ["response.received", "case.failed"]}


async def test_a_hook_is_added_and_its_secret_is_shown_once(client: Caller, database: Database) -> None:
    answer = await client.post("/v1/hooks", {**BODY, "headers": {"Authorization": "Bearer open sesame"}})
    assert answer.status_code == 201
    made = answer.json()
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert (made["headers"], made["events"]) == (["Authorization"], ["case.failed", "response.received"])
    assert await client.read(f"/v1/hooks/{made['id']}") == made
    assert await client.read_all("/v1/hooks", limit=1) == [made]
    async with database.read(await workspace_id(client)) as session:
        row = (await session.execute(select(hooks))).one()
    for hidden in (secret.removeprefix("whsec_"), secret, "open sesame"):
        assert hidden.encode() not in row.secret + row.headers


async def workspace_id(client: Caller) -> Any:
    """Give the id of the caller's workspace."""
    return UUID((await client.read("/v1/me"))["workspace_id"])


async def test_a_removed_hook_is_gone(client: Caller, caller: MakeCaller, make_workspace: MakeWorkspace) -> None:
    made = done(await client.post("/v1/hooks", BODY))
    path = f"/v1/hooks/{made['id']}"
    stranger = await caller("admin", of=await make_workspace("Another"))
    refusal(await stranger.ask("DELETE", path), 404, "not_found")
    removed = await client.ask("DELETE", path)
    assert (removed.status_code, removed.content) == (204, b"")
    for answer in (
        await client.get(path),
        await client.ask("DELETE", path),
        await client.post(f"{path}/rotate"),
        await client.get(f"{path}/deliveries"),
        await client.post(f"{path}/replay", {"since": "2026-01-01T00:00:00Z"}),
    ):
        refusal(answer, 404, "not_found")
    assert await client.read_all("/v1/hooks") == []


async def test_of_several_who_remove_or_rotate_at_once_each_finds_what_the_one_before_left(
    client: Caller, database: Database
) -> None:
    made = done(await client.post("/v1/hooks", BODY))
    path = f"/v1/hooks/{made['id']}"
    await asyncio.gather(*(client.post(f"{path}/rotate") for _ in range(3)))
    async with database.read(await workspace_id(client)) as session:
        row = (await session.execute(select(hooks))).one()
    secrets = {signing.unseal(row.id, row.secret), signing.unseal(row.id, row.old_secret), made["secret"]}
    assert len(secrets) == 3
    answers = await asyncio.gather(*(client.ask("DELETE", path) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404]


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("target_url", "ftp://crm.example/", "/target_url"),
        ("target_url", "crm.example", "/target_url"),
        ("target_url", "http://", "/target_url"),
        ("target_url", "http://[::1", "/target_url"),
        ("target_url", "https://me:secret@crm.example/", "/target_url"),
        ("target_url", "https://crm.example/\r\nX: y", "/target_url"),
        ("target_url", 5, "/target_url"),
        ("events", [], "/events"),
        ("events", ["case.closed"], "/events"),
        ("headers", {"Host": "inside"}, "/headers"),
        ("headers", {"Webhook-Id": "1"}, "/headers"),
        ("headers", {"a b": "1"}, "/headers"),
        ("headers", {"X-Note": "one\r\ntwo"}, "/headers"),
        ("headers", {"X-Note": "ü"}, "/headers"),
        ("owner", "me", "/owner"),
    ],
)
async def test_a_hook_that_cannot_be_told_is_refused_by_name(
    client: Caller, field: str, value: Any, pointer: str
) -> None:
    refused = refusal(await client.post("/v1/hooks", {**BODY, field: value}), 422, "malformed")
    assert [error["pointer"] for error in refused["errors"]] == [pointer]


async def test_there_is_an_end_to_hooks(client: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_HOOKS", 2)
    for _ in range(2):
        done(await client.post("/v1/hooks", BODY))
    refusal(await client.post("/v1/hooks", BODY), 409, "too_many_hooks")


async def test_a_repeated_request_adds_one_hook(client: Caller) -> None:
    first, again = [await client.post("/v1/hooks", BODY, idempotency_key="k") for _ in range(2)]
    assert first.json() == again.json()
    assert len(await client.read_all("/v1/hooks")) == 1


async def test_a_sample_is_what_would_be_posted(client: Caller) -> None:
    for kind, payload in CATALOGUE.items():
        sample = await client.read("/v1/events/sample", type=kind)
        assert set(sample) == {"id", "type", "timestamp", "data"}
        payload.model_validate(sample["data"])
    refusal(await client.get("/v1/events/sample", type="case.closed"), 404, "not_found")


def test_the_documented_check_of_a_signature_takes_ours_and_no_other() -> None:
    page = (Path(__file__).parents[3] / "docs" / "integrations" / "webhooks.md").read_text(encoding="utf-8")
    documented: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], documented)  # noqa: S102 - our own page
    old, new, body, now = signing.make_secret(), signing.make_secret(), b'{"type":"case.failed"}', int(time.time())
    headers = {"webhook-id": "1", "webhook-timestamp": str(now)}
    headers["webhook-signature"] = signing.signature([new, old], "1", now, body)
    assert [documented["verify"](secret, headers, body) for secret in (old, new)] == [True, True]
    assert documented["verify"](signing.make_secret(), headers, body) is False
    assert documented["verify"](new, headers, body + b" ") is False
    assert documented["verify"](new, {**headers, "webhook-timestamp": str(now - 301)}, body) is False


async def test_a_delivery_nobody_made_is_not_there(client: Caller) -> None:
    made = done(await client.post("/v1/hooks", BODY))
    for path in (f"/v1/hooks/{made['id']}/deliveries/{uuid4()}", f"/v1/hooks/{uuid4()}"):
        refusal(await client.get(path), 404, "not_found")
    refusal(await client.post(f"/v1/hooks/{made['id']}/deliveries/{uuid4()}/replay"), 404, "not_found")
