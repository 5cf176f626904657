"""Delivery: at least once, under one id, to a receiver that fails in every way a receiver can."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import delete, func, select, update

from api import audit, outbox
from api.settings import settings
from api.webhooks import queries
from api.webhooks.delivery import deliver_due
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, ago, done, refusal
from tests.api.webhooks.receiver import Receiver, answering, receiving

pytestmark = pytest.mark.anyio
ALL = ["response.received", "case.failed"]
FAILING = answering(500, body=b"no")


@pytest.fixture(autouse=True)
def private_hooks(own_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - sets what it reset
    """Let hooks reach loopback, where the receivers of these tests are."""
    set_up(monkeypatch, allow_private_hooks="true", hook_timeout="5")


def set_up(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Set some settings."""
    for name, value in values.items():
        monkeypatch.setenv(f"STEADFAST_{name.upper()}", value)
    settings.cache_clear()


async def hook(client: Caller, receiver: Receiver | str, events: Sequence[str] = ALL, **fields: Any) -> Any:
    """Add a hook to a receiver."""
    url = receiver if isinstance(receiver, str) else receiver.url()
    return done(await client.post("/v1/hooks", {"target_url": url, "events": list(events), **fields}))


async def deliveries(client: Caller, made: Any, **filters: Any) -> list[Any]:
    """Give what is or was to be told to a hook."""
    return await client.read_all(f"/v1/hooks/{made['id']}/deliveries", **filters)


async def only(client: Caller, made: Any) -> Any:
    """Give the one delivery to a hook."""
    (delivery,) = await deliveries(client, made)
    return delivery


async def waiting(database: Database) -> int:
    """Count the deliveries that still wait."""
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(outbox.claims)) or 0)


async def failed_case(client: Caller) -> None:
    """Report a case that failed its customer."""
    await client.put_customer("C-1", name="Ana")
    await client.put_case("K-1", "C-1")
    await client.respond("K-1", satisfaction=1)


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
