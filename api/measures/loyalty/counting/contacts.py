"""Why customers had to get in touch: by contact, the customer's own word first and what staff classified second.

An answer to why somebody got in touch is about the contact it followed: the last of its case before it was given, or
the first after it. A case of which no contact was reported is one contact at its opening, or as many as it counts; then
the answer is about the case. Both words are kept: `models.rules.agreement` says how far one may stand in for the other.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    null,
    or_,
    select,
    union_all,
)

from api.measures.loyalty.asking import Question
from api.measures.loyalty.counting.clocks import (
    answers_about_cases,
    apart,
    contacts_told,
    flag,
    grouped,
    number,
    standing_cases,
)
from api.measures.loyalty.counting.rows import Rows, in_period, in_time
from models.case import Demand
from models.rules.loyalty.dimensions import Part

Column = ColumnElement[Any]
FAILED_US = ("went_wrong", "chasing", "unclear")
"""What customers say who had to get in touch because something had failed them: failure demand (Seddon 1992)."""
FAILURE, VALUE = Demand.FAILURE.value, Demand.VALUE.value


def contacts(asked: Question) -> Rows:
    """Count contacts that were no failure demand."""
    told = judged(asked)
    column = told.c
    demand = func.coalesce(column.by_customer, column.by_staff)
    part = Part.NOT_NEEDLESS.value
    statement = select(
        column.grp,
        in_period(asked, column.happened_us).label("period"),
        column.whose,
        (flag(demand == VALUE) * column.weight).label(f"k_{part}"),
        (flag(demand.is_not(None)) * column.weight).label(f"m_{part}"),
        column.weight.label(f"r_{part}"),
    ).where(in_time(asked, column.happened_us))
    return Rows([Part.NOT_NEEDLESS], statement)


def agreement(asked: Question) -> Select[Any]:
    """Select how many contacts were judged by customer and staff, and how: `by_customer`, `by_staff`, `contacts`."""
    told = judged(asked)
    column = told.c
    return (
        select(column.by_customer, column.by_staff, func.count().label("contacts"))
        .where(in_time(asked, column.happened_us), column.weight > 0)
        .group_by(column.by_customer, column.by_staff)
        .order_by(column.by_customer, column.by_staff)
    )


def judged(asked: Question) -> Subquery:
    """Select every contact, those of cases without any reported among them.

    Columns are `grp`, `whose`, `happened_us`, `weight` (how many it stands for), and `by_customer` and `by_staff`:
    value, failure, or null where nobody said.
    """
    reported, unreported = _reported(asked), _unreported(asked)
    return union_all(reported, unreported).subquery("judged")


def _reported(asked: Question) -> Select[Any]:
    told = _of_cases(asked)
    group, rows = grouped(asked, told, told.c.whose)
    said = _answered_about(told, asked)
    return select(
        group.label("grp"),
        told.c.whose,
        told.c.happened_us,
        number(1).label("weight"),
        _by_customer(said.c.word).label("by_customer"),
        _by_staff(told.c.demand).label("by_staff"),
    ).select_from(rows.outerjoin(said, said.c.contact_id == told.c.id))


def _of_cases(asked: Question) -> CTE:
    """Select contacts with whose they are, of which need, team and channel: their own where they name it."""
    cases = standing_cases(asked.together, "team", called="cases_of_contacts")
    told = contacts_told(asked, "demand", "team", "channel")
    statement = select(
        told.c.id,
        told.c.happened_us,
        told.c.demand,
        told.c.channel,
        func.coalesce(told.c.team, cases.c.team).label("team"),
        cases.c.need,
        cases.c.whose,
        cases.c.id.label("case_id"),
    )
    return apart(statement.join(cases, cases.c.id == told.c.case_id), "contacts_of_cases")


def _answered_about(told: CTE, asked: Question) -> CTE:
    """Select what was answered about which contact: `contact_id`, and `word` of the newest answer."""
    said = answers_about_cases(asked, "answers_about_contacts")
    spans = _spans(told)
    within = and_(
        said.c.case_id == spans.c.case_id,
        said.c.said_us >= spans.c.from_us,
        or_(spans.c.until_us.is_(None), said.c.said_us < spans.c.until_us),
    )
    statement = select(spans.c.id.label("contact_id"), _newest(said).label("word")).join(said, within)
    return apart(statement.where(said.c.reason.is_not(None)).group_by(spans.c.id), "answered_about")


def _spans(told: CTE) -> CTE:
    """Select contacts with the time in which an answer is about them: until the next, and of the first from ever on.

    Of contacts of one case at one moment only the first told has a time.
    """
    of = told.c.case_id
    backwards = [told.c.happened_us, told.c.id.desc()]
    first = func.min(told.c.happened_us).over(partition_by=of)
    next_us = func.lead(told.c.happened_us).over(partition_by=of, order_by=backwards)
    placed = select(told.c.id, of, told.c.happened_us, first.label("first_us"), next_us.label("until_us")).subquery(
        "placed"
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


def _unreported(asked: Question) -> Select[Any]:
    cases = standing_cases(asked, "contacts", "demand", called="cases_alone")
    told = contacts_told(asked, called="contacts_there")
    there = apart(select(told.c.case_id).distinct(), "with_contacts")
    said = _answered_about_case(asked)
    return (
        select(
            cases.c.grp.label("grp"),
            cases.c.whose,
            cases.c.opened_us,
            func.coalesce(cases.c.contacts, number(1)).label("weight"),
            _by_customer(said.c.word).label("by_customer"),
            _by_staff(cases.c.demand).label("by_staff"),
        )
        .select_from(
            cases.outerjoin(there, there.c.case_id == cases.c.id).outerjoin(said, said.c.case_id == cases.c.id)
        )
        .where(there.c.case_id.is_(None))
    )


def _answered_about_case(asked: Question) -> CTE:
    said = answers_about_cases(asked, "answers_about_them")
    statement = select(said.c.case_id, _newest(said).label("word")).where(said.c.reason.is_not(None))
    return apart(statement.group_by(said.c.case_id), "answered_about_case")


def _by_customer(word: Column) -> Column:
    return case((word % 2 == 1, FAILURE), (word.is_not(None), VALUE), else_=cast(null(), String))


def _by_staff(demand: Column) -> Column:
    word = cast(demand, String)
    return case((word.in_((VALUE, FAILURE)), word))
