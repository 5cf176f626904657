"""A survey inside somebody else's page: framed by whom the survey names, led on to where it may be, never elsewhere."""

import httpx
import pytest
from fastapi import FastAPI, Request

from api.limits import Kind, Limits
from api.pages.framing import Frames
from tests.api.caller import Caller, done, refusal
from tests.api.pages.browser import HTML, Browser, read
from tests.api.pages.sites import FRAMED, PAGE, SHOP, ancestors, publish, send

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
NEXT = f"{SHOP}/thanks?ok=1#top"
EVIL = [
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
]


@on_sqlite
async def test_a_page_is_framed_by_whom_its_survey_names_and_by_nobody_else(
    asked: Caller, http: httpx.AsyncClient
) -> None:
    for path in (PAGE, FRAMED):
        assert ancestors(await http.get(path)) == "'none'"
    await publish(asked, allowed_origins=[SHOP, "http://localhost:5173"])
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
    led = await send(http, {"mood": "1", "_shown": "mood minutes comment"}, FRAMED)
    further = await http.get(led.headers["location"], headers=HTML)
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
async def test_a_form_never_leads_to_a_strangers_site(asked: Caller, http: httpx.AsyncClient) -> None:
    await publish(asked, allowed_origins=[SHOP])
    for evil in EVIL:
        told = await send(http, {"mood": "4", "_next": evil})
        assert (told.status_code, told.headers["location"]) == (303, f"{PAGE}/thanks?lang=en"), evil
        assert "set-cookie" not in told.headers
        shown = await http.get(PAGE, params={"_next": evil}, headers=HTML)
        assert "form-action 'self';" in shown.headers["content-security-policy"], evil


@on_sqlite
async def test_a_form_that_is_corrected_leads_on_all_the_same(asked: Caller, browser: Browser) -> None:
    await publish(asked, allowed_origins=[SHOP])
    said = {"_next": NEXT, "_source": f"{SHOP}/basket?mail=ana@mail.example"}
    wrong = read(await send(browser.http, {"mood": "9", **said}, Origin=SHOP))
    assert f"form-action 'self' {SHOP};" in wrong.response.headers["content-security-policy"]
    assert (wrong.sent("_next"), wrong.sent("_source")) == ([NEXT], [said["_source"]])
    more = await browser.go_on(PAGE, wrong, mood=1)
    assert f"form-action 'self' {SHOP};" in more.response.headers["content-security-policy"]
    told = await browser.send(more.path, more, why="late")
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
