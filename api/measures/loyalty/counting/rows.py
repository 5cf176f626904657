"""What each share counts, row by row in SQL: promises, cases, existing customers. Contacts have a room of their own.

Every row falls into one period, by the moment at which it was owed, and belongs to one customer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from api import kinds
from api.measures.answers import as_they_stood, by_start
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.counting.clocks import CLOCK, clocks
from api.measures.loyalty.counting.columns import Column, apart, count, flag, number, us
from api.measures.loyalty.counting.reading import Reading
from models.customer import DepartureKind
from models.rules.loyalty.cases import UNCHALLENGED_US
from models.rules.loyalty.dimensions import Part


@dataclass(frozen=True)
class Rows:
    """Rows in which some shares are counted.

    Parameters
    ----------
    parts
        The shares.
    statement
        One a row, or several alike together: `grp`, `period`, `whose`, and of each share `k_`, `m_` and `r_` with its
        name: rows that hold, rows of which it is known, and rows.
    by_customer
        Whether a customer has one row at most in each group and period: nothing is left to add up of them.
    """

    parts: Sequence[StrEnum]
    statement: Select[Any]
    by_customer: bool = False


@dataclass(frozen=True)
class Share:
    """Whether a share holds in a row: 1, 0, or null where it is not known; and whether it has a row there at all."""

    part: StrEnum
    holds: Column
    there: Column | None = None

    @property
    def columns(self) -> Sequence[Column]:
        """What the row counts."""
        there = self.there
        known = self.holds.is_not(None) if there is None else and_(there, self.holds.is_not(None))
        holds = self.holds == 1 if there is None else and_(there, self.holds == 1)
        rows = count(1) if there is None else flag(there)
        named = {"k": flag(holds), "m": flag(known), "r": rows}
        return [column.label(f"{name}_{self.part.value}") for name, column in named.items()]


def in_period(asked: Question, moment: Column) -> Column:
    """Return the number of the period a moment falls in."""
    starts = [period.start_us for period in asked.periods]
    return by_start(moment, starts, range(len(starts)))


def in_time(asked: Question, moment: Column) -> Column:
    """Return whether a moment falls in what is asked, and has come."""
    until_us = min(asked.periods[-1].end_us, asked.now_us)
    within = and_(moment >= number(asked.periods[0].start_us), moment < number(until_us))
    # Of moments that are reckoned PostgreSQL believes that next to none lie between two others, and then sorts a
    # hundred thousand rows that it thinks a handful; of what may be missing it believes that it seldom is.
    return case((within, 1)).is_not(None)


def counted(asked: Question, source: Any, moment: Column, *shares: Share) -> Select[Any]:
    """Return the rows of a source, each in the period its moment falls in, with what it counts for some shares."""
    columns = [column for share in shares for column in share.columns]
    return select(
        source.c.grp.label("grp"), in_period(asked, moment).label("period"), source.c.whose.label("whose"), *columns
    )


def promises(read: Reading) -> Rows:
    """Count promises kept: past due and not recorded as kept is broken."""
    asked, cases = read.asked, read.cases
    told = as_they_stood(
        kinds.PROMISE, asked, "case_id", "due_in_force_at", "kept_at", "voided", called="promises_told"
    )
    due, kept = us(told.c.due_in_force_at), us(told.c.kept_at)
    rows = counted(asked, cases, due, Share(Part.KEPT, flag(kept <= due)))
    rows = rows.select_from(cases.join(told, told.c.case_id == cases.c.id))
    return Rows([Part.KEPT], rows.where(told.c.voided.is_(False), in_time(asked, due)))


def wanted(asked: Question, told: CTE) -> Rows:
    """Count cases done by the time the customer needed them; of nobody knows which, where they were opened."""
    column = told.c
    falls = func.coalesce(column.wanted_us, column.opened_us)
    not_yet = and_(column.done_for_us.is_(None), column.may_yet == 1, column.done_us <= column.wanted_us)
    unknown = or_(column.wanted_us.is_(None), not_yet)
    holds = case((unknown, null()), else_=flag(column.done_for_us <= column.wanted_us))
    rows = counted(asked, told, falls, Share(Part.DONE_IN_TIME, holds))
    return Rows([Part.DONE_IN_TIME], rows.where(in_time(asked, falls)))


def done(asked: Question, told: CTE) -> Rows:
    """Count cases completed without asking for permission."""
    column = told.c
    holds = case((column.permission_asked.is_(True), 0), (column.permission_asked.is_(False), 1))
    rows = counted(asked, told, column.done_for_us, Share(Part.WITHOUT_PERMISSION, holds))
    return Rows([Part.WITHOUT_PERMISSION], rows.where(in_time(asked, column.done_for_us)))


def opened(read: Reading, told: CTE, failing: Sequence[UUID] | None) -> Rows:
    """Count cases done the first time, and of those that failed what was restored.

    Parameters
    ----------
    read
    told
        Its cases with their clocks.
    failing
        The cases that fail by their facts, where the failure definition asks no customer; None where it does.
    """
    asked, column = read.asked, told.c
    failed = _failed(read, failing)
    settled = column.opened_us < number(asked.now_us - UNCHALLENGED_US + 1)
    fails = failed.c.case_id.is_not(None)
    due, restored = column.restore_due_us, column.restored_us
    in_time_ = case(
        (due.is_(None), null()), (restored.is_not(None), flag(restored <= due)), (due < number(asked.now_us), 0)
    )
    shares = [
        Share(Part.FIRST_TIME, _first_time(column), settled),
        Share(Part.TOLD_FIRST, _one_or_none(column.told_first), fails),
        Share(Part.PUT_BACK, _one_or_none(column.put_back), fails),
        Share(Part.RESTORED_IN_TIME, in_time_, fails),
    ]
    rows = counted(asked, told, column.opened_us, *shares)
    joined = told.outerjoin(failed, failed.c.case_id == column.id)
    parts = [share.part for share in shares]
    return Rows(parts, rows.select_from(joined).where(in_time(asked, column.opened_us)))


def _first_time(column: Any) -> Column:
    contacts, handovers, reopened = column.contacts, column.handovers, column.reopened
    not_done = column.done_for_us.is_(None)
    # Known is where all of it is: of some it would be known that they fail, and of none that they hold. Who was called
    # done lately may yet come back.
    unknown = or_(contacts.is_(None), handovers.is_(None), reopened.is_(None), and_(not_done, column.may_yet == 1))
    fails = or_(contacts > 1, handovers > 0, reopened > 0, not_done)
    return case((unknown, null()), (fails, 0), else_=1)


def _one_or_none(column: Column) -> Column:
    return case((column.is_(True), 1), (column.is_(False), 0))


def _failed(read: Reading, failing: Sequence[UUID] | None) -> CTE:
    """Select the cases that failed: by an answer, as it was judged when it was given, or those that fail by facts."""
    if failing is not None:
        cases = kinds.CASE.head
        mine = (cases.c.workspace_id == read.asked.workspace_id, cases.c.id.in_(failing))
        return apart(select(cases.c.id.label("case_id")).where(*mine), "failed")
    said = read.answers
    return apart(select(said.c.case_id).where(said.c.failure.is_(True)).distinct(), "failed")


def customers(read: Reading) -> Rows:
    """Count existing customers whose terms and waiting are no worse than a new one's, as of the end of each period."""
    asked, states, away = read.asked, _customer_states(read.asked), _absences(read)
    column = states.c
    fair = and_(column.terms_as_new.is_(True), column.waiting_as_new.is_(True))
    unfair = or_(column.terms_as_new.is_(False), column.waiting_as_new.is_(False))
    share = Share(Part.AS_NEW, case((fair, 1), (unfair, 0)))
    of_all = asked.by in {None, By.SEGMENT}
    then: Subquery | CTE = _ends(asked) if of_all else _with_a_case(read)
    period, end_us = then.c.period, then.c.end_us
    holds_then = and_(column.from_us < end_us, or_(column.until_us.is_(None), column.until_us >= end_us))
    # Joined by the customer alone, the moments beside: by a period that is reckoned PostgreSQL compares all with all.
    joined = states.join(then, holds_then if of_all else and_(then.c.whose == column.id, holds_then))
    back = or_(away.c.back_us.is_(None), away.c.back_us >= end_us)
    joined = joined.outerjoin(away, and_(away.c.whose == column.id, away.c.left_us < end_us, back))
    group: Column = cast(null(), String) if of_all else then.c.grp
    if asked.by is By.SEGMENT:
        group = column.segment
    statement = (
        select(group.label("grp"), period.label("period"), column.id.label("whose"), *share.columns)
        .select_from(joined)
        .where(column.voided.is_(False), away.c.whose.is_(None))
        .where(or_(column.since_us.is_(None), column.since_us < end_us))
    )
    return Rows([Part.AS_NEW], statement, by_customer=True)


