"""A survey inside somebody else's page: framed by whom the survey names, led on to where it may be, never elsewhere."""

import json
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from api.limits import Kind, Limits
from api.pages.framing import Frames
from api.pages.render import FRAMING_SCRIPT, contents
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.pages.browser import HTML, Browser, read
from tests.api.pages.conftest import VISIT, words
from tests.api.pages.sites import FRAMED, PAGE, SHOP, ancestors, publish, send

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
NEXT = f"{SHOP}/thanks?ok=1#top"


@on_sqlite
async def test_a_page_is_framed_by_whom_its_survey_names_and_by_nobody_else(
    asked: Caller, http: httpx.AsyncClient
) -> None:
    for path in (PAGE, FRAMED):
        assert ancestors(await http.get(path)) == "'none'"
    await publish(asked, allowed_origins=[SHOP, "http://localhost:5173", "https://odd.example/path; x", "*"])
    assert ancestors(await http.get(PAGE)) == "'none'"
    assert ancestors(await http.get(f"{PAGE}?embed=0")) == "'none'"
    framed = await http.get(FRAMED)
    assert ancestors(framed) == f"{SHOP} http://localhost:5173"
    assert "x-frame-options" not in framed.headers
    assert "set-cookie" not in framed.headers
    assert "script-src 'self'" in framed.headers["content-security-policy"]
    assert '<p class="company">' not in framed.text
    assert framed.text.count("<script") == 1
    assert "<script" not in (await http.get(PAGE)).text


@on_sqlite
async def test_every_page_of_a_frame_is_framed(asked: Caller, http: httpx.AsyncClient) -> None:
    await publish(asked, allowed_origins=[SHOP], min_fill_seconds=0)
    wrong = await send(http, {"mood": "9"}, FRAMED, Origin="null")
    further = await send(http, {"mood": "1", "_shown": "mood minutes comment"}, FRAMED)
    done_with = await send(http, {"mood": "4"}, FRAMED)
    assert [wrong.status_code, further.status_code, done_with.status_code] == [422, 200, 303]
    assert done_with.headers["location"] == f"{PAGE}/thanks?lang=en&embed=1"
    thanks = await http.get(done_with.headers["location"])
    assert {ancestors(page) for page in (wrong, further, thanks)} == {SHOP}
    assert ancestors(await http.get(f"{PAGE}/thanks?lang=en")) == "'none'"


@on_sqlite
async def test_a_page_that_says_no_is_framed_too_where_the_survey_was_read_before(
    app: FastAPI, asked: Caller, http: httpx.AsyncClient
) -> None:
    await publish(asked, allowed_origins=[SHOP])
    await http.get(FRAMED)
    assert ancestors(await send(http, {}, f"{FRAMED}&case=K-1&sig=bad")) == SHOP
    app.state.limits = Limits({Kind.ADDRESS: 1})
    answers = [await send(http, {"mood": "9", "comment": 'a\n"b" <i>'}, FRAMED) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 429]
    assert {ancestors(answer) for answer in answers} == {SHOP}
    assert ancestors(await http.get("/f/warm-homes/nothing?embed=1")) == "'none'"


def test_a_bounded_number_of_frames_is_remembered() -> None:
    frames = Frames(most=2)
    for survey in "abc":
        frames.note(_at(survey), [SHOP])
    assert [frames.around(_at(survey)) for survey in "abc"] == [(), [SHOP], [SHOP]]


def _at(survey: str) -> Request:
    """Give a request for the framed page of a survey."""
    return Request({"type": "http", "path_params": {"slug": "s", "survey": survey}, "query_string": b"embed=1"})


@on_sqlite
async def test_nobody_frames_the_page_of_an_invitation(asked: Caller, http: httpx.AsyncClient) -> None:
    await publish(asked, allowed_origins=[SHOP])
    made = done(await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1"}))
    assert ancestors(await http.get(f"/i/{made['token']}?embed=1")) == "'none'"


@on_sqlite
async def test_a_form_leads_on_to_the_surveys_own_sites(asked: Caller, http: httpx.AsyncClient) -> None:
    told = await send(http, {"mood": "4", "_next": NEXT})
    assert told.headers["location"] == f"{PAGE}/thanks?lang=en"
    await publish(asked, allowed_origins=[SHOP])
    told = await send(http, {"mood": "4", "_next": NEXT}, Origin=SHOP)
    assert (told.status_code, told.headers["location"]) == (303, NEXT)
    ours = await send(http, {"mood": "4", "_next": "http://127.0.0.1:8000/livez"})
    assert ours.headers["location"] == "http://127.0.0.1:8000/livez"
    trapped = await send(http, {"mood": "4", "_next": NEXT, "_gotcha": "spam"})
    assert trapped.headers["location"] == f"{PAGE}/thanks"
    told = await http.post(PAGE, json={"mood": 4, "_next": NEXT})
    assert (told.status_code, told.json()["status"]) == (201, "complete")


@on_sqlite
@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "https://shop.example@evil.example/",
        "https://shop.example:443@evil.example",
        "https://shop.example\\@evil.example",
        "https://evil.example\\.shop.example",
        "https://shop.example.evil.example/",
        "https://evil.example/https://shop.example",
        "https://evil.example#https://shop.example",
        "https://shop.example\t.evil.example",
        "https://shop.exampl\u0435/",
        "http://shop.example/",
        "https://shop.example:8443/",
        "javascript:alert(1)",
        "data:text/html,hi",
        "https://shop.example/\r\nSet-Cookie: a=b",
        "https://shop.example/\nLocation: https://evil.example",
        " https://evil.example",
        "/f/warm-homes/other",
        "https://shop.example/" + "x" * 3000,
        "\0https://evil.example",
    ],
)
async def test_a_form_never_leads_to_a_strangers_site(asked: Caller, http: httpx.AsyncClient, evil: str) -> None:
    await publish(asked, allowed_origins=[SHOP])
    told = await send(http, {"mood": "4", "_next": evil})
    assert (told.status_code, told.headers["location"]) == (303, f"{PAGE}/thanks?lang=en")
    assert "set-cookie" not in told.headers
    shown = await http.get(PAGE, params={"_next": evil}, headers=HTML)
    assert "form-action 'self';" in shown.headers["content-security-policy"]


