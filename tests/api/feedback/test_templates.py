"""Templates: whole in each of their languages, drafted from by their key; scales with labels, and nothing to say."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

CHOICES = {
    "needs_met": ["fully", "partly", "no"],
    "contact_reason": ["new_need", "went_wrong", "chasing", "unclear", "other"],
    "promise_kept": ["yes", "no", "none_made"],
}
TALK = {
    "key": "talk",
    "kind": "rating",
    "min": 0,
    "max": 2,
    "required": True,
    "cannot_say": True,
    "labels": {"0": {"en": "Never"}, "1": {"en": "Sometimes"}, "2": {"en": "Always"}},
    "texts": {"en": "We called back."},
}
WHY = {
    "key": "why",
    "kind": "text",
    "texts": {"en": "Why?"},
    "show_if": {"all": [{"field": "answers.talk", "op": "le", "value": 1}]},
}


def texts_in(part: Any) -> Iterator[dict[str, str]]:
    """Give every text by language in a part of a definition."""
    if isinstance(part, dict) and part and all(isinstance(value, str) for value in part.values()) and "en" in part:
        yield part
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from texts_in(inner)


@on_sqlite
async def test_templates_speak_each_of_their_languages_everywhere(client: Caller, caller: MakeCaller) -> None:
    form = await caller("feedback:write")
    items = (await form.read("/v1/survey-templates"))["items"]
    assert [item["key"] for item in items] == ["post_interaction", "felt_loyalty", "staff_pulse"]
    for item in items:
        assert await client.read(f"/v1/survey-templates/{item['key']}") == item
        told = list(texts_in([item["questions"], item["page"]]))
        assert len(told) > 20
        assert {"en", "de", "fr", "es", "pt", "ar"} == set(item["languages"])
        assert all(set(texts) == set(item["languages"]) for texts in told)
        assert all(len({"{company}" in text for text in texts.values()}) == 1 for texts in told)
    refusal(await client.get("/v1/survey-templates/nothing"), 404)


@on_sqlite
async def test_a_new_workspace_asks_what_the_contract_says(client: Caller) -> None:
    asked = {question["key"]: question for question in (await client.read("/v1/surveys/post_interaction"))["questions"]}
    felt = [f"felt_{number}" for number in range(1, 8)]
    plain = ["satisfaction", "needs_met", "contact_reason", "promise_kept", "minutes_spent", "should_not_have_happened"]
    assert list(asked) == [*plain, *felt, "comment"]
    assert {key: [choice["key"] for choice in asked[key]["choices"]] for key in CHOICES} == CHOICES
    assert [asked["satisfaction"][name] for name in ("min", "max", "required")] == [1, 5, True]
    assert [asked["felt_1"]["labels"][step]["en"] for step in "01234"] == [
        "Never",
        "Rarely",
        "Sometimes",
        "Usually",
        "Always",
    ]
    assert [asked[key].get("sample") for key in felt] == [None, *[{"group": "felt", "show": 2}] * 6]


async def test_a_draft_is_made_from_a_template_and_answered(client: Caller) -> None:
    made = done(await client.post("/v1/surveys", {"key": "felt", "template": "felt_loyalty", "retention_days": 90}))
    template = await client.read("/v1/survey-templates/felt_loyalty")
    assert (made["questions"], made["page"]) == (template["questions"], template["page"])
    assert (made["name"], made["language"], made["retention_days"], made["status"]) == (
        "Felt loyalty",
        "en",
        90,
        "draft",
    )
    done(await client.post("/v1/surveys/felt/publish"))
    answers = {"felt_1": 4, "felt_3": "cannot_say", "felt_5": None}
    stored = done(await client.post("/v1/responses", {"survey": "felt", "answers": answers}))
    told = await client.read(f"/v1/responses/{stored['id']}")
    assert told["answers"] == {"felt_1": 4, "felt_3": None, "felt_5": None}
    again = done(await client.post("/v1/surveys/felt/versions", {"template": "staff_pulse", "name": "Ours"}))
    assert (again["version"], again["name"], len(again["questions"])) == (2, "Ours", 8)


@on_sqlite
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"template": "nothing"}, "/template"),
        ({"template": "felt_loyalty", "questions": [TALK]}, ""),
        ({}, ""),
        ({"questions": [{**TALK, "labels": {"0": {"en": "Never"}}}]}, "/questions/0/labels"),
        ({"questions": [{**TALK, "labels": {"zero": {"en": "Never"}}}]}, "/questions/0/labels/zero/[key]"),
        (
            {"questions": [{"key": "why", "kind": "text", "texts": {"en": "?"}, "cannot_say": True}]},
            "/questions/0/cannot_say",
        ),
    ],
)
async def test_a_definition_that_cannot_be_asked_is_refused(client: Caller, body: dict[str, Any], pointer: str) -> None:
    refused = refusal(await client.post("/v1/surveys", {"key": "visit", **body}), 422)
    assert [error["pointer"] for error in refused["errors"]] == [pointer]


async def test_somebody_who_cannot_say_has_answered_and_counts_as_missing(client: Caller) -> None:
    done(await client.post("/v1/surveys", {"key": "visit", "questions": [TALK, WHY]}))
    done(await client.post("/v1/surveys/visit/publish"))
    nothing = {"survey": "visit", "answers": {"talk": "cannot_say"}}
    assert done(await client.post("/v1/responses", nothing))["status"] == "complete"
    begun = done(await client.post("/v1/responses", {**nothing, "complete": False}))["id"]
    assert done(await client.patch(f"/v1/responses/{begun}", {"complete": True}))["status"] == "complete"
    assert (await client.read(f"/v1/responses/{begun}"))["answers"] == {"talk": None}
    refusal(await client.post("/v1/responses", {"survey": "visit", "answers": {}}), 422)
    refusal(await client.post("/v1/responses", {"survey": "visit", "answers": {"talk": "nothing"}}), 422)
    hidden = refusal(
        await client.post("/v1/responses", {"survey": "visit", "answers": {"talk": "cannot_say", "why": "x"}}), 422
    )
    assert hidden["errors"][0]["code"] == "hidden_question"
