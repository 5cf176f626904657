"""Log lines: JSON on stderr, one form for our own and for those of the libraries, and never what somebody sent us.

An error is told by its kind and by where it happened. Its message is left out: drivers and validators quote rows and
bodies in theirs.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog

from api.settings import settings
from models.database import is_disk_full, is_unavailable

log = structlog.get_logger("steadfast.request")
LONGEST = 300
UTC_LETTERS = len("+00:00")
EXC_INFO = "exc_info"
LINES = json.JSONEncoder(default=repr)
"""Made once: to make one for each line takes longer than to write it."""
RAISED_AGAIN = "Exception in ASGI application"
"""What the server says of an error that was logged here already."""


class RequestLines:
    """Where the line of each request goes: a form of its own, written without the steps that any line goes through."""

    def __init__(self) -> None:
        self._write: Callable[[str], None] | None = None

    def set_up(self) -> None:
        """Write where all lines are written from now on."""
        self._write = structlog.WriteLogger(sys.stderr).info if settings().log_format == "json" else None

    def tell(self, request_id: str, line: Mapping[str, Any]) -> None:
        """Write the line of a request, the same as `info` would write.

        Parameters
        ----------
        request_id
            The request's, which is bound to whatever else is logged on its way.
        line
            What is said of it, none of it an error.
        """
        if self._write is None:
            log.info("request", **line)
            return
        # As the stamper of the other lines writes it.
        now = f"{datetime.now(UTC).isoformat()[:-UTC_LETTERS]}Z"
        said = {"request_id": request_id, **line, "event": "request", "level": "info", "timestamp": now}
        self._write(LINES.encode(said))


request_lines = RequestLines()


def set_up_logs() -> None:
    """Write log lines as JSON, or as text for people."""
    structlog.configure(
        processors=[*_processors(), _renderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    request_lines.set_up()


def take_over_logs() -> None:
    """Bring what libraries log with `logging`, the server among them, into the same form, from warnings on."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *_processors()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer()],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(lambda record: not record.getMessage().startswith(RAISED_AGAIN))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _processors() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_values,
    ]


def _renderer() -> structlog.typing.Processor:
    if settings().log_format == "json":
        return structlog.processors.JSONRenderer(_written)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _written(line: Any, **_: Any) -> str:
    return LINES.encode(line)


def without_values(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an error by its kind and its way through the code."""
    error = line.pop(EXC_INFO, None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        line["exception"] = "\n".join(_told(error))
    return line


def in_few_words(error: BaseException) -> str:
    """Return what may be told of an error: its kind, and its words where they are about the database and not its rows.

    >>> in_few_words(ConnectionRefusedError("port 5432"))
    'ConnectionRefusedError: port 5432'
    >>> in_few_words(ValueError("the name Ana"))
    'ValueError'
    """
    origin = getattr(error, "orig", None) or error
    state = getattr(origin, "sqlstate", None)
    kind = type(origin).__name__ if state is None else f"{type(origin).__name__} {state}"
    if not is_disk_full(error) and not is_unavailable(error):
        return kind
    words = " ".join(str(origin).split())[:LONGEST]
    return f"{kind}: {words}" if words else kind


def _told(error: BaseException) -> Iterator[str]:
    """Yield an error and those that led to it, the first cause first, each with its frames."""
    led = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if led is not None:
        yield from _told(led)
    if error.__traceback__ is not None:
        yield from (line.rstrip() for line in traceback.format_tb(error.__traceback__))
    yield f"{type(error).__module__}.{type(error).__qualname__}"
