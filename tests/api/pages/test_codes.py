"""QR codes of pages: what they hold, that they can be read, and that nobody between keeps somebody's own."""

import re
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.api.caller import Caller, done, refusal
from tests.api.pages.sites import PAGE, publish, sign

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)]
SVG = "{http://www.w3.org/2000/svg}"
HERE = "http://127.0.0.1:8000"


def told(picture: httpx.Response) -> tuple[str | None, str | None]:
    """Give the title and the description of a picture."""
    assert picture.headers["content-type"] == "image/svg+xml"
    root = ET.fromstring(picture.content)  # noqa: S314 - our own
    assert root.get("role") == "img"
    return root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")


async def test_a_survey_has_a_code_with_contrast_a_quiet_zone_and_a_title(
    asked: Caller, http: httpx.AsyncClient
) -> None:
    await publish(asked, page={"title": {"en": "Visits & <more>"}})
    drawn = await http.get(f"{PAGE}/qr.svg")
    assert told(drawn) == ("QR code: Visits & <more> - Warm Homes", HERE + PAGE)
    assert drawn.headers["cache-control"] == "public, max-age=3600"
    assert "set-cookie" not in drawn.headers
    root = ET.fromstring(drawn.content)  # noqa: S314 - our own
    ground, modules = root.findall(f"{SVG}g/{SVG}path")
    assert (ground.get("fill"), modules.get("stroke")) == ("#fff", "#000")
    assert re.match(r"M4 4\.5h7", str(modules.get("d")))  # the finder begins after four white modules
    assert root.get("viewBox") is not None
    again = await http.get(f"{PAGE}/qr.svg", headers={"If-None-Match": drawn.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_code_holds_what_its_page_may_be_told_and_nothing_else(asked: Caller, http: httpx.AsyncClient) -> None:
    drawn = await http.get(f"{PAGE}/qr.svg?lang=pt&_source=poster%207&evil=x&embed=1")
    assert told(drawn) == ("QR code: A sua visita - Warm Homes", f"{HERE}{PAGE}?lang=pt&_source=poster+7")
    link = await sign(asked, "K-1")
    signed = await http.get(link.replace("?", "/qr.svg?"))
    assert told(signed)[1] == HERE + link
    assert signed.headers["cache-control"] == "private, max-age=3600"
    program = {"Accept": "application/json"}
    refusal(await http.get(f"{PAGE}/qr.svg?_source={'x' * 600}", headers=program), 422, "malformed")


async def test_an_invitation_has_a_code_that_nobody_between_keeps(asked: Caller, http: httpx.AsyncClient) -> None:
    made = done(await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1"}))
    drawn = await http.get(made["qr_url"].removeprefix(HERE))
    assert told(drawn)[1] == made["url"]
    assert drawn.headers["cache-control"] == "private, max-age=3600"
    assert (await asked.read(f"/v1/invitations/{made['id']}"))["state"] == "open"
    assert [one["url"] for one in made["score_urls"]] == [f"{made['url']}?score={score}" for score in range(1, 6)]
    again = await asked.post("/v1/invitations", {"survey": "visit", "case": "K-1", "reference": made["reference"]})
    assert (again.status_code, again.json()["score_urls"], again.json()["qr_url"]) == (200, [], None)


async def test_there_is_no_code_of_a_page_there_is_not(asked: Caller, http: httpx.AsyncClient) -> None:
    await publish(asked, open=False)
    for path in (PAGE, "/f/warm-homes/nothing", "/f/nobody/visit", "/i/wrong"):
        assert (await http.get(f"{path}/qr.svg")).status_code == 404
    assert (await http.get((await sign(asked, "K-1")).replace("?", "/qr.svg?"))).status_code == 200


async def test_a_survey_that_begins_with_no_scale_has_no_links_for_scores(asked: Caller) -> None:
    await publish(asked, questions=[{"key": "say", "kind": "text", "texts": {"en": "Say"}}])
    made = done(await asked.post("/v1/invitations", {"survey": "visit"}))
    assert made["score_urls"] == []
    bulk = done(await asked.post("/v1/invitations/bulk", [{"survey": "visit"}]))
    assert "score_urls" not in bulk["results"][0]
