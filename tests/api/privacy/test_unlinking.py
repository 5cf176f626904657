"""A survey's own retention: old answers lose what was written and whose they were, and keep what was chosen."""

import pytest
from sqlalchemy import select

from api.cli.console import operator
from api.privacy.retention import keep_no_longer
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.tables import metadata
from tests.api.caller import Caller, ago, done, refusal

pytestmark = pytest.mark.anyio
QUESTIONS = [
    {"key": "mood", "kind": "rating", "texts": {"en": "How was it?"}},
    {"key": "why", "kind": "text", "texts": {"en": "Why?"}},
]


async def publish(client: Caller, **terms: object) -> None:
    """Publish a version of the survey."""
    path = "/v1/surveys" if (await client.get("/v1/surveys/visit")).status_code == 404 else "/v1/surveys/visit/versions"
    key = {"key": "visit"} if path == "/v1/surveys" else {}
    done(await client.post(path, {**key, "questions": QUESTIONS, **terms}))
    done(await client.post("/v1/surveys/visit/publish"))


async def test_old_answers_of_a_survey_lose_their_words_and_their_person(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1", opened_at=ago(days=400))
    await publish(client, quotas=[{"key": "all", "limit": 9}])
    made = done(await client.post("/v1/invitations", {"survey": "visit", "case": "K-1"}))
    invited = {"survey": "visit", "invitation": made["token"], "answers": {"mood": 2, "why": "Ana waited"}}
    done(await client.post("/v1/responses", {**invited, "reference": "Ana-1"}))
    for days, name in ((300, "Ana-2"), (100, "Ana-3")):
        body = {"survey": "visit", "case": "K-1", "answers": {"mood": 3, "why": "Ana"}, "reference": name}
        done(await client.post("/v1/responses", {**body, "answered_at": ago(days=days), "recorded_at": ago(days=days)}))
    await client.respond("K-1", reference="other", answered_at=ago(days=300), recorded_at=ago(days=300))
    assert await keep_no_longer(database, operator(workspace.id), dry_run=True) == {}
    await publish(client, retention_days=200)
    assert await keep_no_longer(database, operator(workspace.id), dry_run=True) == {"unlinked": 1}
    assert +(await keep_no_longer(database, operator(workspace.id))) == {"unlinked": 1}
    assert +(await keep_no_longer(database, operator(workspace.id))) == {}
    found = {row["reference"]: row for row in await client.read_all("/v1/responses", survey="visit")}
    [old] = [row for row in found.values() if row["customer"] is None]
    assert (old["answers"], old["reference"], old["case"]) == ({"mood": 3}, old["id"], None)
    assert {"Ana-1", "Ana-3"} < set(found)
    assert found["Ana-3"]["answers"]["why"] == "Ana"
    assert [row["customer"] for row in await client.read_all("/v1/responses", survey="post_interaction")] == ["C-1"]
    # The same answer under the same reference is not a new one.
    again = {"survey": "visit", "case": "K-1", "answers": {"mood": 3}, "reference": "Ana-2"}
    refusal(await client.post("/v1/responses", again), 409, "response_exists")


async def test_an_invitation_used_for_an_answer_that_was_unlinked_stays_closed(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await publish(client, retention_days=1)
    made = done(await client.post("/v1/invitations", {"survey": "visit", "case": "K-1"}))
    body = {"survey": "visit", "invitation": made["token"], "answers": {"mood": 2}}
    answered = done(await client.post("/v1/responses", body))["id"]
    versions = metadata.tables["response_versions"]
    async with database.write(workspace.id) as session:
        await session.execute(versions.update().values(answered_at=versions.c.answered_at - 2 * 86_400_000_000))
    assert +(await keep_no_longer(database, operator(workspace.id))) == {"unlinked": 1}
    assert (await client.read(f"/v1/responses/{answered}"))["case"] is None
    now = await client.read(f"/v1/invitations/{made['id']}")
    assert (now["state"], now["response"]) == ("revoked", None)
    async with database.read(workspace.id) as session:
        assert list(await session.execute(select(metadata.tables["completions"]))) == []


async def test_an_erased_customers_answer_goes_on_counting_for_its_quota(client: Caller) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await publish(client, quotas=[{"key": "all", "limit": 1}])
    done(await client.post("/v1/responses", {"survey": "visit", "case": "K-1", "answers": {"mood": 2}}))
    await client.erase("C-1")
    refusal(await client.post("/v1/responses", {"survey": "visit", "answers": {"mood": 2}}), 409, "quota_full")
    [kept] = await client.read_all("/v1/responses")
    await client.void(f"/v1/responses/{kept['id']}")
    done(await client.post("/v1/responses", {"survey": "visit", "answers": {"mood": 2}}))


async def test_answers_kept_no_longer_go_with_their_places_and_leave_the_count(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await publish(client, quotas=[{"key": "all", "limit": 1}])
    old = {"answered_at": ago(days=9), "recorded_at": ago(days=9)}
    done(await client.post("/v1/responses", {"survey": "visit", "answers": {"mood": 2}, **old}))
    now = await client.get("/v1/workspace")
    done(await client.patch("/v1/workspace", {"retention": {"responses": 5}}, if_match=now.headers["etag"]))
    assert +(await keep_no_longer(database, operator(workspace.id))) == {"responses": 1}
    refusal(await client.post("/v1/responses", {"survey": "visit", "answers": {"mood": 2}}), 409, "quota_full")
