"""The one kind of route this house has: the key is judged, then the body read under a limit and checked.

A stranger's body is neither read nor parsed. JSON that is not JSON (NaN, infinities, NUL, lone surrogates) is refused
here, once, for every route. A route that stores gets its answer kept for the Idempotency-Key inside the same
transaction, and is written into the audit there.
"""

import inspect
import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import IntegrityError

from api import audit, tombstones
from api.dependencies import Work, judge, reading, writing
from api.errors import Malformed, TooLarge, WrongMediaType
from api.heads import line_of
from api.idempotency import FirstAnswer, keep_answer
from models.database import is_orphan

BODY_LIMIT = 256 * 1024
BULK_LIMIT = 2 * 1024 * 1024
JSON_TYPES = ("application/json",)
NDJSON_TYPES = ("application/x-ndjson", "application/jsonl", "application/ndjson")
ESCAPED_TROUBLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
DEEPEST = 32
IDEMPOTENCY_KEY = {
    "name": "idempotency-key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "The same key with the same body gets the first answer again, for 7 days.",
}


class StrictRoute(APIRoute):
    """A route whose caller is known before its body, which was read under a limit and is strict JSON.

    A PUT tells of something new with 201 and the same answer; its document says so without each route doing it.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if "PUT" in (options.get("methods") or ()):
            made = {"model": inspect.signature(endpoint).return_annotation, "description": "Not known before: made."}
            options["responses"] = {201: made, **(options.get("responses") or {})}
        super().__init__(path, endpoint, **options)
        if self.methods == {"POST"} and any(door.call is writing for door in _doors(self.dependant)):
            self.openapi_extra = {**(self.openapi_extra or {}), "parameters": [IDEMPOTENCY_KEY]}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the key and the body before it and the kept answer after it."""
        handle = super().get_route_handler()
        takes_body = self.body_field is not None
        stores = any(door.call is writing for door in _doors(self.dependant))
        doors = _doors(self.dependant) if takes_body or stores else []

        async def strict(request: Request) -> Response:
            for door in doors:
                await judge(request, door.own_oauth_scopes or ())
            if takes_body:
                await read_json(request)
            elif stores:
                # What nobody asked for is read before the work begins too: nobody else waits for its end.
                await read_body(request, BODY_LIMIT)
            try:
                response = await handle(request)
            except IntegrityError as error:
                await _say_erased(request, error)
                raise
            work: Work | None = getattr(request.state, "work", None)
            if work is not None and 200 <= response.status_code < 300:  # noqa: PLR2004
                await audit.note_request(work, self.name, self.path_format, request.path_params)
                if work.once is not None:
                    answer = FirstAnswer.of(response.status_code, bytes(response.body), response.headers)
                    await keep_answer(work.session, work.once, answer, work.now)
            return response

        return strict


def _doors(dependant: Dependant) -> list[Dependant]:
    """Return through which of the two doors a route lets its caller in, with the scopes it wants."""
    return [inner for inner in dependant.dependencies if inner.call in {reading, writing}]


async def _say_erased(request: Request, error: IntegrityError) -> None:
    """Refuse a request whose customer or case was erased between its finding it and its pointing at it."""
    work: Work | None = getattr(request.state, "work", None)
    if work is None or not is_orphan(error):
        return
    await work.session.rollback()
    if await tombstones.erased_lately(work):
        raise tombstones.erased_meanwhile() from None


async def read_json(request: Request) -> None:
    """Read the body as strict JSON or NDJSON, so that the framework finds it parsed."""
    body = await read_body(request, BULK_LIMIT if request.scope["path"].endswith("/bulk") else BODY_LIMIT)
    kind = line_of(request, b"content-type").decode("latin-1").partition(";")[0].strip().lower()
    if not body:
        return
    if kind in NDJSON_TYPES:
        request._json = [parse_json(line) for line in body.splitlines() if line.strip()]  # noqa: SLF001 - see below
        _say_json(request)
    elif kind in JSON_TYPES or kind.endswith("+json"):
        # Starlette's own cache of the parsed body: what stands there is not parsed a second time.
        request._json = parse_json(body)  # noqa: SLF001
    else:
        raise WrongMediaType("Send the body as JSON with `Content-Type: application/json`.")


async def read_body(request: Request, limit: int) -> bytes:
    """Read the body, refusing it while it streams once it is over the limit."""
    declared = line_of(request, b"content-length")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    request._body = b"".join(chunks)  # noqa: SLF001 - Starlette's own cache of the body
    return request._body  # noqa: SLF001 - same


def parse_json(data: bytes) -> Any:
    """Return the value of strict JSON text."""
    try:
        text = data.decode()  # `json.loads` would take UTF-16 and half a surrogate pair from bytes
        value = STRICT.decode(text)
    except UnicodeDecodeError:
        raise _malformed("not_utf8", "The body is not UTF-8.") from None
    except RecursionError:
        raise _malformed("too_deep", "The body is nested too deeply.") from None
    except json.JSONDecodeError as error:
        detail = {"type": "json_invalid", "loc": ("body",), "msg": f"{error.msg} at character {error.pos}"}
        raise RequestValidationError([detail]) from None
    except ValueError as error:
        raise _malformed("not_finite", str(error)) from None
    searching = ESCAPED_TROUBLE.search(text) is not None
    # What has fewer brackets than may stand one in another is not nested too deeply: no need to go through it.
    if searching or text.count("{") + text.count("[") > DEEPEST:
        _check(value, "", searching=searching)
    return value


def _check(value: Any, pointer: str, *, searching: bool, depth: int = 0) -> None:
    """Refuse what is nested too deeply and, where an escape made it possible, NUL and lone surrogates."""
    if depth > DEEPEST:
        raise _malformed("too_deep", "The body is nested too deeply.", pointer)
    if isinstance(value, dict):
        for key, item in value.items():
            if searching:
                _check_text(key, pointer)
            _check(item, f"{pointer}/{key}", searching=searching, depth=depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, f"{pointer}/{index}", searching=searching, depth=depth + 1)
    elif searching and isinstance(value, str):
        _check_text(value, pointer)


def _check_text(text: str, pointer: str) -> None:
    if "\0" in text:
        raise _malformed("nul_character", "A text holds the character NUL.", pointer)
    if any("\ud800" <= character <= "\udfff" for character in text):
        shown = pointer.encode("utf-8", "replace").decode()
        raise _malformed("lone_surrogate", "A text holds half of a surrogate pair.", shown)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number that JSON knows")


def _finite(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ValueError(f"{text[:20]} is too large a number")
    return value


STRICT = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def _malformed(code: str, detail: str, pointer: str = "") -> Malformed:
    return Malformed(detail, errors=[{"pointer": pointer, "code": code, "detail": detail}])


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"This route takes {limit // 1024} KiB. Send less at once; bulk routes take {BULK_LIMIT // 1024} KiB.",
        headers={"Connection": "close"},
    )


def _say_json(request: Request) -> None:
    """Let the framework take what was parsed from NDJSON as the JSON array it stands for."""
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
    request.scope["headers"] = [*headers, (b"content-type", b"application/json")]
    if hasattr(request, "_headers"):
        del request._headers  # noqa: SLF001 - Starlette's cache of the line just changed
