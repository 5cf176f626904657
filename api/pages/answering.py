"""What becomes of a form that was sent: kept and thanked for, asked further, kept for later, or shown again.

A form from elsewhere says all it has to say at once. A page of ours says which questions it showed (`_shown`), and
which a page before it did (`_seen`): where the answers make further ones due, they are asked next.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import structlog
from fastapi import Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from api.dependencies import Work
from api.errors import Malformed, problem
from api.feedback import hosted, scanners, sources
from api.feedback.hosted import Arrival, Hosted
from api.pages import filling, languages
from api.pages.contexts import FormPage, MessagePage
from api.pages.fields import Sent, read_fields
from api.pages.leading import form_to, next_of, thanks_at
from api.pages.openings import is_suspected
from api.pages.questions import Wording, form_page, language_of, questions_for, typed_of
from api.pages.render import HEADERS, rendered
from api.pages.visits import Posted, sending, wants_json
from models.recording import Recorded
from models.rules.answers import Question, pointer_to
from models.rules.questions import visible

log = structlog.get_logger(__name__)

LONGEST_LOGGED = 60
MOST_LOGGED = 20
TOO_SOON = "That was quick. Nothing is stored yet: please look through it once more, then send it."


class ShownAgain(Exception):  # noqa: N818 - an answer found, not a failure
    """What was sent has to be corrected: nothing of it is stored, and this is answered."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


@dataclass(frozen=True)
class _Form:
    """What was sent, read by the questions it answers."""

    sent: Sent
    answers: Mapping[str, Any]
    shown: frozenset[str]
    seen: frozenset[str] | None
    asked: Sequence[Question]
    seed: str
    language: str
    pausing: bool

    @property
    def further(self) -> list[Question]:
        """The questions that no page of ours showed and that are asked of somebody who answered like this."""
        return [] if self.seen is None else [question for question in self.asked if question["key"] not in self.seen]


async def answer(request: Request, arrival: Arrival, posted: Posted, slug: str | None = None) -> Response:
    """Take what a visitor sent; answered only when it is committed."""
    controls = dict(posted.fields)
    if controls.get("_gotcha", "").strip():
        # A field no person sees was filled in: thanked for, and stored nowhere.
        log.info("form_trapped")
        return _thanked(request, uuid4(), new=True)
    response_id = _uuid(controls.get("_id"))
    version = controls.get("_version", "")
    try:
        async with sending(request, arrival, slug) as work:
            opened = await hosted.arrive(work, arrival, _number(version), answering=True)
            filling.check_site(request, opened)
            if response_id is not None:
                opened = await hosted.with_begun(work, opened, response_id)
            form = _read(request, opened, posted, seed_of(opened, response_id))
            _check_filled(request, work, opened, form, response_id)
            return await _kept(request, work, opened, form, response_id)
    except ShownAgain as again:
        return again.answer


async def _kept(request: Request, work: Work, opened: Hosted, form: _Form, response_id: UUID | None) -> Response:
    complete = not form.pausing and not form.further
    wrong = hosted.wrong_with(opened, form.answers, _checked(opened, form), complete=not form.pausing)
    if wrong:
        raise ShownAgain(_again(request, opened, form, response_id, wrong))
    stored = await hosted.keep(work, opened, response_id, form.answers, form.language, complete=complete)
    await sources.note(work, stored.id, form.sent.controls.get("source"))
    if opened.invited is not None and is_suspected(request, work, opened):
        await scanners.mark(work, opened.invited.id)
    if complete or stored.state["complete"]:
        place = next_of(opened, _controls(form))
        return _thanked(request, stored.id, new=stored.created, language=form.language, place=place)
    if wants_json(request):
        return _told(stored.id, "partial", new=stored.created)
    return _paused(opened, form.language) if form.pausing else _further(opened, form, stored)


def seed_of(opened: Hosted, response_id: UUID | None) -> str:
    """Return what chooses the questions put to this visitor, the same whenever the page is shown."""
    if opened.arrival.link is not None:
        return f"{opened.survey.key}/{opened.arrival.link.case}"
    return str(response_id if opened.invited is None else opened.invited.id)


def carried(
    opened: Hosted, response_id: UUID | None, language: str, shown: Iterable[str], seen: Iterable[str] = ()
) -> list[tuple[str, str]]:
    """Return what a page sends along unseen."""
    fields = [("_version", str(opened.survey.number)), ("_lang", language), ("_shown", " ".join(shown))]
    if seen:
        fields.append(("_seen", " ".join(sorted(seen))))
    return fields if response_id is None else [("_id", str(response_id)), *fields]


def _read(request: Request, opened: Hosted, posted: Posted, seed: str) -> _Form:
    questions = opened.survey.questions
    sent = read_fields(questions, posted.fields)
    known = {question["key"] for question in questions}
    native = posted.native or {}
    unknown = [*sent.unknown, *(name for name in native if name not in known)]
    if unknown:
        names = [name[:LONGEST_LOGGED] for name in unknown[:MOST_LOGGED]]
        log.info("form_fields_ignored", survey=opened.survey.key, names=names, count=len(unknown))
    given = {**sent.answers, **{name: value for name, value in native.items() if name in known}}
    ours = "shown" in sent.controls
    shown, before = (frozenset(sent.controls.get(name, "").split()) & known for name in ("shown", "seen"))
    # A browser does not send a group in which nothing is chosen: on a page of ours that clears it.
    answers = hosted.asked_answers(opened, {**dict.fromkeys(shown), **given})
    wanted = [sent.controls.get("lang"), sent.controls.get("language"), request.query_params.get("lang")]
    return _Form(
        sent=sent,
        answers=answers,
        shown=shown,
        seen=shown | before if ours else None,
        asked=questions_for(opened, seed, {**opened.answers, **answers}),
        seed=seed,
        language=language_of(opened, wanted),
        pausing="pause" in sent.controls or sent.controls.get("complete") == "false",
    )


