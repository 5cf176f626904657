"""How a company's pages are dressed: its logo, and its colour as far as it can be read.

The colour reaches a page as a small style sheet of its own, so that no page needs a style inside it.
"""

import re
from urllib.parse import urlsplit

from api.pages.contexts import Dress
from models.rules.contrast import adapted, mixed, readable_on

SHEETS = {"": "#ffffff", "dark": "#1d232a"}
"""What colours stand on, on a light and on a dark page: `--sheet` of the style sheet."""
TINT = 0.88
HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?")


def dressed(logo_url: str | None, colour: str | None) -> Dress:
    """Return how a page is dressed, and where its logo may come from."""
    digits = (colour or "").removeprefix("#").lower()
    parts = urlsplit(logo_url or "")
    if parts.scheme == "data":
        return Dress(logo_url or "", "data:", digits)
    # What stands in a policy may not end it.
    return (
        Dress(logo_url or "", f"https://{parts.netloc}", digits)
        if HOST.fullmatch(parts.netloc)
        else Dress(colour=digits)
    )


def colour_style(colour: str) -> str:
    """Return the style sheet of a colour like `0b5fff`: text and lines in it reach a contrast of 4.5 on every page.

    >>> colour_style("0b5fff").splitlines()[0]
    ':root{--brand:#0b5fff;--accent:#0b5fff;--on-accent:#ffffff;--tint:#e2ebff}'
    """
    named = f"#{colour}"
    rules = []
    for mode, sheet in SHEETS.items():
        # The tint first: what is chosen stands on it, and has to be read there too.
        tint = mixed(named, sheet, TINT)
        accent = adapted(adapted(named, sheet), tint)
        values = {"brand": named, "accent": accent, "on-accent": readable_on(accent), "tint": tint}
        rule = ":root{" + ";".join(f"--{name}:{value}" for name, value in values.items()) + "}"
        rules.append(f"@media(prefers-color-scheme:{mode}){{{rule}}}" if mode else rule)
    return "\n".join(rules) + "\n"
