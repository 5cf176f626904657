"""Before the answers a page says who asks, whom an answer is tied to, what for and how long; and it is dressed."""

from base64 import b64encode
from typing import Any

import pytest

from models.rules.contrast import contrast
from tests.api.caller import Caller, done, refusal
from tests.api.pages.browser import Browser, read
from tests.api.pages.conftest import VISIT

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)]

PAGE = "/f/warm-homes/visit"
PNG = "data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 60).decode()


async def change(client: Caller, **fields: Any) -> None:
    """Change how the workspace works."""
    done(await client.patch("/v1/workspace", fields, if_match="*"))


async def invited(client: Caller, **fields: Any) -> str:
    """Give the path of an invitation's page."""
    return f"/i/{done(await client.post('/v1/invitations', {'survey': 'visit', **fields}))['token']}"


async def test_whom_an_answer_is_tied_to_is_said_before_it_is_given(asked: Caller, browser: Browser) -> None:
    for path, said in (
        (PAGE, "Your answer is not linked to your name."),
        (f"{PAGE}?case=K-1", "without proof: your answer is kept as unconfirmed"),
        (await invited(asked, case="K-1"), "linked to you and to your request"),
        (await invited(asked, customer="C-1"), "linked to you: this link was made for you"),
        (await invited(asked), "Your answer is not linked to your name."),
    ):
        page = await browser.open(path)
        assert said in page.text
        assert page.text.index(said) < page.text.index("How was Warm Homes?")
        assert "Warm Homes asks you this." in page.text


async def test_how_long_it_is_kept_and_until_when_it_can_be_said(asked: Caller, browser: Browser) -> None:
    assert "It is kept until Warm Homes deletes it." in (await browser.open(PAGE)).text
    done(await asked.post("/v1/surveys/visit/versions", {"questions": VISIT, "retention_days": 30}))
    done(await asked.post("/v1/surveys/visit/publish"))
    assert "every link to you are kept for 30 days and then deleted" in (await browser.open(PAGE)).text
    await change(asked, retention={"responses": 10})
    assert "It is kept for 10 days and then deleted." in (await browser.open(PAGE)).text
    assert "É mantido" not in (await browser.open(f"{PAGE}?lang=pt")).text
    assert "durante 10 dias" in (await browser.open(f"{PAGE}?lang=pt")).text
    page = await browser.open(await invited(asked, expires_at="2099-05-04T23:30:00Z"))
    assert "You can answer until May 4, 2099." in page.text
    await change(asked, zone="Europe/Berlin")
    page = await browser.open(await invited(asked, expires_at="2099-05-04T23:30:00Z"))
    assert "You can answer until May 5, 2099." in page.text


async def test_pages_wear_the_companys_name_logo_and_colour(asked: Caller, browser: Browser) -> None:
    plain = await browser.open(PAGE)
    assert ("<img" in plain.response.text, "colours" in plain.response.text) == (False, False)
    await change(asked, branding={"name": "Warm & Co", "logo_url": PNG, "colour": "#FFD400"})
    page = await browser.open(PAGE)
    assert "How was Warm & Co?" in page.text
    assert f'<img src="{PNG}" alt="">' in page.response.text
    assert "img-src 'self' data:;" in page.response.headers["content-security-policy"]
    style = await browser.http.get("/static/colours/ffd400.css")
    assert '"/static/colours/ffd400.css"' in page.response.text
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in style.headers["cache-control"]
    await change(asked, branding={"logo_url": "https://cdn.example.com:8443/a.svg"})
    thanks = await browser.open(f"{PAGE}/thanks")
    assert "img-src 'self' https://cdn.example.com:8443;" in thanks.response.headers["content-security-policy"]
    await change(asked, branding={"logo_url": "https://example.com;script-src/a.svg"})
    odd = await browser.open(PAGE)
    assert ("<img" in odd.response.text, "script-src" in odd.response.headers["content-security-policy"]) == (
        False,
        False,
    )


async def test_a_colour_that_is_none_is_nowhere(asked: Caller, browser: Browser) -> None:  # noqa: ARG001
    for odd in ("FFD400", "fff", "ffd400x", "%0a", "x" * 900, "gggggg"):
        assert (await browser.http.get(f"/static/colours/{odd}.css")).status_code == 404


@pytest.mark.parametrize("colour", ["000000", "ffffff", "ffd400", "0b5fff", "777777", "ff0000", "1d232a", "00ff88"])
async def test_whatever_the_colour_its_text_can_be_read(browser: Browser, colour: str) -> None:
    rules = (await browser.http.get(f"/static/colours/{colour}.css")).text.splitlines()
    for rule, sheet in zip(rules, ("#ffffff", "#1d232a"), strict=True):
        said = dict(pair.split(":") for pair in rule.partition("root{")[2].strip("}").replace("--", "").split(";"))
        assert contrast(said["accent"], said["on-accent"]) >= 4.5
        assert contrast(said["accent"], sheet) >= 4.5
        assert contrast(said["accent"], said["tint"]) >= 4.5
        ink = "#1f2733" if sheet == "#ffffff" else "#e7eaee"
        assert contrast(ink, said["tint"]) >= 4.5


async def test_a_logo_is_an_image(asked: Caller) -> None:
    svg = "data:image/svg+xml;base64," + b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode()
    webp = "data:image/webp;base64," + b64encode(b"RIFF0000WEBPVP8 ").decode()
    for logo in (svg, webp, PNG):
        await change(asked, branding={"logo_url": logo})
    for odd in (
        "data:image/png;base64,!!!!",
        "data:image/png;base64,AAAA",
        "data:text/html;base64," + b64encode(b"<svg").decode(),
        svg.replace("svg+xml", "png"),
        PNG + "0" * 30_000,
        "data:,x",
        "https://example.com/" + "x" * 2000,
    ):
        told = refusal(await asked.patch("/v1/workspace", {"branding": {"logo_url": odd}}, if_match="*"), 422)
        assert told["errors"][0]["pointer"] == "/branding/logo_url"


async def test_every_page_says_what_it_is_where_something_is_wrong(asked: Caller, browser: Browser) -> None:  # noqa: ARG001
    page = await browser.open(PAGE)
    assert "<title>Your visit – Warm Homes</title>" in page.response.text  # noqa: RUF001 - as titles are set
    wrong = read(await browser.send(PAGE, page))
    assert "<title>To correct: Your visit" in wrong.response.text
    assert 'href="#mood-1"' in wrong.response.text
    assert "mood-1" in wrong.ids
