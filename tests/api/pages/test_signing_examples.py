"""The worked examples of signing a link, in each language shown: what they print opens a page and proves its case."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.api.caller import Caller
from tests.api.pages.browser import Browser

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)]
PAGE = Path(__file__).parents[3] / "docs" / "integrations" / "forms.md"
EXAMPLES = dict(re.findall(r"<!-- sign -->\s*```(\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
RUN = {"python": [sys.executable, "-c"], "js": ["node", "-e"], "sh": ["sh", "-euc"]}


async def run(language: str, **told: str) -> str:
    """Run an example as it stands; give what it printed."""
    program, *flags = RUN[language]
    found = shutil.which(program)
    if found is None or (language == "sh" and shutil.which("openssl") is None):
        pytest.skip(reason=f"the example in {language} needs a program that this machine lacks")
    told = {**told, "PATH": os.environ["PATH"]}
    process = await asyncio.create_subprocess_exec(
        found, *flags, EXAMPLES[language], env=told, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    return out.decode().strip()


def test_the_page_signs_in_three_languages(migrated_url: str) -> None:  # noqa: ARG001 - of the whole module
    assert EXAMPLES.keys() == RUN.keys()


@pytest.mark.parametrize("language", RUN)
async def test_a_link_signed_as_the_page_says_proves_its_case(asked: Caller, browser: Browser, language: str) -> None:
    secret = (await asked.read("/v1/workspace/link-secret"))["secret"]
    link = (await run(language, SECRET=secret, CASE="K-1")).replace("your-company", "warm-homes")
    page = await browser.open(link)
    assert (await browser.send(link, page, satisfaction=5)).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["case"], stored["customer"], stored["claimed_case"]) == ("K-1", "C-1", None)
    forged = link.replace("K-1", "K-2")
    await browser.open(forged, 403)
