"""Why customers had to get in touch: by contact, the customer's own word first and what staff classified second.

An answer to why somebody got in touch is about the contact it followed: the last of its case before it was given, or
the first after it. A case of which no contact was reported is one contact at its opening, or as many as it counts; then
the answer is about the case. Both words are kept: `models.rules.agreement` says how far one may stand in for the other.
"""

from typing import Any

from sqlalchemy import CTE, Select, String, Subquery, and_, case, cast, func, null, or_, select, union_all

from api.measures.loyalty.asking import By
from api.measures.loyalty.counting.columns import Column, apart, count, flag, number
from api.measures.loyalty.counting.reading import FAILED_US, Reading, now_called
from api.measures.loyalty.counting.rows import Rows, in_period, in_time
from models.case import Demand
from models.rules.loyalty.dimensions import Part

DEMAND = ("contacts", "demand")
"""What is read of a case of which no contact was reported."""
FAILURE, VALUE = Demand.FAILURE.value, Demand.VALUE.value


def contacts(read: Reading) -> Rows:
    """Count contacts that were no failure demand."""
    told = judged(read)
    column = told.c
    demand = func.coalesce(column.by_customer, column.by_staff)
    part = Part.NOT_NEEDLESS.value
    statement = select(
        column.grp,
        in_period(read.asked, column.happened_us).label("period"),
        column.whose,
        (flag(demand == VALUE) * column.weight).label(f"k_{part}"),
        (flag(demand.is_not(None)) * column.weight).label(f"m_{part}"),
        column.weight.label(f"r_{part}"),
    ).where(in_time(read.asked, column.happened_us))
    return Rows([Part.NOT_NEEDLESS], statement)


def agreement(read: Reading) -> Select[Any]:
    """Select how many contacts were judged by customer and staff, and how: `by_customer`, `by_staff`, `contacts`."""
    told = judged(read)
    column = told.c
    return (
        select(column.by_customer, column.by_staff, func.count().label("contacts"))
        .where(in_time(read.asked, column.happened_us), column.weight > 0)
        .group_by(column.by_customer, column.by_staff)
        .order_by(column.by_customer, column.by_staff)
    )


def judged(read: Reading) -> Subquery:
    """Select every contact, those of cases without any reported among them.

    Columns are `grp`, `whose`, `happened_us`, `weight` (how many it stands for), and `by_customer` and `by_staff`:
    value, failure, or null where nobody said.

    Parameters
    ----------
    read
        With `DEMAND` among its names.
    """
    return union_all(_reported(read), _unreported(read)).subquery("judged")


def _reported(read: Reading) -> Select[Any]:
    told, cases = read.contacts, read.cases
    said = _answered_about(read)
    return (
        select(
            _group(read).label("grp"),
            cases.c.whose,
            told.c.happened_us,
            count(1).label("weight"),
            _by_customer(said.c.word).label("by_customer"),
            _by_staff(told.c.demand).label("by_staff"),
        )
        .join_from(told, cases, cases.c.id == told.c.case_id)
        .outerjoin(said, said.c.contact_id == told.c.id)
    )


def _group(read: Reading) -> Column:
    """Return what tells a contact apart: its own team and channel where it names them, all else its case's."""
    if read.asked.by is By.CHANNEL:
        return read.contacts.c.channel
    if read.asked.by is By.TEAM:
        return func.coalesce(now_called(read.asked, read.contacts.c.team), read.cases.c.grp)
    return read.cases.c.grp


def _answered_about(read: Reading) -> CTE:
    """Select what was answered about which contact: `contact_id`, and `word` of the newest answer."""
    said, spans = read.reasons, _spans(read)
    within = and_(
        said.c.case_id == spans.c.case_id,
        said.c.said_us >= spans.c.from_us,
        or_(spans.c.until_us.is_(None), said.c.said_us < spans.c.until_us),
    )
    statement = select(spans.c.id.label("contact_id"), _newest(said).label("word")).join(said, within)
    return apart(statement.group_by(spans.c.id), "answered_about")


def _spans(read: Reading) -> CTE:
    """Select contacts of cases with a reason, and the time in which an answer is about each: until the next.

    The time of the first is from ever on. Of contacts of one case at one moment only the first told has a time.
    """
    told, said = read.contacts, read.reasons
    of = told.c.case_id
    backwards = [told.c.happened_us, told.c.id.desc()]
    first = func.min(told.c.happened_us).over(partition_by=of)
    next_us = func.lead(told.c.happened_us).over(partition_by=of, order_by=backwards)
    placed = (
        select(told.c.id, of, told.c.happened_us, first.label("first_us"), next_us.label("until_us"))
        .where(of.in_(select(said.c.case_id)))
        .subquery("placed")
    )
    column = placed.c
    begins = case((column.happened_us == column.first_us, number(0)), else_=column.happened_us)
    statement = select(column.id, column.case_id, begins.label("from_us"), column.until_us)
    return apart(statement.where(or_(column.until_us.is_(None), column.until_us > column.happened_us)), "spans")


def _newest(said: CTE) -> Column:
    """Return the newest word as one number: its moment, and in the last bit whether something had failed.

    A window with a filter would give it too, but SQLite believes that such a filter leaves next to nothing, and then
    compares all with all. Of two answers at one moment the one that says that something failed counts.
    """
    return func.max(said.c.said_us * number(2) + flag(said.c.reason.in_(FAILED_US)))


def _unreported(read: Reading) -> Select[Any]:
    cases, told, said = read.cases, read.contacts, _answered_about_case(read)
    return (
        select(
            cases.c.grp,
            cases.c.whose,
            cases.c.opened_us,
            func.coalesce(cases.c.contacts, count(1)).label("weight"),
            _by_customer(said.c.word).label("by_customer"),
            _by_staff(cases.c.demand).label("by_staff"),
        )
        .outerjoin_from(cases, told, told.c.case_id == cases.c.id)
        .outerjoin(said, said.c.case_id == cases.c.id)
        .where(told.c.case_id.is_(None))
    )


def _answered_about_case(read: Reading) -> CTE:
    said = read.reasons
    return apart(select(said.c.case_id, _newest(said).label("word")).group_by(said.c.case_id), "answered_about_case")


def _by_customer(word: Column) -> Column:
    return case((word % 2 == 1, FAILURE), (word.is_not(None), VALUE), else_=cast(null(), String))


def _by_staff(demand: Column) -> Column:
    word = cast(demand, String)
    return case((word.in_((VALUE, FAILURE)), word))
