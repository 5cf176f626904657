"""What the service tells about itself: request ids, structured log lines, and whether it is alive and ready."""

import logging
import re
import sys
import time
import traceback
from collections.abc import Iterator

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict

from api.settings import settings
from models.ids import uuid7

log = structlog.get_logger("steadfast.request")
REQUEST_ID = re.compile(r"^[A-Za-z0-9._:/+=-]{1,128}$")


def set_up_logs() -> None:
    """Write log lines as JSON, or as text for people."""
    renderer = (
        structlog.processors.JSONRenderer()
        if settings().log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            say_where,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def leave_tracebacks_out() -> None:
    """Keep the server from writing a second line, messages included, about an error that has its line already."""
    logging.getLogger("uvicorn.error").addFilter(_is_no_traceback)


def _is_no_traceback(record: logging.LogRecord) -> bool:
    return not record.exc_info


def say_where(_logger: object, _name: str, event: EventDict) -> EventDict:
    """Write an exception as its kinds and the places it went through, without messages: they can hold what was sent."""
    error = event.pop("exc_info", None)
    error = sys.exc_info()[1] if error is True else error
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_places(error))
    return event


def _places(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _places(cause)
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}"
    state = getattr(error, "sqlstate", None)
    yield type(error).__qualname__ if state is None else f"{type(error).__qualname__} {state}"


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
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 2)
            log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                route=getattr(scope.get("route"), "path", None),
                status=status,
                ms=milliseconds,
            )
