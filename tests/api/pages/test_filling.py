"""A page of ours sent sooner than anybody reads is shown again with all that was typed; nobody else is held up."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI

from api.limits import Kind, Limits
from tests.api.caller import Caller, done, refusal
from tests.api.pages.browser import Browser, Page, read
from tests.api.pages.sites import FRAMED, PAGE, publish, send

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)]
Clock = time_machine.Traveller


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let people need the time they need, unlike in the other tests of pages."""
    monkeypatch.setattr("api.pages.filling.DEFAULT_SECONDS", 2)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Give a clock that stands still."""
    with time_machine.travel("2031-05-04T10:00:00Z", tick=False) as clock:
        yield clock


def control(page: Page, name: str) -> str:
    """Give the value of a control of a page."""
    [value] = page.sent(name)
    return value


async def test_a_page_sent_at_once_is_shown_again_and_taken_in_a_moment(
    asked: Caller, browser: Browser, clock: Clock
) -> None:
    page = await browser.open(PAGE)
    clock.shift(1)
    early = await browser.send(PAGE, page, mood=3, comment='a <b> & "c"\n\nd', minutes="x")
    assert (early.status_code, early.headers["retry-after"]) == (429, "1")
    shown = read(early)
    assert "That was quick. Nothing is stored yet" in shown.text
    assert (shown.sent("mood"), shown.sent("comment"), shown.sent("minutes")) == (["3"], ['a <b> & "c"\n\nd'], ["x"])
    assert [control(shown, name) for name in ("_stamp", "_id")] == [control(page, name) for name in ("_stamp", "_id")]
    assert await asked.read_all("/v1/responses") == []
    clock.shift(1)
    assert (await browser.send(PAGE, shown, minutes="12")).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert stored["answers"] == {"mood": 3, "comment": 'a <b> & "c"\n\nd', "minutes": 12}
    assert (await browser.send(PAGE, shown, minutes="12")).status_code == 303  # pressed twice: the same response
    assert len(await asked.read_all("/v1/responses")) == 1


async def test_a_further_page_needs_no_wait_of_its_own(asked: Caller, browser: Browser, clock: Clock) -> None:
    page = await browser.open(PAGE)
    clock.shift(3)
    more = await browser.go_on(PAGE, page, mood=1)
    assert (await browser.send(more.path, more, why="late")).status_code == 303
    assert len(await asked.read_all("/v1/responses")) == 1


async def test_a_survey_says_how_long_its_page_takes(asked: Caller, browser: Browser, clock: Clock) -> None:
    for seconds, early, late in ((30, 29, 31), (0, 0, 0)):
        await publish(asked, min_fill_seconds=seconds)
        page = await browser.open(PAGE)
        clock.shift(early)
        assert (await browser.send(PAGE, page, mood=3)).status_code == (429 if seconds else 303)
        clock.shift(late - early)
        assert (await browser.send(PAGE, page, mood=3)).status_code == 303


async def test_a_form_from_elsewhere_has_no_stamp_and_is_taken(asked: Caller, browser: Browser) -> None:
    assert (await browser.send(PAGE, mood=3)).status_code == 303
    done(await asked.http.post(PAGE, json={"mood": 4}))
    corrected = read(await browser.send(PAGE, mood=9))
    assert corrected.sent("_stamp") == []
    assert (await browser.send(PAGE, corrected, mood=5)).status_code == 303
    assert len(await asked.read_all("/v1/responses")) == 3


async def test_who_was_invited_is_never_held_up(asked: Caller, browser: Browser) -> None:
    await publish(asked, min_fill_seconds=60)
    made = done(await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1"}))
    page = await browser.open(f"/i/{made['token']}?score=4")
    assert page.sent("_stamp") == []
    assert (await browser.send(f"/i/{made['token']}", page)).status_code == 303


async def test_a_stamp_is_good_for_the_page_it_stands_on_alone(asked: Caller, browser: Browser, clock: Clock) -> None:
    page, other = await browser.open(PAGE), await browser.open(PAGE)
    stamp, identity = control(page, "_stamp"), control(page, "_id")
    served, _, mac = stamp.partition(".")
    clock.shift(10)
    for odd in (
        {"_id": control(other, "_id")},
        {"_id": "none"},
        {"_stamp": f"{int(served) - 10**7}.{mac}"},
        {"_stamp": f"{served}.{mac[:-1]}"},
        {"_stamp": "x"},
        {"_stamp": f"{'9' * 40}.{mac}"},
        {"_stamp": f"²{stamp}"},
        {"_stamp": "é.é"},
    ):
        sent = await browser.send(PAGE, mood=3, **{"_id": identity, "_stamp": stamp, **odd})
        assert (sent.status_code, sent.headers["retry-after"]) == (429, "2"), odd
    await publish(asked)
    done(
        await asked.post(
            "/v1/surveys", {"key": "other", "questions": [{"key": "mood", "kind": "csat", "texts": {"en": "?"}}]}
        )
    )
    done(await asked.post("/v1/surveys/other/publish"))
    assert (await browser.send("/f/warm-homes/other", page, mood=3)).status_code == 429
    assert (await browser.send(PAGE, page, mood=3)).status_code == 303
    # The same page by hundreds is one response: another answer under its id is told that the first is kept.
    assert {(await browser.send(PAGE, page, mood=mood)).status_code for mood in (3, 4, 5)} == {303, 409}
    assert len(await asked.read_all("/v1/responses")) == 1


async def test_a_page_shown_again_for_a_bad_stamp_has_a_good_one(asked: Caller, browser: Browser, clock: Clock) -> None:
    page = await browser.open(PAGE)
    again = read(await browser.send(PAGE, page, mood=3, _stamp="1.00"))
    clock.shift(2)
    assert (await browser.send(PAGE, again)).status_code == 303
    told = await asked.http.post(PAGE, json={"mood": 3, "_id": control(page, "_id"), "_stamp": "1.00"})
    assert refusal(told, 429, "sent_too_soon")["retryable"] is True


@pytest.mark.parametrize("path", [PAGE, FRAMED])
async def test_too_many_from_one_address_are_asked_to_wait_and_keep_what_they_typed(
    app: FastAPI, asked: Caller, browser: Browser, path: str
) -> None:
    app.state.limits = Limits({Kind.ADDRESS: 1, Kind.TOKEN: 100, Kind.FAILURE: 1}, lambda: 0.0)
    typed: dict[str, Any] = {"mood": "3", "comment": 'it said "<wait>"\nand more', "_source": "basket"}
    sent = [await send(browser.http, typed, path) for _ in range(2)]
    assert [one.status_code for one in sent] == [303, 429]
    assert int(sent[1].headers["retry-after"]) == 60
    waits = read(sent[1])
    assert "Very much is asked" in waits.text
    assert dict(waits.fields) == typed
    app.state.limits = Limits({})
    assert (await browser.send(path, waits)).status_code == 303
    stored = await asked.read_all("/v1/responses")
    assert [one["answers"]["comment"] for one in stored] == [typed["comment"]] * 2
    program = Limits({Kind.ADDRESS: 1}, lambda: 0.0)
    app.state.limits = program
    done(await asked.http.post(path, json={"mood": 4}))
    told = await asked.http.post(path, json={"mood": 4})
    assert "retry-after" in told.headers
    refusal(told, 429, "too_many_requests")


async def test_who_was_invited_is_never_refused_for_the_address(app: FastAPI, asked: Caller, browser: Browser) -> None:
    made = [
        done(await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1", "reference": str(number)}))
        for number in range(3)
    ]
    app.state.limits = Limits({Kind.ADDRESS: 1, Kind.TOKEN: 20, Kind.FAILURE: 1}, lambda: 0.0)
    await browser.open(PAGE)
    await browser.open(PAGE, 429)
    await browser.open("/i/wrong", 404)
    await browser.open("/i/wrong", 429)
    for one in made:
        page = await browser.open(f"/i/{one['token']}")
        assert (await browser.send(f"/i/{one['token']}", page, mood=4)).status_code == 303
        await browser.open(f"/i/{one['token']}/thanks")
        assert (await browser.http.get(f"/i/{one['token']}/qr.svg")).status_code == 200
    assert len(await asked.read_all("/v1/responses")) == 3
