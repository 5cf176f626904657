"""The addresses that customers open: an open survey's page, an invitation's, and what both look like.

They stand outside `/v1` and need no key. A GET never records: mail scanners and previews open every link.
"""

import re
from dataclasses import replace
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from api.errors import NoSuchThing
from api.feedback import hosted
from api.feedback.hosted import Arrival
from api.pages import answering
from api.pages.answering import carried, seed_of, thanks_page
from api.pages.dress import colour_style
from api.pages.questions import form_page, questions_for, typed_of, with_score, wording_of
from api.pages.render import rendered, style
from api.pages.steps import address_of, kept_in, named_step
from api.pages.visits import PageRoute, arrival_at, posted, visiting

COLOUR = re.compile(r"[0-9a-f]{6}")
KEPT = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/f/{slug}/{survey}")
async def show_survey(request: Request, slug: str, survey: str) -> Response:
    """Show the questions of a survey."""
    return await _shown(request, arrival_at(request, survey=survey), slug)


@router.post("/f/{slug}/{survey}")
async def answer_survey(request: Request, slug: str, survey: str) -> Response:
    """Take what was answered on a survey's page, or sent there by a form from elsewhere."""
    return await answering.answer(request, arrival_at(request, survey=survey), await posted(request), slug)


@router.get("/f/{slug}/{survey}/thanks")
async def thank_for_survey(request: Request, slug: str, survey: str) -> Response:
    """Say thanks."""
    return await _thanks(request, arrival_at(request, survey=survey), slug)


@router.get("/i/{token}")
async def show_invitation(request: Request, token: str) -> Response:
    """Show the questions of an invitation's survey, with what was answered before."""
    return await _shown(request, arrival_at(request, token=token))


@router.post("/i/{token}")
async def answer_invitation(request: Request, token: str) -> Response:
    """Take what was answered by right of an invitation."""
    return await answering.answer(request, arrival_at(request, token=token), await posted(request))


@router.get("/i/{token}/thanks")
async def thank_for_invitation(request: Request, token: str) -> Response:
    """Say thanks."""
    return await _thanks(request, arrival_at(request, token=token))


@router.get("/static/page.css")
async def page_style() -> Response:
    """Answer the style sheet; its address changes when it does."""
    return Response(style(), media_type="text/css", headers=KEPT)


@router.get("/static/colours/{colour}.css")
async def colour_of_pages(colour: str) -> Response:
    """Answer the style sheet of a company's colour: whichever it is, always the same."""
    if not COLOUR.fullmatch(colour):
        raise NoSuchThing("There is no such colour.")
    return Response(colour_style(colour), media_type="text/css", headers=KEPT)


async def _shown(request: Request, arrival: Arrival, slug: str | None = None) -> Response:
    query = request.query_params
    async with visiting(request, arrival, slug) as work:
        opened = await hosted.arrive(work, arrival)
        kept = None if opened.proved else kept_in(opened, query.get("kept"))
        if kept is not None:
            opened = await hosted.gone_on_with(work, opened, kept)
    response_id = kept or (None if opened.response_id is not None else uuid4())
    asked = questions_for(opened, seed_of(opened, response_id), opened.answers)
    step = named_step(opened, asked, query.get("step"))
    own = opened.invited.language if opened.invited else None
    words = wording_of(opened, [query.get("lang"), own], request.headers.get("accept-language"))
    typed = {**with_score(asked, query.get("score")), **typed_of(asked, opened.answers)}
    hidden = carried(opened, response_id, words.language, step.keys, step.before)
    page = form_page(opened, step, words, hidden, typed=typed)
    if not opened.proved and kept is None:
        page = replace(page, sent_to=address_of(request, opened, response_id, []))
    # An empty page may be kept by the browser: gone back to, it sends the same answer again, and not a second one.
    return rendered("form.html", page, caching="no-store" if opened.answers or opened.proved else "private, no-cache")


async def _thanks(request: Request, arrival: Arrival, slug: str | None = None) -> Response:
    async with visiting(request, arrival, slug) as work:
        opened = await hosted.behind(work, arrival)
    own = opened.invited.language if opened.invited else None
    words = wording_of(opened, [request.query_params.get("lang"), own], request.headers.get("accept-language"))
    return rendered("message.html", thanks_page(opened, words))
