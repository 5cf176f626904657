"""One statement: what was answered before the case was done, and after, by customer and added up over customers."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, and_, case, func, select, type_coerce

from api import kinds
from api.measures.answers import current
from models.rules.values import DAY_US

MOMENTS = ("answered", "asked")
"""Whether the customer had answered before the case was done, and whether the customer had been asked."""
SHARED = (("total_total", "k", "k"), ("total_n", "k", "m"), ("n_total", "m", "k"), ("n_n", "m", "m"))


def early_sums(workspace_id: UUID, from_us: int, to_us: int) -> Select[Any]:
    """Select one row of sums over customers: of each moment the answers, those before done, and the scores of both.

    Only answers whose case is proved count, given from `from_us` on and before `to_us`.
    """
    by_customer = _by_customer(_answers(workspace_id, from_us, to_us))
    columns: list[ColumnElement[Any]] = []
    for moment in MOMENTS:
        early, rows = by_customer.c[f"{moment}_early"], by_customer.c[f"{moment}_rows"]
        columns += _sums(f"{moment}_share", early, rows, early)
        for side in ("before", "after"):
            k, m, squares = (by_customer.c[f"{moment}_{side}_{name}"] for name in ("k", "m", "squares"))
            columns += _sums(f"{moment}_{side}", k, m, squares)
        columns += [
            func.sum(by_customer.c[f"{moment}_before_{one}"] * by_customer.c[f"{moment}_after_{other}"]).label(
                f"{moment}_shared_{name}"
            )
            for name, one, other in SHARED
        ]
        scored = by_customer.c[f"{moment}_before_m"] + by_customer.c[f"{moment}_after_m"]
        columns.append(func.count(func.nullif(scored, 0)).label(f"{moment}_scored"))
    return select(*columns)


def _answers(workspace_id: UUID, from_us: int, to_us: int) -> Subquery:
    """Select every answer about a case, whose it is, its score, and whether it was early at either moment."""
    response, answered = kinds.RESPONSE.head, kinds.RESPONSE.version
    about, told = kinds.CASE.head, kinds.CASE.version
    same = and_(about.c.workspace_id == response.c.workspace_id, about.c.id == answered.c.case_id)
    done_us = func.coalesce(_us(told.c.done_at), _us(told.c.confirmed_at))
    answered_us, asked_us = _us(answered.c.answered_at), _us(answered.c.asked_at)
    never = done_us.is_(None)
    return (
        select(
            func.coalesce(answered.c.customer_id, told.c.customer_id).label("whose"),
            answered.c.score,
            case((never | (done_us > answered_us), 1), else_=0).label("answered"),
            # Often only the day of asking is known: what was done within a day of it was not asked before.
            case((asked_us.is_(None), None), (never | (done_us >= asked_us + DAY_US), 1), else_=0).label("asked"),
        )
        .select_from(response)
        .join(answered, current(kinds.RESPONSE))
        .join(about, same)
        .join(told, current(kinds.CASE))
        .where(response.c.workspace_id == workspace_id, answered.c.claimed_case.is_(None))
        .where(answered.c.complete.is_(True), answered.c.voided.is_(False), told.c.voided.is_(False))
        .where(answered_us >= from_us, answered_us < to_us)
        .subquery("early_answers")
    )


def _by_customer(told: Subquery) -> Subquery:
    columns: list[ColumnElement[Any]] = []
    for moment in MOMENTS:
        early = told.c[moment]
        columns += [
            func.count(early).label(f"{moment}_rows"),
            func.coalesce(func.sum(early), 0).label(f"{moment}_early"),
        ]
        for side, holds in (("before", 1), ("after", 0)):
            here = early == holds
            score = told.c.score
            columns += [
                func.coalesce(func.sum(case((here, score))), 0).label(f"{moment}_{side}_k"),
                func.count(case((here, score))).label(f"{moment}_{side}_m"),
                func.coalesce(func.sum(case((here, score * score))), 0).label(f"{moment}_{side}_squares"),
            ]
    return select(told.c.whose, *columns).group_by(told.c.whose).subquery("customers")


def _sums(name: str, k: Any, m: Any, squares: Any) -> list[ColumnElement[Any]]:
    """Add up what `ClusterSums` is made of."""
    return [
        func.count(func.nullif(m, 0)).label(f"{name}_customers"),
        func.sum(m).label(f"{name}_n"),
        func.sum(k).label(f"{name}_total"),
        func.sum(k * k).label(f"{name}_total_squared"),
        func.sum(k * m).label(f"{name}_total_by_n"),
        func.sum(m * m).label(f"{name}_n_squared"),
        func.sum(squares).label(f"{name}_row_squares"),
    ]


def _us(column: Any) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)
