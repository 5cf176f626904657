"""Pages of surveys that take no answers: they say so calmly, looked at and sent."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.api.caller import Caller, ago, done
from tests.api.pages.browser import HTML, Browser
from tests.api.pages.conftest import VISIT

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
PAGE = "/f/warm-homes/visit"


async def publish(client: Caller, **terms: object) -> None:
    """Publish a version of the survey on other terms."""
    done(await client.post("/v1/surveys/visit/versions", {"questions": VISIT, **terms}))
    done(await client.post("/v1/surveys/visit/publish"))


@on_sqlite
async def test_a_page_before_opening_and_after_closing_says_so(asked: Caller, browser: Browser) -> None:
    page = await browser.open(PAGE)
    made = done(await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1"}))
    for terms in ({"opens_at": ago(days=-1)}, {"closes_at": ago(days=1)}):
        await publish(asked, **terms)
        for path in (PAGE, f"/i/{made['token']}"):
            shown = await browser.http.get(path, headers=HTML)
            assert shown.status_code == 409
            assert "Not open yet" in shown.text or "This survey is closed" in shown.text
        assert (await browser.send(PAGE, page, mood=4)).status_code == 409
    assert await asked.read_all("/v1/responses") == []


@on_sqlite
async def test_a_page_nobody_is_needed_for_any_more_asks_nothing(asked: Caller, browser: Browser) -> None:
    await publish(asked, quotas=[{"key": "all", "limit": 1}])
    page = await browser.open(PAGE)
    other = await browser.open(PAGE)
    assert (await browser.send(PAGE, page, mood=4)).status_code == 303
    assert (await browser.send(PAGE, other, mood=4)).status_code == 409
    assert (await browser.send(PAGE, page, mood=4)).status_code == 303
    shown = await browser.http.get(PAGE, headers=HTML)
    assert (shown.status_code, "all the answers we need" in shown.text) == (409, True)
    assert len(await asked.read_all("/v1/responses")) == 1


async def test_an_invitation_kept_for_later_can_be_gone_on_with_a_day_after_closing(
    asked: Caller, browser: Browser
) -> None:
    now = datetime.now(UTC)
    await publish(asked, closes_at=(now + timedelta(hours=1)).isoformat())
    path = f"/i/{done(await asked.post('/v1/invitations', {'survey': 'visit', 'case': 'K-1'}))['token']}"
    kept = await browser.send(path, await browser.open(path), mood=4, _pause="1")
    assert kept.status_code == 200
    with time_machine.travel(now + timedelta(hours=20)):
        page = await browser.open(path)
        assert (await browser.send(path, page, comment="fine")).status_code == 303


@on_sqlite
async def test_a_scale_shows_its_labels_and_takes_that_there_is_nothing_to_say(asked: Caller, browser: Browser) -> None:
    done(await asked.post("/v1/surveys", {"key": "felt", "template": "felt_loyalty"}))
    done(await asked.post("/v1/surveys/felt/publish"))
    path = "/f/warm-homes/felt"
    page = await browser.open(f"{path}?lang=ar")
    assert "أحيانًا" in page.text
    assert "نفّذت Warm Homes ما قالت" in page.text
    assert (await browser.send(path, page, felt_1="cannot_say")).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert stored["answers"] == {"felt_1": None}
