"""Everything a company needs to ask a survey somewhere else: its address, a frame, a plain form, links and a code.

Nothing of this is a secret: it is what anybody finds out who opens the survey's page.
"""

from typing import Annotated

from fastapi import APIRouter, Query

from api.bodies import Answer, ShortText
from api.dependencies import RecordsReader
from api.errors import Conflict
from api.feedback import hosted
from api.feedback.hosted import Arrival
from api.feedback.scores import ScoreUrl, score_urls
from api.feedback.sources import as_source
from api.pages.codes import NAME
from api.pages.questions import wording_of
from api.pages.snippets import frame_snippet, plain_form, with_query
from api.routing import StrictRoute
from api.settings import settings
from api.workspaces import service as workspaces

router = APIRouter(prefix="/v1", tags=["Feedback"], route_class=StrictRoute)


class SharingAnswer(Answer):
    """How to ask a survey elsewhere.

    `frame` is null until the survey names `allowed_origins`: nobody may frame it before.
    """

    survey: str
    version: int
    language: str
    url: str
    qr_url: str
    score_urls: list[ScoreUrl]
    allowed_origins: list[str]
    frame: str | None
    form: str


@router.get("/surveys/{key}/embed")
async def read_embedding(
    work: RecordsReader,
    key: ShortText,
    lang: Annotated[ShortText | None, Query(description="The language to ask in. Default: the survey's.")] = None,
    source: Annotated[ShortText | None, Query(description="What to call the place: kept with each answer.")] = None,
) -> SharingAnswer:
    """Read what to copy to ask a survey on a site, in a mail or on paper. Scope: records:read."""
    opened = await hosted.behind(work, Arrival(survey=key))
    if not opened.survey.open:
        raise Conflict(
            f"{key} is answered only by invitations and signed links: it has no page for everybody.",
            code="survey_invited_only",
        )
    ours, slug = settings().public_url.rstrip("/"), (await workspaces.of(work)).slug
    language, said, page = wording_of(opened, [lang]).language, as_source(source), f"{ours}/f/{slug}/{key}"
    script = f"{ours}/static/embed.js"
    return SharingAnswer(
        survey=key,
        version=opened.survey.number,
        language=language,
        url=with_query(page, _source=said),
        qr_url=with_query(page + NAME, _source=said),
        score_urls=score_urls(with_query(page, _source=said), opened.survey.questions),
        allowed_origins=list(opened.origins),
        frame=frame_snippet(opened, page, script, language, said) if opened.origins else None,
        form=plain_form(opened, page, language, said),
    )
