"""Statements about when a customer was asked, and which of their cases failed: what is read before asking anew."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from api.feedback.queries import invitations, responses, surveys
from models.ids import in_portions

MOST_CASES = 500
"""Of a customer's cases the newest so many are looked at."""


async def newest_invitation(
    session: AsyncSession, workspace_id: UUID, customer_id: UUID, since: datetime
) -> Any | None:
    """Return when a customer was last invited after a moment and to which survey; what was revoked does not count."""
    of = invitations.c
    same = and_(surveys.c.workspace_id == of.workspace_id, surveys.c.id == of.survey_id)
    statement = (
        select(of.created_at, surveys.c.key.label("survey"))
        .join(surveys, same)
        .where(of.workspace_id == workspace_id, of.customer_id == customer_id)
        .where(of.revoked_at.is_(None), of.created_at > since)
        .order_by(of.created_at.desc())
        .limit(1)
    )
    return (await session.execute(statement)).one_or_none()


async def invited_since(
    session: AsyncSession, workspace_id: UUID, customer_ids: Iterable[UUID], since: datetime
) -> set[UUID]:
    """Return those of some customers who were invited to any survey after a moment; what was revoked does not count."""
    of = invitations.c
    found: set[UUID] = set()
    for some in in_portions(customer_ids):
        statement = select(of.customer_id).where(of.workspace_id == workspace_id, of.customer_id.in_(some))
        found |= set(await session.scalars(statement.where(of.revoked_at.is_(None), of.created_at > since)))
    return found


async def invitation_to(session: AsyncSession, workspace_id: UUID, survey_id: UUID, case_id: UUID) -> UUID | None:
    """Return the newest invitation to a survey about a case that was not revoked."""
    of = invitations.c
    mine = (of.workspace_id == workspace_id, of.survey_id == survey_id, of.case_id == case_id)
    statement = select(of.id).where(*mine, of.revoked_at.is_(None)).order_by(of.created_at.desc()).limit(1)
    found: UUID | None = await session.scalar(statement)
    return found


async def newest_cases(session: AsyncSession, workspace_id: UUID, customer_id: UUID, since: datetime) -> list[Any]:
    """Return a customer's cases opened after a moment, newest first: id, reference, and whether put right and when."""
    head, version = kinds.CASE.head, kinds.CASE.version
    current = and_(
        version.c.workspace_id == head.c.workspace_id,
        version.c.id == head.c.id,
        version.c.number == head.c.version,
    )
    statement = (
        select(head.c.id, head.c.reference, version.c.restored_at, version.c.put_back, version.c.opened_at)
        .join(head, current)
        .where(version.c.workspace_id == workspace_id, version.c.customer_id == customer_id)
        .where(version.c.voided.is_(False), version.c.opened_at > since)
        .order_by(version.c.opened_at.desc(), head.c.id)
        .limit(MOST_CASES)
    )
    return list(await session.execute(statement))


async def verdicts_on(session: AsyncSession, workspace_id: UUID, case_ids: Iterable[UUID]) -> list[Any]:
    """Return what customers' answers said of cases, failure or not, oldest first."""
    version = kinds.RESPONSE.version
    current = and_(
        version.c.workspace_id == responses.c.workspace_id,
        version.c.id == responses.c.id,
        version.c.number == responses.c.version,
    )
    found: list[Any] = []
    for some in in_portions(case_ids):
        statement = (
            select(version.c.case_id, version.c.failure, version.c.answered_at)
            .join(responses, current)
            .where(version.c.workspace_id == workspace_id, version.c.case_id.in_(some))
            .where(version.c.voided.is_(False), version.c.failure.is_not(None))
        )
        found += await session.execute(statement)
    return sorted(found, key=lambda row: row.answered_at)
