"""What is older than agreed goes, in portions; a dry run says how much and touches nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from api.cli.console import operator
from api.privacy import retention
from api.privacy.retention import keep_no_longer
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.hook import DeliveryState
from models.ids import uuid7
from models.tables import metadata
from tests.api.caller import Caller, ago, done

pytestmark = pytest.mark.anyio
OLD = datetime.now(UTC) - timedelta(days=800)


@pytest.fixture
async def aged(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    """Give the workspace old rows of every class, and new ones beside them."""
    await client.put_customer("C-1", name="Ana")
    await client.put_case("K-1", "C-1", opened_at=ago(days=900))
    body = {"customer": "C-1", "kind": "closed", "at": ago(days=1)}
    done(await client.post("/v1/departures", body, idempotency_key="k"))
    for days in (850, 820, 1):
        answers = {"satisfaction": 3, "comment": f"{days} days ago"}
        times = {"answered_at": ago(days=days), "recorded_at": ago(days=days)}
        await client.respond("K-1", satisfaction=3, answers=answers, reference=f"r-{days}", **times)
    stamp = {"workspace_id": workspace.id}
    event = {**stamp, "type": "t", "payload": {}, "recorded_at": OLD}
    waiting, told = uuid7(), uuid7()
    hook = {**stamp, "id": uuid7(), "target_url": "https://example.org", "events": [], "headers": b"", "secret": b""}
    telling = {**stamp, "hook_id": hook["id"], "created_at": OLD, "stored_at": OLD}
    deliveries = [
        {**telling, "id": uuid7(), "event_id": waiting, "state": DeliveryState.PENDING},
        {**telling, "id": uuid7(), "event_id": told, "state": DeliveryState.DELIVERED},
    ]
    deed = {**stamp, "id": uuid7(), "actor": "a", "action": "a", "subject": "s", "details": {}, "recorded_at": OLD}
    async with database.write(workspace.id) as session:
        await session.execute(insert(metadata.tables["events"]), [{**event, "id": waiting}, {**event, "id": told}])
        await session.execute(insert(metadata.tables["hooks"]), [{**hook, "created_at": OLD, "stored_at": OLD}])
        await session.execute(insert(metadata.tables["deliveries"]), deliveries)
        await session.execute(insert(metadata.tables["audit_entries"]), [deed])


async def counts(database: Database, workspace: WorkspaceSettings) -> dict[str, int]:
    """Count the rows of the tables that retention is about."""
    names = ("events", "deliveries", "audit_entries", "responses", "response_versions")
    async with database.read(workspace.id) as session:
        return {
            name: int(await session.scalar(select(func.count()).select_from(metadata.tables[name])) or 0)
            for name in names
        }


async def agree(client: Caller, **days: int | None) -> None:
    """Let the workspace agree to something."""
    now = await client.get("/v1/workspace")
    done(await client.patch("/v1/workspace", {"retention": days}, if_match=now.headers["etag"]))


@pytest.mark.usefixtures("aged")
async def test_a_dry_run_counts_and_touches_nothing(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await agree(client, comments=365, responses=840, events=90)
    before = await counts(database, workspace)
    said = await keep_no_longer(database, operator(workspace.id), dry_run=True)
    assert said == {"events": 1, "comments": 2, "responses": 1}
    assert await counts(database, workspace) == before


@pytest.mark.usefixtures("aged")
async def test_what_is_older_goes_and_a_second_run_finds_nothing(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    assert +await keep_no_longer(database, operator(workspace.id)) == {}
    await agree(client, events=90, audit=730)
    before = await counts(database, workspace)
    done_ = await keep_no_longer(database, operator(workspace.id))
    assert +done_ == {"events": 1, "audit": 1}
    after = await counts(database, workspace)
    gone = {name: before[name] - after[name] for name in before}
    assert gone == {
        "events": 1,
        "deliveries": 1,
        "audit_entries": 0,  # one went, and one says so
        "responses": 0,
        "response_versions": 0,
    }
    assert +await keep_no_longer(database, operator(workspace.id)) == {}
    [row] = await client.read_all("/v1/audit", action="retention.applied")
    assert row["actor"].startswith("cli:")
    assert row["details"] == {"events": 1, "audit": 1}


@pytest.mark.usefixtures("aged")
async def test_old_comments_lose_their_words_and_old_responses_go(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 1)
    await agree(client, comments=365, responses=840)
    done_ = await keep_no_longer(database, operator(workspace.id))
    assert (done_["comments"], done_["responses"]) == (1, 1)
    answers = [row["answers"] for row in await client.read_all("/v1/responses")]
    assert answers == [{"satisfaction": 3}, {"satisfaction": 3, "comment": "1 days ago"}]
    assert await work_off(database) == 1
    assert (await keep_no_longer(database, operator(workspace.id)))["comments"] == 0


async def test_an_old_response_without_words_stays_as_it_is(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=ago(days=900))
    old = {"answered_at": ago(days=800), "recorded_at": ago(days=800)}
    given = await client.respond("K-1", satisfaction=2, answers={"needs_met": "no"}, **old)
    before = await client.read(f"/v1/responses/{given['id']}")
    await agree(client, comments=365)
    assert (await keep_no_longer(database, operator(workspace.id)))["comments"] == 1
    assert await client.read(f"/v1/responses/{given['id']}") == before
    assert (await keep_no_longer(database, operator(workspace.id)))["comments"] == 0
