"""Which questions one page asks and which the next, and the address a step is found at again.

Every step has an address of its own, reached by a redirect: going back in the browser, loading a page again and
sending it twice change nothing. It names the questions shown and, on a page open to all, the answer begun: with a mark
that only we can make, so that nobody reads an answer whose id they guessed.
"""

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request

from api.feedback.hosted import Hosted
from api.pages.chrome import Chrome, message
from api.security import derived_key, keyed_digest
from api.settings import settings
from models.rules.answers import Question

MARK_LENGTH = 32
OURS = frozenset({"step", "kept"})


@dataclass(frozen=True)
class Step:
    """The questions of one page among all that are asked."""

    shown: Sequence[Question]
    asked: Sequence[Question]
    single: bool

    @property
    def keys(self) -> list[str]:
        """The keys of what is shown."""
        return [question["key"] for question in self.shown]

    @property
    def places(self) -> list[int]:
        """Where among all what is shown stands."""
        return [place for place, question in enumerate(self.asked) if question in self.shown]

    @property
    def before(self) -> list[str]:
        """The keys of what is asked on pages before."""
        own = set(self.keys)
        asked = self.asked[: max(self.places, default=0)] if self.single else self.asked
        return [question["key"] for question in asked if question["key"] not in own]

    @property
    def last(self) -> bool:
        """Whether nothing is asked after it, as far as is known."""
        return not self.single or max(self.places, default=0) >= len(self.asked) - 1

    def progress(self, chrome: Chrome) -> str:
        """Return which question this is, in words; empty where all are shown."""
        if not self.single or len(self.shown) != 1 or len(self.asked) == 1:
            return ""
        place = self.places[0] + 1
        return chrome.say(message("Question {place} of {count}"), place=place, count=len(self.asked))


def is_single(hosted: Hosted) -> bool:
    """Return whether a survey asks one question a page."""
    return hosted.survey.details.get("layout") == "one"


def first_step(hosted: Hosted, asked: Sequence[Question]) -> Step:
    """Return the page a visitor begins with: where one question is asked a page, the first that is open."""
    single = is_single(hosted)
    if not single or not asked:
        return Step(asked, asked, single)
    answered = [place for place, question in enumerate(asked) if question["key"] in hosted.answers]
    place = min(max(answered, default=-1) + 1, len(asked) - 1)
    return Step([asked[place]], asked, single)


def named_step(hosted: Hosted, asked: Sequence[Question], names: str | None) -> Step:
    """Return the step an address names; where it names nothing that is asked, the one to begin with."""
    wanted = set((names or "").split("."))
    shown = [question for question in asked if question["key"] in wanted]
    return Step(shown, asked, is_single(hosted)) if shown else first_step(hosted, asked)


def after(step: Step, seen: Collection[str]) -> Step | None:
    """Return what is asked after a step; None where that was all."""
    if step.single:
        following = step.asked[max(step.places, default=-1) + 1 :][:1]
    else:
        following = [question for question in step.asked if question["key"] not in seen]
    return Step(following, step.asked, step.single) if following else None


def ahead_of(step: Step) -> Step | None:
    """Return the page before a step; None at the beginning."""
    if not step.before:
        return None
    place = min(step.places, default=0)
    return Step(step.asked[max(place - 1, 0) : place] if step.single else step.asked, step.asked, step.single)


def address_of(
    request: Request,
    hosted: Hosted,
    response_id: UUID | None,
    keys: Iterable[str],
    said: Mapping[str, str] | None = None,
) -> str:
    """Return the address that shows some questions of an answer begun, with what its address or a form said beside."""
    beside = said or {}
    query: list[tuple[str, Any]] = [
        pair for pair in request.query_params.multi_items() if pair[0] not in OURS and pair[0] not in beside
    ]
    query += beside.items()
    if not hosted.proved and response_id is not None:
        query.append(("kept", f"{response_id}.{mark_of(hosted, response_id)}"))
    names = ".".join(keys)
    if names:
        query.append(("step", names))
    return request.url.path + (f"?{urlencode(query)}" if query else "")


def mark_of(hosted: Hosted, response_id: UUID) -> str:
    """Return what shows that a page of ours gave an answer its id."""
    key = derived_key(settings().secret, "kept-answers")
    return keyed_digest(key, f"{hosted.workspace.id}/{response_id}")[:MARK_LENGTH]


def is_marked(hosted: Hosted, response_id: UUID, mark: str) -> bool:
    """Return whether a page of ours gave an answer its id."""
    return hmac.compare_digest(mark.encode(), mark_of(hosted, response_id).encode())


def kept_in(hosted: Hosted, kept: str | None) -> UUID | None:
    """Return the answer an address goes on with; None where it names none that is good."""
    identity, _, mark = (kept or "").partition(".")
    try:
        response_id = UUID(identity)
    except ValueError:
        return None
    return response_id if is_marked(hosted, response_id, mark) else None
