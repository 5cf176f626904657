"""One row a case: its clock from the first contact until the customer says it is done, in SQL.

This is `models.rules.loyalty.cases` for a database: the same words, counted over all cases at once. What a customer
answered is read where it stands; a confirmation, a denial and a challenge are found by joining, never case by case.
"""

from typing import Any

from sqlalchemy import CTE, BigInteger, Select, Subquery, Uuid, and_, case, cast, func, null, or_, select, union_all

from api import kinds
from api.measures.answers import as_they_stood
from api.measures.loyalty.counting.columns import Column, apart, earlier, flag, number, us
from api.measures.loyalty.counting.reading import Reading
from models.rules.loyalty.cases import MINUTE_US, UNCHALLENGED_US

CLOCK = ("done_at", "confirmed_at", "needed_by")
"""What a clock is read from, beside the opening."""
FULLY, NOT_MET = "fully", "no"


def clocks(read: Reading) -> CTE:
    """Select every case with its clock, and what else is read of it.

    Columns are those of `read.cases`, and `confirmed_us` (by the customer, or as the company recorded it), `denied`;
    `wanted_us`; and `done_for_us`: when it was done for the customer, null while the clock runs or nobody can say yet,
    with `unchallenged` and `may_yet`.

    Parameters
    ----------
    read
        With `CLOCK` among its names.
    """
    cases, said = read.cases, _said_of_cases(read)
    last_no, answered = said.c.last_no_us, said.c.yes_us
    done, confirmed = cases.c.done_us, us(cases.c.confirmed_at)
    denied = and_(
        last_no >= func.coalesce(said.c.last_other_us, number(-1)),
        last_no >= func.coalesce(done, number(-1)),
        last_no >= func.coalesce(confirmed, number(-1)),
    )
    recorded = and_(confirmed.is_not(None), or_(last_no.is_(None), confirmed > last_no))
    # Who answers a week later that it was done says that it was, not that it took a week longer.
    called_done = and_(done <= answered, or_(last_no.is_(None), done > last_no))
    kept = [column for column in cases.c if column.name != "confirmed_at"]
    by_whom = case((recorded, earlier(confirmed, answered)), (called_done, done), else_=answered)
    joined = cases.outerjoin(said, said.c.case_id == cases.c.id)
    told = select(*kept, by_whom.label("confirmed_us"), flag(denied).label("denied")).select_from(joined)
    told_so = told.subquery("told_so").c
    waits = and_(told_so.confirmed_us.is_(None), told_so.denied == 0)
    return _ended(read, apart(select(*told_so, case((waits, told_so.done_us)).label("waits_since_us")), "running"))


def _said_of_cases(read: Reading) -> CTE:
    """Select of each case when the customer said that the need was met, and last that it was not, or another thing."""
    said = read.answers

    def when(holds: Column) -> Column:
        return case((holds, said.c.said_us))

    yes, no = said.c.met == FULLY, said.c.met == NOT_MET
    statement = select(
        said.c.case_id,
        func.min(when(yes)).label("first_yes_us"),
        func.max(when(yes)).label("last_yes_us"),
        func.max(when(no)).label("last_no_us"),
        func.max(when(said.c.met != NOT_MET)).label("last_other_us"),
    )
    told = statement.where(said.c.met.is_not(None)).group_by(said.c.case_id).subquery("said_when").c
    first = case((or_(told.last_no_us.is_(None), told.first_yes_us > told.last_no_us), told.first_yes_us))
    yes_us = func.coalesce(first, case((told.last_yes_us > told.last_no_us, told.last_yes_us))).label("yes_us")
    return apart(select(told.case_id, yes_us, told.last_no_us, told.last_other_us), "said_of_cases")


