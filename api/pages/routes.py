"""The addresses that customers open: an open survey's page, an invitation's, and what both look like.

They stand outside `/v1` and need no key. A GET never records: mail scanners and previews open every link.
"""

from uuid import uuid4

from fastapi import APIRouter, Request, Response

from api.feedback import hosted
from api.feedback.hosted import Arrival
from api.pages import answering, languages
from api.pages.answering import carried, seed_of, thanks_page
from api.pages.questions import form_page, language_of, questions_for, typed_of, with_score
from api.pages.render import rendered, style
from api.pages.visits import PageRoute, arrival_at, posted, visiting

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
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(style(), media_type="text/css", headers=headers)


async def _shown(request: Request, arrival: Arrival, slug: str | None = None) -> Response:
    async with visiting(request, arrival, slug) as work:
        opened = await hosted.arrive(work, arrival)
    response_id = None if opened.response_id is not None else uuid4()
    asked = questions_for(opened, seed_of(opened, response_id), opened.answers)
    own = opened.invited.language if opened.invited else None
    wanted = [request.query_params.get("lang"), own, *languages.accepted(request.headers.get("accept-language", ""))]
    language = language_of(opened, wanted)
    typed = {**with_score(asked, request.query_params.get("score")), **typed_of(asked, opened.answers)}
    hidden = carried(opened, response_id, language, [question["key"] for question in asked])
    return rendered("form.html", form_page(opened, asked, language, hidden, typed=typed))


async def _thanks(request: Request, arrival: Arrival, slug: str | None = None) -> Response:
    async with visiting(request, arrival, slug) as work:
        opened = await hosted.behind(work, arrival)
    return rendered("message.html", thanks_page(opened, language_of(opened, [request.query_params.get("lang")])))
