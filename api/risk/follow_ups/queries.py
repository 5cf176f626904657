"""Every statement about follow-ups, by name."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, RowMapping, Select, and_, func, literal, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from api.outbox import events
from api.risk import queries as risk
from ml.features.asof import known_at
from models.base import to_us
from models.follow_up import FollowUpKind
from models.recording import current_rows
from models.turns import hold_name

CASE_FAILED = "case.failed"
assessments = risk.assessments
head, version = kinds.FOLLOW_UP.head, kinds.FOLLOW_UP.version
customers, cases = kinds.CUSTOMER.head, kinds.CASE.head
wishes = kinds.CUSTOMER.version


def current_follow_ups(workspace_id: UUID) -> Select[Any]:
    """Select follow-ups as they stand, each with its customer's reference and wish, and its case's reference."""
    whose = and_(customers.c.workspace_id == version.c.workspace_id, customers.c.id == version.c.customer_id)
    wish = and_(
        wishes.c.workspace_id == customers.c.workspace_id,
        wishes.c.id == customers.c.id,
        wishes.c.number == customers.c.version,
    )
    return (
        current_rows(kinds.FOLLOW_UP, workspace_id)
        .join(customers, whose)
        .outerjoin(wishes, wish)
        .outerjoin(cases, _its_case())
        .add_columns(
            customers.c.reference.label("customer"),
            wishes.c.do_not_contact,
            cases.c.reference.label("case"),
            head.c.stored_at.label("changed_at"),
        )
    )


def _its_case() -> ColumnElement[bool]:
    return and_(cases.c.workspace_id == version.c.workspace_id, cases.c.id == version.c.case_id)


def is_open() -> ColumnElement[bool]:
    """Say of a current version that it waits to be done."""
    return and_(version.c.closed_at.is_(None), version.c.voided.is_(False))


def overdue(workspace_id: UUID, now: datetime) -> Select[Any]:
    """Select follow-ups that were not closed by their date."""
    return current_follow_ups(workspace_id).where(is_open(), version.c.due_at < now)


async def open_of(
    session: AsyncSession, workspace_id: UUID, customer_ids: Collection[UUID], now: datetime
) -> list[RowMapping]:
    """Return the open follow-ups of some customers as known at a moment, each with its case's reference."""
    statement = (
        select(*version.columns, head.c.reference, cases.c.reference.label("case"))
        .join(head, and_(head.c.workspace_id == version.c.workspace_id, head.c.id == version.c.id))
        .outerjoin(cases, _its_case())
        .where(version.c.workspace_id == workspace_id, version.c.customer_id.in_(customer_ids), is_open())
        .where(known_at(version, literal(to_us(now), BigInteger)))
    )
    return list((await session.execute(statement)).mappings().all())


def reached(workspace_id: UUID) -> Select[Any]:
    """Select whose customer was reached by a follow-up, and when: the treatment marks of snapshots."""
    contacted = current_rows(kinds.FOLLOW_UP, workspace_id).where(version.c.contacted_at.is_not(None)).subquery()
    return select(
        contacted.c.customer_id, type_coerce(contacted.c.contacted_at, BigInteger).label("contacted_us")
    ).where(contacted.c.voided.is_(False))


