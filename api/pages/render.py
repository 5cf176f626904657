"""From a context to an answer: Jinja2 with everything escaped, and the headers every page carries."""

from dataclasses import fields
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.pages.contexts import Page
from api.pages.framing import policy

HERE = Path(__file__).parent
STYLE = HERE / "static" / "page.css"
FRAMED_SCRIPT = HERE / "static" / "frame.js"
FRAMING_SCRIPT = HERE / "static" / "embed.js"
HEADERS = {
    "Content-Security-Policy": policy(()),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept, Accept-Language",
}

templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def rendered(template: str, page: Page, status: int = 200, *, caching: str = "no-store") -> HTMLResponse:
    """Return a page as an answer.

    Parameters
    ----------
    template, page
        The template, and what it receives.
    status
        Of the answer.
    caching
        Whether a browser may keep it. What shows an answer may not be kept.
    """
    context = {field.name: getattr(page, field.name) for field in fields(page)}
    files = {"style": f"/static/page.css?{mark(STYLE)}", "script": f"/static/frame.js?{mark(FRAMED_SCRIPT)}"}
    text = templates.get_template(template).render(page=page, _=page.chrome.say, **files, **_spoken(page), **context)
    headers = {
        **HEADERS,
        "Content-Security-Policy": policy(page.framed_by, page.form_to, page.dress.source),
        "Cache-Control": caching,
    }
    return HTMLResponse(text, status, headers=headers)


def _spoken(page: Page) -> dict[str, Markup]:
    """Return the attributes of what the survey says, and of what the page says within it, where these differ."""
    language, chrome = getattr(page, "language", ""), page.chrome
    if not language or language == chrome.language:
        return {"theirs": Markup(), "ours": Markup()}
    attributes = Markup(' lang="{}" dir="{}"')
    return {
        "theirs": attributes.format(language, getattr(page, "direction", "ltr")),
        "ours": attributes.format(chrome.language, chrome.direction),
    }


def style() -> bytes:
    """Return the style sheet."""
    return contents(STYLE)


@lru_cache(maxsize=8)
def contents(file: Path) -> bytes:
    """Return one of the files that pages refer to."""
    return file.read_bytes()


@lru_cache(maxsize=8)
def mark(file: Path) -> str:
    """Return what changes in a file's address when the file does, so that it can be kept for long."""
    return sha256(contents(file)).hexdigest()[:12]
