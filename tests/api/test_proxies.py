"""A forwarded header is believed only as far as a trusted proxy wrote it."""

from typing import Any

import pytest

from api.proxies import TrustedProxies, plain_address
from api.settings import networks_of

pytestmark = pytest.mark.anyio

TRUSTED = networks_of("10.0.0.0/8, 192.0.2.7, 2001:db8:aaaa::/48")


async def seen(peer: str | None, *headers: tuple[str, str]) -> tuple[str | None, str, str]:
    """Give the caller, scheme and host that the application sees."""
    found: dict[str, Any] = {}

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        found.update(scope)

    scope = {
        "type": "http",
        "client": (peer, 4711) if peer is not None else None,
        "scheme": "http",
        "headers": [(b"host", b"inside:8000"), *((name.encode(), value.encode()) for name, value in headers)],
    }
    await TrustedProxies(app, TRUSTED)(scope, None, None)  # type: ignore[arg-type] # neither is used
    hosts = [value.decode() for name, value in found["headers"] if name == b"host"]
    assert len(hosts) == 1
    return (found["client"] or (None,))[0], found["scheme"], hosts[0]


FOR, PROTO, HOST = "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"


@pytest.mark.parametrize(
    ("peer", "headers", "caller"),
    [
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [(FOR, "203.0.113.9")], "203.0.113.9"),
        ("203.0.113.1", [(FOR, "203.0.113.9")], "203.0.113.1"),
        (None, [(FOR, "203.0.113.9")], None),
        ("unix", [(FOR, "203.0.113.9")], "unix"),
        ("10.0.0.1", [(FOR, "1.1.1.1, 203.0.113.9")], "203.0.113.9"),
        ("10.0.0.1", [(FOR, "1.1.1.1"), (FOR, "203.0.113.9")], "203.0.113.9"),
        ("10.0.0.1", [(FOR, "1.1.1.1, 203.0.113.9, 192.0.2.7, 10.1.2.3")], "203.0.113.9"),
        ("10.0.0.1", [(FOR, "10.0.0.9, 192.0.2.7")], "10.0.0.9"),
        ("10.0.0.1", [(FOR, "203.0.113.9, unknown, 10.1.2.3")], "10.1.2.3"),
        ("10.0.0.1", [(FOR, "203.0.113.9, nonsense")], "10.0.0.1"),
        ("10.0.0.1", [(FOR, "203.0.113.9:5555")], "203.0.113.9"),
        ("10.0.0.1", [(FOR, "[2001:db8::9]:5555")], "2001:db8::9"),
        ("10.0.0.1", [(FOR, "::ffff:203.0.113.9")], "203.0.113.9"),
        ("::ffff:10.0.0.1", [(FOR, "203.0.113.9")], "203.0.113.9"),
        ("2001:db8:aaaa::1", [(FOR, "203.0.113.9")], "203.0.113.9"),
        ("2001:db8:bbbb::1", [(FOR, "203.0.113.9")], "2001:db8:bbbb::1"),
        ("10.0.0.1", [("forwarded", "for=203.0.113.9;proto=https")], "203.0.113.9"),
        ("10.0.0.1", [("forwarded", 'for=1.1.1.1, For="[2001:db8::9]:47", for=10.0.0.2')], "2001:db8::9"),
        ("10.0.0.1", [("forwarded", "for=203.0.113.9, for=_hidden")], "10.0.0.1"),
        ("10.0.0.1", [("forwarded", "for=6.6.6.6"), (FOR, "203.0.113.9")], "203.0.113.9"),
        ("203.0.113.1", [("forwarded", "for=6.6.6.6")], "203.0.113.1"),
        ("10.0.0.1", [("forwarded", ';;,==,"')], "10.0.0.1"),
    ],
)
async def test_the_caller_is_the_last_address_that_is_no_trusted_proxy(
    peer: str | None, headers: list[tuple[str, str]], caller: str | None
) -> None:
    assert (await seen(peer, *headers))[0] == caller


@pytest.mark.parametrize(
    ("peer", "headers", "scheme", "host"),
    [
        ("10.0.0.1", [(PROTO, "https"), (HOST, "feedback.example.com")], "https", "feedback.example.com"),
        ("203.0.113.1", [(PROTO, "https"), (HOST, "evil.example.com")], "http", "inside:8000"),
        ("10.0.0.1", [(FOR, "1.1.1.1, 9.9.9.9"), (PROTO, "http, https"), (HOST, "evil, good")], "https", "good"),
        ("10.0.0.1", [(FOR, "9.9.9.9, 10.0.0.2"), (PROTO, "https, http")], "https", "inside:8000"),
        ("10.0.0.1", [(FOR, "9.9.9.9"), (PROTO, "gopher"), (HOST, "a b")], "http", "inside:8000"),
        ("10.0.0.1", [(HOST, "good:8443")], "http", "good:8443"),
        ("10.0.0.1", [(HOST, "[2001:db8::1]:8443")], "http", "[2001:db8::1]:8443"),
        ("10.0.0.1", [("forwarded", 'for=9.9.9.9;proto=https;host="good:8443"')], "https", "good:8443"),
    ],
)
async def test_scheme_and_host_are_what_the_proxy_nearest_the_caller_says(
    peer: str, headers: list[tuple[str, str]], scheme: str, host: str
) -> None:
    assert (await seen(peer, *headers))[1:] == (scheme, host)


@pytest.mark.parametrize("text", ["", "unknown", "999.1.1.1", "1.2.3", "a.b.c.d:80", "[::1", "[nonsense]:80"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert plain_address(text) is None


@pytest.mark.parametrize("given", ["proxy.example.com", "10.0.0.1/8", "10.0.0.0/33"])
def test_a_proxy_is_named_by_address_or_network(given: str) -> None:
    with pytest.raises(ValueError, match=r"does not appear|host bits"):
        networks_of(given)