async def redress_for(session: AsyncSession, workspace_id: UUID, case_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return by case the reference of the redress that is owed for it already, closed or not."""
    statement = current_rows(kinds.FOLLOW_UP, workspace_id).where(
        version.c.case_id.in_(case_ids), version.c.kind == FollowUpKind.REDRESS, version.c.voided.is_(False)
    )
    return {row["case_id"]: row["reference"] for row in (await session.execute(statement)).mappings()}


async def hold(session: AsyncSession, workspace_id: UUID) -> None:
    """Let nobody else begin a follow-up of a workspace until this transaction ends: none is owed twice."""
    await hold_name(session, f"follow-ups/{workspace_id}")


def _failures(workspace_id: UUID, since: datetime, until: datetime) -> Select[Any]:
    named = (events.c.type == CASE_FAILED, events.c.once.is_not(None))
    told = (events.c.recorded_at > since, events.c.recorded_at <= until)
    return select(events.c.id, events.c.once, events.c.recorded_at, events.c.payload).where(
        events.c.workspace_id == workspace_id, *named, *told
    )


async def is_any_failure(session: AsyncSession, workspace_id: UUID, since: datetime, until: datetime) -> bool:
    """Return whether a case was told to have failed after one moment and up to another."""
    found = await session.scalar(_failures(workspace_id, since, until).with_only_columns(events.c.id).limit(1))
    return found is not None


async def failures_after(
    session: AsyncSession, workspace_id: UUID, since: datetime, until: datetime, after: UUID | None, limit: int
) -> list[RowMapping]:
    """Return the next failures that were told between two moments, in the order of their ids."""
    statement = _failures(workspace_id, since, until)
    if after is not None:
        statement = statement.where(events.c.id > after)
    return list((await session.execute(statement.order_by(events.c.id).limit(limit))).mappings().all())


async def cases_now(
    session: AsyncSession, workspace_id: UUID, case_ids: Collection[UUID]
) -> dict[UUID, Mapping[Any, Any]]:
    """Return those of some cases that stand and are somebody's."""
    current = kinds.CASE.version
    statement = current_rows(kinds.CASE, workspace_id).with_only_columns(
        current.c.id, current.c.customer_id, current.c.team
    )
    wanted = statement.where(
        current.c.id.in_(case_ids), current.c.customer_id.is_not(None), current.c.voided.is_(False)
    )
    return {row["id"]: row for row in (await session.execute(wanted)).mappings()}


async def begun_since(session: AsyncSession, workspace_id: UUID, since: datetime) -> int:
    """Return how many follow-ups of outreach were begun after a moment."""
    statement = select(func.count()).select_from(version.join(head, _is_current()))
    mine = (version.c.workspace_id == workspace_id, version.c.kind == FollowUpKind.OUTREACH)
    found = await session.scalar(statement.where(*mine, version.c.voided.is_(False), version.c.owed_at > since))
    return int(found or 0)


def _is_current() -> ColumnElement[bool]:
    return and_(
        head.c.workspace_id == version.c.workspace_id, head.c.id == version.c.id, head.c.version == version.c.number
    )


def contacted_or_waiting(workspace_id: UUID, customer_id: ColumnElement[Any], since: datetime) -> ColumnElement[bool]:
    """Say of a customer that a follow-up is open, or that they were contacted, or outreach begun, after a moment."""
    resting = (
        is_open()
        | (version.c.contacted_at > since)
        | and_(version.c.kind == FollowUpKind.OUTREACH, version.c.owed_at > since)
    )
    return (
        select(literal(1))
        .select_from(version.join(head, _is_current()))
        .where(version.c.workspace_id == workspace_id, version.c.customer_id == customer_id)
        .where(version.c.voided.is_(False), resting)
        .exists()
    )


async def newest_outreach(
    session: AsyncSession, workspace_id: UUID, customer_id: UUID, since: datetime
) -> RowMapping | None:
    """Return the outreach by which a customer was last reached after a moment: its reference, and when."""
    statement = (
        select(head.c.reference, version.c.contacted_at)
        .select_from(version.join(head, _is_current()))
        .where(version.c.workspace_id == workspace_id, version.c.customer_id == customer_id)
        .where(version.c.kind == FollowUpKind.OUTREACH, version.c.voided.is_(False), version.c.contacted_at > since)
        .order_by(version.c.contacted_at.desc(), head.c.id.desc())
        .limit(1)
    )
    return (await session.execute(statement)).mappings().one_or_none()


async def is_answer_of(session: AsyncSession, workspace_id: UUID, response_id: UUID, customer_id: UUID) -> bool:
    """Return whether a response is a customer's."""
    said = kinds.RESPONSE.version
    answered = current_rows(kinds.RESPONSE, workspace_id).with_only_columns(said.c.id)
    found = await session.scalar(answered.where(said.c.id == response_id, said.c.customer_id == customer_id))
    return found is not None


async def is_assessment_of(session: AsyncSession, workspace_id: UUID, assessment_id: UUID, customer_id: UUID) -> bool:
    """Return whether an assessment is a customer's, or that of one merged into them."""
    of = assessments.c
    one = (customers.c.id == customer_id) | (customers.c.merged_into == customer_id)
    merged = select(customers.c.id).where(customers.c.workspace_id == workspace_id, one)
    statement = select(of.id).where(of.workspace_id == workspace_id, of.id == assessment_id)
    return await session.scalar(statement.where(of.customer_id.in_(merged))) is not None


async def most_worth(session: AsyncSession, workspace_id: UUID, since: datetime, limit: int) -> list[RowMapping]:
    """Return the current assessments of those flagged whose outreach is worth most, of whom nothing speaks against it.

    Parameters
    ----------
    since
        Whoever was contacted after this rests.
    """
    statement = risk.current_assessments(workspace_id).where(
        assessments.c.flagged.is_(True),
        assessments.c.outreach_worth > 0,
        wishes.c.objects_to_scoring.is_not(True),
        wishes.c.do_not_contact.is_not(True),
        ~contacted_or_waiting(workspace_id, customers.c.id, since),
    )
    order = (assessments.c.outreach_worth.desc(), assessments.c.id.desc())
    return list((await session.execute(statement.order_by(*order).limit(limit))).mappings().all())
