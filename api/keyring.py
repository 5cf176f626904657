"""Keys lately judged, kept in memory: for routes that look at the key again in the transaction they write in.

What is kept is a hash of what came, which holds 160 bits of secret, and who holds the key. Whoever uses this must not
rely on it alone: a key may be revoked a moment later, by another process too.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from time import monotonic

from fastapi import Request

from api.dependencies import Caller, admit, judge
from api.heads import line_of

MOST_KEYS = 10_000
KEPT_SECONDS = 60.0


class KeyRing:
    """Who holds which key, for a minute."""

    def __init__(self) -> None:
        self._held: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()

    async def caller(self, request: Request, scopes: Sequence[str]) -> Caller:
        """Return who holds the key that came with a request, or refuse it as `judge` does."""
        name = _name_of(request)
        until, caller = self._held.get(name, (0.0, None))
        if caller is not None and until > monotonic():
            return await admit(request, caller, scopes)
        await judge(request, scopes)
        judged: Caller = request.state.caller
        self._held[name] = (monotonic() + KEPT_SECONDS, judged)
        if len(self._held) > MOST_KEYS:
            self._held.popitem(last=False)
        return judged


def _name_of(request: Request) -> bytes:
    return hashlib.sha256(line_of(request, b"authorization")).digest()
