"""What the service tells of each request: its id, its one log line, its counts, and how the caller's limit stands."""

import re
import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import instruments
from models.ids import uuid7

log = structlog.get_logger("steadfast.request")
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
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if REQUEST_ID.match(given) else str(uuid7())
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        started = time.perf_counter()
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update({"X-Request-ID": request_id, **state.get("rate_limit", {})})
            await send(message)

        # What is logged on the way belongs to this request, and says so.
        with structlog.contextvars.bound_contextvars(request_id=request_id), instruments.under_way.track_inprogress():
            try:
                await self.app(scope, receive, sending)
            finally:
                _tell(scope, status, time.perf_counter() - started)


def _tell(scope: Scope, status: int, took: float) -> None:
    route = getattr(scope.get("route"), "path", None)
    caller = scope["state"].get("caller")
    instruments.count_request(scope["method"], route, status, took)
    log.info(
        "request",
        method=scope["method"],
        route=route,
        status=status,
        ms=round(took * 1000, 2),
        **({} if caller is None else {"key": str(caller.key_id), "workspace": str(caller.workspace_id)}),
    )
