"""A model's card as a page, in the reader's language.

Everything is escaped, there is no script, and it can be read in light, dark, on a narrow screen and on paper.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api import languages
from api.risk.card_words import (
    ARMS,
    DECISIONS,
    FIGURES,
    between,
    compared,
    curve_words,
    facts,
    figure,
    named,
    share,
)
from api.risk.schemas import CardAnswer
from api.risk.wording import FALLBACK, Speech, speech_in
from api.speaking import message
from ml.reliability_curve import ReliabilityRow, reliability_svg

HERE = Path(__file__).parent
STYLE = "card.css"
EITHER: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/html": {"schema": {"type": "string"}}},
        "description": "The card as JSON, or as a page with `Accept: text/html`.",
    }
}
"""What the route says in the API description."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept, Accept-Language",
}
MOST_WEIGHTS = 20
"""So many weights are shown, the heaviest first; the JSON has all."""

templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def is_wanted(accept: str) -> bool:
    """Return whether an Accept header asks for a page rather than for JSON.

    >>> is_wanted("text/html,application/xhtml+xml"), is_wanted("*/*"), is_wanted("application/json, text/html")
    (True, False, False)
    """
    kinds = [item.partition(";")[0].strip() for item in accept.lower().split(",")]
    return next((kind for kind in kinds if kind in {"text/html", "application/json"}), "") == "text/html"


def shown(card: CardAnswer, company: str, language: str = FALLBACK) -> Response:
    """Return a card as a page in a language."""
    style, mark = _style()
    speech = speech_in(language)
    text = templates.get_template("card.html").render(
        card=card,
        company=company,
        style=style,
        language=language,
        direction=languages.direction(language),
        _=speech.say,
        say=speech,
        between=partial(between, speech),
        share=partial(share, speech),
        decided=partial(named, speech, DECISIONS),
        stored=partial(_stored, speech),
        facts=facts(speech, card),
        **_tested(speech, card.card),
        weights=sorted(card.weights, key=lambda one: -abs(one.weight))[:MOST_WEIGHTS],
        sets=", ".join(_part(card.card, "sets").get("kept", [])),
        kept_out=", ".join(_names(card.card, "kept_out")),
        groups=[] if card.fairness.report is None else card.fairness.report["attributes"],
        libraries=", ".join(f"{name} {told}" for name, told in sorted(_part(card.card, "libraries").items())),
    )
    policy = HEADERS["Content-Security-Policy"].format(style=mark)
    headers = {**HEADERS, "Content-Security-Policy": policy, "Content-Language": language}
    return HTMLResponse(text, headers=headers)


def _stored(speech: Speech, text: str) -> Markup:
    """Return a sentence in the page's language, or as it was stored, and then marked as what it is."""
    if speech.language == FALLBACK or text in speech.sentences:
        return Markup("{}").format(speech.say(text))
    return Markup('<span lang="en" dir="ltr">{}</span>').format(text)


@lru_cache(maxsize=1)
def _style() -> tuple[Markup, str]:
    """Return the style sheet, which stands in the page so that a card can be kept as one file, and its hash."""
    text = (HERE / "templates" / STYLE).read_text(encoding="utf-8")
    return Markup(text), b64encode(sha256(text.encode()).digest()).decode()  # noqa: S704 - our own file


def _part(card: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object within a card that may have been written before there was one."""
    found = card.get(name)
    return found if isinstance(found, dict) else {}


def _names(card: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of names within a card that may have been written before there was one."""
    found = card.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []


def _tested(speech: Speech, card: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page says of the forward test."""
    forward, intervals = _part(card, "forward"), _part(_part(card, "forward"), "intervals")
    arms = [arm for arm in ARMS if isinstance(forward.get(arm), dict)]
    figures = [
        (speech.say(told), [figure(speech, forward[arm], intervals.get(arm) or {}, name) for arm in arms])
        for name, told in FIGURES.items()
    ]
    rows = [ReliabilityRow.from_dict(row) for row in _part(card, "reliability").get("model", [])]
    return {
        "forward": forward,
        "arms": [speech.say(ARMS[arm]) for arm in arms],
        "figures": figures if arms else [],
        "compared": compared(speech, _part(card, "compared")),
        "reliability": rows,
        "curve": _curve(speech, rows) if rows else "",
    }


def _curve(speech: Speech, rows: Sequence[ReliabilityRow]) -> Markup:
    title = speech.say(message("Reliability of the model"))
    told = speech.say(message("Share of customers that left over the mean risk given, with 95 % intervals."))
    picture = reliability_svg(title, told, rows, standalone=False, words=curve_words(speech))
    return Markup(picture)  # noqa: S704 - drawn by us from numbers, its texts escaped
