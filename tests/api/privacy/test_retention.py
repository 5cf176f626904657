"""What is older than agreed goes, in portions; a dry run says how much and touches nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from api.cli.console import operator
from api.privacy import retention
from api.privacy.retention import Retention, keep_no_longer
from api.worker import work_off
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.ids import uuid7
from models.outbox import JobState
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
    job = {**stamp, "id": uuid7(), "kind": "derive", "request": {}, "state": JobState.DONE}
    deed = {**stamp, "id": uuid7(), "actor": "a", "action": "a", "subject": "s", "details": {}, "recorded_at": OLD}
    async with database.write(workspace.id) as session:
        await session.execute(insert(metadata.tables["events"]), [{**event, "id": waiting}, {**event, "id": told}])
        claim = {**stamp, "event_id": waiting, "due_at": OLD, "attempts": 0}
        await session.execute(insert(metadata.tables["outbox_claims"]), [claim])
        await session.execute(insert(metadata.tables["jobs"]), [{**job, "created_at": OLD, "finished_at": OLD}])
        await session.execute(insert(metadata.tables["audit_entries"]), [deed])
        answers_ = metadata.tables["idempotent_answers"]
        await session.execute(answers_.update().values(stored_at=OLD))


async def counts(database: Database, workspace: WorkspaceSettings) -> dict[str, int]:
    """Count the rows of the tables that retention is about."""
    names = ("idempotent_answers", "events", "jobs", "audit_entries", "responses", "response_versions")
    async with database.read(workspace.id) as session:
        return {
            name: int(await session.scalar(select(func.count()).select_from(metadata.tables[name])) or 0)
            for name in names
        }


def agreed(monkeypatch: pytest.MonkeyPatch, **days: int | None) -> None:
    """Let the workspace have agreed to something else."""

    async def said(_work: Any) -> Retention:
        return Retention(**days)

    monkeypatch.setattr(retention, "retention_of", said)


@pytest.mark.usefixtures("aged")
async def test_a_dry_run_counts_and_touches_nothing(
    database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed(monkeypatch, comments=365, responses=840)
    before = await counts(database, workspace)
    said = await keep_no_longer(database, operator(workspace.id), dry_run=True)
    assert said == {"idempotent_answers": 1, "events": 1, "jobs": 1, "audit": 1, "comments": 2, "responses": 1}
    assert await counts(database, workspace) == before


@pytest.mark.usefixtures("aged")
async def test_what_is_older_goes_and_a_second_run_finds_nothing(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    before = await counts(database, workspace)
    done_ = await keep_no_longer(database, operator(workspace.id))
    assert +done_ == {"idempotent_answers": 1, "events": 1, "jobs": 1, "audit": 1}
    after = await counts(database, workspace)
    gone = {name: before[name] - after[name] for name in before}
    assert gone == {
        "idempotent_answers": 1,
        "events": 1,
        "jobs": 1,
        "audit_entries": 0,  # one went, and one says so
        "responses": 0,
        "response_versions": 0,
    }
    assert +await keep_no_longer(database, operator(workspace.id)) == {}
    [row] = await client.read_all("/v1/audit", action="retention.applied")
    assert row["actor"].startswith("cli:")
    assert row["details"] == {"idempotent_answers": 1, "events": 1, "jobs": 1, "audit": 1}


@pytest.mark.usefixtures("aged")
async def test_old_comments_lose_their_words_and_old_responses_go(
    client: Caller, database: Database, workspace: WorkspaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 1)
    agreed(monkeypatch, comments=365, responses=840)
    done_ = await keep_no_longer(database, operator(workspace.id))
    assert (done_["comments"], done_["responses"]) == (1, 1)
    answers = [row["answers"] for row in await client.read_all("/v1/responses")]
    assert answers == [{"satisfaction": 3}, {"satisfaction": 3, "comment": "1 days ago"}]
    assert await work_off(database) == 1
    assert (await keep_no_longer(database, operator(workspace.id)))["comments"] == 0
