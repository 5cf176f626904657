r"""Where an address leads, as a browser would read it: its origin, and whether somebody may be led there.

Browsers forgive much: they read `\` as `/`, drop tabs and line ends, and take what stands before an `@` for a name.
Whatever they would have to forgive is no address here, so that what is checked is what is followed.
"""

import re
from collections.abc import Iterable

LONGEST_ADDRESS = 2000
USUAL_PORTS = {"http": "80", "https": "443"}
ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>[/?#].*)?",
    re.IGNORECASE,
)


def origin_of(address: str | None) -> str | None:
    """Return the origin of an address on the web, as a browser writes it; None for whatever is none, or is odd.

    Parameters
    ----------
    address
        As it was sent.

    References
    ----------
    The URL standard (https://url.spec.whatwg.org/), section 4.4, for what browsers forgive; RFC 6454 for origins.

    Examples
    --------
    >>> origin_of("https://Shop.example:443/thanks?a=1"), origin_of("http://localhost:5173")
    ('https://shop.example', 'http://localhost:5173')
    >>> [origin_of(odd) for odd in ("//evil.example", "https:evil.example", "https://shop.example@evil.example")]
    [None, None, None]
    """
    found = _read(address)
    return None if found is None else found[0]


def origins_among(listed: object) -> tuple[str, ...]:
    """Return those of a list that are origins and nothing more, each once.

    >>> origins_among(["https://shop.example", "https://shop.example/", "*", 7]), origins_among(None)
    (('https://shop.example',), ())
    """
    texts = [text for text in listed if isinstance(text, str)] if isinstance(listed, list | tuple) else []
    return tuple(dict.fromkeys(text for text in texts if origin_of(text) == text))


def leads_to(address: str | None, allowed: Iterable[str]) -> str | None:
    """Return the address if somebody may be led there, None where they may not: its origin must be an allowed one.

    The origin is returned as it was understood, the rest as it was sent.

    >>> leads_to("HTTPS://shop.example/thanks#top", ["https://shop.example"])
    'https://shop.example/thanks#top'
    >>> leads_to("https://evil.example/", ["https://shop.example"])
    """
    found = _read(address)
    return found[0] + (found[1] or "/") if found is not None and found[0] in set(allowed) else None


def _read(address: str | None) -> tuple[str, str] | None:
    """Return an address as its origin and the rest."""
    if address is None or len(address) > LONGEST_ADDRESS or not address.isprintable() or "\\" in address:
        return None
    found = ADDRESS.fullmatch(address)
    if found is None:
        return None
    scheme, host, port = found["scheme"].lower(), found["host"].lower(), (found["port"] or "").lstrip("0")
    origin = f"{scheme}://{host}" if port in {"", USUAL_PORTS[scheme]} else f"{scheme}://{host}:{port}"
    return origin, found["rest"] or ""
