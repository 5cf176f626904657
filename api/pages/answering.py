"""What becomes of a form that was sent: kept and thanked for, asked further, kept for later, or shown again.

A form from elsewhere says all it has to say at once. A page of ours says which questions it showed (`_shown`), and
which a page before it did (`_seen`): where the answers make further ones due, they are asked next, at an address of
their own.
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
from api.languages import direction
from api.pages import filling
from api.pages.chrome import message
from api.pages.complaints import complaint
from api.pages.contexts import FormPage, MessagePage
from api.pages.dress import dressed
from api.pages.fields import Sent, read_fields
from api.pages.leading import form_to, next_of, said_on, thanks_at
from api.pages.openings import is_suspected
from api.pages.questions import Wording, form_page, questions_for, typed_of, wording_of
from api.pages.render import HEADERS, rendered
from api.pages.steps import Step, address_of, after, ahead_of, is_marked, is_single, mark_of
from api.pages.visits import Posted, sending, wants_json
from api.settings import settings
from models.rules.answers import Misfit
from models.rules.questions import visible

log = structlog.get_logger(__name__)

LONGEST_LOGGED = 60
MOST_LOGGED = 20


class ShownAgain(Exception):  # noqa: N818 - an answer found, not a failure
    """What was sent has to be corrected: nothing of it is stored, and this is answered."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


@dataclass(frozen=True)
class _Form:
    """What was sent, read by the questions it answers."""

    sent: Sent
    answers: Mapping[str, Any]
    step: Step
    seen: frozenset[str] | None
    words: Wording

    @property
    def halting(self) -> bool:
        """Whether this is to be kept without being gone on with: for later, or to look at a page before."""
        controls = self.sent.controls
        return "pause" in controls or "back" in controls or controls.get("complete") == "false"

    @property
    def controls(self) -> dict[str, str]:
        """What was sent beside the answers, by its name in the form."""
        return {f"_{name}": value for name, value in self.sent.controls.items()}

    @property
    def further(self) -> Step | None:
        """What is asked next of somebody who answered like this; None where that was all."""
        return None if self.seen is None else after(self.step, self.seen)


async def answer(request: Request, arrival: Arrival, posted: Posted, slug: str | None = None) -> Response:
    """Take what a visitor sent; answered only when it is committed."""
    controls = dict(posted.fields)
    if controls.get("_gotcha", "").strip():
        # A field no person sees was filled in: thanked for, and stored nowhere.
        log.info("form_trapped")
        return _thanked(request, uuid4(), new=True)
    response_id = as_uuid(controls.get("_id"))
    version = controls.get("_version", "")
    try:
        async with sending(request, arrival, slug) as work:
            opened = await hosted.arrive(work, arrival, _number(version), answering=True)
            filling.check_site(request, opened)
            if response_id is not None:
                opened = await hosted.with_begun(work, opened, response_id)
            form = _read(request, opened, posted, response_id)
            _check_filled(request, work, opened, form, response_id)
            return await _kept(request, work, opened, form, response_id)
    except ShownAgain as again:
        return again.answer


async def _kept(request: Request, work: Work, opened: Hosted, form: _Form, response_id: UUID | None) -> Response:
    complete = not form.halting and form.further is None
    wrong = hosted.wrong_with(opened, form.answers, _checked(opened, form), complete=not form.halting)
    if wrong:
        raise ShownAgain(_again(request, opened, form, response_id, wrong))
    stored = await hosted.keep(work, opened, response_id, form.answers, form.words.language, complete=complete)
    await sources.note(work, stored.id, form.sent.controls.get("source"))
    if opened.invited is not None and is_suspected(request, work, opened):
        await scanners.mark(work, opened.invited.id)
    if complete or stored.state["complete"]:
        place = next_of(opened, form.controls)
        return _thanked(request, stored.id, new=stored.created, language=_spoken(request, form), place=place)
    if wants_json(request):
        return _told(stored.id, "partial", new=stored.created)
    now = replace(opened, response_id=stored.id, answers=stored.state["answers"])
    if "pause" in form.sent.controls:
        return _paused(request, now, form)
    step = ahead_of(form.step) if "back" in form.sent.controls else form.further
    said = said_on(opened, form.controls)
    return _led(address_of(request, now, stored.id, [] if step is None else step.keys, said))


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
    if response_id is None:
        return fields
    return [("_id", str(response_id)), ("_mark", mark_of(opened, response_id)), *fields]


def _read(request: Request, opened: Hosted, posted: Posted, response_id: UUID | None) -> _Form:
    questions = opened.survey.questions
    sent = read_fields(questions, posted.fields)
    known = {question["key"] for question in questions}
    native = posted.native or {}
    unknown = [*sent.unknown, *(name for name in native if name not in known)]
    if unknown:
        names = [name[:LONGEST_LOGGED] for name in unknown[:MOST_LOGGED]]
        log.info("form_fields_ignored", survey=opened.survey.key, names=names, count=len(unknown))
    given = {**sent.answers, **{name: value for name, value in native.items() if name in known}}
    ours = "shown" in sent.controls and _is_ours(opened, response_id, sent.controls)
    shown, before = (frozenset(sent.controls.get(name, "").split()) & known for name in ("shown", "seen"))
    # A browser does not send a group in which nothing is chosen: on a page of ours that clears it.
    answers = hosted.asked_answers(opened, {**dict.fromkeys(shown), **given})
    asked = questions_for(opened, seed_of(opened, response_id), {**opened.answers, **answers})
    wanted = [request.query_params.get("lang"), sent.controls.get("lang"), sent.controls.get("language")]
    return _Form(
        sent=sent,
        answers=answers,
        step=Step([question for question in asked if not ours or question["key"] in shown], asked, is_single(opened)),
        seen=shown | before if ours else None,
        words=wording_of(opened, wanted, request.headers.get("accept-language")),
    )


