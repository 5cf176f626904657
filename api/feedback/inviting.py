"""Invitations by one request: one of them, or up to a thousand with what became of each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from api.dependencies import Work
from api.feedback import invitations
from api.feedback.schemas import InvitationBody, InvitationMade, InvitationRow, InvitationsMade
from api.recorded import Stored, in_bulk, only


async def invite(work: Work, body: InvitationBody) -> tuple[InvitationMade, bool]:
    """Make one invitation; return it, and whether it is new."""
    stored, made = await invitations.make(work, [body])
    recorded = only(stored)
    if recorded.created:
        return made[recorded.id], True
    before = await invitations.read(work, recorded.id)
    told_once: dict[str, Any] = {"url": None, "score_urls": [], "qr_url": None, "token": None}
    return InvitationMade(id=before.id, reference=before.reference, **told_once, expires_at=before.expires_at), False


async def invite_many(work: Work, rows: Sequence[JsonValue], *, atomic: bool) -> InvitationsMade:
    """Make invitations row by row: a bad row never fails its neighbours, unless all or nothing was asked for."""
    made: dict[UUID, InvitationMade] = {}

    async def store(work: Work, checked: Sequence[InvitationBody]) -> list[Stored]:
        stored, new = await invitations.make(work, checked)
        made.update(new)
        return stored

    answer = await in_bulk(work, rows, InvitationBody, store, atomic=atomic)
    shown: set[UUID] = set()
    results = []
    for row in answer.results:
        # Of two rows with one reference the first made it.
        new = made.get(row.id) if row.id is not None and row.id not in shown else None
        if row.id is not None:
            shown.add(row.id)
        given = (new.url, new.token, new.expires_at) if new is not None else (None, None, None)
        url, token, expires_at = given
        results.append(InvitationRow(**dict(row), url=url, token=token, expires_at=expires_at))
    return InvitationsMade(
        results=results, accepted=answer.accepted, unchanged=answer.unchanged, rejected=answer.rejected
    )
