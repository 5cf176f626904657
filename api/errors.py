"""Every refusal this service makes, as problem+json (RFC 9457).

A refusal is an exception that carries its status, its stable code and what to do about it:

    Refusal
    ├── Malformed            422  malformed             the request is not of the documented shape
    │   └── NotAboutThis     422  condition_defines_outcome, too_few_failures, … (a code of its own)
    ├── NoSuchThing          404  not_found
    ├── NotSignedIn          401  unauthenticated
    ├── NotAllowed           403  missing_scope
    ├── Conflict             409  conflict              a code of its own: unknown_reference, idempotency_mismatch …
    ├── TooLarge             413  too_large
    ├── WrongMediaType       415  unsupported_media_type
    ├── TooManyRequests      429  too_many_requests
    ├── Unavailable          503  unavailable
    └── NoRoom               507  no_room

One handler renders them all. Nothing else in the house builds an error answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from api.logs import in_few_words
from api.settings import settings
from models.database import DATABASE_ERRORS, OutcomeUnknownError, is_disk_full, is_unavailable

log = structlog.get_logger(__name__)

PROBLEM = "application/problem+json"


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a failure of ours
    """An answer that is no.

    Parameters
    ----------
    detail
        What is wrong with this request and what to do about it.
    code
        The stable code, where the class's own is too general.
    errors
        For 422: what is wrong where, as `{pointer, code, detail}`.
    """

    status: ClassVar[int] = 500
    code: str = "internal_error"
    title: ClassVar[str] = "Something went wrong here"
    retryable: bool = False

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.retryable = type(self).retryable if retryable is None else retryable


class Malformed(Refusal):
    """The request is not of the documented shape."""

    status, code, title = 422, "malformed", "The request is not of the documented shape"


class NotAboutThis(Malformed):
    """The request is well formed and asks something that cannot be asked of this data."""

    code, title = "not_applicable", "This cannot be asked of this data"


class NotSignedIn(Refusal):
    """No valid API key came with the request."""

    status, code, title = 401, "unauthenticated", "A valid API key is needed"


class NotAllowed(Refusal):
    """The key is valid and lacks the scope."""

    status, code, title = 403, "missing_scope", "This API key may not do that"


class NoSuchThing(Refusal):
    """There is no such thing in this workspace; another workspace's looks the same."""

    status, code, title = 404, "not_found", "There is no such thing"


class Conflict(Refusal):
    """The request contradicts what is stored."""

    status, code, title = 409, "conflict", "This contradicts what is stored"


class UnknownReference(Conflict):
    """The request names a parent that has not been reported yet."""

    code, title, retryable = "unknown_reference", "A reference is not known yet", True


class Gone(Conflict):
    """What the request names was erased while it was stored."""

    retryable = True


class TooLarge(Refusal):
    """The body is larger than this route takes."""

    status, code, title = 413, "too_large", "The body is too large"


class WrongMediaType(Refusal):
    """The body is of a kind this route does not read."""

    status, code, title = 415, "unsupported_media_type", "This kind of body is not read here"


class TooManyRequests(Refusal):
    """More requests came than the limit allows; `Retry-After` says how long to wait."""

    status, code, title, retryable = 429, "too_many_requests", "Too many requests", True


class Unavailable(Refusal):
    """The database cannot be asked just now; nothing was stored."""

    status, code, title, retryable = 503, "unavailable", "Not available just now", True


class NoRoom(Refusal):
    """The disk is full; nothing was stored."""

    status, code, title, retryable = 507, "no_room", "There is no room left to store this", True


