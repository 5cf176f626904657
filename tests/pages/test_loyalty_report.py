"""The printed report in a real browser: axe-core finds nothing, nothing runs out of the narrowest screen, it prints."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe

from api.settings import settings
from tests.api.cli.desk import WORKSPACE, Desk
from tests.pages.conftest import Visit
from tests.pages.test_reading import ASKED

pytestmark = pytest.mark.anyio

WEEKS = 26
CUSTOMERS = '[fields]\nreference = "customer"\n'
CASES = """
[fields]
reference = "case"
customer = "customer"
need = { constant = "repair" }
opened_at = "opened"
confirmed_at = "kept"
contacts = { constant = 1 }
handovers = { constant = 0 }
reopened = { constant = 0 }
occurred_at = "opened"
recorded_at = "opened"
"""
PROMISES = """
[fields]
case = "case"
promise = { constant = "visit" }
what = { constant = "a visit" }
made_at = "opened"
due_at = "due"
kept_at = "kept"
occurred_at = "opened"
recorded_at = "opened"
"""


@pytest.fixture(scope="module")
def printed(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Print the report of a workspace of its own."""
    assert chromium_path
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STEADFAST_DATABASE_URL", f"sqlite:///{folder / 'steadfast.db'}")
        settings.cache_clear()
        desk = Desk(folder)
        assert desk.run("workspace", "create", WORKSPACE).exit_code == 0
        rows = desk.write("rows.csv", "\n".join(["case,customer,opened,due,kept", *_rows()]) + "\n")
        for kind, mapped in (("customers", CUSTOMERS), ("cases", CASES), ("promises", PROMISES)):
            desk.take(kind, rows, mapped)
        window = ("--from", "2025-06-02", "--to", "2025-12-01", "--report", folder / "report.html")
        assert desk.run("loyalty", "--workspace", WORKSPACE, *window).exit_code == 0
        yield folder / "report.html"
    settings.cache_clear()


def _rows() -> Iterator[str]:
    for week in range(WEEKS):
        opened = date(2025, 6, 3) + timedelta(weeks=week)
        for number in range(10):
            late = number >= (8 + week % 2 if week < WEEKS - 1 else 1)
            due, kept = opened + timedelta(days=2), opened + timedelta(days=2 + late)
            yield f"K-{week}-{number},C-{number},{opened}T08:00:00Z,{due}T08:00:00Z,{kept}T07:00:00Z"


async def test_axe_finds_nothing_and_nothing_runs_out(printed: Path, visit: Visit) -> None:
    page = await visit(f"file://{printed}", java_script_enabled=True)
    found = {}
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for width, scheme in zip((320, 1280), schemes, strict=True):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme=scheme)
        for one in (await Axe().run(page, options=ASKED)).response["violations"]:
            found[f"{one['id']} {width} {scheme}"] = [node["html"] for node in one["nodes"]]
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert found == {}


async def test_it_prints_on_paper(printed: Path, visit: Visit) -> None:
    page = await visit(f"file://{printed}")
    assert await page.locator("svg").count() >= 4
    paper = await page.pdf(prefer_css_page_size=True)
    assert paper.count(b"/MediaBox [0 0 594.9") >= 2, "A4"
