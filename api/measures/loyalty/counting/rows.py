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
    ColumnElement,
    CompoundSelect,
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
from api.measures.loyalty.counting.clocks import apart, clocks, flag, number, standing_cases, us
from models.customer import DepartureKind
from models.rules.loyalty.cases import UNCHALLENGED_US
from models.rules.loyalty.dimensions import Part

Column = ColumnElement[Any]


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
    """

    parts: Sequence[StrEnum]
    statement: Select[Any] | CompoundSelect[Any]


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
        rows = number(1) if there is None else flag(there)
        named = {"k": flag(holds), "m": flag(known), "r": rows}
        return [column.label(f"{name}_{self.part.value}") for name, column in named.items()]


def in_period(asked: Question, moment: Column) -> Column:
    """Return the number of the period a moment falls in."""
    starts = [period.start_us for period in asked.periods]
    return by_start(moment, starts, range(len(starts)))


def in_time(asked: Question, moment: Column) -> Column:
    """Return whether a moment falls in what is asked, and has come."""
    until_us = min(asked.periods[-1].end_us, asked.now_us)
    return and_(moment >= number(asked.periods[0].start_us), moment < number(until_us))


def counted(asked: Question, source: Any, moment: Column, *shares: Share) -> Select[Any]:
    """Return the rows of a source, each in the period its moment falls in, with what it counts for some shares."""
    columns = [column for share in shares for column in share.columns]
    return select(
        source.c.grp.label("grp"), in_period(asked, moment).label("period"), source.c.whose.label("whose"), *columns
    )


def promises(asked: Question) -> Rows:
    """Count promises kept: past due and not recorded as kept is broken."""
    told = as_they_stood(
        kinds.PROMISE, asked, "case_id", "due_in_force_at", "kept_at", "voided", called="promises_told"
    )
    cases = standing_cases(asked, called="cases_promised")
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


def opened(asked: Question, told: CTE, failing: Sequence[UUID] | None) -> Rows:
    """Count cases done the first time, and of those that failed what was restored.

    Parameters
    ----------
    asked
    told
    failing
        The cases that fail by their facts, where the failure definition asks no customer; None where it does.
    """
    failed = _failed(asked, failing)
    column = told.c
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


def _failed(asked: Question, failing: Sequence[UUID] | None) -> CTE:
    """Select the cases that failed: by an answer, as it was judged when it was given, or those that fail by facts."""
    if failing is not None:
        cases = kinds.CASE.head
        mine = (cases.c.workspace_id == asked.workspace_id, cases.c.id.in_(failing))
        return apart(select(cases.c.id.label("case_id")).where(*mine), "failed")
    told = as_they_stood(kinds.RESPONSE, asked, "case_id", "failure", "voided", called="failures_told")
    says = (told.c.failure.is_(True), told.c.voided.is_(False), told.c.case_id.is_not(None))
    return apart(select(told.c.case_id).where(*says).distinct(), "failed")


def customers(asked: Question) -> Rows:
    """Count existing customers whose terms and waiting are no worse than a new one's, as of the end of each period."""
    states, ends, away = _customer_states(asked), _ends(asked), _absences(asked)
    column = states.c
    fair = and_(column.terms_as_new.is_(True), column.waiting_as_new.is_(True))
    unfair = or_(column.terms_as_new.is_(False), column.waiting_as_new.is_(False))
    share = Share(Part.AS_NEW, case((fair, 1), (unfair, 0)))
    holds_then = and_(column.from_us < ends.c.end_us, or_(column.until_us.is_(None), column.until_us >= ends.c.end_us))
    joined: Any = states.join(ends, holds_then)
    back = or_(away.c.back_us.is_(None), away.c.back_us >= ends.c.end_us)
    # Joined by the customer alone, the moments beside: by a period that is reckoned PostgreSQL compares all with all.
    gone = and_(away.c.whose == column.id, away.c.left_us < ends.c.end_us, back)
    joined = joined.outerjoin(away, gone)
    group: Column = column.segment if asked.by is By.SEGMENT else cast(null(), String)
    if asked.by not in {None, By.SEGMENT}:
        theirs = _with_a_case(asked)
        group = theirs.c.grp
        joined = joined.join(theirs, and_(theirs.c.whose == column.id, theirs.c.period == ends.c.period))
    statement = (
        select(group.label("grp"), ends.c.period.label("period"), column.id.label("whose"), *share.columns)
        .select_from(joined)
        .where(column.voided.is_(False), away.c.whose.is_(None))
        .where(or_(column.since_us.is_(None), column.since_us < ends.c.end_us))
    )
    return Rows([Part.AS_NEW], statement)


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
    begun = [
        (place, min(period.end_us, asked.now_us + 1))
        for place, period in enumerate(asked.periods)
        if period.start_us <= asked.now_us
    ]
    rows = [select(number(place).label("period"), number(end_us).label("end_us")) for place, end_us in begun]
    nothing = select(number(0).label("period"), number(0).label("end_us")).where(literal(1) == 0)
    return (union_all(*rows) if rows else nothing).subquery("ends")


def _absences(asked: Question) -> CTE:
    """Select when customers left, and with which case they came back, if they did: `whose`, `left_us`, `back_us`."""
    told = as_they_stood(kinds.DEPARTURE, asked, "customer_id", "kind", "left_at", "voided", called="departures_told")
    cases = standing_cases(asked.together, called="cases_since")
    left = us(told.c.left_at)
    back = and_(cases.c.whose == told.c.customer_id, cases.c.opened_us > left)
    whose, came_back = told.c.customer_id.label("whose"), func.min(cases.c.opened_us).label("back_us")
    statement = (
        select(whose, left.label("left_us"), came_back)
        .select_from(told.outerjoin(cases, back))
        .where(told.c.voided.is_(False), told.c.kind != DepartureKind.SIGNAL.value)
        .group_by(told.c.id, told.c.customer_id, left)
    )
    return apart(statement, "absences")


def _with_a_case(asked: Question) -> CTE:
    """Select whose cases of which group were opened in which period."""
    cases = standing_cases(asked, called="their_cases")
    period = in_period(asked, cases.c.opened_us).label("period")
    statement = select(cases.c.whose, cases.c.grp, period).where(in_time(asked, cases.c.opened_us))
    return apart(statement.distinct(), "with_a_case")


def case_rows(asked: Question, failing: Sequence[UUID] | None, parts: Collection[Part]) -> Rows | None:
    """Return the rows of cases in which some shares are counted, each by the moment it falls in: of one reading of all.

    None where cases count for none of the shares.
    """
    told = clocks(
        asked,
        *("contacts", "handovers", "reopened", "permission_asked"),
        *("told_first", "put_back", "restored_at", "restore_due_at"),
    )
    sources = [opened(asked, told, failing), wanted(asked, told), done(asked, told)]
    kept = [source for source in sources if set(source.parts) & set(parts)]
    counted_ = [part for source in kept for part in source.parts]
    return Rows(counted_, union_all(*(_padded(source, counted_) for source in kept))) if kept else None


def _padded(source: Rows, parts: Sequence[StrEnum]) -> Select[Any]:
    """Return rows with nothing counted for the shares that others count."""
    told = source.statement.subquery()
    names = [f"{name}_{part.value}" for part in parts for name in "kmr"]
    nothing = number(0)
    counts = [told.c[name] if name in told.c else nothing.label(name) for name in names]
    return select(told.c.grp, told.c.period, told.c.whose, *counts)
