"""Delivery: at least once, under one id, to a receiver that fails in every way a receiver can."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import delete, update

from api import outbox
from api.webhooks import queries
from api.webhooks.delivery import deliver_due
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.webhooks.hooking import ALL, FAILING, deliveries, failed_case, hook, only, set_up, waiting
from tests.api.webhooks.receiver import answering, receiving

pytestmark = pytest.mark.anyio


async def test_events_are_posted_signed_and_marked(client: Caller, database: Database) -> None:
    async with receiving() as receiver:
        made = await hook(client, receiver, headers={"Authorization": "Bearer x"})
        await hook(client, receiver, ["condition_set.confirmed"])
        await failed_case(client)
        assert await deliver_due(database) == 2
        assert await deliver_due(database) == 0
    assert {post.event["type"] for post in receiver.posts} == set(ALL)
    for post in receiver.posts:
        assert post.is_signed_with(made["secret"])
        assert not post.is_signed_with("whsec_" + "A" * 44)
        assert post.headers["webhook-id"] == post.event["id"]
        assert abs(int(post.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
        assert (post.headers["authorization"], post.headers["host"]) == ("Bearer x", f"127.0.0.1:{receiver.port}")
        assert (post.event["data"]["case"], post.event["data"]["customer"]) == ("K-1", "C-1")
        assert b"Ana" not in post.body
    told = await deliveries(client, made, state="delivered")
    assert {(item["attempts"], item["status"], item["problem"], item["next_at"]) for item in told} == {
        (1, 204, None, None)
    }
    assert {item["event"] for item in told} == {post.event["id"] for post in receiver.posts}
    assert await client.read(f"/v1/hooks/{made['id']}/deliveries/{told[0]['id']}") == told[0]
    assert await waiting(database) == 0


async def test_what_happened_before_a_hook_was_added_is_told_when_asked_for(client: Caller, database: Database) -> None:
    await failed_case(client)
    async with receiving() as receiver:
        made = await hook(client, receiver, ["case.failed"])
        await client.put_case("K-2", "C-1")
        await client.respond("K-2", satisfaction=1)
        await deliver_due(database)
        assert [post.event["data"]["case"] for post in receiver.posts] == ["K-2"]
        path = f"/v1/hooks/{made['id']}/replay"
        assert done(await client.post(path, {"since": ago(days=1)})) == {"replayed": 2}
        assert done(await client.post(path, {"since": ago(days=1), "until": ago(hours=1)})) == {"replayed": 0}
        await deliver_due(database)
        assert [post.event["data"]["case"] for post in receiver.posts[1:]] in (["K-1", "K-2"], ["K-2", "K-1"])
        assert receiver.posts[0].headers["webhook-id"] in {post.headers["webhook-id"] for post in receiver.posts[1:]}
    assert len(await deliveries(client, made)) == 2


async def test_a_failing_receiver_is_tried_again_under_the_same_id_on_schedule(
    client: Caller, database: Database
) -> None:
    async with receiving(FAILING, FAILING, answering(302, "Location: http://127.0.0.1:1/"), answering(200)) as receiver:
        made = await hook(client, receiver, ["response.received"])
        await client.respond(satisfaction=1)
        start = datetime.now(UTC)
        for seconds, attempts in ((0, 1), (3, 1), (6, 2), (200, 2), (310, 3), (2200, 4), (9999, 4)):
            with time_machine.travel(start + timedelta(seconds=seconds)):
                await deliver_due(database)
            assert (await only(client, made))["attempts"] == attempts
            if attempts == 3:
                assert (await only(client, made))["problem"] == "The receiver answered 302."
    assert len({(post.headers["webhook-id"], post.body) for post in receiver.posts}) == 1
    assert len({post.headers["webhook-signature"] for post in receiver.posts}) == 4
    assert all(post.is_signed_with(made["secret"]) for post in receiver.posts)
    assert (await only(client, made))["state"] == "delivered"


async def test_after_the_last_attempt_a_delivery_is_given_up_seen_and_told_again_by_hand(
    client: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(monkeypatch, hook_attempts="0,0,0")
    async with receiving(FAILING, FAILING, FAILING, answering(200)) as receiver:
        made = await hook(client, receiver, ["response.received"])
        await client.respond(satisfaction=1)
        await deliver_due(database)
        (given_up,) = await deliveries(client, made, state="given_up")
        assert (given_up["attempts"], given_up["status"], given_up["next_at"]) == (3, 500, None)
        assert (len(receiver.posts), await waiting(database)) == (3, 0)
        again = done(await client.post(f"/v1/hooks/{made['id']}/deliveries/{given_up['id']}/replay"))
        assert (again["state"], again["attempts"]) == ("pending", 0)
        await deliver_due(database)
    assert (await only(client, made))["state"] == "delivered"
    assert len({post.headers["webhook-id"] for post in receiver.posts}) == 1


async def test_killed_between_sending_and_marking_it_is_told_again_under_the_same_id(
    client: Caller, database: Database
) -> None:
    async with receiving(None, answering(200)) as receiver:
        made = await hook(client, receiver, ["response.received"])
        await client.respond(satisfaction=1)
        killed = asyncio.create_task(deliver_due(database))
        await receiver.came.wait()
        killed.cancel()
        with suppress(asyncio.CancelledError):
            await killed
        assert await deliver_due(database) == 0
        assert (await only(client, made))["attempts"] == 0
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=91)):
            assert await deliver_due(database) == 1
    assert len(receiver.posts) == 2
    assert len({post.headers["webhook-id"] for post in receiver.posts}) == 1
    assert (await only(client, made))["state"] == "delivered"
    assert await waiting(database) == 0


async def test_whose_lease_ran_out_says_nothing_any_more(client: Caller, database: Database) -> None:
    made = await hook(client, "http://127.0.0.1:9/", ["response.received"])
    await client.respond(satisfaction=1)
    now = datetime.now(UTC)
    lease = timedelta(seconds=90)
    async with database.write() as session:
        ((workspace_id, delivery_id, first),) = await queries.claim(session, now, now + lease, "one", 9)
        assert await queries.claim(session, now, now + lease, "two", 9) == []
    later = now + 2 * lease
    async with database.write() as session:
        ((_, _, second),) = await queries.claim(session, later, later + lease, "two", 9)
    assert (first, second) == (1, 2)
    async with database.write(workspace_id) as session:
        assert await queries.settle(session, workspace_id, delivery_id, first, None) is False
        assert await queries.settle(session, workspace_id, delivery_id, second, later) is True
    assert await waiting(database) == 1
    assert (await only(client, made))["state"] == "pending"


async def test_several_workers_tell_each_event_once(client: Caller, database: Database) -> None:
    async with receiving() as receiver:
        await hook(client, receiver, ["response.received"])
        rows = [{"survey": "post_interaction", "answers": {"satisfaction": 5}} for _ in range(40)]
        done(await client.post("/v1/responses/bulk", rows))
        tried = await asyncio.gather(*(deliver_due(database) for _ in range(3)))
    assert sum(tried) == 40
    assert len({post.headers["webhook-id"] for post in receiver.posts}) == len(receiver.posts) == 40


async def test_an_erased_event_is_not_told(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    async with receiving() as receiver:
        made = await hook(client, receiver, ["response.received"])
        await client.respond(satisfaction=1)
        async with database.write(workspace.id) as session:
            await session.execute(delete(outbox.events))
        assert await deliver_due(database) == 1
    delivery = await only(client, made)
    assert (receiver.posts, delivery["state"], delivery["type"]) == ([], "dropped", None)
    path = f"/v1/hooks/{made['id']}/deliveries/{delivery['id']}/replay"
    refusal(await client.post(path), 409, "event_erased")


async def test_what_is_erased_meanwhile_is_withdrawn(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    async with receiving() as receiver:
        made = await hook(client, receiver, ["response.received"])
        for _ in range(2):
            await client.respond(satisfaction=1)
        first, second = await deliveries(client, made)
        async with database.write(workspace.id) as session:
            await outbox.withdraw(session, workspace.id, [UUID(first["event"])], datetime.now(UTC))
            mine = outbox.events.c.id == UUID(second["event"])
            await session.execute(update(outbox.events).where(mine).values(payload={"erased": True}))
        assert await waiting(database) == 1
        assert await deliver_due(database) == 1
    assert receiver.posts == []
    assert {item["state"] for item in await deliveries(client, made)} == {"dropped"}


async def test_too_much_is_not_told_again_at_once(client: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.webhooks.service.MOST_REPLAYED", 2)
    made = await hook(client, "http://127.0.0.1:9/", ["response.received"])
    for _ in range(3):
        await client.respond(satisfaction=1)
    refusal(await client.post(f"/v1/hooks/{made['id']}/replay", {"since": ago(days=1)}), 422, "too_many_events")


async def test_a_refused_request_tells_nobody(client: Caller, database: Database) -> None:
    made = await hook(client, "http://127.0.0.1:9/")
    rows = [{"survey": "post_interaction", "answers": {"satisfaction": 5}}, {"survey": "nowhere", "answers": {}}]
    refusal(await client.ask("POST", "/v1/responses/bulk?atomic=true", json=rows), 422, "bulk_rejected")
    assert await deliveries(client, made) == []
    assert await waiting(database) == 0
