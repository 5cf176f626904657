"""Where a browser is led when its answer is taken: to where the form said, never to where a stranger said.

`_next` is followed to the sites that the survey names and to our own. Anything else is led to our own thanks.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import Request

from api.feedback.hosted import Hosted
from api.pages.framing import is_embedded
from api.settings import settings
from models.rules.origins import leads_to, origin_of

NEXT, SOURCE = "_next", "_source"
LONGEST_SOURCE = 200
SAID_BY_ADDRESS = (SOURCE, NEXT)
"""Controls that the address of a page may say, as a form from elsewhere does."""


def said_by(request: Request) -> list[tuple[str, str]]:
    """Return the controls that a page's address says."""
    return [(name, request.query_params[name]) for name in SAID_BY_ADDRESS if request.query_params.get(name)]


def said_on(opened: Hosted, controls: Mapping[str, str]) -> dict[str, str]:
    """Return of the controls that a form sent those that the address of its next step says."""
    led = {NEXT: controls[NEXT]} if next_of(opened, controls) else {}
    return {**led, **({SOURCE: controls[SOURCE][:LONGEST_SOURCE]} if controls.get(SOURCE) else {})}


def next_of(opened: Hosted, controls: Mapping[str, str]) -> str | None:
    """Return where a form leads to, None where it says nothing or may not lead there."""
    ours = origin_of(settings().public_url)
    return leads_to(controls.get(NEXT), {*opened.origins, *([ours] if ours else [])})


def form_to(opened: Hosted, controls: Mapping[str, str]) -> str:
    """Return the origin a form leads to in the end; empty for our own."""
    return origin_of(next_of(opened, controls)) or ""


def thanks_at(request: Request, language: str) -> str:
    """Return the address of our own thanks, framed as the form was."""
    said = {"lang": language, "embed": "1" if is_embedded(request) else ""}
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{request.url.path}/thanks" + (f"?{query}" if query else "")
