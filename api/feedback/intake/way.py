"""The fast way for one answer: a door of its own before the router, for the address that is asked most.

Everything happens as on the ordinary way and in its order: the key is judged, then the body read under a limit as
strict JSON, then checked. What is not plain - a body with something wrong, an Idempotency-Key, an answer about somebody
proved - is left to the ordinary way behind, which finds the body as it came.
"""

from dataclasses import dataclass

from fastapi import Request, Response
from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from api.etags import etag
from api.feedback.intake.service import Intake
from api.feedback.schemas import ResponseBody, ResponseStored
from api.keyring import KeyRing
from api.routing import read_json
from models.access import Scope as KeyScope

PATH = "/v1/responses"
SCOPES = (KeyScope.FEEDBACK_WRITE.value,)
IDEMPOTENCY_KEY = b"idempotency-key"
HEADERS = [(b"content-type", b"application/json"), (b"etag", etag(1).encode())]


@dataclass(frozen=True)
class _Route:
    """What the log line and the counts name."""

    path: str = PATH


ROUTE = _Route()


class FastWay:
    """Take plain answers here, and pass everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain answer once it is committed; pass everything else on as it came."""
        if not _is_for_here(scope):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer: Response | ResponseStored | None
        try:
            answer = await _taken(request)
        except errors.ANSWERED as error:
            answer = await errors.answer(request, error)
        if answer is None:
            await self.app(scope, _again(request, receive), send)
            return
        scope["route"] = ROUTE
        if isinstance(answer, Response):
            await answer(scope, receive, send)
        else:
            await _say_stored(answer, send)


def _is_for_here(scope: Scope) -> bool:
    return bool(
        scope["type"] == "http"
        and scope["path"] == PATH
        and scope["method"] == "POST"
        and not scope["query_string"]
        and IDEMPOTENCY_KEY not in dict(scope["headers"])
    )


async def _taken(request: Request) -> ResponseStored | None:
    """Store a plain answer and return what is said of it; None where the ordinary way has to judge."""
    ring: KeyRing = request.app.state.key_ring
    caller = await ring.caller(request, SCOPES)
    await read_json(request)
    try:
        body = ResponseBody.model_validate(getattr(request, "_json", None))
    except ValidationError:
        return None
    intake: Intake = request.app.state.intake
    return await intake.take(caller, body)


async def _say_stored(stored: ResponseStored, send: Send) -> None:
    body = stored.model_dump_json().encode()
    await send(
        {"type": "http.response.start", "status": 201, "headers": [*HEADERS, (b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})


def _again(request: Request, receive: Receive) -> Receive:
    """Return what gives the body that was read here to whoever reads it next."""
    body = getattr(request, "_body", None)
    if body is None:
        return receive
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
