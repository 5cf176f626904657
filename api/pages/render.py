"""From a context to an answer: Jinja2 with everything escaped, and the headers every page carries."""

from dataclasses import fields
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.pages.contexts import Page

HERE = Path(__file__).parent
STYLE = HERE / "static" / "page.css"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
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
    text = templates.get_template(template).render(
        page=page, _=page.chrome.say, style=f"/static/page.css?{style_mark()}", **_spoken(page), **context
    )
    images = f"img-src 'self' {page.dress.source}".rstrip()
    policy = {"Content-Security-Policy": POLICY.replace("img-src 'self'", images)}
    return HTMLResponse(text, status, headers={**HEADERS, **policy, "Cache-Control": caching})


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


@lru_cache(maxsize=1)
def style() -> bytes:
    """Return the style sheet."""
    return STYLE.read_bytes()


@lru_cache(maxsize=1)
def style_mark() -> str:
    """Return what changes in the style sheet's address when the sheet does, so that it can be kept for long."""
    return sha256(style()).hexdigest()[:12]
