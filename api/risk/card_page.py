"""A model's card as a page: everything escaped, no script, readable in light, dark, on a narrow screen and on paper."""

from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.risk.schemas import CardAnswer
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
    "Vary": "Accept",
}
FIGURES = ("log_loss", "brier_skill", "average_precision", "auc", "precision_at_capacity", "ece")
ARMS = ("model", "scorecard", "challenger")
UNKNOWN = "not known"
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


def shown(card: CardAnswer, company: str) -> Response:
    """Return a card as a page."""
    style, mark = _style()
    text = templates.get_template("card.html").render(
        card=card,
        company=company,
        style=style,
        share=_share,
        facts=_facts(card),
        **_tested(card.card),
        weights=sorted(card.weights, key=lambda one: -abs(one.weight))[:MOST_WEIGHTS],
        sets=", ".join(_part(card.card, "sets").get("kept", [])),
        kept_out=", ".join(_names(card.card, "kept_out")),
        groups=[] if card.fairness.report is None else card.fairness.report["attributes"],
        libraries=", ".join(f"{name} {told}" for name, told in sorted(_part(card.card, "libraries").items())),
    )
    policy = HEADERS["Content-Security-Policy"].format(style=mark)
    return HTMLResponse(text, headers={**HEADERS, "Content-Security-Policy": policy})


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


def _facts(card: CardAnswer) -> list[tuple[str, object]]:
    window = UNKNOWN
    if card.trained_from is not None and card.trained_to is not None:
        window = f"{card.trained_from.date()} to {card.trained_to.date()}"
    found: list[tuple[str, object]] = [
        ("Model", card.id),
        ("Kind", card.name.replace("_", " ")),
        ("Stands as", card.state),
        ("Basis", card.basis),
        ("Learnt from", f"{card.n_customers} customers, {card.n_departures} of whom left"),
        ("Snapshots", window),
        ("Label", card.card.get("label_kind") or "reported"),
    ]
    if card.horizon_days is not None:
        found.append(("Horizon", f"{card.horizon_days} days"))
    if card.threshold is not None:
        found.append(("Flagged from", f"{card.threshold:.3f}"))
    return found


def _tested(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page says of the forward test."""
    forward, intervals = _part(card, "forward"), _part(_part(card, "forward"), "intervals")
    arms = [arm for arm in ARMS if isinstance(forward.get(arm), dict)]
    figures = [
        (name.replace("_", " "), [_figure(forward[arm], intervals.get(arm) or {}, name) for arm in arms])
        for name in FIGURES
    ]
    rows = [ReliabilityRow.from_dict(row) for row in _part(card, "reliability").get("model", [])]
    told = "Share of customers that left over the mean risk given, with 95 % intervals."
    curve = reliability_svg("Reliability of the model", told, rows, standalone=False) if rows else ""
    return {
        "forward": forward,
        "arms": arms,
        "figures": figures if arms else [],
        "compared": _compared(_part(card, "compared")),
        "reliability": rows,
        "curve": Markup(curve),  # noqa: S704 - drawn by us from numbers, its texts escaped
    }


def _figure(told: Mapping[str, Any], intervals: Mapping[str, Any], name: str) -> str:
    if told.get(name) is None:
        return UNKNOWN
    between = intervals.get(name)
    said = f"{told[name]:.3f}"
    return f"{said} [{between[0]:.3f}, {between[1]:.3f}]" if between else said


def _share(share: Mapping[str, float]) -> str:
    return f"{share['value']:.3f} [{share['low']:.3f}, {share['high']:.3f}]"


def _compared(told: Mapping[str, Any]) -> str:
    """Say how the model did beside the one that served when it was learnt."""
    if not told or told.get("difference") is None:
        return ""
    beside = "the scorecard" if told.get("with") == "prior" else f"the model {told.get('with')}"
    return (
        f"Beside {beside}, which served then, its log-loss differs by {told['difference']:+.4f} "
        f"[{told['low']:+.4f}, {told['high']:+.4f}]: {str(told['reason']).replace('_', ' ')}. Below 0 it did better."
    )