@on_sqlite
async def test_a_form_that_is_corrected_leads_on_all_the_same(asked: Caller, browser: Browser) -> None:
    await publish(asked, allowed_origins=[SHOP])
    said = {"_next": NEXT, "_source": f"{SHOP}/basket?mail=ana@mail.example"}
    wrong = read(await send(browser.http, {"mood": "9", **said}, Origin=SHOP))
    assert f"form-action 'self' {SHOP};" in wrong.response.headers["content-security-policy"]
    assert (wrong.sent("_next"), wrong.sent("_source")) == ([NEXT], [said["_source"]])
    more = read(await browser.send(PAGE, wrong, mood=1))
    assert f"form-action 'self' {SHOP};" in more.response.headers["content-security-policy"]
    told = await browser.send(PAGE, more, why="late")
    assert told.headers["location"] == NEXT
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["source"], stored["answers"]["mood"]) == (f"{SHOP}/basket", 1)


async def test_where_an_answer_came_from_is_kept_with_it_until_its_customer_is_erased(
    asked: Caller, browser: Browser
) -> None:
    page = await browser.open(f"{PAGE}?_source=spring%20letter&case=K-1")
    assert (await browser.send(f"{PAGE}?case=K-1", page, mood=4)).status_code == 303
    assert (await browser.send(f"{PAGE}?case=K-1", page, mood=4, _source="another")).status_code == 303
    made = done(await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1"}))
    await browser.send(f"/i/{made['token']}", mood=3, _source="x" * 500)
    await browser.send(PAGE, mood=2)
    found = {one["answers"]["mood"]: one["source"] for one in await asked.read_all("/v1/responses")}
    assert found == {4: "spring letter", 3: "x" * 200, 2: None}
    told = await asked.read("/v1/customers/C-1/personal-data")
    assert {row["source"] for row in told["records"]["response_sources"]["rows"]} == {"spring letter", "x" * 200}
    await asked.erase("C-1")
    assert {one["source"] for one in await asked.read_all("/v1/responses")} == {None}


@on_sqlite
async def test_a_survey_that_names_sites_takes_forms_from_them_from_ours_and_from_who_says_nothing(
    asked: Caller, http: httpx.AsyncClient
) -> None:
    taken = await send(http, {"mood": "4"}, Origin="https://anywhere.example")
    assert taken.status_code == 303
    await publish(asked, allowed_origins=[SHOP])
    ours = [{"Origin": SHOP}, {"Origin": "http://127.0.0.1:8000"}, {"Origin": "http://steadfast.test"}]
    silent = [{}, {"Origin": "null"}, {"Referer": f"{SHOP}/basket"}, {"Origin": "null", "Referer": SHOP}]
    for said in (*ours, *silent):
        assert (await send(http, {"mood": "4"}, **said)).status_code == 303, said
    for said in (
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Referer": "https://evil.example/form"},
        {"Referer": f"https://evil.example/{SHOP}"},
        {"Origin": f"{SHOP}.evil.example"},
        {"Origin": "chrome-extension://abc", "Referer": SHOP},
        {"Origin": ""},
    ):
        refused = await send(http, {"mood": "4"}, **said)
        assert (refused.status_code, ancestors(refused)) == (
            (303, "'none'") if said == {"Origin": ""} else (403, "'none'")
        ), said
    refusal(
        await http.post(PAGE, json={"mood": 4}, headers={"Origin": "https://evil.example"}), 403, "site_not_allowed"
    )


@on_sqlite
async def test_who_was_invited_is_not_asked_where_the_form_stands(asked: Caller, http: httpx.AsyncClient) -> None:
    await publish(asked, allowed_origins=[SHOP])
    made = done(await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1"}))
    sent = await send(http, {"mood": "4"}, f"/i/{made['token']}", Origin="https://mail.example")
    assert sent.status_code == 303


@on_sqlite
async def test_the_newest_version_says_which_sites_whichever_is_answered(
    asked: Caller, http: httpx.AsyncClient
) -> None:
    await publish(asked, allowed_origins=[SHOP])
    for version in ("1", "2"):
        sent = await send(http, {"mood": "4", "_version": version, "_next": NEXT}, Origin=SHOP)
        assert sent.headers["location"] == NEXT
        assert (await send(http, {"mood": "4", "_version": version}, Origin="https://evil.example")).status_code == 403


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


@on_sqlite
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


@on_sqlite
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


@on_sqlite
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
