"""People answer in a browser that runs no scripts: by keyboard, in their language, back and forth, once."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.pages.conftest import Site, Visit

pytestmark = pytest.mark.anyio

THANKS = re.compile("/thanks")
"""Looked at again and again: of two presses the first is given up by the browser for the second."""
SEND = ".actions button:not(.quiet)"


async def choose(page: Page, name: str, value: str) -> None:
    """Choose an option by its label, as people do."""
    await page.click(f"label:has([name={name}][value='{value}'])")


async def test_somebody_answers_in_arabic_goes_back_closes_goes_on_and_presses_twice(site: Site, visit: Visit) -> None:
    link = await site.invited("one_by_one", language="ar")
    before = len(await site.responses("one_by_one"))
    page = await visit(link)
    assert await page.locator("html").get_attribute("dir") == "rtl"
    await expect(page.locator("h1")).to_have_text("زيارتك")
    await expect(page.locator(".progress")).to_have_text("السؤال 1 من 4")
    await choose(page, "mood", "1")
    await page.click(SEND)
    await expect(page.locator(".progress")).to_have_text("السؤال 2 من 5")
    await choose(page, "why", "late")
    await page.click("[name=_back]")
    assert await page.locator("[name=mood][value='1']").is_checked()
    await page.click(SEND)
    assert await page.locator("[name=why][value=late]").is_checked()
    await page.click(SEND)
    await page.context.close()

    again = await visit(link)
    await expect(again.locator(".progress")).to_have_text("السؤال 3 من 5")
    await choose(again, "recommend", "cannot_say")
    await again.click(SEND)
    await again.fill("[name=minutes]", "كثير")
    await again.click(SEND)
    await expect(again.locator("#minutes-error")).to_have_text("اكتب عددًا، مثل 12.5.")
    assert (await again.title()).startswith("للتصحيح: السؤال 4 من 5")
    await again.fill("[name=minutes]", "12,5")
    await again.click(SEND)
    await again.fill("[name=comment]", "كان جيدًا")
    await again.dblclick(SEND)
    await expect(again).to_have_url(THANKS)
    await expect(again.locator("main")).to_contain_text("نقرأ كل كلمة.")
    [stored] = (await site.responses("one_by_one"))[before:]
    assert (stored["status"], stored["language"], stored["case"]) == ("complete", "ar", "K-1")
    assert stored["answers"] == {
        "mood": 1, "why": ["late"], "recommend": None, "minutes": 12.5, "comment": "كان جيدًا",
    }  # fmt: skip


async def test_somebody_answers_an_open_page_in_portuguese_half_and_goes_on(site: Site, visit: Visit) -> None:
    before = len(await site.responses("visit"))
    page = await visit(site.page("visit", "?case=K-1"), locale="pt-BR")
    await expect(page.locator(".about")).to_contain_text("sem prova")
    await choose(page, "mood", "4")
    await page.fill("[name=comment]", "só isto")
    await page.click("[name=_pause]")
    await expect(page.locator("h1")).to_have_text("Guardado para mais tarde")
    link = await page.locator(".link a").get_attribute("href") or ""
    await page.context.close()

    again = await visit(link, locale="pt-BR")
    await expect(again.locator(".note")).to_have_text("O que respondeu antes ainda está aqui.")
    assert await again.input_value("[name=comment]") == "só isto"
    await again.dblclick(SEND)
    await expect(again).to_have_url(THANKS)
    [stored] = (await site.responses("visit"))[before:]
    assert (stored["status"], stored["language"], stored["claimed_case"]) == ("complete", "pt", "K-1")
    assert stored["answers"] == {"mood": 4, "comment": "só isto"}
    answer = await again.goto(link)
    assert answer is not None
    assert answer.status == 410
    await expect(again.locator("h1")).to_have_text("Obrigado, temos a sua resposta")


async def test_going_back_in_the_browser_and_sending_again_makes_no_second_answer(site: Site, visit: Visit) -> None:
    before = len(await site.responses("visit"))
    page = await visit(site.page("visit"))
    await choose(page, "mood", "2")
    await page.click(SEND)
    await expect(page.locator("h1")).to_have_text("Your visit")
    assert await page.locator("[name=why]").count() == 3
    await page.go_back()
    assert await page.locator("[name=mood][value='2']").is_checked()
    await choose(page, "mood", "1")
    await page.click(SEND)
    await choose(page, "why", "rude")
    await page.click(SEND)
    await page.wait_for_url("**/thanks**")
    await page.go_back()
    await expect(page.locator("h1")).to_have_text("Thank you, we have your answer")
    await page.go_back()
    await choose(page, "mood", "1")
    await page.click(SEND)
    [stored] = (await site.responses("visit"))[before:]
    assert (stored["status"], stored["answers"]) == ("complete", {"mood": 1, "why": ["rude"]})


async def test_a_survey_is_completed_with_the_keyboard_alone(site: Site, visit: Visit) -> None:
    before = len(await site.responses("one_by_one"))
    page = await visit(site.page("one_by_one"))
    press = page.keyboard.press
    await press("Tab")
    await press("Space")
    await press("ArrowRight")
    await press("ArrowRight")
    await press("Enter")
    await page.wait_for_url("**step=recommend**")
    await press("Tab")
    await press("ArrowLeft")
    await press("Enter")
    await page.wait_for_url("**step=minutes**")
    await press("Tab")
    await page.keyboard.type("7")
    await press("Enter")
    await page.wait_for_url("**step=comment**")
    await press("Tab")
    await page.keyboard.type("done by hand")
    await press("Tab")
    await expect(page.locator("[name=_back]")).to_be_focused()
    await press("Tab")
    await expect(page.locator(SEND)).to_be_focused()
    await press("Enter")
    await page.wait_for_url("**/thanks**")
    [stored] = (await site.responses("one_by_one"))[before:]
    assert (stored["status"], stored["answers"]["mood"], stored["answers"]["comment"]) == (
        "complete",
        3,
        "done by hand",
    )


async def test_what_is_wrong_is_led_to_by_its_link(site: Site, visit: Visit) -> None:
    page = await visit(site.page("visit"))
    await page.click(SEND)
    await expect(page.locator(".summary")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**#mood-1")
    await page.keyboard.press("Space")
    await page.click(SEND)
    assert await page.locator("[name=why]").count() == 3
