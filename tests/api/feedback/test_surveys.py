"""Surveys: drafted, published, and from then on unchanged."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from api.feedback.queries import survey_versions
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

TEXTS = {"en": "How was it?", "pt": "Como foi?"}
MOOD = {"key": "mood", "kind": "rating", "texts": TEXTS, "required": True}
WHY = {
    "key": "why",
    "kind": "choices",
    "texts": TEXTS,
    "choices": [{"key": "late", "texts": TEXTS}, {"key": "rude", "texts": TEXTS}],
    "show_if": {"all": [{"field": "answers.mood", "op": "le", "value": 2}]},
}


def survey(key: str = "visit", *questions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Give a definition."""
    return {"key": key, "questions": list(questions or (MOOD, WHY)), **fields}


async def test_a_survey_is_drafted_published_and_answered(client: Caller) -> None:
    made = done(await client.post("/v1/surveys", survey(name="After a visit", page={"title": {"en": "Your visit"}})))
    assert (made["version"], made["status"], made["draft"], made["published_at"]) == (1, "draft", 1, None)
    refused = refusal(await client.post("/v1/responses", {"survey": "visit", "answers": {"mood": 3}}), 422)
    assert refused["code"] == "unknown_survey"
    out = done(await client.post("/v1/surveys/visit/publish"))
    assert (out["version"], out["status"], out["name"]) == (1, "published", "After a visit")
    answered = await client.post("/v1/responses", {"survey": "visit", "answers": {"mood": 1, "why": ["late"]}})
    assert answered.status_code == 201
    hidden = refusal(
        await client.post("/v1/responses", {"survey": "visit", "answers": {"mood": 5, "why": ["late"]}}), 422
    )
    assert [(error["pointer"], error["code"]) for error in hidden["errors"]] == [("/answers/why", "hidden_question")]


async def test_publishing_twice_is_publishing_once_and_a_version_asks_on(client: Caller) -> None:
    done(await client.post("/v1/surveys", survey()))
    first = done(await client.post("/v1/surveys/visit/versions/1/publish"))
    assert done(await client.post("/v1/surveys/visit/versions/1/publish")) == first
    assert done(await client.post("/v1/surveys/visit/publish")) == first
    drafted = done(await client.post("/v1/surveys/visit/versions", {"questions": [MOOD]}))
    assert (drafted["version"], drafted["status"]) == (2, "draft")
    now = await client.read("/v1/surveys/visit")
    assert (now["version"], now["draft"], len(now["questions"])) == (1, 2, 2)
    done(await client.post("/v1/surveys/visit/publish"))
    now = await client.read("/v1/surveys/visit")
    assert (now["version"], now["draft"], len(now["questions"])) == (2, None, 1)
    assert await client.read("/v1/surveys/visit/versions/1") == first
    old = {"survey": "visit", "version": 1, "answers": {"mood": 1, "why": ["rude"]}}
    stored = await client.read(f"/v1/responses/{done(await client.post('/v1/responses', old))['id']}")
    assert stored["survey_version"] == 1


async def test_an_older_draft_is_not_published_over_a_newer_version(client: Caller) -> None:
    done(await client.post("/v1/surveys", survey()))
    done(await client.post("/v1/surveys/visit/versions", {"questions": [MOOD]}))
    done(await client.post("/v1/surveys/visit/versions/2/publish"))
    refusal(await client.post("/v1/surveys/visit/versions/1/publish"), 409, "later_version_published")
    assert (await client.read("/v1/surveys/visit"))["draft"] is None


async def test_the_database_itself_refuses_to_change_what_is_published(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    before = await client.read("/v1/surveys/post_interaction")
    with pytest.raises(DBAPIError, match="never changes"):
        async with database.write(workspace.id) as session:
            await session.execute(update(survey_versions).values(questions=[]))
    assert await client.read("/v1/surveys/post_interaction") == before


async def test_a_draft_is_for_those_who_may_read_and_a_survey_for_everybody(client: Caller, caller: MakeCaller) -> None:
    done(await client.post("/v1/surveys", survey("later")))
    form, reader = await caller("feedback:write"), await caller("records:read")
    assert [item["key"] for item in await form.read_all("/v1/surveys")] == ["post_interaction"]
    assert [item["key"] for item in await reader.read_all("/v1/surveys")] == ["post_interaction", "later"]
    assert (await form.read("/v1/surveys/post_interaction"))["draft"] is None
    refusal(await form.get("/v1/surveys/later"), 404, "not_found")
    refusal(await form.get("/v1/surveys/later/versions/1"), 404, "not_found")
    assert (await reader.read("/v1/surveys/later/versions/1"))["status"] == "draft"
    refusal(await reader.get("/v1/surveys/nobody"), 404, "not_found")
    refusal(await reader.get("/v1/surveys/later/versions/2"), 404, "not_found")


async def test_surveys_are_listed_page_by_page_in_the_order_of_their_changes(client: Caller) -> None:
    for key in ("a", "b", "c"):
        done(await client.post("/v1/surveys", survey(key)))
    done(await client.post("/v1/surveys/a/publish"))
    keys = [item["key"] for item in await client.read_all("/v1/surveys", limit=1)]
    assert keys == ["post_interaction", "b", "c", "a"]


@on_sqlite
async def test_what_is_wrong_with_a_definition_is_named_with_its_place(client: Caller) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        (survey("v", {**MOOD, "kind": "mood"}), "/questions/0/kind"),
        (survey("v", {**MOOD, "texts": {}}), "/questions/0/texts"),
        (survey("v", {**MOOD, "key": "Mood"}), "/questions/0/key"),
        (survey("v", MOOD, MOOD), "/questions/1/key"),
        (survey("v", WHY, MOOD), "/questions/0/show_if"),
        (survey("v", {**MOOD, "kind": "choice"}), "/questions/0/choices"),
        (survey("v", {**MOOD, "min": float("1e13")}), "/questions/0/min/constrained-int"),
        (survey("v", {**MOOD, "odd": 1}), "/questions/0/odd"),
        (survey("No key"), "/key"),
        (survey("v", questions=[]), "/questions"),
    ]
    for body, pointer in wrong:
        refused = refusal(await client.post("/v1/surveys", body), 422, "malformed")
        assert pointer in [error["pointer"] for error in refused["errors"]]
    refusal(await client.post("/v1/surveys/post_interaction/versions", {"questions": [MOOD, MOOD]}), 422, "malformed")
    assert [item["key"] for item in await client.read_all("/v1/surveys")] == ["post_interaction"]
    refusal(await client.post("/v1/surveys/nobody/publish"), 404, "not_found")
    refusal(await client.post("/v1/surveys/nobody/versions", {"questions": [MOOD]}), 404, "not_found")
    refusal(await client.post("/v1/surveys/post_interaction/versions/9/publish"), 404, "not_found")


async def test_of_those_who_make_one_survey_at_once_one_does_and_drafts_are_counted_on(client: Caller) -> None:
    made = await asyncio.gather(*[client.post("/v1/surveys", survey()) for _ in range(4)])
    assert sorted(answer.status_code for answer in made) == [201, 409, 409, 409]
    assert {answer.json()["code"] for answer in made if answer.status_code == 409} == {"survey_exists"}
    drafts = [client.post("/v1/surveys/visit/versions", {"questions": [MOOD]}) for _ in range(4)]
    numbers = [done(answer)["version"] for answer in await asyncio.gather(*drafts)]
    assert sorted(numbers) == [2, 3, 4, 5]
