"""The quick way to one customer's risk: a door of its own before the router, for the question that is asked most.

Everything happens as on the ordinary way and in its order: the key is judged, its limit paid, its scope asked for.
What is not plain - a moment in the past, somebody unknown, anything the ordinary way says better - goes on to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response
from pydantic_core import to_json
from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors
from api.keyring import KeyRing
from api.risk.fresh import FreshRisk, Unproved
from api.risk.wording import language_for
from models.access import Scope as KeyScope

BEFORE, AFTER = "/v1/customers/", "/risk"
LONGEST = 200
LONGEST_LANGUAGE = 35
SCOPES = (KeyScope.RISK_READ.value,)


@dataclass(frozen=True)
class _Route:
    """What the log line and the counts name."""

    path: str = "/v1/customers/{reference}/risk"


ROUTE = _Route()


class RiskWay:
    """Answer plain questions for one customer's risk here, and pass everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain question; pass everything else on as it came."""
        customer = _asked_for(scope)
        answer: Response | None = None
        if customer is not None:
            request = Request(scope, receive)
            try:
                answer = await _answered(request, customer)
            except errors.ANSWERED as error:
                answer = await errors.answer(request, error)
        if answer is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = ROUTE
        await answer(scope, receive, send)


def _asked_for(scope: Scope) -> str | None:
    """Return whose risk is asked for; None of whatever is not plain."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path: str = scope["path"]
    if not path.startswith(BEFORE) or not path.endswith(AFTER):
        return None
    customer = path[len(BEFORE) : -len(AFTER)]
    plain = 0 < len(customer) <= LONGEST and customer.isprintable() and "/" not in customer
    return customer if plain and (not scope["query_string"] or scope["query_string"].startswith(b"lang=")) else None


async def _answered(request: Request, customer: str) -> Response | None:
    asked = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if len(asked) > 1 or (asked and len(asked[0][1]) > LONGEST_LANGUAGE):
        return None
    ring: KeyRing = request.app.state.key_ring
    caller = await ring.caller(request, SCOPES)
    fresh: FreshRisk = request.app.state.fresh_risk
    language = language_for(asked[0][1] if asked else None, request.headers.get("accept-language"))
    try:
        answer = await fresh.answer(caller, customer, language)
    except Unproved:
        # Whoever answers finds nobody judged, and judges.
        del request.state.caller
        return None
    return None if answer is None else said(answer, language)


def said(answer: Mapping[str, Any], language: str) -> Response:
    """Return the fields of a `RiskAnswer` as they are sent, with the language its reason is given in.

    They are written as they are: to hold our own figures to our own model takes longer than to reckon them.
    """
    headers = {"content-language": language, "vary": "Accept-Language"}
    return Response(to_json(answer, inf_nan_mode="null"), media_type="application/json", headers=headers)
