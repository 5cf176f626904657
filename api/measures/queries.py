"""Every statement about what was answered, by name.

One pass adds up each customer's answers by group and period, a second step adds up the customers: squares are of whole
customers, so that the sums of shards that hold whole customers add up to the same.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Float, Select, Subquery, and_, case, cast, func, select

from api import kinds
from api.measures.answers import Asking, Place, answers, current, said_at, surveys
from models.feedback import SurveyVersion
from models.rules.metrics import Counted, Scale, counted_on

NONE_CHOSEN = "[]"

survey_versions = SurveyVersion.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


def published_questions(workspace_id: UUID) -> Select[Any]:
    """Select the questions of every published version, the first published first."""
    same = and_(survey_versions.c.workspace_id == surveys.c.workspace_id, survey_versions.c.id == surveys.c.id)
    return (
        select(surveys.c.id, surveys.c.key, survey_versions.c.number, survey_versions.c.questions)
        .join(survey_versions, same)
        .where(surveys.c.workspace_id == workspace_id, survey_versions.c.published_at.is_not(None))
        .order_by(survey_versions.c.published_at, surveys.c.key, survey_versions.c.number)
    )


def answered(workspace_id: UUID, survey_id: UUID, paths: Sequence[tuple[str, ...]]) -> Select[Any]:
    """Select of each version of a survey how often each of some questions was answered, and when first and last."""
    version, head = kinds.RESPONSE.version, kinds.RESPONSE.head
    columns: list[ColumnElement[Any]] = []
    for place, path in enumerate(paths):
        at = case((func.nullif(said_at(version.c.answers, path), NONE_CHOSEN).is_not(None), version.c.answered_at))
        columns += [
            func.count(at).label(f"n_{place}"),
            func.min(at).label(f"first_{place}"),
            func.max(at).label(f"last_{place}"),
        ]
    return (
        select(version.c.survey_version, *columns)
        .join(head, current(kinds.RESPONSE))
        .where(head.c.workspace_id == workspace_id, head.c.survey_id == survey_id)
        .where(version.c.complete.is_(True), version.c.voided.is_(False))
        .group_by(version.c.survey_version)
    )


def sums(asking: Asking, places: Sequence[Place], scale: Scale, most: int) -> Select[Any]:
    """Select the sums of each group and period over its customers, and over those of the period before too.

    Columns are `grp`, `period`, `customers`, `n`, `n_squared`, `late`, `unproved`, `shared_n`, and of each figure, by
    its place, what `ClusterSums` and `SharedSums` are made of: `total_0`, `total_squared_0`, … At most `most` rows.
    """
    figures = counted_on(scale)
    told = _by_customer(answers(asking, places, scale), figures)
    return _by_period(_beside_the_period_before(told), len(figures)).limit(most)


def _by_customer(told: CTE, figures: Sequence[Counted]) -> Subquery:
    """Add up each customer's answers by group and period."""
    keys = [told.c[name] for name in ("grp", "whose", "claimed", "period")]
    columns: list[ColumnElement[Any]] = [
        func.count().label("m"),
        func.sum(told.c.late).label("late"),
        func.sum(told.c.unproved).label("unproved"),
    ]
    for place, counted in enumerate(figures):
        worth, squared = _worth(told.c.said, counted)
        columns += [func.sum(worth).label(f"k_{place}"), func.sum(squared).label(f"squares_{place}")]
    return select(*keys, *columns).group_by(*keys).subquery("customers")


def _worth(said: ColumnElement[Any], counted: Counted) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return what an answer counts, and the square of that."""
    if counted.weights is not None:
        squares = {text: weight * weight for text, weight in counted.weights.items()}
        return case(counted.weights, value=said, else_=0), case(squares, value=said, else_=0)
    if counted.share_of is None:
        number = cast(said, Float)
        return number, number * number
    # Keys hold no quote: what lies between two is one key, whole and in its own case, unlike with LIKE on SQLite.
    held = case((func.replace(said, f'"{counted.share_of}"', "") != said, 1), else_=0)
    return held, held


def _beside_the_period_before(told: Subquery) -> Subquery:
    """Put beside what each customer told in a period what they told in the one before, where they did."""
    whose = [told.c.grp, told.c.whose, told.c.claimed]

    def before(name: str) -> ColumnElement[Any]:
        return func.lag(told.c[name]).over(partition_by=whose, order_by=told.c.period)

    names = [column.name for column in told.c if column.name.startswith(("m", "k_"))]
    beside = [before(name).label(f"{name}_before") for name in names]
    return select(told, before("period").label("last"), *beside).subquery("told")


def _by_period(told: Subquery, figures: int) -> Select[Any]:
    """Add up customers by group and period."""
    column = told.c
    neighbour = column.last == column.period - 1

    def both(one: str, other: str) -> ColumnElement[Any]:
        return func.sum(case((neighbour, column[one] * column[f"{other}_before"]), else_=0))

    columns: list[ColumnElement[Any]] = [
        func.count().label("customers"),
        func.sum(column.m).label("n"),
        func.sum(column.m * column.m).label("n_squared"),
        func.sum(column.late).label("late"),
        func.sum(column.unproved).label("unproved"),
        both("m", "m").label("shared_n"),
    ]
    for place in range(figures):
        k = column[f"k_{place}"]
        columns += [
            func.sum(k).label(f"total_{place}"),
            func.sum(k * k).label(f"total_squared_{place}"),
            func.sum(k * column.m).label(f"total_by_n_{place}"),
            func.sum(column[f"squares_{place}"]).label(f"row_squares_{place}"),
            both(f"k_{place}", f"k_{place}").label(f"shared_total_{place}"),
            both(f"k_{place}", "m").label(f"shared_total_n_{place}"),
            both("m", f"k_{place}").label(f"shared_n_total_{place}"),
        ]
    return select(column.grp, column.period, *columns).group_by(column.grp, column.period)
