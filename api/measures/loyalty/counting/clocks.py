"""One row a case: its clock from the first contact until the customer says it is done, in SQL.

This is `models.rules.loyalty.cases` for a database: the same words, counted over all cases at once. What a customer
answered is read where it stands; a confirmation, a denial and a challenge are found by joining, never case by case.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    String,
    Subquery,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from api import kinds
from api.measures.answers import Place, among, as_they_stood, said_in
from api.measures.loyalty.asking import By, Question
from models.rules.loyalty.cases import MINUTE_US, UNCHALLENGED_US

Column = ColumnElement[Any]
MOMENTS = {
    "opened_at": "opened_us",
    "needed_by": "needed_us",
    "done_at": "done_us",
    "restored_at": "restored_us",
    "restore_due_at": "restore_due_us",
}
PLAIN = ("contacts", "handovers", "reopened", "permission_asked", "told_first", "put_back")
FULLY, NOT_MET = "fully", "no"


def us(column: Column) -> Column:
    """Return a moment's column as the integer it is kept as."""
    return type_coerce(column, BigInteger)


def number(value: int) -> Column:
    """Return a whole number as both databases reckon with it."""
    return literal(value, BigInteger)


def flag(holds: Column) -> Column:
    """Return 1 where something holds, otherwise 0."""
    return case((holds, 1), else_=0)


def earlier(one: Column, other: Column) -> Column:
    """Return the earlier of two moments, of which either may be missing."""
    return case((one.is_(None), other), (other.is_(None), one), (one < other, one), else_=other)


def apart(statement: Select[Any], called: str) -> CTE:
    """Return what is read once, however often it is joined: of tables that grew lately no planner knows the size."""
    return statement.cte(called).prefix_with("MATERIALIZED")


def standing_cases(asked: Question, *names: str, called: str = "cases_now") -> CTE:
    """Select cases that were reported, as they stood, each with `grp`: what they are told apart by.

    Always there are `id`, `whose` (the customer), `need` and `opened_us`.
    """
    columns = dict.fromkeys(("customer_id", "need", "team", "channel", "opened_at", *names))
    told = as_they_stood(kinds.CASE, asked, *columns, "voided", called=f"{called}_told")
    group, rows = grouped(asked, told, told.c.customer_id)
    kept = [us(told.c[name]).label(MOMENTS[name]) if name in MOMENTS else told.c[name] for name in columns]
    kept = [column for column in kept if column.name not in {"customer_id", "team", "channel"} - set(names)]
    statement = select(told.c.id, told.c.customer_id.label("whose"), group.label("grp"), *kept).select_from(rows)
    return apart(statement.where(told.c.voided.is_(False), told.c.opened_at.is_not(None)), called)


def grouped(asked: Question, told: Subquery | CTE, whose: Column) -> tuple[Column, FromClause]:
    """Return what tells rows apart, and the rows with it joined: a team as it is called now, a segment as it stood.

    Parameters
    ----------
    asked
    told
        Rows with the columns `need`, `team` and `channel`.
    whose
        The customer of a row.
    """
    if asked.by is None:
        return cast(null(), String), told
    if asked.by is By.SEGMENT:
        about = as_they_stood(kinds.CUSTOMER, asked, "segment", called="about")
        return about.c.segment, told.outerjoin(about, about.c.id == whose)
    if asked.by is By.TEAM:
        named = told.c.team
        return (case(asked.renamed, value=named, else_=named) if asked.renamed else named), told
    return told.c[asked.by.value], told


def answers_about_cases(asked: Question, called: str) -> CTE:
    """Select complete answers about cases, proved and not withdrawn: `case_id`, `said_us`, `asked_us`, `met`, `reason`.

    `met` and `reason` are what was answered to whether the need was met and why the customer got in touch; null where
    nothing was.
    """
    names = ("survey_id", "survey_version", "case_id", "claimed_customer", "claimed_case", "answers", "complete")
    told = as_they_stood(kinds.RESPONSE, asked, *names, "answered_at", "voided", called=f"{called}_told")
    proved = (told.c.claimed_customer.is_(None), told.c.claimed_case.is_(None), told.c.case_id.is_not(None))
    statement = select(
        told.c.id,
        told.c.case_id,
        us(told.c.answered_at).label("said_us"),
        _said(asked.needs_met, told).label("met"),
        _said(asked.reasons, told).label("reason"),
    )
    return apart(statement.where(told.c.complete.is_(True), told.c.voided.is_(False), *proved), called)


