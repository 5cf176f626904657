"""Support that teams ask for: knowledge, tools and authority, owed by a date by those who support the team."""

from datetime import datetime
from typing import Any, Literal

from api import kinds
from api.company import service as company
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing
from api.listing import Asked, rows_of
from api.recorded import CLOCK_SKEW, check_happened, in_order, not_ahead
from api.roles import queries, telling
from api.roles.support_schemas import SupportRequestAnswer, SupportRequestBody, SupportRequestStored
from api.roles.telling import Row
from api.workspaces import service as workspaces
from models.base import from_us, to_us
from models.ids import uuid7
from models.rules.support import owed_due
from models.rules.supporters import Supporters
from models.rules.versions import laid_over

REQUEST = kinds.SUPPORT_REQUEST
NEEDED = ("team", "kind", "what")
OWN = ("reference", "team", "kind", "what", "asked_by", "asked_at", "due_at", "met_at")

Status = Literal["open", "met", "withdrawn"]


async def store_request(work: Work, body: SupportRequestBody) -> tuple[SupportRequestStored, bool]:
    """Take what a team asked for, or its next state; return it, and whether it is new."""
    identity = uuid7()
    reference = body.reference or str(identity)
    given = body.model_dump(exclude_unset=True, exclude={"occurred_at", "recorded_at", "reference"})
    known = await telling.before(work, REQUEST, reference)
    if not known or "asked_at" in given:
        asked = given.get("asked_at") or known.get("asked_at") or body.occurred_at or body.recorded_at or work.now
        # Within the skew a caller's clock may run ahead: ours is the limit of what can have happened.
        asked = min(asked, work.now) if asked <= work.now + CLOCK_SKEW else asked
        given |= {"asked_at": asked, "due_at": await _due(work, asked)}
    given = not_ahead(given, ("met_at",), work.now)
    _check(laid_over(known, given), work.now)
    stored = await telling.tell(
        work, REQUEST, reference, given, body, known=known, needed=NEEDED, happened="asked_at", identity=identity
    )
    found = await read_request(work, reference)
    return SupportRequestStored(**dict(found), unchanged=stored.unchanged), stored.created


async def _due(work: Work, asked: datetime) -> datetime:
    settings = await workspaces.of(work)
    return from_us(owed_due(to_us(asked), settings.zone, working_days=settings.support_request_due_days))


def _check(state: dict[str, Any], now: datetime) -> None:
    check_happened(state, ("met_at",), now)
    in_order(state, "asked_at", "met_at")


async def meet(work: Work, reference: str, met_at: datetime | None) -> SupportRequestStored:
    """Say that a request was met; one that is met stays met at its moment unless another is named."""
    known = await telling.before(work, REQUEST, reference)
    if not known:
        raise NoSuchThing(f"There is no {REQUEST.name} {reference}.")
    if known["voided"]:
        raise Conflict(f"The {REQUEST.name} {reference} was withdrawn: nobody owes it.", code="answer_refused")
    body = SupportRequestBody(reference=reference, met_at=met_at or known["met_at"] or max(work.now, known["asked_at"]))
    return (await store_request(work, body))[0]


async def void_request(work: Work, reference: str, reason: str) -> SupportRequestStored:
    """Withdraw a request; nobody owes it any longer."""
    unchanged = await telling.withdraw(work, REQUEST, reference, reason)
    return SupportRequestStored(**dict(await read_request(work, reference)), unchanged=unchanged)


async def read_request(work: Work, reference: str) -> SupportRequestAnswer:
    """Return a support request as known now."""
    row = await telling.find(work, REQUEST, queries.current_requests(work.workspace_id), reference)
    return _shown(row, await company.supporters(work), work.now)


async def list_requests(
    work: Work, asked: Asked, *, team: str | None = None, met: bool | None = None
) -> tuple[list[SupportRequestAnswer], str | None]:
    """Return a page of support requests, of one team, met or not where asked."""
    version = REQUEST.version
    statement = queries.current_requests(work.workspace_id)
    if team is not None:
        statement = statement.where(version.c.team == team)
    if met is not None:
        statement = statement.where(version.c.met_at.is_not(None) if met else version.c.met_at.is_(None))
        statement = statement.where(version.c.voided.is_(False))
    owing = await company.supporters(work)
    return await rows_of(work, asked, statement, REQUEST.head, lambda row: _shown(row, owing, work.now))


def _shown(row: Row, owing: Supporters, now: datetime) -> SupportRequestAnswer:
    status: Status = "withdrawn" if row["voided"] else "open" if row["met_at"] is None else "met"
    return SupportRequestAnswer(
        **{name: row[name] for name in (*OWN, "id", "occurred_at", "recorded_at")},
        version=row["number"],
        status=status,
        owed_by=owing.of(row["team"]) if status == "open" else [],
        overdue=status == "open" and now > row["due_at"],
        stored_at=row["changed_at"],
    )
