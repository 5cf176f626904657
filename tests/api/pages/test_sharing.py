"""What a company copies into its own pages: small, calm under a strict policy, and asking what the survey asks."""

import json
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from api.pages.render import FRAMING_SCRIPT, contents
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.pages.conftest import VISIT, words
from tests.api.pages.sites import PAGE, SHOP, publish, send

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)]


class _Markup(HTMLParser):
    """Collects the elements of a snippet."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Give the attributes of every element of a name."""
        return [attrs for name, attrs in self.found if name == tag]


async def test_a_snippet_is_small_and_runs_under_a_strict_policy(asked: Caller, http: httpx.AsyncClient) -> None:
    await publish(asked, allowed_origins=[SHOP])
    shared = await asked.read("/v1/surveys/visit/embed", source=f"{SHOP}/a?b=c", lang="pt")
    snippet = shared["frame"]
    script = await http.get("/static/embed.js")
    assert script.content == contents(FRAMING_SCRIPT)
    assert len(snippet.encode()) + len(script.content) < 2048
    markup = _Markup(snippet)
    [frame], [link], [loaded] = markup.all("iframe"), markup.all("a"), markup.all("script")
    base = "http://127.0.0.1:8000/f/warm-homes/visit?"
    said = "lang=pt&_source=https%3A%2F%2Fshop.example%2Fa"
    assert (frame["src"], link["href"]) == (f"{base}embed=1&{said}", f"{base}{said}")
    assert (frame["title"], frame["loading"], loaded["src"]) == (
        "A sua visita",
        "lazy",
        "http://127.0.0.1:8000/static/embed.js",
    )
    assert "allow-top-navigation" not in str(frame["sandbox"])
    assert not any(name == "style" or name.startswith("on") for _, attrs in markup.found for name in attrs)
    assert snippet.count("<script") == snippet.count("></script>")
    for path in ("/static/embed.js", "/static/frame.js"):
        answer = await http.get(path)
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert "cookie" not in answer.text.lower()


async def test_who_may_read_how_to_embed_and_what_cannot_be(asked: Caller, caller: MakeCaller) -> None:
    shared = await (await caller("records:read")).read("/v1/surveys/visit/embed")
    assert (shared["frame"], shared["allowed_origins"], shared["language"]) == (None, [], "en")
    assert [one["value"] for one in shared["score_urls"]] == [1, 2, 3, 4, 5]
    refusal(await (await caller("feedback:write")).get("/v1/surveys/visit/embed"), 403, "missing_scope")
    refusal(await asked.get("/v1/surveys/nothing/embed"), 404, "not_found")
    body = {"key": "calm", "questions": [{"key": "say", "kind": "text", "texts": words("Say")}]}
    done(await asked.post("/v1/surveys", {**body, "open": False}))
    refusal(await asked.get("/v1/surveys/calm/embed"), 404, "not_found")
    done(await asked.post("/v1/surveys/calm/publish"))
    refusal(await asked.get("/v1/surveys/calm/embed"), 409, "survey_invited_only")
    done(await asked.post("/v1/surveys/calm/versions", {"questions": body["questions"]}))
    done(await asked.post("/v1/surveys/calm/publish"))
    assert (await asked.read("/v1/surveys/calm/embed"))["score_urls"] == []


EVERY_KIND: list[dict[str, Any]] = [
    *VISIT,
    {"key": "again", "kind": "yes_no", "texts": words("Again?")},
    {
        "key": "who",
        "kind": "choice",
        "required": True,
        "texts": words("Who?"),
        "choices": [{"key": "ana", "texts": words("Ana <3")}],
    },
    {"key": "day", "kind": "date", "texts": words("When?")},
    {"key": "agreed", "kind": "consent", "required": True, "texts": words("I agree")},
    {
        "key": "grid",
        "kind": "matrix",
        "texts": words("How?"),
        "rows": [{"key": "price", "texts": words("Price")}],
        "choices": [{"key": "good", "texts": words("Good")}],
    },
    {
        "key": "best",
        "kind": "ranking",
        "texts": words("Best?"),
        "choices": [{"key": key, "texts": words(key)} for key in "ab"],
    },
    {"key": "felt", "kind": "rating", "texts": words("Felt?"), "sample": {"group": "felt", "show": 1}},
    {
        "key": "told",
        "kind": "text",
        "required": True,
        "texts": words("Why?"),
        "show_if": {"all": [{"field": "answers.mood", "op": "le", "value": 2}]},
    },
]


async def test_the_plain_form_sends_what_the_survey_asks(asked: Caller, http: httpx.AsyncClient) -> None:
    await publish(asked, questions=EVERY_KIND, allowed_origins=[SHOP])
    form = (await asked.read("/v1/surveys/visit/embed", source="basket"))["form"]
    markup = _Markup(form)
    [form_tag] = markup.all("form")
    assert (form_tag["method"], form_tag["action"]) == ("post", f"http://127.0.0.1:8000{PAGE}")
    named = {attrs["name"]: attrs for tag, attrs in markup.found if tag in {"input", "textarea", "select"}}
    assert named.keys() == {
        "_version",
        "_lang",
        "_source",
        "_next",
        "_gotcha",
        "mood",
        "why",
        "minutes",
        "comment",
        "again",
        "who",
        "day",
        "agreed",
        "grid.price",
        "best.a",
        "best.b",
        "told",
    }
    assert {name for name, attrs in named.items() if "required" in attrs} == {"mood", "who", "agreed"}
    assert (named["_source"]["value"], named["_next"]["value"]) == ("basket", f"{SHOP}/thanks")
    assert "Ana &lt;3" in form
    assert not any(name == "style" or name.startswith("on") for _, attrs in markup.found for name in attrs)
    hidden = {str(name): str(attrs["value"]) for name, attrs in named.items() if attrs.get("type") == "hidden"}
    said = {"mood": "5", "who": "ana", "agreed": "yes", "grid.price": "good", "best.a": "2", "best.b": "1", "told": ""}
    told = await send(http, {**hidden, **said}, Origin=SHOP)
    assert (told.status_code, told.headers["location"]) == (303, f"{SHOP}/thanks")
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["source"], stored["survey_version"]) == ("basket", 2)
    assert json.dumps(stored["answers"]["best"]) == '["b", "a"]'
