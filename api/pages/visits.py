"""How a visitor comes in: what the address says, what the form sent, and who is answered with what.

Every request of a page passes here once, and pays here for being answered.
"""

import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api import languages, limits
from api.bodies import Reference
from api.dependencies import Work, database, utc_now, writing_as
from api.errors import Malformed, NoRoom, NoSuchThing, Refusal, Unavailable, WrongMediaType, problem
from api.feedback import hosted
from api.feedback.hosted import NO_PAGE, Arrival
from api.feedback.links import SignedLink
from api.limits import Kind
from api.pages.chrome import chrome_for
from api.pages.fields import Fields
from api.pages.framing import frames, is_embedded
from api.pages.refusals import refusal_page
from api.pages.render import rendered
from api.routing import BODY_LIMIT, parse_json, read_body
from models.database import DATABASE_ERRORS, bind_workspace, is_disk_full, is_unavailable

MOST_FIELDS = 1000
NO_PROOF = frozenset({"not_found", "bad_signature"})
LONGEST_PART = 200
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
REFERENCES: TypeAdapter[str] = TypeAdapter(Reference)


@dataclass(frozen=True)
class Posted:
    """What was sent: the fields of a form, or the object of a JSON caller."""

    fields: Fields
    native: Mapping[str, Any] | None = None


