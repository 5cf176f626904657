"""The page of a survey open to all: answered without a script and without a key, and never by looking at it."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.main import create_app
from api.pages.render import style
from models.database import Database
from tests.api.caller import Caller, done, refusal
from tests.api.pages.browser import HTML, Browser, read
from tests.api.pages.conftest import choices, words

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

PAGE = "/f/warm-homes/visit"


async def test_a_page_is_opened_answered_and_thanked_for(asked: Caller, browser: Browser) -> None:
    page = await browser.open(PAGE)
    assert "How was Warm Homes?" in page.text
    assert "What went wrong?" not in page.text
    assert "not linked to your name" in page.text
    sent = await browser.send(PAGE, page, mood=4, comment="fine")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}/thanks?lang=en")
    assert "We read it." in (await browser.open(sent.headers["location"])).text
    [stored] = await asked.read_all("/v1/responses")
    assert stored["answers"] == {"mood": 4, "comment": "fine"}
    assert (stored["status"], stored["language"], stored["customer"]) == ("complete", "en", None)


async def test_looking_at_pages_stores_nothing(asked: Caller, browser: Browser) -> None:
    made = done(await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1"}))
    for path in (
        f"{PAGE}?score=4&lang=pt",
        f"{PAGE}/thanks",
        f"/i/{made['token']}?score=1",
        f"/i/{made['token']}/thanks",
    ):
        await browser.open(path)
    assert await asked.read_all("/v1/responses") == []
    assert (await asked.read(f"/v1/invitations/{made['id']}"))["state"] == "open"


async def test_what_follows_from_an_answer_is_asked_next(asked: Caller, browser: Browser) -> None:
    page = await browser.open(PAGE)
    further = await browser.go_on(PAGE, page, mood=1, minutes="12,5")
    assert "What went wrong?" in further.text
    assert "Minutes?" not in further.text
    [half] = await asked.read_all("/v1/responses")
    assert (half["status"], half["answers"]) == ("partial", {"mood": 1, "minutes": 12.5})
    assert (await browser.send(PAGE, further, why=["late", "rude"])).status_code == 303
    [whole] = await asked.read_all("/v1/responses")
    assert whole["id"] == half["id"]
    assert (whole["status"], whole["answers"]) == (
        "complete",
        {"mood": 1, "minutes": 12.5, "why": ["late", "rude"]},
    )


async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(asked: Caller, browser: Browser) -> None:
    page = await browser.open(PAGE)
    sent = await browser.send(PAGE, page, minutes="ten", comment='<b>"hm"</b>\n&')
    assert sent.status_code == 422
    again = read(sent)
    assert again.described == {"mood-error", "minutes-error", "minutes-hint"}
    assert "This question needs an answer." in again.text
    assert (again.sent("minutes"), again.sent("comment")) == (["ten"], ['<b>"hm"</b>\n&'])
    assert again.sent("_id") == page.sent("_id")
    assert await asked.read_all("/v1/responses") == []
    assert (await browser.send(PAGE, again, minutes=10, mood=3)).status_code == 303
    assert [one["answers"]["minutes"] for one in await asked.read_all("/v1/responses")] == [10]


async def test_what_is_wrong_on_the_second_page_leaves_the_first_as_it_was(asked: Caller, browser: Browser) -> None:
    further = await browser.go_on(PAGE, await browser.open(PAGE), mood=1, comment="hm")
    again = read(await browser.send(PAGE, further, why="nobody"))
    assert again.response.status_code == 422
    assert "why-error" in again.described
    assert (await browser.send(PAGE, again, why="late")).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert stored["answers"] == {"mood": 1, "comment": "hm", "why": ["late"]}


async def test_pressing_twice_stores_once(asked: Caller, browser: Browser) -> None:
    page = await browser.open(PAGE)
    sent = await asyncio.gather(*[browser.send(PAGE, page, mood=4, comment="hm") for _ in range(4)])
    assert [one.status_code for one in sent] == [303] * 4
    assert len(await asked.read_all("/v1/responses")) == 1
    other = await browser.send(PAGE, page, mood=2, comment="no")
    assert other.status_code == 409
    assert "What you sent first is kept" in read(other).text


async def test_going_back_changes_an_answer_that_is_not_complete(asked: Caller, browser: Browser) -> None:
    page = await browser.open(PAGE)
    await browser.go_on(PAGE, page, mood=1)
    assert (await browser.send(PAGE, page, mood=5)).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["status"], stored["answers"]["mood"]) == ("complete", 5)


async def test_a_plain_form_from_elsewhere_says_all_at_once(asked: Caller, browser: Browser) -> None:
    form = {"mood": 1, "why": ["late"], "utm_source": "mail", "_next": "https://evil.test/", "_source": "shop"}
    sent = await browser.send(f"{PAGE}?case=K-1&customer=C-1", **form)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}/thanks?lang=en")
    [stored] = await asked.read_all("/v1/responses")
    assert stored["answers"] == {"mood": 1, "why": ["late"]}
    assert (stored["claimed_case"], stored["claimed_customer"], stored["case"]) == ("K-1", "C-1", None)
    assert stored["failure"] is None
    hidden = await browser.send(PAGE, mood=5, why="late")
    assert hidden.status_code == 303
    assert {"mood": 5} in [one["answers"] for one in await asked.read_all("/v1/responses")]
    wrong = await browser.send(PAGE, why="late")
    assert wrong.status_code == 422
    assert "mood-error" in read(wrong).described


async def test_a_field_that_no_person_sees_is_thanked_for_and_stored_nowhere(asked: Caller, browser: Browser) -> None:
    sent = await browser.send(PAGE, mood=1, _gotcha="buy")
    assert sent.status_code == 303
    told = await asked.http.post(PAGE, json={"mood": 1, "_gotcha": "buy"})
    assert (told.status_code, set(told.json())) == (201, {"id", "status"})
    assert await asked.read_all("/v1/responses") == []


async def test_multipart_is_taken_without_files(asked: Caller, browser: Browser) -> None:
    boundary = "x"
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    headers = {**HTML, "Content-Type": f"multipart/form-data; boundary={boundary}"}

    async def send(*parts: str) -> Any:
        return await browser.http.post(PAGE, content="".join(parts) + "--x--\r\n", headers=headers)

    file = part.format("file", '; filename="a.txt"', "secret")
    refused = await send(part.format("mood", "", "3"), file)
    assert refused.status_code == 415
    assert "Files cannot be sent here" in read(refused).text
    assert (await send(part.format("mood", "", "3"), part.format("comment", "", "só"))).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert stored["answers"] == {"mood": 3, "comment": "só"}
    broken = await browser.http.post(PAGE, content="nothing", headers=headers)
    assert broken.status_code == 415


async def test_json_is_answered_in_json(asked: Caller) -> None:
    post = asked.http.post
    flat = await post(PAGE, json={"mood": 2, "why": ["late"], "utm": 1, "comment": "hm", "minutes": "7"})
    assert (flat.status_code, flat.json()["status"]) == (201, "complete")
    identity = str(uuid4())
    nested = {"id": identity, "answers": {"mood": 1, "minutes": 7}, "language": "pt", "complete": False}
    half = await post(PAGE, json=nested)
    assert (half.status_code, half.json()) == (201, {"id": identity, "status": "partial"})
    whole = await post(PAGE, json={"id": identity, "answers": {"comment": "so"}})
    assert (whole.status_code, whole.json()) == (200, {"id": identity, "status": "complete"})
    stored = await asked.read(f"/v1/responses/{identity}")
    assert (stored["answers"], stored["language"]) == ({"mood": 1, "minutes": 7, "comment": "so"}, "pt")
    wrong = refusal(await post(PAGE, json={"mood": 9}), 422, "malformed")
    assert wrong["errors"][0]["pointer"] == "/answers/mood"
    refusal(await post(PAGE, json=[1]), 422, "malformed")
    refusal(await post(PAGE, content=b'{"mood": NaN}', headers={"Content-Type": "application/json"}), 422, "malformed")
    refusal(await post("/f/nobody/visit", json={"mood": 1}), 404, "not_found")


async def test_a_page_speaks_the_readers_language_in_its_direction(asked: Caller, browser: Browser) -> None:
    arabic = await browser.open(f"{PAGE}?lang=ar")
    assert (arabic.language["lang"], arabic.language["dir"]) == ("ar", "rtl")
    assert "كيف كانت Warm Homes؟" in arabic.text
    portuguese = await browser.open(PAGE, languages="de,pt-BR;q=0.8")
    assert (portuguese.language["lang"], portuguese.language["dir"]) == ("pt", "ltr")
    sent = await browser.send(PAGE, portuguese, mood=3)
    assert "Lemos tudo." in (await browser.open(sent.headers["location"])).text
    [stored] = await asked.read_all("/v1/responses")
    assert stored["language"] == "pt"


@on_sqlite
@pytest.mark.usefixtures("asked")
async def test_a_score_in_the_address_is_chosen_and_not_sent(browser: Browser) -> None:
    assert (await browser.open(f"{PAGE}?score=4")).sent("mood") == ["4"]
    for odd in ("0", "6", "x", "-1", "%00", "4.0"):
        assert (await browser.open(f"{PAGE}?score={odd}")).sent("mood") == []


@on_sqlite
@pytest.mark.usefixtures("asked")
async def test_of_the_felt_questions_three_are_asked_and_the_same_ones_again(browser: Browser) -> None:
    page = await browser.open("/f/warm-homes/post_interaction")
    felt = {name for name in page.names if name.startswith("felt_")}
    assert len(felt) == 3
    assert "felt_1" in felt
    again = read(await browser.send("/f/warm-homes/post_interaction", page, comment="hm"))
    assert {name for name in again.names if name.startswith("felt_")} == felt
    done_ = await browser.send("/f/warm-homes/post_interaction", again, satisfaction=3)
    assert done_.status_code == 303


@on_sqlite
async def test_a_question_of_every_kind_is_asked_and_answered(asked: Caller, browser: Browser) -> None:
    kinds: list[dict[str, Any]] = [
        *[{"key": kind, "kind": kind} for kind in ("nps", "csat", "ces", "yes_no", "date", "consent")],
        *[{"key": kind, "kind": kind, "choices": choices("a", "b")} for kind in ("choice", "choices", "ranking")],
        {
            "key": "matrix",
            "kind": "matrix",
            "choices": choices("good", "bad"),
            "rows": choices("x", "y"),
            "required": True,
        },
    ]
    questions = [{**question, "texts": words(question["key"])} for question in kinds]
    done(await asked.post("/v1/surveys", {"key": "all", "questions": questions}))
    done(await asked.post("/v1/surveys/all/publish"))
    page = await browser.open("/f/warm-homes/all")
    typed = {
        "nps": 10, "csat": 3, "ces": 7, "yes_no": "no", "date": "2026-05-04", "consent": "yes", "choice": "a",
        "choices": ["a", "b"], "ranking.b": 1, "ranking.a": 2, "matrix.x": "good",
    }  # fmt: skip
    again = await browser.send("/f/warm-homes/all", page, **typed)
    assert again.status_code == 422
    shown = read(again)
    assert "Every row of this question needs an answer." in shown.text
    assert {name: shown.sent(name) for name in ("nps", "yes_no", "ranking.b", "matrix.x")} == {
        "nps": ["10"], "yes_no": ["no"], "ranking.b": ["1"], "matrix.x": ["good"],
    }  # fmt: skip
    assert (await browser.send("/f/warm-homes/all", shown, **{"matrix.y": "bad"})).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert stored["answers"] == {
        "nps": 10, "csat": 3, "ces": 7, "yes_no": False, "date": "2026-05-04", "consent": True, "choice": "a",
        "choices": ["a", "b"], "ranking": ["b", "a"], "matrix": {"x": "good", "y": "bad"},
    }  # fmt: skip


@on_sqlite
async def test_an_address_that_leads_nowhere_is_a_calm_page(asked: Caller, browser: Browser) -> None:
    done(
        await asked.post(
            "/v1/surveys", {"key": "draft", "questions": [{"key": "q", "kind": "text", "texts": words("?")}]}
        )
    )
    closed = {"key": "closed", "open": False, "questions": [{"key": "q", "kind": "text", "texts": words("?")}]}
    done(await asked.post("/v1/surveys", closed))
    done(await asked.post("/v1/surveys/closed/publish"))
    for path in (
        "/f/nobody/visit",
        "/f/warm-homes/nobody",
        "/f/warm-homes/draft",
        "/f/warm-homes/closed",
        "/f/warm-homes/%00",
        "/f/%00/visit",
        "/f/warm-homes/nobody/thanks",
        "/f/warm-homes/" + "x" * 300,
        "/i/nobody",
        "/i/nobody/thanks",
    ):
        assert "There is nothing here" in (await browser.open(path, 404)).text
        refusal(await asked.http.get(path, headers={"Accept": "application/json"}), 404, "not_found")
    assert (await browser.send("/f/warm-homes/closed", q="x")).status_code == 404


@on_sqlite
async def test_what_cannot_be_read_is_refused_calmly(asked: Caller, browser: Browser) -> None:
    huge = await browser.send(PAGE, mood=3, comment="x" * 300_000)
    assert huge.status_code == 413
    assert "too much" in read(huge).text
    many = await browser.post(PAGE, [("a", "b")] * 2000)
    assert many.status_code == 422
    odd = await browser.http.post(PAGE, content="<a/>", headers={**HTML, "Content-Type": "application/xml"})
    assert odd.status_code == 415
    empty = await browser.post(PAGE, [])
    assert empty.status_code == 422
    for control in ({"_id": "no"}, {"_version": "99999"}, {"_version": "x"}, {"_shown": "nobody"}):
        assert (await browser.send(PAGE, mood=3, **control)).status_code in {200, 303, 404}
    assert [one["answers"] for one in await asked.read_all("/v1/responses")] == [{"mood": 3}] * 3


async def test_another_ones_response_is_not_changed_through_a_page(asked: Caller, browser: Browser) -> None:
    vouched = await asked.respond("K-1", complete=False)
    body = {"survey": "visit", "case": "K-1", "answers": {"mood": 5}, "complete": False}
    own = done(await asked.post("/v1/responses", body))
    for identity in (vouched["id"], own["id"]):
        assert (await browser.send(PAGE, _id=identity, mood=1)).status_code in {403, 409}
    assert (await asked.read(f"/v1/responses/{own['id']}"))["answers"] == {"mood": 5}


@on_sqlite
async def test_the_style_is_ours_and_kept(browser: Browser) -> None:
    page = await browser.open("/f/nobody/nobody", 404)
    assert 'href="/static/page.css?' in page.response.text
    css = await browser.http.get("/static/page.css")
    assert (css.headers["content-type"], css.content) == ("text/css; charset=utf-8", style())
    assert "immutable" in css.headers["cache-control"]
    assert len(style()) + len(page.response.content) < 20_000


async def test_a_database_that_is_gone_is_a_calm_page() -> None:
    gone = create_app(Database("postgresql://nobody@127.0.0.1:1/nothing"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gone), base_url="http://steadfast.test") as http:
        shown = await Browser(http).open(PAGE, 503)
    assert "What you typed is still here" in shown.text
    assert shown.response.headers["retry-after"] == "1"
    await gone.state.database.close()