def _customer_states(asked: Question) -> CTE:
    """Select every state of every customer with the time it holds: the first since they are one."""
    version, head = kinds.CUSTOMER.version, kinds.CUSTOMER.head
    order = [version.c.occurred_at, version.c.recorded_at, version.c.number]
    occurred, since = us(version.c.occurred_at), us(version.c.since)
    before = func.lag(occurred).over(partition_by=version.c.id, order_by=order)
    after = func.lead(occurred).over(partition_by=version.c.id, order_by=order)
    same = and_(head.c.workspace_id == version.c.workspace_id, head.c.id == version.c.id)
    statement = (
        select(
            *(version.c[name] for name in ("id", "segment", "terms_as_new", "waiting_as_new", "voided")),
            since.label("since_us"),
            case((and_(before.is_(None), since < occurred), since), else_=occurred).label("from_us"),
            after.label("until_us"),
        )
        .join(head, same)
        .where(version.c.workspace_id == asked.workspace_id, head.c.merged_into.is_(None))
    )
    if asked.known_at is not None:
        statement = statement.where(version.c.stored_at <= asked.known_at)
    return apart(statement, "customer_states")


def _ends(asked: Question) -> Subquery:
    """Select the periods that have begun, each with the moment its customers are counted at."""
    begun = [(place, end_us) for place, end_us in enumerate(_end_moments(asked)) if end_us]
    rows = [select(number(place).label("period"), number(end_us).label("end_us")) for place, end_us in begun]
    nothing = select(number(0).label("period"), number(0).label("end_us")).where(literal(1) == 0)
    return (union_all(*rows) if rows else nothing).subquery("ends")


