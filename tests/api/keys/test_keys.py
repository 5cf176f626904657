"""A key is shown once, says on which day it was used, hands over to a successor, and opens nothing once revoked."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update

from api.beside import written_beside
from api.key_uses import KeyUses
from api.main import create_app
from models.access import ApiKey, IdempotentAnswer, Scope
from models.database import Database
from models.outbox import AuditEntry
from tests.api.caller import Caller, done, moment, refusal
from tests.api.conftest import MakeCaller, MakeWorkspace

pytestmark = pytest.mark.anyio

keys = ApiKey.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
answers = IdempotentAnswer.__table__  # type: ignore[attr-defined] # same
audit = AuditEntry.__table__  # type: ignore[attr-defined] # same
only_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def made(client: Caller, *scopes: str, **fields: object) -> dict[str, str]:
    """Make a key."""
    answer: dict[str, str] = done(await client.post("/v1/keys", {"scopes": scopes or ["records:read"], **fields}))
    return answer


def holder(client: Caller, key: dict[str, str]) -> Caller:
    """Give the caller who holds a key just made."""
    return Caller(client.http, key["key"])


async def workspace_of(client: Caller) -> UUID:
    """Give the workspace of a caller."""
    return UUID((await client.read("/v1/me"))["workspace_id"])


async def test_a_key_made_opens_what_its_scopes_say_and_is_shown_once(client: Caller) -> None:
    key = await made(client, "records:read", "records:read", name="CRM of the north")
    said = await holder(client, key).read("/v1/me")
    assert (said["key_id"], said["scopes"]) == (key["id"], ["records:read"])
    refusal(await holder(client, key).get("/v1/keys"), 403, "missing_scope")
    shown = await client.read(f"/v1/keys/{key['id']}")
    assert shown == {name: value for name, value in key.items() if name != "key"}
    listed = await client.get("/v1/keys")
    assert shown in listed.json()["items"]
    assert key["key"] not in listed.text


async def test_keys_are_listed_page_by_page_and_by_what_changed(client: Caller) -> None:
    ids = [(await made(client))["id"] for _ in range(3)]
    own = (await client.read("/v1/me"))["key_id"]
    listed = await client.read_all("/v1/keys", limit=2)
    assert [item["id"] for item in listed] == [own, *ids]
    since = datetime.now(UTC).isoformat()
    assert await client.read_all("/v1/keys", updated_since=since) == []
    done(await client.post(f"/v1/keys/{ids[1]}/revoke"))
    assert [item["id"] for item in await client.read_all("/v1/keys", updated_since=since)] == [ids[1]]


async def test_what_cannot_be_a_key_is_refused(client: Caller) -> None:
    bodies: tuple[dict[str, object], ...] = (
        {},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["admin"], "name": "a\nb"},
        {"scopes": ["admin"], "name": "x" * 201},
        {"scopes": ["admin"], "key": "sfk_live_mine"},
    )
    for body in bodies:
        refusal(await client.post("/v1/keys", body), 422, "malformed")
    past = {"scopes": ["admin"], "expires_at": "2020-01-01T00:00:00Z"}
    refusal(await client.post("/v1/keys", past), 422, "in_the_past")
    for path in (f"/v1/keys/{uuid4()}/rotate", f"/v1/keys/{uuid4()}/revoke"):
        refusal(await client.post(path), 404, "not_found")
    refusal(await client.post("/v1/keys/nonsense/revoke"), 422)
    refusal(await client.post(f"/v1/keys/{uuid4()}/rotate", {"overlap_hours": -1}), 422)


async def test_a_rotated_key_and_its_successor_both_open_until_the_overlap_ends(
    client: Caller, database: Database
) -> None:
    old = await made(client, "records:read", "risk:read", name="CRM")
    new = done(await client.post(f"/v1/keys/{old['id']}/rotate", {"overlap_hours": 24}))
    assert (new["name"], new["scopes"], new["expires_at"]) == ("CRM", ["records:read", "risk:read"], None)
    assert new["key"] != old["key"]
    assert (new["replaces"]["id"], new["replaces"]["successor"]) == (old["id"], new["id"])
    left = moment(new["replaces"]["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    for key in (old, new):
        assert (await holder(client, key).read("/v1/me"))["key_id"] == key["id"]
    workspace_id = await workspace_of(client)
    async with database.write(workspace_id) as session:
        over = update(keys).where(keys.c.workspace_id == workspace_id, keys.c.id == UUID(old["id"]))
        await session.execute(over.values(expires_at=datetime.now(UTC)))
    refusal(await holder(client, old).get("/v1/me"), 401)
    done(await holder(client, new).get("/v1/me"))
    assert (await client.read(f"/v1/keys/{old['id']}"))["state"] == "expired"


async def test_without_an_overlap_the_old_key_ends_at_once(client: Caller) -> None:
    old = await made(client)
    new = done(await client.post(f"/v1/keys/{old['id']}/rotate", {"overlap_hours": 0}))
    refusal(await holder(client, old).get("/v1/me"), 401)
    done(await holder(client, new).get("/v1/me"))


async def test_only_a_living_key_without_a_successor_is_rotated(client: Caller) -> None:
    old = await made(client)
    new = done(await client.post(f"/v1/keys/{old['id']}/rotate"))
    said = refusal(await client.post(f"/v1/keys/{old['id']}/rotate"), 409, "already_rotated")
    assert new["id"] in said["detail"]
    done(await client.post(f"/v1/keys/{new['id']}/revoke"))
    refusal(await client.post(f"/v1/keys/{new['id']}/rotate"), 409, "key_not_live")


async def test_a_key_that_was_made_to_expire_has_a_successor_with_as_long_a_life(client: Caller) -> None:
    ends = datetime.now(UTC) + timedelta(hours=3)
    old = await made(client, expires_at=ends.isoformat())
    new = done(await client.post(f"/v1/keys/{old['id']}/rotate"))
    assert moment(new["replaces"]["expires_at"]) == moment(old["expires_at"])
    life = [moment(key["expires_at"]) - moment(key["created_at"]) for key in (old, new)]
    assert life[0] == life[1]


async def test_two_who_rotate_at_once_make_one_successor(client: Caller) -> None:
    old = await made(client)
    both = await asyncio.gather(*[client.post(f"/v1/keys/{old['id']}/rotate") for _ in range(2)])
    assert sorted(answer.status_code for answer in both) == [201, 409]
    assert len(await client.read_all("/v1/keys")) == 3


async def test_a_revoked_key_opens_nothing_in_any_process(client: Caller, database: Database) -> None:
    key = await made(client)
    elsewhere = Database(database.url, pool_size=1)
    transport = httpx.ASGITransport(create_app(elsewhere))
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        done(await Caller(http, key["key"]).get("/v1/me"))
        revoked = done(await client.post(f"/v1/keys/{key['id']}/revoke"))
        refusal(await Caller(http, key["key"]).get("/v1/me"), 401)
    await elsewhere.close()
    refusal(await holder(client, key).get("/v1/me"), 401)
    assert (revoked["state"], revoked) == ("revoked", done(await client.post(f"/v1/keys/{key['id']}/revoke")))


async def test_a_key_of_another_workspace_is_not_there(
    client: Caller, caller: MakeCaller, make_workspace: MakeWorkspace
) -> None:
    other = await caller(Scope.ADMIN, of=await make_workspace("Another"))
    key = await made(client)
    refusal(await other.get(f"/v1/keys/{key['id']}"), 404, "not_found")
    for step in ("rotate", "revoke"):
        refusal(await other.post(f"/v1/keys/{key['id']}/{step}"), 404, "not_found")
    done(await holder(client, key).get("/v1/me"))
    assert len(await other.read_all("/v1/keys")) == 1


async def test_the_same_request_again_shows_the_same_key_and_nothing_stored_holds_it(
    client: Caller, database: Database
) -> None:
    body = {"scopes": ["records:read"]}
    first = await client.post("/v1/keys", body, idempotency_key="deploy-17")
    again = await client.post("/v1/keys", body, idempotency_key="deploy-17")
    assert again.json() == first.json()
    assert again.headers["idempotent-replay"] == "true"
    secret = first.json()["key"].split("_")[3]
    async with database.read(await workspace_of(client)) as session:
        stored = [repr(row) for table in (keys, answers, audit) for row in await session.execute(select(table))]
    assert stored
    assert [row for row in stored if secret in row] == []


async def test_what_was_done_with_keys_stands_in_the_audit(client: Caller, database: Database) -> None:
    me = await client.read("/v1/me")
    key = await made(client)
    done(await client.post(f"/v1/keys/{key['id']}/rotate"))
    done(await client.post(f"/v1/keys/{key['id']}/revoke"))
    async with database.read(UUID(me["workspace_id"])) as session:
        rows = (await session.execute(select(audit).where(audit.c.subject == key["id"]).order_by(audit.c.id))).all()
    assert [row.action for row in rows] == ["key.made", "key.rotated", "key.revoked"]
    assert {row.actor for row in rows} == {f"key:{me['key_id']}"}


async def used_on(client: Caller) -> list[str | None]:
    """Give the day each key was last used."""
    return [item["last_used_on"] for item in await client.read_all("/v1/keys")]


async def test_the_day_of_a_keys_last_use_is_written_beside_the_requests_and_once(
    app: FastAPI, client: Caller, database: Database
) -> None:
    uses: KeyUses = app.state.key_uses
    await made(client)
    today = datetime.now(UTC).date().isoformat()
    assert await used_on(client) == [None, None]
    assert await uses.flush(database) == 1
    assert await used_on(client) == [today, None]
    assert (await uses.flush(database), uses.waiting) == (0, {})


async def test_a_later_day_is_never_taken_back(app: FastAPI, client: Caller, database: Database) -> None:
    uses: KeyUses = app.state.key_uses
    await uses.flush(database)
    me = await client.read("/v1/me")
    mine = UUID(me["workspace_id"]), UUID(me["key_id"])
    for day in (date(2031, 1, 2), date(2031, 1, 1)):
        uses.note(*mine, day)
        await uses.flush(database)
    assert await used_on(client) == ["2031-01-02"]


@only_sqlite
async def test_uses_that_cannot_be_written_wait_for_the_database_and_the_end_writes_them(
    app: FastAPI, client: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.beside.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("models.database.WRITE_WAIT_SECONDS", 0.05)
    uses: KeyUses = app.state.key_uses
    await client.read("/v1/me")
    async with written_beside(database, uses):
        async with database.write() as held:
            await held.execute(text("SELECT 1"))
            await asyncio.sleep(0.3)
        assert len(uses.waiting) == 1
        for _ in range(1000):
            await asyncio.sleep(0.01)
            if not uses.waiting:
                break
        uses.note(uuid4(), uuid4(), date(2031, 1, 1))
    assert uses.waiting == {}
    assert await used_on(client) != [None]


def test_a_bounded_number_of_keys_is_remembered() -> None:
    uses, workspace_id, day = KeyUses(most=2), uuid4(), date(2026, 5, 4)
    first, second, third = uuid4(), uuid4(), uuid4()
    for key_id in (first, second, third):
        uses.note(workspace_id, key_id, day)
    uses.waiting.clear()
    for key_id in (third, second, first):
        uses.note(workspace_id, key_id, day)
    assert [key_id for _, key_id in uses.waiting] == [first]
