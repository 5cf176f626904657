"""Receivers of every kind: silent, gone, inside the network; and the secrets they verify with."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select, update

from api import audit, outbox
from api.webhooks.delivery import deliver_due
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.webhooks.hooking import failed_case, hook, only, set_up, waiting
from tests.api.webhooks.receiver import answering, receiving

pytestmark = pytest.mark.anyio


async def test_a_receiver_that_does_not_answer_is_not_waited_for(
    client: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(monkeypatch, hook_timeout="0.3")
    async with receiving(None) as silent, receiving(b"HTTP/9 what\r\n\r\n") as babbling, receiving() as well:
        hooks = [await hook(client, receiver, ["response.received"]) for receiver in (silent, babbling, well)]
        nobody = await hook(client, "http://127.0.0.1:9/", ["response.received"])
        nowhere = await hook(client, "http://nowhere.invalid/", ["response.received"])
        await client.respond(satisfaction=1)
        assert await deliver_due(database) == 5
    ends = [(await only(client, made))["problem"] for made in (*hooks, nobody, nowhere)]
    assert "0.3 seconds" in ends[0] or "Timeout" in ends[0]
    assert ends[1].startswith("RemoteProtocolError")
    assert ends[2] is None
    assert ends[3].startswith("Connect")
    assert "nowhere.invalid" in ends[4] or "seconds" in ends[4]


async def test_an_endless_answer_is_not_read(client: Caller, database: Database) -> None:
    async with receiving(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n" + b"x" * 100_000) as receiver:
        made = await hook(client, receiver, ["response.received"])
        await client.respond(satisfaction=1)
        await deliver_due(database)
    assert (await only(client, made))["state"] == "delivered"


async def test_a_target_that_is_gone_removes_its_hook(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    async with receiving(answering(410)) as receiver, receiving() as other:
        made, kept = await hook(client, receiver), await hook(client, other)
        await failed_case(client)
        await deliver_due(database)
        await client.respond(satisfaction=1)
        await deliver_due(database)
    refusal(await client.get(f"/v1/hooks/{made['id']}"), 404, "not_found")
    assert [item["id"] for item in await client.read_all("/v1/hooks")] == [kept["id"]]
    assert (len(other.posts), await waiting(database)) == (3, 0)
    async with database.read(workspace.id) as session:
        statement = select(audit.entries).where(audit.entries.c.action == "hook.removed")
        (noted,) = (await session.execute(statement)).all()
        states = set((await session.scalars(select(outbox.deliveries.c.state))).all())
    assert (noted.subject, noted.details) == (made["id"], {"why": "the target answered 410"})
    assert states == {"delivered", "dropped"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]"])
async def test_an_address_inside_is_refused_when_connecting_unless_allowed(
    client: Caller, database: Database, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    set_up(monkeypatch, allow_private_hooks="false")
    async with receiving() as receiver:
        made = await hook(client, receiver.url(host), ["response.received"])
        await client.respond(satisfaction=1)
        await deliver_due(database)
    assert receiver.posts == []
    delivery = await only(client, made)
    assert (delivery["state"], delivery["status"]) == ("pending", None)
    assert "STEADFAST_ALLOW_PRIVATE_HOOKS" in delivery["problem"]


async def test_a_name_is_connected_to_at_its_own_address_and_asked_by_its_name(
    client: Caller, database: Database
) -> None:
    async with receiving(host="::1") as receiver:
        made = await hook(client, receiver.url("[::1]"), ["response.received"])
        await client.respond(satisfaction=1)
        await deliver_due(database)
    assert (await only(client, made))["state"] == "delivered"
    assert receiver.posts[0].headers["host"] == f"[::1]:{receiver.port}"


async def test_two_secrets_are_valid_while_one_replaces_the_other(client: Caller, database: Database) -> None:
    async with receiving() as receiver:
        made = await hook(client, receiver, ["response.received"])
        rotated = done(await client.post(f"/v1/hooks/{made['id']}/rotate"))
        assert rotated["secret"] != made["secret"]
        for days in (0, 2):
            await client.respond(satisfaction=1)
            with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
                await deliver_due(database)
    both, one = receiver.posts
    assert (both.is_signed_with(made["secret"]), both.is_signed_with(rotated["secret"])) == (True, True)
    assert (one.is_signed_with(made["secret"]), one.is_signed_with(rotated["secret"])) == (False, True)


async def test_a_secret_that_cannot_be_read_is_said_and_stops_nothing(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    async with receiving() as receiver:
        broken, well = [await hook(client, receiver, ["response.received"]) for _ in range(2)]
        async with database.write(workspace.id) as session:
            mine = outbox.hooks.c.id == UUID(broken["id"])
            await session.execute(update(outbox.hooks).where(mine).values(secret=b"not sealed", headers=b""))
        await client.respond(satisfaction=1)
        assert await deliver_due(database) == 2
    assert "STEADFAST_SECRET" in (await only(client, broken))["problem"]
    assert (await only(client, well))["state"] == "delivered"
    assert (await client.read(f"/v1/hooks/{broken['id']}"))["headers"] == []
