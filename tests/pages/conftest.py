"""What the tests of pages in a real browser share: a service as it is run, and one browser for all of them.

They are skipped where there is no Chromium: `apt-get install chromium fonts-noto-core`.
"""

import shutil
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from api.settings import PREFIX, settings
from tests.api.caller import done
from tests.chaos.served import SECRET, Served, with_workspaces
from tests.pages.surveys import BRANDING, SURVEYS

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Site:
    """A service that answers, with the surveys of `surveys.py` published."""

    address: str
    http: httpx.AsyncClient

    async def call(self, path: str, body: Any, method: str = "POST", **headers: str) -> Any:
        """Call the API as an admin."""
        return done(await self.http.request(method, path, json=body, headers=headers))

    async def responses(self, survey: str) -> list[dict[str, Any]]:
        """Give what is stored of a survey."""
        found = (await self.http.get("/v1/responses", params={"limit": 1000})).json()["items"]
        return [one for one in found if one["survey"] == survey]

    async def invited(self, survey: str, **fields: Any) -> str:
        """Give the address of a new invitation's page."""
        made = await self.call("/v1/invitations", {"survey": survey, "case": "K-1", **fields})
        return f"{self.address}/i/{made['token']}"

    def page(self, survey: str, query: str = "") -> str:
        """Give the address of an open page."""
        return f"{self.address}/f/warm-homes/{survey}{query}"


class Visit(Protocol):
    """Opens a window on a page."""

    def __call__(self, address: str = "", **options: Any) -> Awaitable[Page]:
        """Return the page, with JavaScript off unless it is asked for."""


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Give the path of the system's Chromium."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is found: apt-get install chromium fonts-noto-core")
    return found


@pytest.fixture(scope="session")
async def chromium(chromium_path: str) -> AsyncIterator[Browser]:
    """Give one browser to all tests."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def site(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Give a service as it is run, with surveys, a customer and a case."""
    assert chromium_path
    folder: Path = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{folder / 'steadfast.db'}"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(f"{PREFIX}SECRET", SECRET)
        settings.cache_clear()
        [key] = await with_workspaces(url, ["Warm Homes"])
    settings.cache_clear()
    served = Served(url, folder / "log")
    served.start()
    try:
        await served.until_ready()
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=served.address, headers=headers, timeout=30) as http:
            site = Site(served.address, http)
            await furnish(site)
            yield site
    finally:
        served.stop()


async def furnish(site: Site) -> None:
    """Put into a service what its pages show."""
    house = {"branding": BRANDING, "retention": {"responses": 365}}
    await site.call("/v1/workspace", house, "PATCH", **{"If-Match": "*"})
    await site.call("/v1/customers/C-1", {"name": "Noor Example"}, "PUT")
    await site.call("/v1/cases/K-1", {"customer": "C-1", "need": "repair", "opened_at": "2026-03-02T08:00:00Z"}, "PUT")
    for survey in SURVEYS:
        await site.call("/v1/surveys", survey)
        await site.call(f"/v1/surveys/{survey['key']}/publish", None)


@pytest.fixture
async def visit(chromium: Browser) -> AsyncIterator[Visit]:
    """Open windows, and close them after the test."""
    contexts: list[BrowserContext] = []

    async def opened(address: str = "", **options: Any) -> Page:
        context = await chromium.new_context(**{"java_script_enabled": False, "locale": "en-GB", **options})
        contexts.append(context)
        page = await context.new_page()
        if address:
            await page.goto(address)
        return page

    yield opened
    for context in contexts:
        await context.close()
