"""From a context to an answer: Jinja2 with everything escaped, and the headers every page carries."""

from dataclasses import fields
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

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


def rendered(template: str, page: Page, status: int = 200) -> HTMLResponse:
    """Return a page as an answer."""
    context = {field.name: getattr(page, field.name) for field in fields(page)}
    files = {"style": f"/static/page.css?{mark(STYLE)}", "script": f"/static/frame.js?{mark(FRAMED_SCRIPT)}"}
    text = templates.get_template(template).render(page=page, **files, **context)
    headers = {**HEADERS, "Content-Security-Policy": policy(page.framed_by, page.form_to)}
    return HTMLResponse(text, status, headers=headers)


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