class PageRoute(APIRoute):
    """A route that answers a refusal as a calm page to people, and as a problem to programs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with refusals answered."""
        handle = super().get_route_handler()

        async def visited(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as refusal:
                return refused(request, refusal)
            except RequestValidationError as error:
                return refused(request, Malformed(str(error.errors()[0]["msg"])))
            except DATABASE_ERRORS as error:
                return refused(request, _of_database(error))

        return visited


def _of_database(error: BaseException) -> Refusal:
    if is_disk_full(error):
        return NoRoom("Nothing of this request was stored. Free space, then send it again.")
    if is_unavailable(error):
        return Unavailable("Nothing of this request was stored. Send it again in a moment.")
    raise error


def refused(request: Request, refusal: Refusal) -> Response:
    """Answer a refusal to whoever asked."""
    if wants_json(request):
        told = problem(request, refusal)
        told.headers["Cache-Control"] = "no-store"
        return told
    spoken = [request.query_params.get("lang"), *languages.accepted(request.headers.get("accept-language", ""))]
    page = refusal_page(chrome_for(spoken), refusal.code)
    page = replace(page, framed_by=frames(request).around(request), carried=_to_send_again(request, refusal))
    answer = rendered("message.html", page, type(refusal).status)
    for name, value in refusal.headers.items():
        answer.headers[name] = value
    if refusal.retryable:
        answer.headers.setdefault("Retry-After", "1")
    return answer


def _to_send_again(request: Request, refusal: Refusal) -> Fields:
    """Return what was sent, where it only came at the wrong moment: the page that says so sends it again."""
    sent: Posted | None = getattr(request.state, "posted", None)
    return sent.fields if sent is not None and refusal.retryable else ()


def wants_json(request: Request) -> bool:
    """Return whether a program asks rather than a browser."""
    if _media_type(request).endswith("json"):
        return True
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


@asynccontextmanager
async def visiting(request: Request, arrival: Arrival, slug: str | None = None) -> AsyncIterator[Work]:
    """Yield the work of a page that is only looked at: nothing it does is kept."""
    async with paying(request, _proof(arrival)), database(request).read() as session:
        workspace_id = await hosted.workspace_at(session, slug=slug, token=arrival.token)
        await bind_workspace(session, workspace_id)
        work = Work(session, workspace_id, hosted.visitor(workspace_id), utc_now())
        with _noting_frames(request, arrival, work):
            yield work


@asynccontextmanager
async def sending(request: Request, arrival: Arrival, slug: str | None = None) -> AsyncIterator[Work]:
    """Yield the work of a page that was sent: committed at the end, before anything is answered."""
    async with paying(request, _proof(arrival)):
        async with database(request).read() as session:
            workspace_id = await hosted.workspace_at(session, slug=slug, token=arrival.token)
        async with writing_as(database(request), hosted.visitor(workspace_id)) as work:
            with _noting_frames(request, arrival, work):
                yield work


@contextmanager
def _noting_frames(request: Request, arrival: Arrival, work: Work) -> Iterator[None]:
    """Note which sites may frame the page that answers, whatever it says."""
    try:
        yield
    finally:
        origins = hosted.origins_met(work, arrival) if arrival.embed else None
        if origins is not None:
            frames(request).note(request, origins)


@asynccontextmanager
async def paying(request: Request, proof: str | None) -> AsyncIterator[None]:
    """Let a visit pay by its invitation or signed link, and by its address where it has none, or none that is good."""
    if proof is None:
        await limits.check(request, kind=Kind.ADDRESS)
        yield
        return
    await limits.check(request, kind=Kind.TOKEN, by=sha256(proof.encode()).hexdigest())
    try:
        yield
    except Refusal as refusal:
        if refusal.code in NO_PROOF:
            await limits.check(request, kind=Kind.FAILURE)
        raise


def _proof(arrival: Arrival) -> str | None:
    return arrival.token if arrival.link is None else f"{arrival.link.case}/{arrival.link.signature}"


def arrival_at(request: Request, *, survey: str = "", token: str | None = None) -> Arrival:
    """Return what the address says; refuse one that cannot lead anywhere, whichever part of it."""
    parts = request.path_params.values()
    if any(not part.isprintable() or len(part) > LONGEST_PART for part in parts):
        raise NoSuchThing(NO_PAGE)
    if token is not None:
        return Arrival(token=token)
    query = request.query_params
    case, signature, embed = _reference(query.get("case")), query.get("sig"), is_embedded(request)
    if signature is None:
        return Arrival(survey=survey, customer=_reference(query.get("customer")), case=case, embed=embed)
    link = SignedLink(case or "", signature[:LONGEST_PART], query.get("exp"))
    return Arrival(survey=survey, link=link, embed=embed)


def _reference(text: str | None) -> str | None:
    """Return a reference if it has the form of one; an open page takes no offence at one that has not."""
    try:
        return None if text is None else REFERENCES.validate_python(text)
    except ValidationError:
        return None


async def posted(request: Request) -> Posted:
    """Return what was sent, as names and values; a page that says not now finds it again."""
    request.state.posted = sent = await _sent(request)
    return sent


async def _sent(request: Request) -> Posted:
    body = await read_body(request, BODY_LIMIT)
    kind = _media_type(request)
    if kind.endswith("json"):
        return _from_json(parse_json(body) if body else {})
    if kind == URLENCODED or not body:
        try:
            return Posted(
                parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
            )
        except ValueError:
            raise Malformed("The form has too many fields.") from None
    if kind != MULTIPART:
        raise WrongMediaType("Send a form, or JSON with `Content-Type: application/json`.")
    return Posted(await _from_multipart(request))


async def _from_multipart(request: Request) -> Fields:
    try:
        async with request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=BODY_LIMIT) as form:
            return [(name, value) for name, value in form.multi_items() if not isinstance(value, UploadFile)]
    except (HTTPException, UnicodeError):
        raise WrongMediaType("The form cannot be read; files cannot be sent here.") from None


def _from_json(value: Any) -> Posted:
    """Return a JSON object's members: texts as a form would send them, other values as they are."""
    if not isinstance(value, dict):
        raise Malformed("Send an object with an answer by question key.")
    given = value
    if isinstance(value.get("answers"), dict):
        controls = {f"_{name}": item for name, item in value.items() if name != "answers"}
        given = {**controls, **value["answers"]}
    fields: list[tuple[str, str]] = []
    native: dict[str, Any] = {}
    for name, item in given.items():
        if isinstance(item, str):
            fields.append((name, item))
        elif name.startswith("_"):
            fields.append((name, json.dumps(item)))
        else:
            native[name] = item
    return Posted(fields, native)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
