"""Questions one by one and answers half given: each step has an address, and nothing is lost, twice or betrayed."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.caller import Caller, done
from tests.api.pages.browser import Browser, read
from tests.api.pages.conftest import VISIT, words

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

PAGE = "/f/warm-homes/single"


async def single(client: Caller, questions: list[dict[str, Any]] | None = None, key: str = "single") -> None:
    """Publish a survey that asks one question a page."""
    done(await client.post("/v1/surveys", {"key": key, "layout": "one", "questions": questions or VISIT}))
    done(await client.post(f"/v1/surveys/{key}/publish"))


async def test_questions_come_one_by_one_and_back_loses_nothing(asked: Caller, browser: Browser) -> None:
    await single(asked)
    page = await browser.open(PAGE)
    assert ("Question 1 of 3" in page.text, "why" in page.names, "_back" in page.names) == (True, False, False)
    why = await browser.go_on(PAGE, page, mood=1)
    assert ("Question 2 of 4" in why.text, "About your answer" in why.text) == (True, False)
    minutes = await browser.go_on(why.path, why, why="late")
    before = await browser.go_on(minutes.path, minutes, minutes="9", _back=1)
    assert ("Question 2 of 4" in before.text, before.sent("why")) == (True, ["late"])
    again = await browser.go_on(before.path, before, why="rude")
    assert again.sent("minutes") == ["9"]
    comment = await browser.go_on(again.path, again)
    assert "Question 4 of 4" in comment.text
    assert (await browser.send(comment.path, comment, comment="hm")).headers["location"].startswith(f"{PAGE}/thanks")
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["status"], stored["answers"]) == (
        "complete",
        {"mood": 1, "why": ["rude"], "minutes": 9, "comment": "hm"},
    )


@on_sqlite
async def test_what_does_not_fit_is_said_whichever_way_one_goes(asked: Caller, browser: Browser) -> None:
    await single(asked)
    first = await browser.open(PAGE)
    assert "This question needs an answer." in read(await browser.send(PAGE, first)).text
    minutes = await browser.go_on(PAGE, first, mood=4)
    for button in ("_back", "_pause"):
        sent = read(await browser.send(minutes.path, minutes, minutes="ten", **{button: 1}))
        assert (sent.response.status_code, sent.sent("minutes")) == (422, ["ten"])
        assert "Write a number, like 12.5." in sent.text
    assert (await browser.go_on(minutes.path, minutes, _back=1)).sent("mood") == ["4"]


@on_sqlite
async def test_the_end_wants_what_was_jumped_over(asked: Caller, browser: Browser) -> None:
    await single(asked)
    kept = await browser.send(PAGE, await browser.open(PAGE), _pause=1)
    link = read(kept).link
    last = await browser.open(f"{link}&step=comment")
    assert last.names.count("comment") == 1
    wrong = read(await browser.send(last.path, last, comment="hm"))
    assert (wrong.response.status_code, "mood-error" in wrong.described) == (422, True)
    assert (await browser.send(wrong.path, wrong, mood=5)).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["status"], stored["answers"]) == ("complete", {"mood": 5, "comment": "hm"})


async def test_an_answer_kept_on_an_open_page_is_gone_on_with_by_its_own_link(asked: Caller, browser: Browser) -> None:
    path = "/f/warm-homes/visit?lang=en&case=K-1"
    paused = read(await browser.send(path, await browser.open(path), mood=1, comment="the lift", _pause=1))
    assert "To go on later, keep this link:" in paused.text
    link = paused.link
    assert link.startswith("/f/warm-homes/visit?lang=en&case=K-1&kept=")
    again = await browser.open(link)
    assert ("still here" in again.text, again.sent("comment")) == (True, ["the lift"])
    assert again.response.headers["cache-control"] == "no-store"
    assert (await browser.send(link, again, why="late")).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["status"], stored["claimed_case"]) == ("complete", "K-1")
    assert "we have your answer" in (await browser.open(link, 410)).text
    await asked.void(f"/v1/responses/{stored['id']}")
    assert (await browser.open(link)).sent("comment") == [""]


async def test_who_guesses_an_id_reads_nothing(asked: Caller, browser: Browser) -> None:
    body = {"survey": "visit", "answers": {"mood": 1, "comment": "private"}, "complete": False}
    begun = done(await asked.post("/v1/responses", body))["id"]
    for kept in (begun, f"{begun}.", f"{begun}.{'0' * 32}", "x.y", "", "."):
        page = await browser.open(f"/f/warm-homes/visit?kept={kept}&step=comment")
        assert "private" not in page.response.text
    for sent in (
        {"_id": begun, "_shown": "minutes", "minutes": "ten"},
        {"_id": begun, "_shown": "minutes comment", "_mark": "0" * 32, "minutes": "ten", "_pause": "1"},
    ):
        shown = await browser.send("/f/warm-homes/visit", None, **sent)
        assert (shown.status_code, "private" in shown.text) == (422, False)
    led = await browser.send("/f/warm-homes/visit", None, _id=begun, _shown="mood", mood=1)
    assert (led.status_code, "kept" in led.headers["location"]) == (303, False)


@on_sqlite
async def test_sending_a_step_twice_or_an_old_one_again_keeps_one_answer(asked: Caller, browser: Browser) -> None:
    await single(asked)
    page = await browser.open(PAGE)
    minutes = await browser.go_on(PAGE, page, mood=4)
    again = await browser.go_on(PAGE, page, mood=4)
    assert (again.sent("_id"), again.path) == (minutes.sent("_id"), minutes.path)
    comment = await browser.go_on(minutes.path, minutes, minutes=3)
    for _ in range(2):
        assert (await browser.send(comment.path, comment, comment="hm")).headers["location"] == f"{PAGE}/thanks?lang=en"
    assert (await browser.send(PAGE, page, mood=1)).status_code == 409
    assert [one["answers"]["mood"] for one in await asked.read_all("/v1/responses")] == [4]


@on_sqlite
async def test_by_invitation_the_first_open_question_is_asked(asked: Caller, browser: Browser) -> None:
    await single(asked)
    path = f"/i/{done(await asked.post('/v1/invitations', {'survey': 'single', 'customer': 'C-1'}))['token']}"
    minutes = await browser.go_on(path, await browser.open(path), mood=4)
    assert minutes.path == f"{path}?step=minutes"
    assert "Question 2 of 3" in (await browser.open(path)).text
    await browser.send(minutes.path, minutes, minutes=3, _pause=1)
    comment = await browser.open(path)
    assert "comment" in comment.names
    await browser.send(path, comment, comment="hm", _pause=1)
    assert (await browser.open(path)).sent("comment") == ["hm"]
    assert (await browser.open(f"{path}?step=nothing.else")).sent("comment") == ["hm"]


@on_sqlite
async def test_what_was_begun_is_asked_on_as_it_was_worded(asked: Caller, browser: Browser) -> None:
    path = "/f/warm-homes/visit"
    link = read(await browser.send(path, await browser.open(path), mood=4, _pause=1)).link
    other = {"questions": [{"key": "colour", "kind": "text", "texts": {"en": "Which colour?"}}]}
    done(await asked.post("/v1/surveys/visit/versions", other))
    done(await asked.post("/v1/surveys/visit/publish"))
    assert "How was Warm Homes?" in (await browser.open(link)).text
    assert "Which colour?" in (await browser.open(path)).text


@on_sqlite
async def test_one_question_alone_needs_no_counting(asked: Caller, browser: Browser) -> None:
    await single(asked, [{"key": "q", "kind": "text", "texts": words("Say.")}])
    page = await browser.open(PAGE)
    assert ("Question 1" in page.text, "Send" in page.text) == (False, True)
    assert (await browser.send(PAGE, page, q="x")).status_code == 303


@on_sqlite
async def test_a_button_says_whether_more_may_come(asked: Caller, browser: Browser) -> None:
    await single(asked, VISIT[:2])
    page = await browser.open(PAGE)
    assert ("Next" in page.text, "Send" in page.text) == (True, False)
    assert (await browser.send(PAGE, page, mood=4)).status_code == 303


@on_sqlite
async def test_who_cannot_say_says_so_and_finds_it_again(asked: Caller, browser: Browser) -> None:
    felt = {"key": "felt", "kind": "rating", "required": True, "cannot_say": True, "texts": words("They kept it.")}
    labels = {str(step): words(f"Step {step}") for step in range(1, 6)}
    await single(asked, [{**felt, "labels": labels}, {**VISIT[3], "key": "more"}])
    page = await browser.open(PAGE)
    assert "I can't say" in page.text
    assert "Step 5" in page.text
    more = await browser.go_on(PAGE, page, felt="cannot_say")
    assert (await browser.go_on(more.path, more, _back=1)).sent("felt") == ["cannot_say"]
    assert (await browser.send(more.path, more, more="x")).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["status"], stored["answers"]) == ("complete", {"felt": None, "more": "x"})


@on_sqlite
async def test_an_address_says_nothing_that_is_not_asked(asked: Caller, browser: Browser) -> None:
    await single(asked)
    for odd in ("%00", "x" * 4000, "mood.mood", "..", "why", f"{uuid4()}.x", "%ED%A0%80"):
        for name in ("step", "kept"):
            page = await browser.open(f"{PAGE}?{name}={odd}")
            assert "mood" in page.names
