"""Visits that no page of ours leads to: whatever a stranger sends is answered calmly, and never stored by accident."""

import pytest

from tests.api.caller import Caller
from tests.api.pages.browser import HTML, Browser

pytestmark = pytest.mark.anyio

PAGE = "/f/warm-homes/visit"
ODD = ("%00", "warm%00homes", "%ED%A0%80", "%F4%90%80%80", "%0A", "%FF", "x" * 4000, "%E2%80%AE")


async def test_an_address_no_database_keeps_is_nowhere(asked: Caller, browser: Browser) -> None:
    for odd in ODD:
        for path in (f"/f/{odd}/visit", f"/f/warm-homes/{odd}", f"/i/{odd}"):
            for address in (path, f"{path}/thanks"):
                await browser.open(address, 404)
            assert (await browser.send(path, mood=3)).status_code == 404
            assert (await asked.http.post(path, json={"mood": 3})).status_code == 404
    assert await asked.read_all("/v1/responses") == []


async def test_a_score_that_no_scale_has_chooses_nothing(asked: Caller, browser: Browser) -> None:  # noqa: ARG001
    for score in ("5" * 5000, "0", "6", "-1", "04", "٣", "²", "%00", "%ED%A0%80", "1e1", ""):
        assert (await browser.open(f"{PAGE}?score={score}")).sent("mood") == []
    assert (await browser.open(f"{PAGE}?score=4")).sent("mood") == ["4"]


async def test_what_an_address_says_beside_may_be_anything(asked: Caller, browser: Browser) -> None:
    for odd in (*ODD, "5" * 5000):
        for name in ("lang", "customer", "case", "score", "exp", "utm"):
            await browser.open(f"{PAGE}?{name}={odd}")
        for query in (f"case=K-1&sig={odd}", f"case={odd}&sig=a", f"case=K-1&sig=a&exp={odd}"):
            await browser.open(f"{PAGE}?{query}", 403)
    for spoken in ("pt;q=" + "9" * 5000, "pt;q=nan,en;q=inf", ";q=", "," * 5000, "x" * 5000):
        page = await asked.http.get(PAGE, headers={**HTML, "Accept-Language": spoken})
        assert page.status_code == 200


async def test_what_a_form_sends_beside_its_answers_may_be_anything(asked: Caller, browser: Browser) -> None:
    for odd in ("\0", "5" * 5000, "²", "-1", "\u202e", "0"):
        for name in ("_version", "_id", "_lang", "_shown", "_seen", "_next", "_source", odd, f"mood.{odd}", f"_{odd}"):
            sent = await browser.send(PAGE, mood=3, **{name: odd})
            assert sent.status_code in {200, 303, 404, 422}, (name, odd[:9])
    for odd in ("\0", "5" * 5000, "²", "\u202e", "1" * 15):
        for name in ("mood", "minutes"):
            assert (await browser.send(PAGE, **{"mood": 3, name: odd})).status_code in {303, 422}
    for body in (
        b'{"mood": 1' + b"0" * 5000 + b"}",
        b'{"mood": 3, "minutes": 1' + b"0" * 400 + b"}",
        b'{"_id": 1e400}',
    ):
        sent = await asked.http.post(PAGE, content=body, headers={"Content-Type": "application/json"})
        assert sent.status_code == 422


@pytest.mark.parametrize(
    "charset", ["idna", "undefined", "punycode", "hex", "unicode_escape", "nonsense", "utf-16", "\xff"]
)
async def test_a_form_in_an_encoding_that_is_none_is_answered(asked: Caller, charset: str) -> None:
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    parts = (("mood", "3"), ("comment", "\\ud800 x..y \xff" + "x" * 70), ("\\ud800" + "." * 70, "odd"))
    body = "".join(part.format(*named) for named in parts) + "--b--\r\n"
    kind = f"multipart/form-data; boundary=b; charset={charset}".encode("latin-1")
    sent = await asked.http.post(PAGE, content=body.encode("latin-1"), headers={b"Content-Type": kind})
    assert sent.status_code in {303, 415, 422}
    for without in (b"multipart/form-data", b"multipart/form-data; boundary=", b"multipart/form-data; boundary=\xff"):
        sent = await asked.http.post(PAGE, content=body.encode("latin-1"), headers={b"Content-Type": without})
        assert sent.status_code in {415, 422}
