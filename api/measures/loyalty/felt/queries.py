"""Every statement about Felt, by name: the forms that answer its items, the customers served, and the reports."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, and_, case, or_, select, type_coerce

from api import kinds
from api.measures.answers import Place, among, as_they_stood, said_in
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.counting.columns import number, us
from api.measures.loyalty.counting.reading import Reading
from models.felt import FeltReport
from models.rules.values import DAY_US

reports = FeltReport.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes

ITEMS = tuple(f"felt_{place}" for place in range(1, 8))


def forms(asked: Question, places: Mapping[str, Sequence[Place]]) -> Select[Any]:
    """Select the complete forms of a window that ask a felt item.

    Columns are `id`, `customer_id`, `claimed` (the customer named where none is proved), `unproved` (customer or case),
    and of each item that is asked somewhere, by its key, what was answered as text.
    """
    names = ("survey_id", "survey_version", "customer_id", "claimed_customer", "claimed_case", "answers", "complete")
    told = as_they_stood(kinds.RESPONSE, asked, *names, "answered_at", "voided", called="felt_told")
    column = told.c
    unproved = or_(column.claimed_customer.is_not(None), column.claimed_case.is_not(None))
    asking = {key: among(own, told) for key, own in places.items()}
    said = [case((asking[key], said_in(own, told))).label(key) for key, own in places.items()]
    moment = us(column.answered_at)
    return (
        select(
            column.id,
            column.customer_id,
            case((column.customer_id.is_(None), column.claimed_customer)).label("claimed"),
            case((unproved, 1), else_=0).label("unproved"),
            *said,
        )
        .where(column.complete.is_(True), column.voided.is_(False), or_(*asking.values()))
        .where(moment >= number(asked.start_us), moment < number(asked.end_us))
    )


def served(asked: Question) -> Select[Any]:
    """Select the cases opened in a window or as long before it, the oldest first.

    Columns are `id`, `whose` (the customer), `segment`, `need`, `opened_us` and `in_window`.
    """
    cases = Reading(replace(asked, by=By.SEGMENT)).cases
    opened = cases.c.opened_us
    until_us = min(asked.end_us, asked.now_us)
    long_before_us = asked.start_us - (asked.end_us - asked.start_us)
    return (
        select(
            cases.c.id,
            cases.c.whose,
            cases.c.grp.label("segment"),
            cases.c.need,
            opened,
            case((opened >= number(asked.start_us), 1), else_=0).label("in_window"),
        )
        .where(opened >= number(long_before_us), opened < number(until_us))
        .order_by(opened, cases.c.id)
    )


def newest(workspace_id: UUID, start_us: int, end_us: int) -> Select[Any]:
    """Select the newest report of a window as long as another, give or take a day, that covers half of it or more."""
    starts, ends = (type_coerce(reports.c[name], BigInteger) for name in ("starts_at", "ends_at"))
    length = end_us - start_us
    alike = and_(ends - starts >= number(length - DAY_US), ends - starts <= number(length + DAY_US))
    near = and_(ends > number(end_us - length // 2), ends <= number(end_us + DAY_US))
    mine = reports.c.workspace_id == workspace_id
    order = (reports.c.recorded_at.desc(), reports.c.id.desc())
    return select(reports).where(mine, alike, near).order_by(*order).limit(1)


def any_answer(workspace_id: UUID, since: datetime, until: datetime) -> Select[Any]:
    """Select one answer that was stored between two moments, if there is any."""
    head = kinds.RESPONSE.head
    stored = (head.c.stored_at >= since, head.c.stored_at <= until)
    return select(head.c.id).where(head.c.workspace_id == workspace_id, *stored).limit(1)
