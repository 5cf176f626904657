"""The addresses that customers open: an open survey's page, an invitation's, and what both look like.

They stand outside `/v1` and need no key. A GET never records: mail scanners and previews open every link.
"""

import re
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from api.errors import NoSuchThing
from api.feedback import hosted
from api.feedback.hosted import NO_PAGE, Arrival
from api.pages import answering, codes, filling, leading
from api.pages.answering import carried, seed_of, thanks_page
from api.pages.dress import colour_style
from api.pages.openings import note_score
from api.pages.questions import form_page, questions_for, typed_of, with_score, wording_of
from api.pages.render import FRAMED_SCRIPT, FRAMING_SCRIPT, STYLE, contents, rendered
from api.pages.steps import Step, address_of, kept_in, named_step
from api.pages.visits import PageRoute, arrival_at, posted, visiting

router = APIRouter(route_class=PageRoute, include_in_schema=False)
COLOUR = re.compile(r"[0-9a-f]{6}")
FOR_LONG = "public, max-age=31536000, immutable"


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


@router.get("/f/{slug}/{survey}/qr.svg")
async def draw_survey(request: Request, slug: str, survey: str) -> Response:
    """Draw the code of a survey's page."""
    return await _drawn(request, arrival_at(request, survey=survey), slug)


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


@router.get("/i/{token}/qr.svg")
async def draw_invitation(request: Request, token: str) -> Response:
    """Draw the code of somebody's own page."""
    return await _drawn(request, arrival_at(request, token=token))


@router.get("/static/page.css")
async def page_style() -> Response:
    """Answer the style sheet; its address changes when it does."""
    return _file(STYLE, "text/css", FOR_LONG)


@router.get("/static/frame.js")
async def framed_script() -> Response:
    """Answer what tells a site how tall the page in its frame is; its address changes when it does."""
    return _file(FRAMED_SCRIPT, "text/javascript", FOR_LONG)


@router.get("/static/embed.js")
async def framing_script() -> Response:
    """Answer what lets a site's frame be as tall as its page; its address stands in other people's pages."""
    return _file(FRAMING_SCRIPT, "text/javascript", "public, max-age=86400")


def _file(file: Path, kind: str, kept: str) -> Response:
    headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return Response(contents(file), media_type=kind, headers=headers)


@router.get("/static/colours/{colour}.css")
async def colour_of_pages(colour: str) -> Response:
    """Answer the style sheet of a company's colour: whichever it is, always the same."""
    if not COLOUR.fullmatch(colour):
        raise NoSuchThing("There is no such colour.")
    headers = {"Cache-Control": FOR_LONG, "X-Content-Type-Options": "nosniff"}
    return Response(colour_style(colour), media_type="text/css", headers=headers)


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
    chosen = with_score(asked, query.get("score"))
    if chosen:
        note_score(request, work, opened, query["score"])
    typed = {**chosen, **typed_of(asked, opened.answers)}
    hidden = [
        *carried(opened, response_id, words.language, step.keys, step.before),
        *(said := leading.said_by(request)),
    ]
    if not opened.answers:
        # Who has answered a step is known to read.
        hidden += filling.stamped(opened, response_id, work.now)
    page = replace(
        form_page(opened, step, words, hidden, typed=typed),
        sent_to="" if opened.proved or kept else address_of(request, opened, response_id, []),
        chosen="" if opened.answers else next(iter(chosen), ""),
        form_to=leading.form_to(opened, dict(said)),
    )
    # An empty page may be kept by the browser: gone back to, it sends the same answer again, and not a second one.
    return rendered("form.html", page, caching="no-store" if opened.answers or opened.proved else "private, no-cache")


async def _drawn(request: Request, arrival: Arrival, slug: str | None = None) -> Response:
    async with visiting(request, arrival, slug) as work:
        opened = await hosted.behind(work, arrival)
    if not (opened.survey.open or opened.proved):
        raise NoSuchThing(NO_PAGE)
    words = wording_of(opened, [request.query_params.get("lang")])
    page = form_page(opened, Step([], [], single=False), words, [], typed={})
    return codes.picture(request, f"QR code: {page.title} - {opened.company}", private=opened.proved)


async def _thanks(request: Request, arrival: Arrival, slug: str | None = None) -> Response:
    async with visiting(request, arrival, slug) as work:
        opened = await hosted.behind(work, arrival)
    own = opened.invited.language if opened.invited else None
    words = wording_of(opened, [request.query_params.get("lang"), own], request.headers.get("accept-language"))
    return rendered("message.html", thanks_page(opened, words))
