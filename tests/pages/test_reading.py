"""Everybody can read every page: axe-core finds nothing on any, and nothing runs out of the narrowest screen."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.pages.conftest import Site, Visit

pytestmark = pytest.mark.anyio

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASKED = {"runOnly": {"type": "tag", "values": TAGS}, "rules": {"target-size": {"enabled": True}}}
SEND = ".actions button:not(.quiet)"


async def form(page: Page, site: Site, language: str) -> None:
    """Open a form with a question of every kind."""
    await page.goto(site.page("all_kinds", f"?lang={language}"))


async def errors(page: Page, site: Site, language: str) -> None:
    """Send a form with mistakes."""
    await form(page, site, language)
    await page.fill("[name=minutes]", "ten")
    await page.click(SEND)
    assert await page.locator("[aria-invalid=true]").count() >= 2


async def step(page: Page, site: Site, language: str) -> None:
    """Go on to the second of the questions asked one by one."""
    await page.goto(site.page("one_by_one", f"?lang={language}"))
    await page.click(f"[name=mood][value='{4}']")
    await page.click(SEND)
    assert "step=recommend" in page.url


async def kept(page: Page, site: Site, language: str) -> None:
    """Keep an answer for later."""
    await page.goto(site.page("visit", f"?lang={language}"))
    await page.click("[name=_pause]")
    assert await page.locator(".link a").count() == 1


async def thanks(page: Page, site: Site, language: str) -> None:
    """Open the page that says thanks."""
    await page.goto(site.page("visit", f"/thanks?lang={language}"))


async def refused(page: Page, site: Site, language: str) -> None:
    """Open an address that leads nowhere."""
    await page.goto(site.page("nothing", f"?lang={language}"))


PAGES: list[Callable[[Page, Site, str], Awaitable[None]]] = [form, errors, step, kept, thanks, refused]


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("opened", PAGES)
async def test_axe_finds_nothing(
    site: Site, visit: Visit, opened: Callable[[Page, Site, str], Awaitable[None]], language: str
) -> None:
    page = await visit(java_script_enabled=True, bypass_csp=True)
    await opened(page, site, language)
    assert await page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    found: dict[str, Any] = {}
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for one in (await Axe().run(page, options=ASKED)).response["violations"]:
                found[f"{one['id']} {width} {scheme}"] = [node["html"] for node in one["nodes"]]
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert found == {}


async def test_a_page_is_light(site: Site, visit: Visit) -> None:
    page = await visit()
    weights: dict[str, int] = {}

    async def weighed(address: str) -> None:
        answer = await page.request.get(address)
        weights[address] = len(await answer.body())

    await page.goto(site.page("all_kinds"))
    await weighed(page.url)
    for link in await page.locator("link[rel=stylesheet]").all():
        await weighed(f"{site.address}{await link.get_attribute('href')}")
    assert len(weights) == 3
    assert await page.locator("script, [style]").count() == 0
    assert sum(weights.values()) < 50_000, weights


async def test_forced_colours_and_print_leave_what_was_chosen_to_be_seen(site: Site, visit: Visit) -> None:
    page = await visit(site.page("visit", "?score=4"), java_script_enabled=True)
    shown = "getComputedStyle(document.querySelector('label:has(:checked)')).outlineStyle"
    await page.emulate_media(forced_colors="active")
    assert await page.evaluate(shown) == "solid"
    await page.emulate_media(forced_colors="none", media="print")
    assert not await page.locator(".actions [name=_pause]").is_visible()
