"""Log lines: JSON on stderr, one form for our own and for those of the libraries, and never what somebody sent us.

An error is told by its kind and by where it happened. Its message is left out: drivers and validators quote rows and
bodies in theirs.
"""

import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any

import structlog

from api.settings import settings
from models.database import is_disk_full, is_unavailable

LONGEST = 300
EXC_INFO = "exc_info"
RAISED_AGAIN = "Exception in ASGI application"
"""What the server says of an error that was logged here already."""


def set_up_logs() -> None:
    """Write log lines as JSON, or as text for people."""
    structlog.configure(
        processors=[*_processors(), _renderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


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
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


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
