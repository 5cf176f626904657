"""One attempt to tell a hook: resolved here, connected to the very address that was looked at, nothing followed.

The name is resolved once and the connection is made to an address of that answer: a name that resolves to something
else a moment later changes nothing. No body is read, no redirect followed, no proxy of the environment used.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

import httpx

from api.settings import settings
from api.webhooks.addresses import is_public

CONNECT_SECONDS = 5.0
AGENT = f"Steadfast/{version('steadfast')}"
LONGEST_PROBLEM = 500
GONE = 410


class AddressRefusedError(httpx.ConnectError):
    """The name leads to no address that a hook may reach."""


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: the status that came back, or why none did."""

    status: int | None
    problem: str | None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and httpx.codes.is_success(self.status)

    @property
    def gone(self) -> bool:
        """Whether the receiver asked never to be told again."""
        return self.status == GONE


class PublicOnly(httpx.AsyncBaseTransport):
    """A transport that resolves the host itself and connects only where hooks may reach."""

    def __init__(self) -> None:
        # No connection is kept: one made for a name must not serve another name at the same address.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._transport = httpx.AsyncHTTPTransport(verify=_trusted(), limits=limits, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first address that lets itself be connected to."""
        host = request.url.raw_host.decode("ascii")
        last: httpx.ConnectError | httpx.ConnectTimeout | None = None
        for address in await _addresses(host, request.url.port or (443 if request.url.scheme == "https" else 80)):
            direct = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # `Host` among them, as the name
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._transport.handle_async_request(direct)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                last = error
        raise last or AddressRefusedError(
            f"{host} leads to no public address; STEADFAST_ALLOW_PRIVATE_HOOKS=true allows others."
        )

    async def aclose(self) -> None:
        """Close what is open."""
        await self._transport.aclose()


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Return the certificates trusted, read once."""
    return httpx.create_ssl_context(trust_env=False)


async def _addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a host that a hook may reach."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"{host} cannot be resolved: {error}") from error
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return [address for address in addresses if settings().allow_private_hooks or is_public(address)]


async def send(transport: PublicOnly, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Post once; whatever happens is an outcome."""
    seconds = settings().hook_timeout
    sent = {**headers, "User-Agent": AGENT, "Content-Type": "application/json"}
    wait = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)).as_dict()
    try:
        request = httpx.Request("POST", url, headers=sent, content=body, extensions={"timeout": wait})
        async with asyncio.timeout(seconds):
            response = await transport.handle_async_request(request)
            await response.aclose()
    except TimeoutError:
        return Outcome(None, f"No answer within {seconds:g} seconds.")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Outcome(None, f"{type(error).__name__}: {error}"[:LONGEST_PROBLEM])
    status = response.status_code
    return Outcome(status, None if response.is_success else f"The receiver answered {status}.")
