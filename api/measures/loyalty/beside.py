"""What is shown beside the dimensions, so that no share hides what it is made of.

Cases nobody challenged, waiting for the customer and nights; FLOW of confirmed cases alone; who called a contact
failure demand; how often the need was met; and why the fix was needed at all: the cases that earlier cases caused.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import CTE, BigInteger, Select, and_, case, cast, func, null, select

from api import kinds
from api.measures.answers import by_start
from api.measures.loyalty.asking import Question
from api.measures.loyalty.counting.clocks import CLOCK, FULLY
from api.measures.loyalty.counting.columns import Column, flag, number
from api.measures.loyalty.counting.contacts import DEMAND, FAILURE, judged
from api.measures.loyalty.counting.reading import Reading
from api.measures.loyalty.counting.rows import Rows, Share, counted, in_time
from models.rules.loyalty.cases import DAY_US, MINUTE_US
from models.rules.loyalty.nights import MORNING_US, NIGHT_US, offsets

MOST_LINKS = 20


class Beside(StrEnum):
    """A share that stands beside the dimensions."""

    CONFIRMED_IN_TIME = "confirmed_in_time"
    UNCHALLENGED = "unchallenged"
    NEEDS_MET = "needs_met"
    FAILURE_BY_CUSTOMER = "failure_by_customer"
    FAILURE_BY_STAFF = "failure_by_staff"
    CAUSED = "caused"


NAMES = (*CLOCK, *DEMAND, "waiting_for_customer_minutes", "caused_by_case")
"""What is read of cases."""


def shares(read: Reading, told: CTE) -> Sequence[Rows]:
    """Return the rows in which the shares are counted, of one period."""
    return [_wanted(read.asked, told), _done(read.asked, told), met(read), _demand(read), _caused(read)]


def _wanted(asked: Question, told: CTE) -> Rows:
    """Count cases that the customer confirmed or denied which were done in time: FLOW without the unchallenged."""
    column = told.c
    heard = (column.confirmed_us.is_not(None)) | (column.denied == 1)
    share = Share(Beside.CONFIRMED_IN_TIME, flag(column.done_for_us <= column.wanted_us), heard)
    rows = counted(asked, told, column.wanted_us, share)
    return Rows([Beside.CONFIRMED_IN_TIME], rows.where(heard, in_time(asked, column.wanted_us)))


def _done(asked: Question, told: CTE) -> Rows:
    """Count, of the cases done for the customer, those that nobody challenged and nobody confirmed."""
    column = told.c
    rows = counted(asked, told, column.done_for_us, Share(Beside.UNCHALLENGED, column.unchallenged))
    return Rows([Beside.UNCHALLENGED], rows.where(in_time(asked, column.done_for_us)))


def met(read: Reading) -> Rows:
    """Count answers that the need was fully met."""
    asked, cases, said = read.asked, read.cases, read.answers
    rows = counted(asked, cases, said.c.said_us, Share(Beside.NEEDS_MET, flag(said.c.met == FULLY)))
    rows = rows.select_from(cases.join(said, said.c.case_id == cases.c.id))
    return Rows([Beside.NEEDS_MET], rows.where(said.c.met.is_not(None), in_time(asked, said.c.said_us)))


def _demand(read: Reading) -> Rows:
    """Count contacts that were failure demand, as customers say and as staff classified."""
    asked, told = read.asked, judged(read)

    def said(by: Column) -> Column:
        return case((by.is_(None), null()), else_=flag(by == FAILURE))

    both = [
        Share(Beside.FAILURE_BY_CUSTOMER, said(told.c.by_customer)),
        Share(Beside.FAILURE_BY_STAFF, said(told.c.by_staff)),
    ]
    rows = counted(asked, told, told.c.happened_us, *both)
    parts = [share.part for share in both]
    return Rows(parts, rows.where(in_time(asked, told.c.happened_us), told.c.weight > 0))


def _caused(read: Reading) -> Rows:
    """Count, of the cases opened, those that an earlier case caused."""
    asked, cases = read.asked, read.cases
    rows = counted(asked, cases, cases.c.opened_us, Share(Beside.CAUSED, flag(cases.c.caused_by_case.is_not(None))))
    return Rows([Beside.CAUSED], rows.where(in_time(asked, cases.c.opened_us)))


def links(read: Reading) -> Select[Any]:
    """Select which needs led to which: `need`, `caused_by_need`, `cases`, `customers`; the most cases first."""
    asked, cases, head = read.asked, read.cases, kinds.CASE.head
    causes = cases.alias("causes")
    named = and_(head.c.workspace_id == asked.workspace_id, head.c.reference == cases.c.caused_by_case)
    many = func.count()
    return (
        select(
            cases.c.need,
            causes.c.need.label("caused_by_need"),
            many.label("cases"),
            func.count(cases.c.whose.distinct()).label("customers"),
        )
        .select_from(cases.outerjoin(head, named).outerjoin(causes, causes.c.id == head.c.id))
        .where(cases.c.caused_by_case.is_not(None), in_time(asked, cases.c.opened_us))
        .group_by(cases.c.need, causes.c.need)
        .order_by(many.desc(), cases.c.need, causes.c.need)
        .limit(MOST_LINKS)
    )


def capability(asked: Question, told: CTE) -> Select[Any]:
    """Select the median and the 90th percentile of the time from the first contact until done for the customer.

    Columns are `grp`, `n`, `customers`, `median_us`, `ninetieth_us`: the shortest time within which half, and nine of
    ten, were done. So it is told from whole rows, alike on every database.
    """
    column = told.c
    elapsed = column.done_for_us - column.opened_us
    ended = (
        select(
            column.grp,
            column.whose,
            elapsed.label("elapsed_us"),
            func.row_number().over(partition_by=column.grp, order_by=elapsed).label("place"),
            func.count().over(partition_by=column.grp).label("n"),
        )
        .where(in_time(asked, column.done_for_us))
        .subquery("ended")
    )

    def reached(tenths: int) -> Column:
        return func.min(case((ended.c.place * 10 >= ended.c.n * tenths, ended.c.elapsed_us)))

    return select(
        ended.c.grp,
        func.count().label("n"),
        func.count(ended.c.whose.distinct()).label("customers"),
        reached(5).label("median_us"),
        reached(9).label("ninetieth_us"),
    ).group_by(ended.c.grp)


def waits(asked: Question, told: CTE, earliest_us: int) -> Select[Any]:
    """Select what the time of cases done for the customer was made of.

    Columns are `cases`, `elapsed_us`, `night_us`; `known` (cases of which the waiting for the customer is known),
    `known_us` (their time), `waited_us`.
    """
    column = told.c
    elapsed = column.done_for_us - column.opened_us
    waited = cast(column.waiting_for_customer_minutes, BigInteger) * number(MINUTE_US)
    starts, values = zip(*offsets(asked.zone, earliest_us, asked.now_us), strict=True)

    def nights_until(moment: Column) -> Column:
        # A moment on the workspace's clock, from eight in the morning on: twelve hours of day, then twelve of night.
        local = moment + by_start(moment, starts, values) - number(MORNING_US)
        today = local % number(DAY_US)
        of_today = case((today > number(NIGHT_US), today - number(NIGHT_US)), else_=number(0))
        return (local - today) // number(2) + of_today

    night = nights_until(column.done_for_us) - nights_until(column.opened_us)
    columns: list[Column] = [
        func.count().label("cases"),
        func.sum(elapsed).label("elapsed_us"),
        func.sum(night).label("night_us"),
        func.count(waited).label("known"),
        func.sum(case((waited.is_not(None), elapsed))).label("known_us"),
        func.sum(waited).label("waited_us"),
    ]
    return select(*columns).where(in_time(asked, column.done_for_us))