def _checked(opened: Hosted, form: _Form) -> frozenset[str]:
    """Return which questions must be right for what was sent to be taken."""
    asked = visible(opened.survey.questions, {**opened.answers, **form.answers})
    due = {question["key"] for question in asked}
    return frozenset({*(due if form.seen is None else form.seen & due), *form.answers})


def _again(
    request: Request, opened: Hosted, form: _Form, response_id: UUID | None, wrong: Mapping[str, str]
) -> Response:
    if wants_json(request):
        errors = [{"pointer": pointer_to(key), "code": "misfit", "detail": detail} for key, detail in wrong.items()]
        return problem(request, Malformed(f"Correct {', '.join(wrong)}.", errors=errors))
    page = _shown_again(opened, form, response_id, wrong, filling.carried_on(_controls(form)))
    return rendered("form.html", page, Malformed.status)


def _check_filled(request: Request, work: Work, opened: Hosted, form: _Form, response_id: UUID | None) -> None:
    """Show a form again that was sent before anybody can have read it; the same page is good in a moment."""
    seconds = filling.seconds_left(opened, response_id, form.sent.controls.get("stamp"), work.now)
    if not seconds:
        return
    refusal = filling.SentTooSoon(
        f"The page was served less than {seconds} s before. Send it again.", headers={"Retry-After": str(seconds)}
    )
    if wants_json(request):
        raise ShownAgain(problem(request, refusal))
    controls = _controls(form)
    if filling.served_at(opened, response_id, controls.get(filling.STAMP, "")) is None:
        controls |= filling.stamped(opened, response_id, work.now)
    page = _shown_again(opened, form, response_id, {}, filling.carried_on(controls))
    answer = rendered("form.html", replace(page, notice=TOO_SOON), refusal.status)
    answer.headers["Retry-After"] = str(seconds)
    raise ShownAgain(answer)


def _shown_again(
    opened: Hosted,
    form: _Form,
    response_id: UUID | None,
    wrong: Mapping[str, str],
    controls: Sequence[tuple[str, str]],
) -> FormPage:
    questions = [question for question in form.asked if form.seen is None or question["key"] in form.shown]
    listed = {question["key"] for question in questions}
    questions += [question for question in opened.survey.questions if question["key"] in wrong.keys() - listed]
    typed = {**typed_of(questions, {**opened.answers, **form.answers}), **form.sent.typed}
    shown = [question["key"] for question in questions]
    hidden = [*carried(opened, response_id, form.language, shown, (form.seen or frozenset()) - set(shown)), *controls]
    page = form_page(opened, questions, form.language, hidden, typed=typed, errors=wrong)
    return replace(page, form_to=form_to(opened, _controls(form)))


def _further(opened: Hosted, form: _Form, stored: Recorded) -> Response:
    now = replace(opened, response_id=stored.id, answers=stored.state["answers"])
    shown = [question["key"] for question in form.further]
    hidden = [*carried(now, stored.id, form.language, shown, form.seen or ()), *filling.carried_on(_controls(form))]
    page = form_page(now, form.further, form.language, hidden, typed={}, further=True)
    return rendered("form.html", replace(page, form_to=form_to(opened, _controls(form))))


def _controls(form: _Form) -> dict[str, str]:
    return {f"_{name}": value for name, value in form.sent.controls.items()}


def _paused(opened: Hosted, language: str) -> Response:
    sentences = ["What you have answered so far is kept.", "Open the same link again to go on."]
    page = MessagePage(opened.company, language, languages.direction(language), "Kept for later", sentences)
    return rendered("message.html", page)


def _thanked(
    request: Request, response_id: UUID, *, new: bool, language: str = "", place: str | None = None
) -> Response:
    """Lead a browser on: to where the form said, as far as that is allowed, else to our own thanks."""
    if wants_json(request):
        return _told(response_id, "complete", new=new)
    return RedirectResponse(place or thanks_at(request, language), 303, headers=HEADERS)


def _told(response_id: UUID, status: str, *, new: bool) -> Response:
    headers = {"Cache-Control": "no-store"}
    return JSONResponse({"id": str(response_id), "status": status}, 201 if new else 200, headers=headers)


def thanks_page(opened: Hosted, language: str) -> MessagePage:
    """Return the context of the page that says thanks."""
    words = Wording(opened, language)
    sentences = [words.of_page("thanks", "Your answer has arrived. You can close this page.")]
    shown = (opened.company, language, languages.direction(language), "Thank you", sentences)
    return MessagePage(*shown, framed_by=opened.framed_by)


def _uuid(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None  # noqa: PLR2004 - versions
