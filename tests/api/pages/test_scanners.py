"""A mail scanner opens every link: the invitation is marked, nothing is recorded, and people are not taken for one."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from api.beside import written_beside
from api.feedback.scanners import Scanners
from models.database import Database
from models.rules.scanners import is_scanned
from tests.api.caller import Caller, done
from tests.api.pages.browser import Browser
from tests.api.pages.sites import sign

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Read it."""
        return self.seconds


@pytest.fixture
def clock(app: FastAPI) -> Clock:
    """Give the clock by which the application tells a scanner from a person."""
    clock = Clock()
    app.state.scanners = Scanners(clock)
    return clock


async def invite(client: Caller, **fields: Any) -> dict[str, Any]:
    """Make an invitation."""
    made: dict[str, Any] = done(await client.post("/v1/invitations", {"survey": "visit", **fields}))
    return made


async def is_marked(client: Caller, made: dict[str, Any]) -> bool:
    """Return whether an invitation is marked."""
    return bool((await client.read(f"/v1/invitations/{made['id']}"))["scanner_suspected"])


async def test_an_invitation_whose_links_are_all_opened_at_once_is_marked_and_nothing_is_recorded(
    app: FastAPI, asked: Caller, database: Database
) -> None:
    made, other = await invite(asked), await invite(asked)
    scanners: Scanners = app.state.scanners
    for one in made["score_urls"]:
        opened = await asked.http.get(one["url"].partition("8000")[2])
        assert opened.status_code == 200
    await asked.http.get(f"/i/{other['token']}?score=4")
    before = await asked.read(f"/v1/invitations/{made['id']}")
    assert (before["scanner_suspected"], before["state"]) == (False, "open")
    assert await scanners.flush(database) == 1
    after = await asked.read(f"/v1/invitations/{made['id']}")
    assert (after["scanner_suspected"], after["state"]) == (True, "open")
    assert [one["id"] for one in await asked.read_all("/v1/invitations", updated_since=after["stored_at"])] == [
        made["id"]
    ]
    assert (await scanners.flush(database), await is_marked(asked, other)) == (0, False)
    assert await asked.read_all("/v1/responses") == []


@on_sqlite
async def test_what_a_scanner_answers_is_kept_and_its_invitation_marked_with_it(
    asked: Caller, browser: Browser, clock: Clock
) -> None:
    made = await invite(asked)
    path = f"/i/{made['token']}"
    for score in (3, 4):
        page = await browser.open(f"{path}?score={score}")
        clock.seconds += 1
    clock.seconds += 60
    assert (await browser.send(path, page)).status_code == 303
    assert await is_marked(asked, made)
    [stored] = await asked.read_all("/v1/responses")
    assert stored["answers"]["mood"] == 4


@on_sqlite
async def test_a_person_who_changes_their_mind_is_no_scanner(asked: Caller, browser: Browser, clock: Clock) -> None:
    made = await invite(asked)
    path = f"/i/{made['token']}"
    for score, seconds in ((3, 0.1), (3, 8.0), (4, 0.5), (4, 0.0), (9, 0.0)):
        page = await browser.open(f"{path}?score={score}")
        clock.seconds += seconds
    assert (await browser.send(path, page, mood=4)).status_code == 303
    assert not await is_marked(asked, made)


@on_sqlite
async def test_looks_that_nobody_takes_are_not_counted(
    app: FastAPI,
    asked: Caller,
    database: Database,
    browser: Browser,
    clock: Clock,  # noqa: ARG001 - it stands still
) -> None:
    made = await invite(asked)
    ahead = (
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"X-Purpose": "preview"},
    )
    for score, header in enumerate(ahead, start=1):
        shown = await asked.http.get(f"/i/{made['token']}?score={score}", headers=header)
        assert shown.status_code == 200
        await asked.http.head(f"/i/{made['token']}?score={score}")
    await browser.open(f"/i/{made['token']}?score=4")
    for score in range(1, 6):
        await browser.open(f"/f/warm-homes/visit?score={score}")
    scanners: Scanners = app.state.scanners
    assert await scanners.flush(database) == 0
    assert not await is_marked(asked, made)


@on_sqlite
async def test_a_signed_link_that_a_scanner_opened_is_marked_when_it_is_answered(
    asked: Caller,
    browser: Browser,
    clock: Clock,  # noqa: ARG001 - it stands still
) -> None:
    link = await sign(asked, "K-1")
    for score in (1, 5):
        page = await browser.open(f"{link}&score={score}")
    assert await asked.read_all("/v1/invitations") == []
    assert (await browser.send(link, page)).status_code == 303
    [made] = await asked.read_all("/v1/invitations")
    assert made["scanner_suspected"] is True


@on_sqlite
async def test_marks_wait_for_the_database_and_the_end_writes_them(
    app: FastAPI, asked: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.beside.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("models.database.WRITE_WAIT_SECONDS", 0.05)
    made = await invite(asked)
    scanners: Scanners = app.state.scanners
    async with written_beside(database, scanners):
        async with database.write() as held:
            await held.execute(text("SELECT 1"))
            for score in (1, 2):
                await asked.http.get(f"/i/{made['token']}?score={score}")
            await asyncio.sleep(0.2)
        assert len(scanners.waiting) == 1
    assert scanners.waiting == {}
    assert await is_marked(asked, made)


def test_a_bounded_number_of_mails_is_remembered_and_a_suspicion_ends() -> None:
    clock = Clock()
    scanners, workspace_id = Scanners(clock, most=2), uuid4()
    for proof in "abc":
        for score in "12":
            scanners.note((workspace_id, proof), score, uuid4())
    assert [scanners.suspects((workspace_id, proof)) for proof in "abc"] == [False, True, True]
    assert len(scanners.waiting) == 2
    for many in range(50):
        scanners.note((workspace_id, "c"), str(many), None)
    clock.seconds += 601
    assert not scanners.suspects((workspace_id, "c"))


@pytest.mark.parametrize(
    ("openings", "machine"),
    [
        ([], False),
        ([(0.0, "1")], False),
        ([(0.0, "1"), (3.0, "2")], True),
        ([(0.0, "1"), (3.1, "2")], False),
        ([(0.0, "1"), (10.0, "2"), (30.0, "3")], True),
        ([(0.0, "1"), (10.0, "2"), (31.0, "3")], False),
        ([(0.0, "1"), (10.0, "2"), (20.0, "1")], False),
        ([(0.0, "1"), (50.0, "2"), (50.5, "2"), (52.0, "4")], True),
    ],
)
def test_a_machine_is_told_from_a_person_by_its_haste(openings: list[tuple[float, str]], *, machine: bool) -> None:
    assert is_scanned(openings) is machine
