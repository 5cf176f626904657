"""The addresses at which staff answer a pulse. Nothing of who comes is kept, and nothing is sent along that says it.

All questions stand on one page, which is sent once: half an answer could only be gone on with by who began it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from api.dependencies import Work, database, utc_now, writing_as
from api.errors import Malformed, problem
from api.feedback import hosted
from api.feedback.hosted import NO_PAGE, Hosted
from api.limits import address_of
from api.pages.answering import as_uuid, thanks_page
from api.pages.chrome import Chrome, message
from api.pages.complaints import complaint
from api.pages.contexts import FormPage, Notice
from api.pages.fields import Sent, read_fields
from api.pages.leading import thanks_at
from api.pages.questions import Wording, form_page, typed_of, wording_of
from api.pages.render import HEADERS, rendered
from api.pages.steps import Step
from api.pages.visits import PageRoute, Posted, arrival_at, paying, posted, wants_json
from api.roles.pulses import collecting
from api.roles.pulses.collecting import Opened
from models.database import bind_workspace
from models.rules.answers import Misfit, kept_as

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/p/{slug}/{key}/{link}")
async def show_pulse(request: Request, slug: str, key: str, link: str) -> Response:
    """Show the questions of a pulse."""
    async with _looking(request, slug, link) as work:
        opened, asked = await _opened(work, key, link)
    page = _page(opened, asked, _words(request, asked, {}), uuid4(), typed={})
    # Gone back to, the page sends the same answer again, and not a second one.
    return rendered("form.html", page, caching="private, no-cache")


@router.post("/p/{slug}/{key}/{link}")
async def answer_pulse(request: Request, slug: str, key: str, link: str) -> Response:
    """Take what somebody of the staff answered."""
    sent = await posted(request)
    async with _taking(request, slug, link) as work:
        opened, asked = await _opened(work, key, link)
        read = read_fields(asked.survey.questions, sent.fields)
        answers = _answers(asked, read, sent)
        identity = as_uuid(read.controls.get("id")) or uuid4()
        wrong = hosted.wrong_with(asked, answers, _keys(asked) | answers.keys(), complete=True)
        # A field no person sees was filled in: thanked for, and stored nowhere.
        if not wrong and not read.controls.get("gotcha", "").strip():
            await collecting.take(work, opened, identity, answers)
    words = _words(request, asked, read.controls)
    if wrong:
        return _again(request, opened, asked, words, (identity, answers, read), wrong)
    if wants_json(request):
        return JSONResponse({"status": "complete"}, 201, headers={"Cache-Control": "no-store"})
    return RedirectResponse(thanks_at(request, words.language), 303, headers=HEADERS)


@router.get("/p/{slug}/{key}/{link}/thanks")
async def thank_for_pulse(request: Request, slug: str, key: str, link: str) -> Response:
    """Say thanks."""
    async with _looking(request, slug, link) as work:
        found = await collecting.at(work, key, link, NO_PAGE)
        asked = await hosted.of_staff(work, found.row["survey"], found.row["survey_version"])
    return rendered("message.html", thanks_page(asked, _words(request, asked, {})))


async def _opened(work: Work, key: str, link: str) -> tuple[Opened, Hosted]:
    opened = await collecting.at(work, key, link, NO_PAGE)
    collecting.check_open(work, opened)
    return opened, await hosted.of_staff(work, opened.row["survey"], opened.row["survey_version"])


@asynccontextmanager
async def _looking(request: Request, slug: str, link: str) -> AsyncIterator[Work]:
    """Yield the work of a page that is only looked at."""
    async with _paying(request, link), database(request).read() as session:
        workspace_id = await hosted.workspace_at(session, slug=slug)
        await bind_workspace(session, workspace_id)
        yield Work(session, workspace_id, hosted.visitor(workspace_id), utc_now())


@asynccontextmanager
async def _taking(request: Request, slug: str, link: str) -> AsyncIterator[Work]:
    """Yield the work of a page that was sent: committed at the end, before anything is answered."""
    async with _paying(request, link):
        async with database(request).read() as session:
            workspace_id = await hosted.workspace_at(session, slug=slug)
        async with writing_as(database(request), hosted.visitor(workspace_id)) as work:
            yield work


def _paying(request: Request, link: str) -> AbstractAsyncContextManager[None]:
    """Let a visit pay by its link and where it comes from: a whole team has the same one."""
    arrival_at(request)
    return paying(request, f"{link}/{address_of(request)}")


def _keys(asked: Hosted) -> frozenset[str]:
    return frozenset(question["key"] for question in asked.survey.questions)


def _answers(asked: Hosted, read: Sent, sent: Posted) -> dict[str, Any]:
    """Return what was answered, without what somebody cannot say."""
    known = {question["key"]: question for question in asked.survey.questions}
    native = {key: value for key, value in (sent.native or {}).items() if key in known}
    given = {key: kept_as(known[key], value) for key, value in {**read.answers, **native}.items()}
    return {key: value for key, value in given.items() if value is not None}


def _words(request: Request, asked: Hosted, controls: Mapping[str, str]) -> Wording:
    wanted = [request.query_params.get("lang"), controls.get("lang")]
    return wording_of(asked, wanted, request.headers.get("accept-language"))


def _page(
    opened: Opened,
    asked: Hosted,
    words: Wording,
    identity: UUID,
    *,
    typed: Mapping[str, list[str]],
    errors: Mapping[str, str] | None = None,
) -> FormPage:
    questions = asked.survey.questions
    hidden = [("_id", str(identity)), ("_lang", words.language)]
    page = form_page(asked, Step(questions, questions, single=False), words, hidden, typed=typed, errors=errors)
    return replace(page, about=_about(opened, asked, words.chrome), can_pause=False)


def _about(opened: Opened, asked: Hosted, chrome: Chrome) -> Notice:
    """Return what is said before the answers of what becomes of them."""
    day = opened.row["closes_at"].astimezone(ZoneInfo(asked.workspace.zone)).date()
    promised = opened.thresholds
    shown = message(
        "Figures are shown of {scores} answers or more, and comments from {comments} on, as they are written and "
        "without a team. Nobody is shown a single answer, and all are deleted in the end."
    )
    return Notice(
        who=chrome.say(message("{company} asks you this."), company=asked.company),
        tied=chrome.say(message("Nobody is told who answered: no name, no address and no time is kept.")),
        purpose=chrome.say(message("It is used to put right what went wrong, and to do better.")),
        kept=chrome.say(shown, scores=promised.scores_from, comments=promised.comments_from),
        until=chrome.say(message("You can answer until {day}."), day=chrome.day(day)),
    )


def _again(
    request: Request,
    opened: Opened,
    asked: Hosted,
    words: Wording,
    said: tuple[UUID, Mapping[str, Any], Sent],
    wrong: Mapping[str, Misfit],
) -> Response:
    """Show the page again with what was typed, and what is wrong with it; nothing of it is stored."""
    identity, answers, read = said
    if wants_json(request):
        errors = [{"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in wrong.values()]
        return problem(request, Malformed(f"Correct {', '.join(wrong)}.", errors=errors))
    typed = {**typed_of(asked.survey.questions, answers), **{name: list(given) for name, given in read.typed.items()}}
    complaints = {
        question["key"]: complaint(words.chrome, question, wrong[question["key"]], answers.get(question["key"]))
        for question in asked.survey.questions
        if question["key"] in wrong
    }
    page = _page(opened, asked, words, identity, typed=typed, errors=complaints)
    return rendered("form.html", page, Malformed.status)
