"""Statements that only charts ask: elapsed times counted in bins, how often things happened, recorded reasons."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, select

from api import kinds
from api.measures.answers import as_they_stood, by_start
from api.measures.loyalty.asking import Question
from api.measures.loyalty.counting.clocks import CLOCK, clocks
from api.measures.loyalty.counting.columns import number, us
from api.measures.loyalty.counting.reading import Reading
from api.measures.loyalty.counting.rows import in_period, in_time
from models.rules.histograms import EDGES

SHARED = (("total_total", "k", "k"), ("total_n", "k", "m"), ("n_total", "m", "k"), ("n_n", "m", "m"))


def elapsed_counts(asked: Question) -> Select[Any]:
    """Select how many cases of each group took how long, by the period they were done in for their customer.

    Columns are `grp`, `period`, `bin` (of `EDGES`) and `n`. The clock runs from the first contact, through nights and
    through waiting for the customer.
    """
    column = clocks(Reading(asked, CLOCK)).c
    took = column.done_for_us - column.opened_us
    cases = (
        select(
            column.grp,
            in_period(asked, column.done_for_us).label("period"),
            by_start(took, EDGES, range(len(EDGES))).label("bin"),
        )
        .where(column.done_for_us.is_not(None), took >= 0, in_time(asked, column.done_for_us))
        .subquery("cases_done")
    )
    keys = [cases.c.grp, cases.c.period, cases.c.bin]
    return select(*keys, func.count().label("n")).group_by(*keys)


def happened_by_customer(asked: Question, name: str) -> Subquery:
    """Select of each customer how often something happened in their cases, by the period those were opened in.

    Columns are `grp`, `period`, `whose`, `k` (how often), `m` (cases of which it is known), `r` (cases).
    """
    cases = Reading(asked, [name]).cases
    often = cases.c[name]
    keys = [cases.c.grp, in_period(asked, cases.c.opened_us).label("period"), cases.c.whose]
    counted = [
        func.coalesce(func.sum(often), 0).label("k"),
        func.count(often).label("m"),
        func.count().label("r"),
    ]
    where = in_time(asked, cases.c.opened_us)
    return select(*keys, *counted).where(where).group_by(*keys).subquery("by_customer")


def added_up(told: Subquery) -> Select[Any]:
    """Add up customers by group and period: what `ClusterSums` is made of, and `rows`."""
    k, m = told.c.k, told.c.m
    columns: list[ColumnElement[Any]] = [
        func.count(func.nullif(m, 0)).label("customers"),
        func.sum(m).label("n"),
        func.sum(k).label("total"),
        func.sum(k * k).label("total_squared"),
        func.sum(k * m).label("total_by_n"),
        func.sum(m * m).label("n_squared"),
        func.sum(told.c.r).label("rows"),
    ]
    return select(told.c.grp, told.c.period, *columns).group_by(told.c.grp, told.c.period)


def shared_by(told: Subquery, k: str, m: str, group: str | None) -> Select[Any]:
    """Select over the customers of two periods on end what `SharedSums` is made of, by the later one's number."""
    before = told.alias("before")
    names = {"k": k, "m": m}
    columns = [func.sum(told.c[names[one]] * before.c[names[other]]).label(name) for name, one, other in SHARED]
    same = and_(before.c.whose == told.c.whose, before.c.period == told.c.period - 1)
    of = [each.c.grp.is_(None) if group is None else each.c.grp == group for each in (told, before)]
    return select(told.c.period, *columns).select_from(told.join(before, same)).where(*of).group_by(told.c.period)


def changes(asked: Question) -> Select[Any]:
    """Select what the company recorded that it changed: `reference`, `at_us`, `what`, `needs`, `teams`."""
    told = as_they_stood(kinds.CHANGE, asked, "reference", "came_at", "what", "needs", "teams", "voided")
    at_us = us(told.c.came_at).label("at_us")
    return select(told.c.reference, at_us, told.c.what, told.c.needs, told.c.teams).where(told.c.voided.is_(False))


def countermeasures(asked: Question) -> Select[Any]:
    """Select the countermeasures that have gone live: `reference`, `at_us`, `what`, and of which team one is."""
    told = as_they_stood(kinds.COUNTERMEASURE, asked, "reference", "live_from", "title", "team", "voided")
    live = us(told.c.live_from)
    return select(told.c.reference, live.label("at_us"), told.c.title.label("what"), told.c.team).where(
        told.c.voided.is_(False), told.c.live_from.is_not(None), live <= number(asked.now_us)
    )
