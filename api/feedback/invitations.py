"""Invitations: made, listed, revoked - and what a token or a signed link proves."""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from sqlalchemy import update

from api import audit
from api.customers import service as customers
from api.dependencies import Work
from api.errors import Conflict, Malformed, NoSuchThing
from api.feedback import queries, surveys
from api.feedback.schemas import InvitationAnswer, InvitationBody, InvitationMade
from api.feedback.scores import score_urls
from api.listing import Asked, rows_of
from api.recorded import Stored, by_row, impossible
from api.security import derived_key
from api.settings import settings
from models.appending import append_rows
from models.ids import uuid7
from models.recording import Recorded
from models.workspace import RouteKind

TOKEN_BYTES = 24
"""192 bits: nobody guesses one."""


@dataclass(frozen=True)
class Invited:
    """An invitation somebody came with: whose answer it proves, and how far that answer is.

    Whose the case is and when it was opened may have been corrected since the invitation was made: it is as known now.
    """

    id: UUID
    survey_id: UUID
    survey: str
    customer_id: UUID | None
    customer: str | None
    case_id: UUID | None
    case: str | None
    opened_at: datetime | None
    link_case: str | None
    language: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    begun: UUID | None
    response_id: UUID | None


class InvitationOver(Conflict):
    """An invitation that cannot be answered any more."""


def state_of(row: Mapping[Any, Any], now: datetime) -> str:
    """Return where an invitation stands."""
    if row["response_id"] is not None:
        return "completed"
    if row["revoked_at"] is not None:
        return "revoked"
    if row["expires_at"] is not None and row["expires_at"] <= now:
        return "expired"
    return "open" if row["begun"] is None else "started"


def check_usable(found: Invited, now: datetime) -> None:
    """Refuse an invitation that is completed, revoked or expired."""
    state = state_of(vars(found), now)
    if state == "completed":
        raise completed()
    if state == "revoked":
        raise InvitationOver("It was withdrawn by the company that sent it.", code="invitation_revoked")
    if state == "expired":
        raise InvitationOver("Its time is over. Ask for a new one.", code="invitation_expired")


def token_hash(token: str) -> str:
    """Return what is stored of a token."""
    return hmac.digest(derived_key(settings().secret, "invitations"), token.encode(), "sha256").hex()


async def make(work: Work, rows: Sequence[InvitationBody]) -> tuple[list[Stored], dict[UUID, InvitationMade]]:
    """Make invitations; return what became of each row, and those made now with their tokens."""
    checks = await _checks(work, rows)
    made: dict[UUID, InvitationMade] = {}

    async def keep(prepared: Sequence[dict[str, Any]]) -> list[Recorded]:
        return await _keep(work, prepared, made)

    return await by_row(rows, lambda row: _prepared(work, row, checks), keep), made


@dataclass(frozen=True)
class _Checks:
    """Everything the rows of one request are checked against."""

    surveys: Mapping[str, surveys.PublishedSurvey | None]
    parents: customers.Parents
    wishes: Mapping[UUID, Any]


async def _checks(work: Work, rows: Sequence[InvitationBody]) -> _Checks:
    asked: dict[str, surveys.PublishedSurvey | None] = {}
    for key in {row.survey for row in rows}:
        try:
            asked[key] = await surveys.published(work, key)
        except NoSuchThing:
            asked[key] = None
    parents = await customers.parents(work, ((row.customer, row.case) for row in rows))
    wishes = await queries.wishes_of(work.session, work.workspace_id, parents.customer_ids())
    return _Checks(asked, parents, wishes)


def _prepared(work: Work, row: InvitationBody, checks: _Checks) -> dict[str, Any]:
    survey = checks.surveys[row.survey]
    if survey is None:
        raise impossible("survey", "unknown_survey", f"There is no published survey {row.survey}.")
    surveys.check_for_customers(survey)
    customer_id, case_id = _about(row, checks)
    if row.expires_at is not None and row.expires_at <= work.now:
        raise impossible("expires_at", "in_the_past", "An invitation ends in the time to come.")
    _check_wishes(checks.wishes.get(customer_id) if customer_id else None)
    token, identity = token_urlsafe(TOKEN_BYTES), uuid7()
    return {
        "workspace_id": work.workspace_id,
        "id": identity,
        "reference": row.reference or str(identity),
        "survey_id": survey.id,
        "customer_id": customer_id,
        "case_id": case_id,
        "language": row.language,
        "token": token,
        "token_hash": token_hash(token),
        "link_case": None,
        "created_at": work.now,
        "stored_at": work.now,
        "expires_at": row.expires_at,
        "revoked_at": None,
        "scanner_suspected_at": None,
        "questions": survey.questions,
    }


