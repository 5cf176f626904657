"""What the service tells of each request: its id, its one log line, its counts, and how the caller's limit stands."""

import re
import time
from collections.abc import Mapping

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import instruments
from api.logs import request_lines
from models.ids import uuid7

REQUEST_ID_HEADER = b"x-request-id"
REQUEST_ID = re.compile(r"^[A-Za-z0-9._:/+=-]{1,128}$")


class RequestIds:
    """Give every request an id, the caller's own where it sent one, and log its line when it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(REQUEST_ID_HEADER, b"").decode("latin-1")
        request_id = given if REQUEST_ID.match(given) else str(uuid7())
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        started = time.perf_counter()
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _say(message, request_id, state.get("rate_limit"))
            await send(message)

        # What is logged on the way belongs to this request, and says so.
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        instruments.under_way.inc()
        try:
            await self.app(scope, receive, sending)
        finally:
            _tell(scope, request_id, status, time.perf_counter() - started)
            instruments.under_way.dec()
            structlog.contextvars.reset_contextvars(**bound)


def _say(message: Message, request_id: str, rate_limit: Mapping[str, str] | None) -> None:
    """Say the id and the limit with an answer, instead of what it says of them itself."""
    mine = {REQUEST_ID_HEADER: request_id.encode("latin-1")}
    if rate_limit is not None:
        mine |= {name.lower().encode(): value.encode("latin-1") for name, value in rate_limit.items()}
    message["headers"] = [*[other for other in message["headers"] if other[0] not in mine], *mine.items()]


def _tell(scope: Scope, request_id: str, status: int, took: float) -> None:
    route = getattr(scope.get("route"), "path", None)
    caller = scope["state"].get("caller")
    instruments.count_request(scope["method"], route, status, took)
    line = {"method": scope["method"], "route": route, "status": status, "ms": round(took * 1000, 2)}
    request_lines.tell(request_id, line if caller is None else {**line, **caller.told})
