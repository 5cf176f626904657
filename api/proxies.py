"""Who really called, where a proxy stands in between.

A header is believed only as far as it was written by a proxy that the settings name. Each proxy appends whom it heard
from, so the chain is read from its end, and the first address that is no trusted proxy is the caller's: whatever
stands before it was written by the caller himself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Networks = Sequence[IPv4Network | IPv6Network]
MOST_REMEMBERED = 4096
"""Addresses of which it is remembered whether they are proxies of ours."""
SCHEMES = {"http", "https"}
HOST = re.compile(r"^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$")
WITH_PORT = re.compile(r"^(?:\[(?P<six>[^\]]+)\]|(?P<four>[0-9.]+))(?::\d{1,5})?$")
SAID_BY_PROXIES = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"})
ELEMENT = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*")+')
PAIR = re.compile(r'\s*([A-Za-z0-9!#$%&\'*+.^_`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*))\s*(?:;|$)')


@dataclass(frozen=True)
class Hop:
    """What one proxy says of what it heard: from whom, over which scheme, for which host."""

    address: str
    scheme: str = ""
    host: str = ""


class TrustedProxies:
    """Put the caller's own address, scheme and host where everybody looks for them, where a trusted proxy says so."""

    def __init__(self, app: ASGIApp, trusted: Networks) -> None:
        self.app = app
        self.trusted = trusted
        self._found = lru_cache(maxsize=MOST_REMEMBERED)(self._find)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as its caller's."""
        peer = scope.get("client")
        if scope["type"] == "http" and peer and self.trusts(peer[0]):
            self._believe(scope)
        await self.app(scope, receive, send)

    def trusts(self, host: str) -> bool:
        """Return whether an address is one of the proxies named."""
        return bool(self.trusted) and self._found(host)

    def _find(self, host: str) -> bool:
        address = plain_address(host)
        if address is None:
            return False
        parsed = ip_address(address)
        return any(parsed in network for network in self.trusted)

    def _believe(self, scope: Scope) -> None:
        if not any(name in SAID_BY_PROXIES for name, _ in scope["headers"]):
            return
        caller = self._caller(Headers(scope=scope))
        if caller is None:
            return
        if caller.address:
            scope["client"] = (caller.address, 0)
        if caller.scheme in SCHEMES:
            scope["scheme"] = caller.scheme
        if HOST.match(caller.host):
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope["headers"] = [(b"host", caller.host.encode("ascii")), *others]

    def _caller(self, headers: Headers) -> Hop | None:
        """Return the first hop from the end that was not made by a trusted proxy."""
        found: Hop | None = None
        for hop in reversed(hops(headers)):
            address = plain_address(hop.address)
            if address is None:
                # A proxy that hides whom it heard from, or nonsense: what is known ends here.
                return found or Hop("", hop.scheme, hop.host)
            found = Hop(address, hop.scheme, hop.host)
            if not self.trusts(address):
                return found
        return found


def hops(headers: Headers) -> list[Hop]:
    """Return what the proxies said, nearest last: `X-Forwarded-*`, or `Forwarded` (RFC 7239) where there is none."""
    addresses = _items(headers, "x-forwarded-for")
    schemes, hosts = _items(headers, "x-forwarded-proto"), _items(headers, "x-forwarded-host")
    if not addresses and not schemes and not hosts:
        return [_forwarded(element) for element in ELEMENT.findall(", ".join(headers.getlist("forwarded")))]
    # One scheme and one host for the whole way, as most proxies write them, or one for each hop.
    return [
        Hop(address, _at(schemes, place, len(addresses)), _at(hosts, place, len(addresses)))
        for place, address in enumerate(addresses or [""])
    ]


def plain_address(text: str) -> str | None:
    """Return an address without port, brackets and the IPv6 form of an IPv4 address; None for what is none."""
    text = text.strip()
    with_port = WITH_PORT.match(text)
    if with_port:
        text = with_port["six"] or with_port["four"]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _items(headers: Headers, name: str) -> list[str]:
    return [item.strip() for item in ",".join(headers.getlist(name)).split(",") if item.strip()]


def _at(said: Sequence[str], place: int, hops_said: int) -> str:
    if not said:
        return ""
    return said[place] if len(said) == hops_said else said[-1]


def _forwarded(element: str) -> Hop:
    pairs = {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain for name, quoted, plain in PAIR.findall(element)}
    return Hop(pairs.get("for", ""), pairs.get("proto", "").lower(), pairs.get("host", ""))