def _about(row: InvitationBody, checks: _Checks) -> tuple[UUID | None, UUID | None]:
    if row.case is None:
        return None if row.customer is None else checks.parents.customer(row.customer), None
    case = checks.parents.case(row.case, row.customer)
    return case.customer_id, case.id


def _check_wishes(wishes: Any) -> None:
    if wishes is not None and wishes.do_not_contact:
        raise Conflict("This customer does not want to be contacted.", code="do_not_contact")
    if wishes is not None and wishes.survey_opt_out:
        raise Conflict("This customer does not want to be asked.", code="survey_opt_out")


async def _keep(work: Work, prepared: Sequence[dict[str, Any]], made: dict[UUID, InvitationMade]) -> list[Recorded]:
    rows = {row["reference"]: row for row in reversed(prepared)}
    columns = [column.name for column in queries.invitations.columns]
    new = [{name: row[name] for name in columns} for _, row in sorted(rows.items())]
    await append_rows(work.session, queries.invitations, new, skip_existing=True)
    ids = await queries.invitation_ids(work.session, work.workspace_id, "reference", rows)
    for reference, row in rows.items():
        if ids[reference] == row["id"]:
            url = f"{settings().public_url.rstrip('/')}/i/{row['token']}"
            made[row["id"]] = InvitationMade(
                id=row["id"],
                reference=reference,
                url=url,
                score_urls=score_urls(url, row["questions"]),
                qr_url=f"{url}/qr.svg",
                token=row["token"],
                expires_at=row["expires_at"],
            )
    leads = {"kind": RouteKind.TOKEN, "workspace_id": work.workspace_id}
    ways = [{**leads, "lookup": row["token_hash"]} for row in rows.values() if row["id"] in made]
    await append_rows(work.session, queries.routes, ways)
    return [_recorded(work, row["reference"], ids[row["reference"]], new=row["id"] in made) for row in prepared]


def _recorded(work: Work, reference: str, identity: UUID, *, new: bool) -> Recorded:
    return Recorded(
        id=identity,
        key=(reference,),
        version=1,
        state={},
        created=new,
        unchanged=not new,
        voided=False,
        recorded_at=work.now,
        occurred_at=work.now,
    )


async def read(work: Work, invitation_id: UUID) -> InvitationAnswer:
    """Return an invitation as it stands."""
    statement = queries.invitations_now(work.workspace_id).where(queries.invitations.c.id == invitation_id)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no invitation {invitation_id}.")
    return _answer(row, work.now)


async def list_all(
    work: Work, asked: Asked, *, customer: str | None = None, case: str | None = None
) -> tuple[list[InvitationAnswer], str | None]:
    """Return a page of invitations, of one customer or case where named, oldest change first."""
    known = None if customer is None else await customers.known_as(work, customer)
    statement = queries.invitations_about(work.workspace_id, known, case)
    return await rows_of(work, asked, statement, queries.invitations, lambda row: _answer(row, work.now))


async def revoke(work: Work, invitation_id: UUID) -> InvitationAnswer:
    """Withdraw an invitation; one that was answered or withdrawn stays as it is."""
    await queries.lock_invitations(work.session, work.workspace_id, [invitation_id])
    found = await read(work, invitation_id)
    if found.state == "completed":
        raise completed()
    if found.revoked_at is None:
        await touch(work, [invitation_id], revoked_at=work.now)
        await audit.note(work, "invitation.revoked", str(invitation_id), {})
    return await read(work, invitation_id)


async def touch(work: Work, ids: Iterable[UUID], **values: Any) -> None:
    """Mark invitations as changed now."""
    of = queries.invitations.c
    mine = (of.workspace_id == work.workspace_id, of.id.in_(list(ids)))
    await work.session.execute(update(queries.invitations).where(*mine).values(stored_at=work.now, **values))


def _answer(row: Mapping[Any, Any], now: datetime) -> InvitationAnswer:
    taken = {"state", "response", "scanner_suspected", "stored_at"}
    fields = {name: row[name] for name in InvitationAnswer.model_fields if name not in taken}
    return InvitationAnswer(
        **fields,
        state=state_of(row, now),
        response=row["response_id"] or row["begun"],
        scanner_suspected=row["scanner_suspected_at"] is not None,
        stored_at=row["changed_at"],
    )


def unknown() -> Malformed:
    """Return the refusal of a token nobody gave out."""
    return impossible("invitation", "unknown_invitation", "No invitation of this workspace has this token.")


def completed() -> InvitationOver:
    """Return the refusal of a second answer."""
    return InvitationOver("It was answered already: an invitation completes once.", code="invitation_completed")
