"""Where staff answer: the pulse and team behind an address, and an answer that is kept without saying whose.

Nothing of who answered is asked, sent on or stored: no key, no address, no moment, no audit entry and no event. The id
that a page carries is drawn at random when it is served and keeps a double click from counting twice.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.roles.pulses import queries
from api.roles.pulses.queries import Row
from api.roles.pulses.service import link_of
from api.security import derived_key
from api.settings import settings
from models.appending import append_new_rows
from models.rules.anonymity.releasing import Thresholds
from models.rules.answers import is_answered

PURPOSE = "pulse-answers"


@dataclass(frozen=True)
class Opened:
    """A pulse as it is answered.

    Parameters
    ----------
    row
        The pulse.
    team
        Whose link it was opened by; None: the common one.
    """

    row: Row
    team: str | None

    @property
    def thresholds(self) -> Thresholds:
        """What whoever answers is promised."""
        return Thresholds(self.row["scores_from"], self.row["comments_from"], self.row["batch"])


async def at(work: Work, key: str, link: str, nothing: str) -> Opened:
    """Return what an address leads to; refuse one that leads nowhere with `nothing`, and one out of its time."""
    row = await queries.by_key(work.session, work.workspace_id, key)
    if row is None:
        raise NoSuchThing(nothing)
    for team in (None, *row["teams"]):
        if hmac.compare_digest(link_of(work.workspace_id, row["id"], team).encode(), link.encode()):
            return Opened(row, team)
    raise NoSuchThing(nothing)


def check_open(work: Work, opened: Opened) -> None:
    """Refuse what is answered before a pulse opens or after it closes."""
    if work.now < opened.row["opens_at"]:
        raise Conflict("This pulse does not take answers yet.", code="survey_not_open")
    if work.now >= opened.row["closes_at"]:
        raise Conflict("This pulse takes no more answers.", code="survey_closed")


def _kept_under(pulse_id: UUID, identity: UUID) -> UUID:
    """Return the id of an answer that a page sent under its own: whoever knows a page's does not find its row."""
    own = derived_key(settings().secret, PURPOSE)
    return UUID(bytes=hmac.digest(own, pulse_id.bytes + identity.bytes, "sha256")[:16], version=4)


async def take(work: Work, opened: Opened, identity: UUID, answers: Mapping[str, Any]) -> None:
    """Keep an answer, once: the same page sent again changes nothing. One that says nothing is not kept."""
    said = {key: value for key, value in answers.items() if is_answered(value)}
    own = _kept_under(opened.row["id"], identity)
    if not said or await queries.is_said(work.session, work.workspace_id, own):
        return
    row = {"workspace_id": work.workspace_id, "id": own, "pulse_id": opened.row["id"], "team": opened.team}
    await append_new_rows(work.session, queries.answers, [{**row, "answers": said, "batch": None}])
