"""Rate limits: a bucket for each key, each invitation, each address, that fills as time passes.

A request pays from the bucket of whoever it is proved to be; only who proves nothing pays from the address's. So a
valid key or invitation is never refused for what others behind the same address did. Buckets live in this process's
memory, a bounded number of each kind, the longest unused forgotten first. What is left is told in `RateLimit-Policy`
and `RateLimit` (draft-ietf-httpapi-ratelimit-headers): `"key";q=60000;w=60` and `"key";r=59999;t=1`.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

from fastapi import Request

from api.errors import TooManyRequests
from api.settings import Settings

WINDOW_SECONDS = 60
MOST_BUCKETS = 50_000
"""Of each kind: some 10 MB when all are in use."""
HOME_NETWORK_BITS = 64
"""What one customer of a provider has of IPv6: whoever has one address of it has them all."""


class Kind(StrEnum):
    """What a request pays by."""

    KEY = "key"
    TOKEN = "token"  # noqa: S105 - the name of a kind
    ADDRESS = "address"
    FAILURE = "failure"


@dataclass(frozen=True)
class Standing:
    """How a bucket stands after a request.

    Parameters
    ----------
    kind
        Whose bucket.
    quota
        Requests a window.
    left
        How many more are taken at once.
    full_in, next_in
        Seconds until it is full again, and until it holds one request.
    refused
        Whether this request found it empty.
    """

    kind: Kind
    quota: int
    left: int
    full_in: float
    next_in: float
    refused: bool

    def headers(self) -> dict[str, str]:
        """Return what an answer says of it."""
        return {
            "RateLimit-Policy": f'"{self.kind}";q={self.quota};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.kind}";r={self.left};t={math.ceil(self.full_in)}',
        }


class Buckets:
    """The buckets of one kind: `quota` requests at once, and as many again every window, evenly."""

    def __init__(self, kind: Kind, quota: int, clock: Callable[[], float], most: int = MOST_BUCKETS) -> None:
        self.kind = kind
        self.quota = quota
        self.most = most
        self.a_request = WINDOW_SECONDS / quota if quota else 0.0
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str) -> Standing:
        """Pay one request from a bucket; an empty one is not made emptier."""
        now = self._clock()
        # A bucket is the moment at which it will be full: one number, and none for one that is full already.
        full_at = max(self._full_at.get(name, now), now) + self.a_request
        # A hair of tolerance: sums of fractions may miss the window's end by less than any request is worth.
        refused = full_at - now > WINDOW_SECONDS + self.a_request / 1000
        if refused:
            full_at -= self.a_request
        self._full_at[name] = full_at
        self._full_at.move_to_end(name)
        if len(self._full_at) > self.most:
            self._full_at.popitem(last=False)
        full_in = full_at - now
        left = max(0, math.floor((WINDOW_SECONDS - full_in) / self.a_request + 1e-6))
        return Standing(self.kind, self.quota, left, full_in, full_in + self.a_request - WINDOW_SECONDS, refused)


class Limits:
    """All buckets of this process."""

    def __init__(self, quotas: Mapping[Kind, int], clock: Callable[[], float] = time.monotonic) -> None:
        self.buckets = {kind: Buckets(kind, quota, clock) for kind, quota in quotas.items() if quota}

    async def check(self, request: Request, *, kind: Kind, by: str | None = None) -> None:
        """Pay for a request, or refuse it (429) where the bucket is empty.

        Parameters
        ----------
        request
            What came.
        kind
            `KEY` and `TOKEN` for whoever proved to hold one, `ADDRESS` for whoever need not prove anything, and
            `FAILURE` for whoever tried and failed.
        by
            Which key or token; the address where it is not given.
        """
        buckets = self.buckets.get(kind)
        if buckets is None:
            return
        standing = buckets.take(by if by is not None else address_of(request))
        request.state.rate_limit = standing.headers()
        if standing.refused:
            seconds = max(1, math.ceil(standing.next_in))
            raise TooManyRequests(
                f"More than {standing.quota} requests a minute came by this {WORDS[kind]}. Wait {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )


WORDS = {
    Kind.KEY: "API key",
    Kind.TOKEN: "invitation",
    Kind.ADDRESS: "address",
    Kind.FAILURE: "address without a valid key or invitation",
}


def limits_of(settings: Settings) -> Limits:
    """Return the limits that the settings name."""
    return Limits(
        {
            Kind.KEY: settings.limit_key,
            Kind.TOKEN: settings.limit_token,
            Kind.ADDRESS: settings.limit_address,
            Kind.FAILURE: settings.limit_failures,
        }
    )


async def check(request: Request, *, kind: Kind, by: str | None = None) -> None:
    """Pay for a request from the application's own buckets; see `Limits.check`."""
    limits: Limits = request.app.state.limits
    await limits.check(request, kind=kind, by=by)


def address_of(request: Request) -> str:
    """Return who counts as one sender: an IPv4 address, or an IPv6 network of the size one home has."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(int(address) >> (128 - HOME_NETWORK_BITS))