METHOD_NOT_ALLOWED = 405
STATUS_CODES = {
    400: ("bad_request", "The request cannot be read"),
    404: (NoSuchThing.code, NoSuchThing.title),
    METHOD_NOT_ALLOWED: ("method_not_allowed", "This method is not offered here"),
    413: (TooLarge.code, TooLarge.title),
    415: (WrongMediaType.code, WrongMediaType.title),
}


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "retryable", "request_id"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "instance", "code")},
        "status": {"type": "integer"},
        "retryable": {"type": "boolean"},
        "request_id": {"type": ["string", "null"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    group: {"description": meaning, "content": {PROBLEM: {"schema": PROBLEM_SCHEMA}}}
    for group, meaning in (
        ("4XX", "A refusal; its `code` says which."),
        ("5XX", "A failure here; `retryable` says whether to send the same again."),
    )
}


def install(app: FastAPI) -> None:
    """Teach the application to answer every refusal and every failure as a problem."""
    for kind in ANSWERED:
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(Exception, _unexpected)


ANSWERED = (Refusal, RequestValidationError, HTTPException, ClientDisconnect, *DATABASE_ERRORS)
"""What a request can end with and is answered for."""


async def answer(request: Request, error: Exception) -> JSONResponse:
    """Answer what a request ended with."""
    if isinstance(error, Refusal):
        return problem(request, error)
    if isinstance(error, RequestValidationError):
        return await _malformed(request, error)
    if isinstance(error, HTTPException):
        return await _http(request, error)
    if isinstance(error, ClientDisconnect):
        return problem(request, Refusal("The connection ended before the body did.", code="bad_request"), 400)
    return await _database(request, error)


def problem(request: Request, refusal: Refusal, status: int | None = None, title: str | None = None) -> JSONResponse:
    """Render a refusal."""
    request_id = getattr(request.state, "request_id", None)
    body: dict[str, Any] = {
        "type": f"{settings().public_url.rstrip('/')}/problems#{refusal.code}",
        "title": title or type(refusal).title,
        "status": status or type(refusal).status,
        "detail": refusal.detail,
        "instance": request.url.path,
        "code": refusal.code,
        "retryable": refusal.retryable,
        "request_id": request_id,
    }
    if body["status"] == Malformed.status:
        body["errors"] = refusal.errors
    # An unexpected error is answered outside the room that puts the id on every other answer.
    headers = {**refusal.headers, **({"X-Request-ID": request_id} if request_id else {})}
    if refusal.retryable:
        headers.setdefault("Retry-After", "1")
    return JSONResponse(body, body["status"], headers=headers, media_type=PROBLEM)


async def _malformed(request: Request, error: RequestValidationError) -> JSONResponse:
    errors = [field_error(item) for item in error.errors()]
    where = ", ".join(item["pointer"] or "the body" for item in errors[:5])
    refusal = Malformed(f"Correct {where} and send it again; `errors` says what is wrong with each.", errors=errors)
    return problem(request, refusal)


def field_error(item: Mapping[str, Any], base: Sequence[object] = ()) -> dict[str, str]:
    """Return one of pydantic's errors as `{pointer, code, detail}`; the pointer is RFC 6901 within its place."""
    place, *path = item["loc"] or ("body",)
    if base or place != "body":
        path = [*base, *item["loc"]]
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    return {"pointer": pointer, "code": str(item["type"]), "detail": str(item["msg"])}


async def _http(request: Request, error: HTTPException) -> JSONResponse:
    code, title = STATUS_CODES.get(error.status_code, ("refused", "The request was refused"))
    headers = dict(error.headers or {})
    if error.status_code == METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods_at(request))
    refusal = Refusal(_advice(request, error, headers), code=code, headers=headers)
    return problem(request, refusal, error.status_code, title)


def _methods_at(request: Request) -> list[str]:
    """Return all methods offered at an address; the framework names only those of the first route that fits."""
    offered: set[str] = set()
    for place in request.app.routes:
        for route in getattr(getattr(place, "original_router", None), "routes", [place]):
            if isinstance(route, Route) and route.path_regex.match(request.url.path):
                offered |= route.methods or set()
    return sorted(offered)


def _advice(request: Request, error: HTTPException, headers: Mapping[str, str]) -> str:
    if error.status_code == NoSuchThing.status:
        return f"Nothing answers at {request.url.path}; /docs lists what does."
    if error.status_code == METHOD_NOT_ALLOWED:
        return f"{request.method} is not offered at {request.url.path}; use {headers['Allow']}."
    return str(error.detail)


BEFORE_COMMIT = "Nothing of this request was stored. Send it again in a moment."
AT_COMMIT = (
    "The database went away while this was being stored: it may be there or not. Send the same again in a moment; "
    "with an id, a reference or an Idempotency-Key it happens once."
)


async def _database(request: Request, error: Exception) -> JSONResponse:
    if is_disk_full(error):
        log.error("disk_full", error=in_few_words(error))
        return problem(request, NoRoom("Nothing of this request was stored. Free space, then send it again."))
    if is_unavailable(error):
        log.warning("database_unavailable", error=in_few_words(error))
        return problem(request, Unavailable(AT_COMMIT if isinstance(error, OutcomeUnknownError) else BEFORE_COMMIT))
    return await _unexpected(request, error)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected", exc_info=error, request_id=getattr(request.state, "request_id", None))
    refusal = Refusal("This is our fault. Nothing was stored. Tell whoever runs the service the request_id.")
    return problem(request, refusal)