def _said(places: Any, told: Subquery) -> Column:
    if not places:
        return cast(null(), String)
    listed: list[Place] = list(places)
    return case((among(listed, told), said_in(listed, told)))


def contacts_told(asked: Question, *names: str, called: str = "contacts_told") -> CTE:
    """Select contacts as they stood, those withdrawn left out: `id`, `case_id`, `happened_us`, and what is named."""
    told = as_they_stood(kinds.INTERACTION, asked, "case_id", "happened_at", *names, "voided", called=f"{called}_all")
    kept = [told.c.id, told.c.case_id, us(told.c.happened_at).label("happened_us"), *(told.c[name] for name in names)]
    return apart(select(*kept).where(told.c.voided.is_(False)), called)


def clocks(asked: Question, *names: str) -> CTE:
    """Select every case with its clock, and what is named of it.

    Columns are `id`, `whose`, `grp`, `need`, `opened_us`, `needed_us`, `done_us`, `confirmed_us` (by the customer, or
    as the company recorded it), `denied`; `wanted_us`; and `done_for_us`: when it was done for the customer, null while
    the clock runs or nobody can say yet, with `unchallenged` and `may_yet`.
    """
    cases = standing_cases(asked, "done_at", "confirmed_at", "needed_by", *names)
    said = _said_of_cases(asked)
    last_no = said.c.last_no_us
    done, confirmed = cases.c.done_us, us(cases.c.confirmed_at)
    stands = or_(last_no.is_(None), confirmed > last_no)
    by_answer = case((or_(last_no.is_(None), said.c.first_yes_us > last_no), said.c.first_yes_us))
    later = case((said.c.last_yes_us > last_no, said.c.last_yes_us))
    denied = and_(
        last_no >= func.coalesce(said.c.last_other_us, number(-1)),
        last_no >= func.coalesce(done, number(-1)),
        last_no >= func.coalesce(confirmed, number(-1)),
    )
    kept = [column for column in cases.c if column.name != "confirmed_at"]
    told = (
        select(
            *kept,
            earlier(case((stands, confirmed)), func.coalesce(by_answer, later)).label("confirmed_us"),
            flag(denied).label("denied"),
        )
        .select_from(cases.outerjoin(said, said.c.case_id == cases.c.id))
        .cte("clocks_running")
        .prefix_with("MATERIALIZED")
    )
    return _ended(asked, told)


def _said_of_cases(asked: Question) -> CTE:
    """Select of each case when the customer said that the need was met, first and last, and last that it was not."""
    said = answers_about_cases(asked, "answers_of_cases")

    def when(holds: Column) -> Column:
        return case((holds, said.c.said_us))

    yes, no = said.c.met == FULLY, said.c.met == NOT_MET
    return (
        select(
            said.c.case_id,
            func.min(when(yes)).label("first_yes_us"),
            func.max(when(yes)).label("last_yes_us"),
            func.max(when(no)).label("last_no_us"),
            func.max(when(said.c.met != NOT_MET)).label("last_other_us"),
        )
        .where(said.c.met.is_not(None))
        .group_by(said.c.case_id)
        .cte("said_of_cases")
        .prefix_with("MATERIALIZED")
    )