def _is_ours(opened: Hosted, response_id: UUID | None, controls: Mapping[str, str]) -> bool:
    """Return whether what was sent comes from a page of ours, or begins something: else it is taken as said whole.

    Else whoever guessed an answer's id would be shown what it says.
    """
    if opened.proved or response_id is None or opened.response_id is None:
        return True
    return is_marked(opened, response_id, controls.get("mark", ""))


def _checked(opened: Hosted, form: _Form) -> frozenset[str]:
    """Return which questions must be right for what was sent to be taken: at the end, all."""
    due = {question["key"] for question in visible(opened.survey.questions, {**opened.answers, **form.answers})}
    some = form.seen is not None and form.further is not None
    return frozenset({*(due & (form.seen or frozenset()) if some else due), *form.answers})


def _again(
    request: Request, opened: Hosted, form: _Form, response_id: UUID | None, wrong: Mapping[str, Misfit]
) -> Response:
    if wants_json(request):
        errors = [{"pointer": one.pointer, "code": "misfit", "detail": one.detail} for one in wrong.values()]
        return problem(request, Malformed(f"Correct {', '.join(wrong)}.", errors=errors))
    page = _shown_again(opened, form, response_id, wrong, filling.carried_on(form.controls))
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
    controls = form.controls
    if filling.served_at(opened, response_id, controls.get(filling.STAMP, "")) is None:
        controls |= filling.stamped(opened, response_id, work.now)
    page = _shown_again(opened, form, response_id, {}, filling.carried_on(controls))
    quick = message("That was quick. Nothing is stored yet: please look through it once more, then send it.")
    answer = rendered("form.html", replace(page, notice=form.words.chrome.say(quick)), refusal.status)
    answer.headers["Retry-After"] = str(seconds)
    raise ShownAgain(answer)


def _shown_again(
    opened: Hosted,
    form: _Form,
    response_id: UUID | None,
    wrong: Mapping[str, Misfit],
    controls: Sequence[tuple[str, str]],
) -> FormPage:
    listed = set(form.step.keys)
    questions = [
        question for question in opened.survey.questions if question["key"] in listed or question["key"] in wrong
    ]
    before = opened.answers if _is_ours(opened, response_id, form.sent.controls) else {}
    typed = {**typed_of(questions, {**before, **form.answers}), **form.sent.typed}
    shown = [question["key"] for question in questions]
    seen = (form.seen or frozenset()) - set(shown)
    hidden = [*carried(opened, response_id, form.words.language, shown, seen), *controls]
    said = {
        key: complaint(form.words.chrome, question, wrong[key], form.answers.get(key))
        for question in questions
        if (key := question["key"]) in wrong
    }
    page = form_page(opened, replace(form.step, shown=questions), form.words, hidden, typed=typed, errors=said)
    return replace(page, form_to=form_to(opened, form.controls))


def _paused(request: Request, opened: Hosted, form: _Form) -> Response:
    say = form.words.chrome.say
    sentences = [say(message("What you have answered so far is kept."))]
    link = ""
    if opened.proved:
        sentences.append(say(message("Open the same link again to go on.")))
    else:
        sentences.append(say(message("To go on later, keep this link:")))
        link = settings().public_url.rstrip("/") + address_of(request, opened, opened.response_id, [])
    return rendered("message.html", message_page(opened, form.words, message("Kept for later"), sentences, link))


def _spoken(request: Request, form: _Form) -> str:
    """Return the language thanks are said in: the one asked for, else the survey's."""
    return request.query_params.get("lang") or form.words.language


def _led(place: str) -> Response:
    return RedirectResponse(place, 303, headers=HEADERS)


def _thanked(
    request: Request, response_id: UUID, *, new: bool, language: str = "", place: str | None = None
) -> Response:
    """Lead a browser on: to where the form said, as far as that is allowed, else to our own thanks."""
    if wants_json(request):
        return _told(response_id, "complete", new=new)
    return _led(place or thanks_at(request, language))


def _told(response_id: UUID, status: str, *, new: bool) -> Response:
    headers = {"Cache-Control": "no-store"}
    return JSONResponse({"id": str(response_id), "status": status}, 201 if new else 200, headers=headers)


def thanks_page(opened: Hosted, words: Wording) -> MessagePage:
    """Return the context of the page that says thanks."""
    own = words.of_page("thanks")
    sentences = [own or words.chrome.say(message("Your answer has arrived. You can close this page."))]
    page = message_page(opened, words, message("Thank you"), sentences)
    return replace(page, language=words.language, direction=direction(words.language)) if own else page


def message_page(opened: Hosted, words: Wording, title: str, sentences: Sequence[str], link: str = "") -> MessagePage:
    """Return the context of a page of a company that only says something."""
    branding = opened.workspace.branding
    dress = dressed(branding.logo_url, branding.colour)
    return MessagePage(
        opened.company, words.chrome, words.chrome.say(title), sentences, link, dress=dress, framed_by=opened.framed_by
    )


def as_uuid(text: str | None) -> UUID | None:
    """Return the id that a form sent, None where it is none."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None  # noqa: PLR2004 - versions