def _ended(read: Reading, told: CTE) -> CTE:
    """Add to cases with their clocks when each was wanted, and done for the customer.

    `waits_since_us` is when a case was called done that the customer has neither confirmed nor denied.
    """
    asked = read.asked
    needs = as_they_stood(kinds.NEED, asked, "reference", "customer_minutes", "voided", called="needs_told")
    challenged = _challenged(read, told)
    described = and_(needs.c.reference == told.c.need, needs.c.voided.is_(False))
    declared = told.c.opened_us + cast(needs.c.customer_minutes, BigInteger) * number(MINUTE_US)
    waits_since = told.c.waits_since_us
    quiet = waits_since + number(UNCHALLENGED_US) <= number(asked.now_us)
    silent = and_(quiet, challenged.c.case_id.is_(None))
    done_for = case((told.c.denied == 1, cast(null(), BigInteger)), (silent, waits_since), else_=told.c.confirmed_us)
    kept = [column for column in told.c if column.name != waits_since.name]
    statement = select(
        *kept,
        func.coalesce(told.c.needed_us, declared).label("wanted_us"),
        done_for.label("done_for_us"),
        flag(silent).label("unchallenged"),
        flag(~quiet).label("may_yet"),
    )
    joined = told.outerjoin(needs, described).outerjoin(challenged, challenged.c.case_id == told.c.id)
    return apart(statement.select_from(joined), "clocks")


def _challenged(read: Reading, told: CTE) -> CTE:
    """Select the cases called done of which the customer was heard again within 14 days, and not to confirm them.

    Heard is an answer that says whether the need was met, a contact in the case, or one about the same need in another
    case of the customer's: that case's opening is one.
    """
    contacts, said = read.contacts, read.answers
    of_need = _next_heard(read, told)
    waiting = select(told.c.id, told.c.waits_since_us).where(told.c.waits_since_us.is_not(None)).subquery("waiting").c

    def soon(moment: Column, since: Column) -> Column:
        # Of a sum PostgreSQL believes what it likes, see `in_time`.
        return case((and_(moment > since, moment <= since + number(UNCHALLENGED_US)), 1)).is_not(None)

    in_contact = select(waiting.id.label("case_id")).join(contacts, contacts.c.case_id == waiting.id)
    answered = select(waiting.id.label("case_id")).join(said, said.c.case_id == waiting.id)
    in_need = select(of_need.c.called_done.label("case_id")).where(of_need.c.called_done.is_not(None))
    found = union_all(
        in_contact.where(soon(contacts.c.happened_us, waiting.waits_since_us)),
        answered.where(said.c.met.is_not(None), soon(said.c.said_us, waiting.waits_since_us)),
        in_need.where(soon(of_need.c.heard_us, of_need.c.moment_us)),
    ).subquery("heard")
    return apart(select(found.c.case_id).distinct(), "challenged")


def _next_heard(read: Reading, told: CTE) -> Subquery:
    """Select what was called done, and when the same need of the same customer was next heard of, in any case of it.

    All of it is laid in the order of time, and each case finds what came next: no join of every case with every other.
    A need that a customer had but once is left out: of that one case its own contacts tell.
    """
    several = _had_again(told)
    column, contacts, nobody = several.c, read.contacts, cast(null(), Uuid)
    of_contacts = several.join(contacts, contacts.c.case_id == column.id)

    def event(moment: Column, called_done: Column) -> Select[Any]:
        return select(column.whose, column.need, moment.label("moment_us"), called_done.label("called_done"))

    events = union_all(
        event(column.waits_since_us, column.id).where(column.waits_since_us.is_not(None)),
        event(column.opened_us, nobody),
        event(contacts.c.happened_us, nobody).select_from(of_contacts),
    ).subquery("of_needs")
    heard = case((events.c.called_done.is_(None), events.c.moment_us))
    # From the last to the first; of two at one moment the one called done comes first, and has not heard the other.
    backwards = [events.c.moment_us.desc(), flag(events.c.called_done.is_(None))]
    of = [events.c.whose, events.c.need]
    soonest = func.min(heard).over(partition_by=of, order_by=backwards, rows=(None, 0))
    return select(events.c.called_done, events.c.moment_us, soonest.label("heard_us")).subquery("next_heard")


def _had_again(told: CTE) -> CTE:
    """Select the cases of needs that a customer had more than once."""
    again = (
        select(told.c.whose, told.c.need)
        .where(told.c.need.is_not(None))
        .group_by(told.c.whose, told.c.need)
        .having(func.count() > 1)
    ).subquery("again")
    same = and_(again.c.whose == told.c.whose, again.c.need == told.c.need)
    kept = [told.c[name] for name in ("id", "whose", "need", "opened_us", "waits_since_us")]
    return apart(select(*kept).join_from(told, again, same), "had_again")