def _ended(asked: Question, told: CTE) -> CTE:
    """Add to cases with their clocks when each was wanted, and done for the customer."""
    needs = as_they_stood(kinds.NEED, asked, "reference", "customer_minutes", "voided", called="needs_told")
    challenged = _challenged(asked, told)
    described = and_(needs.c.reference == told.c.need, needs.c.voided.is_(False))
    declared = told.c.opened_us + cast(needs.c.customer_minutes, BigInteger) * number(MINUTE_US)
    quiet = told.c.done_us + number(UNCHALLENGED_US) <= number(asked.now_us)
    silent = and_(
        told.c.denied == 0, told.c.confirmed_us.is_(None), told.c.done_us.is_not(None), challenged.c.case_id.is_(None)
    )
    done_for = case(
        (told.c.denied == 1, cast(null(), BigInteger)),
        (told.c.confirmed_us.is_not(None), told.c.confirmed_us),
        (and_(silent, quiet), told.c.done_us),
    )
    may_yet = and_(told.c.denied == 0, told.c.confirmed_us.is_(None), told.c.done_us.is_not(None), ~quiet)
    return (
        select(
            *told.c,
            func.coalesce(told.c.needed_us, declared).label("wanted_us"),
            done_for.label("done_for_us"),
            flag(and_(silent, quiet)).label("unchallenged"),
            flag(may_yet).label("may_yet"),
        )
        .select_from(
            told.outerjoin(needs, described).outerjoin(challenged, challenged.c.case_id == told.c.id),
        )
        .cte("clocks")
        .prefix_with("MATERIALIZED")
    )


def _challenged(asked: Question, told: CTE) -> CTE:
    """Select the cases called done of which the customer was heard again within 14 days, and not to confirm them.

    Heard is an answer that says whether the need was met, a contact in the case, or one about the same need in another
    case of the customer's: that case's opening is one. All is laid in the order of time, and each case finds what came
    next: no join of every case with every contact.
    """
    waiting = and_(told.c.done_us.is_not(None), told.c.confirmed_us.is_(None), told.c.denied == 0)
    contacts = contacts_told(asked, called="heard_again")
    said = answers_about_cases(asked, "answers_after")
    with_contacts = told.join(contacts, contacts.c.case_id == told.c.id)
    nobody = cast(null(), Uuid)
    of_need = union_all(
        _event(told, told.c.done_us, told.c.id).where(waiting, told.c.need.is_not(None)),
        _event(told, told.c.opened_us, nobody).where(told.c.need.is_not(None)),
        _event(told, contacts.c.happened_us, nobody).select_from(with_contacts).where(told.c.need.is_not(None)),
    ).subquery("of_need")
    of_case = union_all(
        _event(told, told.c.done_us, told.c.id, told.c.id).where(waiting),
        _event(told, contacts.c.happened_us, nobody, told.c.id).select_from(with_contacts),
        select(nobody, cast(null(), String), said.c.said_us, nobody, said.c.case_id).where(said.c.met.is_not(None)),
    ).subquery("of_case")
    next_heard = union_all(
        _heard_next(of_need, of_need.c.whose, of_need.c.need), _heard_next(of_case, of_case.c.about)
    ).subquery("next_heard")
    soon = next_heard.c.heard_us <= next_heard.c.moment_us + number(UNCHALLENGED_US)
    statement = select(next_heard.c.called_done.label("case_id")).where(next_heard.c.called_done.is_not(None), soon)
    return statement.distinct().cte("challenged").prefix_with("MATERIALIZED")


def _event(told: CTE, moment: Column, called_done: Column, about: Column | None = None) -> Select[Any]:
    columns = [told.c.whose, told.c.need, moment.label("moment_us"), called_done.label("called_done")]
    return select(*columns) if about is None else select(*columns, about.label("about"))


def _heard_next(events: Subquery, *of: Column) -> Select[Any]:
    """Select events with the first moment after each at which something was heard of what they are of."""
    heard = case((events.c.called_done.is_(None), events.c.moment_us))
    # From the last to the first; of two at one moment the one called done comes first, and has not heard the other.
    backwards = [events.c.moment_us.desc(), flag(events.c.called_done.is_(None))]
    soonest = func.min(heard).over(partition_by=of, order_by=backwards, rows=(None, 0))
    return select(events.c.called_done, events.c.moment_us, soonest.label("heard_us"))
