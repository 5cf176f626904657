"""Surveys as documents: exported and taken back anywhere, and taken over from Formbricks without a silent loss."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller, MakeWorkspace

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
FORMBRICKS = Path(__file__).parent / "formbricks"
TERMS = {"closes_at": "2030-01-01T00:00:00Z", "quotas": [{"key": "all", "limit": 5}], "layout": "one", "open": False}


def read(name: str) -> dict[str, Any]:
    """Read a Formbricks survey."""
    found: dict[str, Any] = json.loads((FORMBRICKS / name).read_text(encoding="utf-8"))
    return found


def clauses(question: dict[str, Any]) -> Any:
    """Give the rule of a question with `answers.` and the names of members left out, as short as can be read."""
    return _short(question["show_if"])


def _short(part: dict[str, Any]) -> Any:
    if "field" in part:
        return f"{part['field'].removeprefix('answers.')} {part['op']} {json.dumps(part['value'])}"
    [(word, members)] = part.items()
    return {word: [_short(member) for member in members]}


async def test_a_survey_is_exported_and_taken_back_as_a_draft(
    client: Caller, caller: MakeCaller, make_workspace: MakeWorkspace
) -> None:
    made = done(await client.post("/v1/surveys", {"key": "felt", "template": "felt_loyalty", **TERMS}))
    document = await client.read("/v1/surveys/felt/export")
    assert (document["format"], document["format_version"], document["key"]) == ("steadfast.survey", 1, "felt")
    elsewhere = await caller("admin", of=await make_workspace("Cold Homes"))
    taken = done(await elsewhere.post("/v1/surveys/import", document))
    assert (taken["source"], taken["left_out"]) == ("steadfast", [])
    unlike = {"created_at", "draft"}
    assert {k: v for k, v in taken["survey"].items() if k not in unlike} == {
        k: v for k, v in made.items() if k not in unlike
    }
    assert await elsewhere.read("/v1/surveys/felt/export") == document
    done(await client.post("/v1/surveys/felt/publish"))
    again = done(await client.post("/v1/surveys/import", document))
    assert (again["survey"]["version"], again["survey"]["status"]) == (2, "draft")
    other = done(await client.ask("POST", "/v1/surveys/import", params={"key": "other"}, json=document))
    assert (other["survey"]["key"], other["survey"]["version"]) == ("other", 1)
    assert (await client.read("/v1/surveys/felt/export", version=2))["definition"] == document["definition"]


@on_sqlite
async def test_a_draft_is_exported_only_by_who_may_see_drafts(client: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    done(await client.post("/v1/surveys", {"key": "felt", "template": "felt_loyalty"}))
    refusal(await form.get("/v1/surveys/felt/export"), 404)
    assert (await form.read("/v1/surveys/post_interaction/export"))["key"] == "post_interaction"
    refusal(await form.post("/v1/surveys/import", {}), 403)


@on_sqlite
@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, "/format"),
        ({"format": "steadfast.survey", "definition": []}, "/format"),
        ({"format": "steadfast.survey", "format_version": 2, "definition": {}}, "/format_version"),
        (
            {"format": "steadfast.survey", "format_version": 1, "key": "a", "definition": {"questions": []}},
            "/definition/questions",
        ),
        (
            {"format": "steadfast.survey", "format_version": 1, "definition": {"template": "felt_loyalty"}},
            "/definition/key",
        ),
        ({"questions": [{"id": "a", "type": "cta"}], "name": "x"}, "/definition/questions"),
    ],
)
async def test_a_document_nobody_knows_is_refused(client: Caller, document: dict[str, Any], pointer: str) -> None:
    refused = refusal(await client.post("/v1/surveys/import", document), 422)
    assert [error["pointer"] for error in refused["errors"]] == [pointer]


async def test_a_formbricks_survey_is_taken_over_and_answered(client: Caller) -> None:
    taken = done(await client.post("/v1/surveys/import", read("questions.json")))
    survey = taken["survey"]
    assert (taken["source"], survey["key"], survey["name"]) == ("formbricks", "support_follow_up", "Support follow-up")
    asked = {question["key"]: question for question in survey["questions"]}
    assert {key: question["kind"] for key, question in asked.items()} == {
        "score_nps": "nps",
        "reason": "choice",
        "loved": "choices",
        "detail": "text",
        "mail": "text",
        "years": "number",
        "stars": "rating",
        "agree": "consent",
        "day": "date",
        "grid": "matrix",
        "order": "ranking",
        "who_firstname": "text",
        "who_email": "text",
    }
    assert asked["score_nps"]["texts"] == {"en": "How likely?", "pt": "Qual a probabilidade?"}
    assert asked["score_nps"]["low_texts"] == {"en": "Not", "pt": "Nada"}
    assert [choice["key"] for choice in asked["reason"]["choices"]] == ["too_slow", "too_dear", "other"]
    assert asked["reason"]["texts"] == {"en": "Why, friend?"}
    assert [choice["key"] for choice in asked["loved"]["choices"]] == ["people", "people_2"]
    assert (asked["detail"]["texts"]["en"], asked["detail"]["max_length"]) == ("Tell us\nAnything helps", 500)
    assert (asked["stars"]["min"], asked["stars"]["max"]) == (1, 7)
    assert asked["agree"]["texts"] == {"en": "Terms\nI agree"}
    assert [row["key"] for row in asked["grid"]["rows"]] == ["speed", "care"]
    assert (asked["who_firstname"]["required"], asked["who_firstname"]["texts"]["en"]) == (True, "You\nFirst name")
    page = survey["page"]
    assert page["intro"] == {"en": "Three questions & done.", "pt": "Três perguntas."}
    assert (page["title"]["pt"], page["thanks"]["pt"]) == ("Olá", "Obrigado!")
    assert (survey["closes_at"], survey["layout"]) == ("2030-01-01T00:00:00Z", "one")
    assert survey["quotas"] == [{"key": "all", "limit": 100}]
    # Who gives a high score jumps over the reason; whose reason is another than slowness has come to the end.
    low = "score_nps lt 9"
    assert clauses(asked["reason"]) == {"any": [low, "score_nps missing true"]}
    assert clauses(asked["loved"]) == {"all": ["score_nps ge 9"]}
    assert clauses(asked["detail"]) == {"any": ["score_nps ge 9", 'reason eq "too_slow"']}
    done(await client.post("/v1/surveys/support_follow_up/publish"))
    needed = {"stars": 7, "agree": True, "who_firstname": "Ana"}
    sent = {"survey": "support_follow_up", "answers": {"score_nps": 10, "loved": ["people"], **needed}}
    assert done(await client.post("/v1/responses", sent))["status"] == "complete"
    ended = {"survey": "support_follow_up", "answers": {"score_nps": 3, "reason": "too_dear"}}
    assert done(await client.post("/v1/responses", ended))["status"] == "complete"


@on_sqlite
async def test_everything_that_is_not_carried_over_is_named(client: Caller) -> None:
    left = done(await client.post("/v1/surveys/import", read("questions.json")))["left_out"]
    assert {(item["pointer"], item["code"]) for item in left} == {
        ("/questions/1", "recall"),
        ("/questions/1/shuffleOption", "shuffle"),
        ("/questions/1/choices/2", "free_choice"),
        ("/questions/1/logic/0/actions/1", "action"),
        ("/questions/3/placeholder", "placeholder"),
        ("/questions/3/charLimit/min", "shortest_text"),
        ("/questions/4/inputType", "input_type"),
        ("/questions/6/scale", "look"),
        ("/questions/6/imageUrl", "picture"),
        ("/questions/7", "no_such_kind"),
        ("/questions/13", "no_such_kind"),
        ("/questions/14", "no_such_kind"),
        ("/questions/15", "no_such_kind"),
        ("/questions/16", "no_such_kind"),
        ("/questions/17", "no_text"),
        ("/endings/0/buttonLink", "link"),
        ("/endings/1", "ending"),
        ("/hiddenFields", "not_carried"),
        ("/variables", "not_carried"),
        ("/recaptcha", "not_carried"),
    }
    assert all(item["detail"].endswith(".") for item in left)


@on_sqlite
async def test_blocks_are_read_and_jumps_that_are_no_rule_are_named(client: Caller) -> None:
    taken = done(await client.post("/v1/surveys/import", read("blocks.json")))
    asked = {question["key"]: question for question in taken["survey"]["questions"]}
    assert list(asked) == ["mood", "kind", "more", "last"]
    unlike = {"all": ['kind ne "alpha"', 'kind ne "beta"']}
    assert clauses(asked["more"]) == {"any": ["mood ge 3", "mood missing true", unlike, "kind missing true"]}
    assert [key for key in asked if "show_if" in asked[key]] == ["more"]
    assert [(item["pointer"], item["code"]) for item in taken["left_out"]] == [
        ("/blocks/0/logic/1", "jump"),
        ("/blocks/1/logic/0", "jump"),
    ]
