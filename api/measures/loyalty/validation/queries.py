"""What the facts are compared with, by group and period: who left after it, and what customers paid in it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Double,
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
from api.measures.loyalty.counting.columns import number, us
from api.measures.loyalty.counting.reading import Reading
from api.measures.loyalty.counting.rows import in_period, in_time
from ml.features import departures
from models.revenue import RevenueKind
from models.rules.values import DAY_US

Column = ColumnElement[Any]


def departed(asked: Question, horizon_days: int) -> Select[Any]:
    """Select of each group and period its customers, and of how many it is known that they left after it.

    Customers of a period are those with a case opened in it who had not left by its end. Only periods whose horizon is
    over are told.
    """
    cases = Reading(asked).cases
    starts, ends = [p.start_us for p in asked.periods], [p.end_us for p in asked.periods]
    end = by_start(cases.c.opened_us, starts, ends)
    served = (
        select(cases.c.grp, in_period(asked, cases.c.opened_us).label("period"), cases.c.whose, end.label("end_us"))
        .where(in_time(asked, cases.c.opened_us))
        .distinct()
        .subquery("served")
    )
    left = departures(asked.workspace_id).subquery("left_at")
    first = (
        select(left.c.customer_id, func.min(left.c.departed_us).label("left_us"))
        .group_by(left.c.customer_id)
        .subquery("first_left")
    )
    horizon_us = horizon_days * DAY_US
    stayed = or_(first.c.left_us.is_(None), first.c.left_us > served.c.end_us)
    followed = case((first.c.left_us <= served.c.end_us + number(horizon_us), 1), else_=0)
    return (
        select(served.c.grp, served.c.period, func.count().label("customers"), func.sum(followed).label("departed"))
        .select_from(served.outerjoin(first, first.c.customer_id == served.c.whose))
        .where(stayed, served.c.end_us + number(horizon_us) <= number(asked.now_us))
        .group_by(served.c.grp, served.c.period)
    )


def first_days(asked: Question) -> list[date]:
    """Return the first day of each period in the workspace's zone, and the day after the last."""
    zone = ZoneInfo(asked.zone)
    bounds = [*(period.start_us for period in asked.periods), asked.periods[-1].end_us]
    return [datetime.fromtimestamp(bound // 1_000_000, UTC).astimezone(zone).date() for bound in bounds]


def _by_day(day: Column, starts: Sequence[date]) -> Column:
    """Return the number of the period a day falls in."""
    if len(starts) == 1:
        return literal(0)
    return case(*((day < start, place) for place, start in enumerate(starts[1:])), else_=len(starts) - 1)


def revenues(asked: Question, currency: str) -> Select[Any]:
    """Select what each customer paid in each period, by revenues that lie whole in one.

    Columns are `customer_id`, `period`, `paid`, and `returns` and `sent`: whether any was told to be
    returning, or referred.
    """
    paid = _standing(asked)
    starts = first_days(asked)[:-1]
    period = _by_day(paid.c.first_day, starts)
    within = (
        select(paid.c.customer_id, period.label("period"), paid.c.amount, paid.c.kind)
        .where(*_in_time(asked, paid, currency), period == _by_day(paid.c.last_day, starts))
        .subquery("within_periods")
    )
    return select(
        within.c.customer_id,
        within.c.period,
        cast(func.sum(within.c.amount), Double).label("paid"),
        func.max(case((within.c.kind == RevenueKind.RETURNING, 1), else_=0)).label("returns"),
        func.max(case((within.c.kind == RevenueKind.REFERRED, 1), else_=0)).label("sent"),
    ).group_by(within.c.customer_id, within.c.period)


def left_out(asked: Question, currency: str) -> Select[Any]:
    """Select how many revenues of the time run over a bound between periods, and how many are in another currency."""
    paid = _standing(asked)
    starts = first_days(asked)[:-1]
    own, over = paid.c.currency == currency, _by_day(paid.c.first_day, starts) != _by_day(paid.c.last_day, starts)
    counts: dict[str, Column] = {"over_a_bound": and_(own, over), "other_currency": ~own}
    columns: list[Column] = [func.count(case((holds, 1))).label(name) for name, holds in counts.items()]
    return select(*columns).where(*_in_time(asked, paid, None))


def _standing(asked: Question) -> Subquery:
    names = ("customer_id", "first_day", "last_day", "amount", "currency", "kind", "voided")
    return as_they_stood(kinds.REVENUE, asked, *names, called="paid_told")


def _in_time(asked: Question, paid: Subquery, currency: str | None) -> list[Column]:
    days = first_days(asked)
    found = [paid.c.voided.is_(False), paid.c.first_day >= days[0], paid.c.last_day < days[-1]]
    return found if currency is None else [*found, paid.c.currency == currency]


def earned(asked: Question, currency: str) -> Select[Any]:
    """Select of each group and period what customers paid in it and in the one before, and the sums over them.

    Groups are customers' segments, or none. Whoever paid in the period before, was a customer before the period began,
    or is told to return was a customer before; of the others, who names who sent them or is told to be referred was
    referred.
    """
    told = revenues(asked, currency).cte("paid")
    nothing = literal(0, Double)
    now = select(told, nothing.label("before"))
    shifted = select(
        told.c.customer_id,
        (told.c.period + 1).label("period"),
        nothing.label("paid"),
        literal(0).label("returns"),
        literal(0).label("sent"),
        told.c.paid.label("before"),
    ).where(told.c.period < len(asked.periods) - 1)
    both = union_all(now, shifted).subquery("beside_before")
    sums = {name: func.sum(both.c[name]).label(name) for name in ("paid", "before")}
    each = (
        select(
            both.c.customer_id,
            both.c.period,
            *sums.values(),
            *(func.max(both.c[name]).label(name) for name in ("returns", "sent")),
        )
        .where(both.c.period > 0)
        .group_by(both.c.customer_id, both.c.period)
        .subquery("each_customer")
    )
    return _added_up(_classified(asked, each))


def _classified(asked: Question, each: Subquery) -> Subquery:
    about = as_they_stood(kinds.CUSTOMER, asked, "segment", "since", "referred_by", called="about_payers")
    starts = [number(period.start_us) for period in asked.periods]
    begun = case(*((each.c.period == place, start) for place, start in enumerate(starts)), else_=starts[-1])
    was = or_(each.c.before > 0, each.c.returns == 1, and_(about.c.since.is_not(None), us(about.c.since) < begun))
    sent = or_(each.c.sent == 1, about.c.referred_by.is_not(None))
    known = or_(each.c.before > 0, about.c.since.is_not(None), about.c.referred_by.is_not(None))
    group = about.c.segment if asked.by is By.SEGMENT else cast(null(), String)
    nothing = literal(0, Double)
    return (
        select(
            group.label("grp"),
            each.c.period,
            each.c.before,
            case((was, each.c.paid), else_=nothing).label("retained"),
            case((and_(~was, sent), each.c.paid), else_=nothing).label("referred"),
            case((and_(~was, ~sent), each.c.paid), else_=nothing).label("new"),
            case((or_(was, sent), each.c.paid), else_=nothing).label("earned"),
            case((each.c.paid != 0, 1), else_=0).label("pays"),
            case((and_(each.c.paid != 0, known), 1), else_=0).label("known"),
        )
        .select_from(each.outerjoin(about, about.c.id == each.c.customer_id))
        .subquery("classified")
    )


def _added_up(told: Subquery) -> Select[Any]:
    k, m = told.c.earned, told.c.before
    columns = [
        func.count().label("customers"),
        *(func.sum(told.c[name]).label(name) for name in ("before", "retained", "referred", "new", "pays", "known")),
        func.sum(k * k).label("total_squared"),
        func.sum(k * m).label("total_by_n"),
        func.sum(m * m).label("n_squared"),
    ]
    return select(told.c.grp, told.c.period, *columns).group_by(told.c.grp, told.c.period)