def _end_moments(asked: Question) -> Sequence[int]:
    """Return the moment at which the customers of each period are counted; 0 where it has not begun."""
    periods, now_us = asked.periods, asked.now_us
    return [min(period.end_us, now_us + 1) if period.start_us <= now_us else 0 for period in periods]


def _absences(read: Reading) -> CTE:
    """Select when customers left, and with which case they came back, if they did: `whose`, `left_us`, `back_us`."""
    names = ("customer_id", "kind", "left_at", "voided")
    told = as_they_stood(kinds.DEPARTURE, read.asked, *names, called="departures_told")
    cases, left = read.cases, us(told.c.left_at)
    back = and_(cases.c.whose == told.c.customer_id, cases.c.opened_us > left)
    whose, came_back = told.c.customer_id.label("whose"), func.min(cases.c.opened_us).label("back_us")
    statement = (
        select(whose, left.label("left_us"), came_back)
        .select_from(told.outerjoin(cases, back))
        .where(told.c.voided.is_(False), told.c.kind != DepartureKind.SIGNAL.value)
        .group_by(told.c.id, told.c.customer_id, left)
    )
    return apart(statement, "absences")


def _with_a_case(read: Reading) -> CTE:
    """Select whose cases of which group were opened in which period, and the moment its customers are counted at."""
    asked, cases = read.asked, read.cases
    period = in_period(asked, cases.c.opened_us).label("period")
    opened_in = select(cases.c.whose, cases.c.grp, period).where(in_time(asked, cases.c.opened_us)).distinct()
    told, ends = opened_in.subquery("opened_in"), _end_moments(asked)
    return apart(select(*told.c, by_start(told.c.period, range(len(ends)), ends).label("end_us")), "with_a_case")


OF_A_CASE = ("contacts", "handovers", "reopened", "permission_asked", "told_first", "put_back")
RESTORING = ("restored_at", "restore_due_at")


def case_rows(read: Reading, failing: Sequence[UUID] | None, parts: Collection[Part]) -> list[Rows]:
    """Return the rows of cases in which some shares are counted, each by the moment it falls in.

    None where cases count for none of the shares. `read` has `CASE_NAMES` among its names.
    """
    told = clocks(read)
    sources = [opened(read, told, failing), wanted(read.asked, told), done(read.asked, told)]
    return [source for source in sources if set(source.parts) & set(parts)]


CASE_NAMES = (*CLOCK, *OF_A_CASE, *RESTORING)
"""What is read of cases for the shares that cases count for."""
