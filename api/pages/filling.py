"""Whether what was sent to an open page came from where the survey allows, and from somebody who can have read it.

Neither keeps out who means ill: a program can say it comes from anywhere, and send a form without ever opening the
page. Both keep out what is careless, at no cost to people. Who came by an invitation or a signed link is asked neither.
"""

import hmac
import math
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from fastapi import Request

from api.errors import Refusal
from api.feedback.hosted import Hosted
from api.pages.leading import NEXT, SOURCE
from api.security import derived_key
from api.settings import settings
from models.base import to_us
from models.rules.origins import origin_of

DEFAULT_SECONDS = 2
"""What a survey that says nothing takes as too soon."""
STAMP = "_stamp"
CARRIED = (STAMP, SOURCE, NEXT)
"""Controls that a page shown again sends along as they came."""
A_SECOND = 1_000_000


class SiteNotAllowed(Refusal):
    """A form sent from a site that its survey does not name."""

    status, code, title = 403, "site_not_allowed", "This survey is not answered from there"


class SentTooSoon(Refusal):
    """A page of ours sent before anybody can have read it."""

    status, code, title = 429, "sent_too_soon", "Sent sooner than it can be read"
    retryable = True


def check_site(request: Request, opened: Hosted) -> None:
    """Refuse a form from a site that an open survey does not name, where it names any.

    A browser that says nothing of where it comes from is believed: our own pages let it say nothing.
    """
    if opened.proved or not opened.origins:
        return
    said = request.headers.get("origin", "null")
    if said == "null":
        said = request.headers.get("referer", "")
    if said and origin_of(said) not in {*opened.origins, *own_origins(request)}:
        raise SiteNotAllowed("The survey names the sites it is answered from, and this form came from another.")


def own_origins(request: Request) -> set[str | None]:
    """Return where our own pages come from."""
    return {origin_of(settings().public_url), origin_of(str(request.base_url))}


def carried_on(controls: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what a page shown again sends along of what was sent."""
    return [(name, controls[name]) for name in CARRIED if controls.get(name)]


def stamped(opened: Hosted, response_id: UUID | None, now: datetime) -> list[tuple[str, str]]:
    """Return the control that says when a page was served; none on one that nobody is held up on."""
    if opened.proved or response_id is None:
        return []
    return [(STAMP, _stamp(opened, response_id, to_us(now)))]


def seconds_left(opened: Hosted, response_id: UUID | None, stamp: str | None, now: datetime) -> int:
    """Return how long a person would have gone on reading; 0 for a form that stood elsewhere and has no stamp."""
    wanted = opened.terms.get("min_fill_seconds")
    seconds = DEFAULT_SECONDS if wanted is None else int(wanted)
    if opened.proved or stamp is None:
        return 0
    served = served_at(opened, response_id, stamp)
    left = seconds if served is None else seconds - (to_us(now) - served) / A_SECOND
    return min(max(math.ceil(left), 0), seconds)


def served_at(opened: Hosted, response_id: UUID | None, stamp: str) -> int | None:
    """Return when a page of ours was served, in microseconds; None for a stamp that is not ours or is another page's.

    It holds for the one response whose id the page carries: sent by hundreds, it is one response or hundreds of
    stamps that do not hold.
    """
    told = stamp.partition(".")[0]
    if response_id is None or not (told.isascii() and told.isdecimal() and len(told) < 20):  # noqa: PLR2004 - 64 bits
        return None
    return int(told) if hmac.compare_digest(_stamp(opened, response_id, int(told)).encode(), stamp.encode()) else None


def _stamp(opened: Hosted, response_id: UUID, served: int) -> str:
    said = f"{opened.survey.id}/{response_id}/{served}"
    return f"{served}.{hmac.digest(derived_key(settings().secret, 'page-stamps'), said.encode(), 'sha256').hex()[:32]}"
