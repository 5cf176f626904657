"""The page on which staff answer a pulse: without a script or a key, once, and told what becomes of it."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from api.dependencies import utc_now
from api.workspaces.service import WorkspaceSettings
from models.database import Database
from models.pulse import PulseAnswer
from tests.api.caller import Caller, ago
from tests.api.pages.browser import HTML, Browser
from tests.api.roles.pulses.answering import TOOLS, answer, ask_staff, close, launch, links

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def kept(database: Database, workspace: WorkspaceSettings) -> list[tuple[str | None, dict[str, object]]]:
    """Give what was answered, by team."""
    async with database.read(workspace.id) as session:
        rows = (await session.execute(select(PulseAnswer).order_by(PulseAnswer.team))).scalars()
        return [(row.team, dict(row.answers)) for row in rows]


async def test_a_pulse_is_opened_answered_and_thanked_for(
    client: Caller, browser: Browser, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client)
    await launch(client, teams=["north"], scores_from=6)
    at = (await links(client))["north"]
    page = await browser.open(at)
    assert "Figures are shown of 6 answers or more, and comments from 10 on" in page.text
    assert "no name, no address and no time is kept" in page.text
    assert "_pause" not in page.names
    assert "set-cookie" not in page.response.headers
    assert await kept(database, workspace) == []
    for _ in range(2):
        sent = await browser.send(at, page, tools=4, sure="cannot_say", free="yes", since="long", why="A wrench.")
        assert (sent.status_code, sent.headers["location"]) == (303, f"{at}/thanks?lang=en")
    assert "Thank you" in (await browser.open(sent.headers["location"])).text
    assert await kept(database, workspace) == [
        ("north", {"tools": 4, "free": True, "since": "long", "why": "A wrench."})
    ]


@on_sqlite
async def test_what_does_not_fit_is_shown_again_and_not_kept(
    client: Caller, browser: Browser, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client, questions=[{**TOOLS, "required": True}, {**TOOLS, "key": "other"}])
    await launch(client)
    at = (await links(client))[None]
    page = await browser.open(f"{at}?lang=de")
    again = await browser.send(f"{at}?lang=de", page, other=3)
    assert again.status_code == 422
    assert "Zu berichtigen:" in again.text
    assert "Niemand erfährt, wer geantwortet hat" in again.text
    told = await answer(client, at, tools=7)
    assert (told.status_code, told.json()["errors"][0]["pointer"]) == (422, "/answers/tools")
    assert await kept(database, workspace) == []
    assert (await answer(client, at, tools=1, unknown=3)).json() == {"status": "complete"}
    assert await kept(database, workspace) == [(None, {"tools": 1})]


@on_sqlite
async def test_what_says_nothing_and_what_a_program_filled_in_is_thanked_for_and_not_kept(
    client: Caller, browser: Browser, database: Database, workspace: WorkspaceSettings
) -> None:
    await ask_staff(client)
    await launch(client)
    at = (await links(client))[None]
    page = await browser.open(at)
    assert (await browser.send(at, page)).status_code == 303
    assert (await browser.send(at, page, tools=1, _gotcha="x")).status_code == 303
    assert await kept(database, workspace) == []


async def test_a_link_leads_to_its_pulse_alone_and_in_its_time(
    client: Caller, database: Database, workspace: WorkspaceSettings, http: httpx.AsyncClient
) -> None:
    await ask_staff(client)
    await launch(client, opens_at=ago(days=-1))
    await launch(client, "summer")
    early, at = (await links(client))[None], (await links(client, "summer"))[None]
    assert "Not open yet" in (await http.get(early, headers=HTML)).text
    slug, link = at.split("/")[2], at.split("/")[4]
    for place in (f"/p/{slug}/spring/{link}", f"/p/{slug}/autumn/{link}", f"/p/nobody/summer/{link}", f"{at}0"):
        found = await http.get(place, headers=HTML)
        assert (found.status_code, "There is nothing here" in found.text) == (404, True)
        assert (await http.post(place, json={"tools": 1})).status_code == 404
    await close(database, workspace.id, utc_now() - timedelta(minutes=1))
    assert "This survey is closed" in (await http.get(at, headers=HTML)).text
    assert (await answer(client, at, tools=1)).json()["code"] == "survey_closed"
    assert (await http.get(f"{at}/thanks", headers=HTML)).status_code == 200
    assert await kept(database, workspace) == []
