"""Every statement about suggestions and the comments they stand in, by name."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, and_, delete, exists, func, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from api.failures import queries
from ml.features import objectors
from models.base import UTCDateTime
from models.feedback import SurveyVersion
from models.ids import in_portions
from models.rules.questions import QuestionKind
from models.suggestion import CommentModelVersion, CommentSuggestion, SuggestionDecision

suggestions = CommentSuggestion.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
decisions = SuggestionDecision.__table__  # type: ignore[attr-defined] # same
comment_models = CommentModelVersion.__table__  # type: ignore[attr-defined] # same
surveys = SurveyVersion.__table__  # type: ignore[attr-defined] # same
responses = kinds.RESPONSE.head
answers = kinds.RESPONSE.version
conditions = kinds.CONDITION.head

OF_STAFF = "pulse_"
"""How a question's `metric_key` begins that staff are asked: what staff write there is never looked at."""
TextKeys = dict[tuple[UUID, int], tuple[str, ...]]


async def text_keys(session: AsyncSession, workspace_id: UUID) -> TextKeys:
    """Return the questions that ask customers for a text, by survey and version; none of a survey that asks staff."""
    statement = select(surveys.c.id, surveys.c.number, surveys.c.questions)
    rows = (await session.execute(statement.where(surveys.c.workspace_id == workspace_id))).all()
    staff = {row.id for row in rows if any(_asks_staff(question) for question in row.questions)}
    return {
        (row.id, row.number): tuple(one["key"] for one in row.questions if one["kind"] == QuestionKind.TEXT)
        for row in rows
        if row.id not in staff
    }


def _asks_staff(question: dict[str, Any]) -> bool:
    return str(question.get("metric_key") or "").startswith(OF_STAFF)


def comments(workspace_id: UUID) -> Select[Any]:
    """Select the complete responses that stand and are proved to be about a case, of whoever let themselves be judged.

    What a customer or case is only claimed to be has none here: a claim says nothing of a case.
    """
    current = and_(
        answers.c.workspace_id == responses.c.workspace_id,
        answers.c.id == responses.c.id,
        answers.c.number == responses.c.version,
    )
    return (
        select(
            responses.c.id,
            responses.c.survey_id,
            responses.c.stored_at,
            answers.c.survey_version,
            answers.c.answers,
            answers.c.customer_id,
            answers.c.case_id,
            answers.c.language,
            answers.c.answered_at,
        )
        .join(answers, current)
        .where(responses.c.workspace_id == workspace_id, *_stands(workspace_id))
    )


def _stands(workspace_id: UUID) -> list[ColumnElement[bool]]:
    owner = answers.c.customer_id
    # Asked of each comment's customer alone: all who object are many to look for, for a minute's few comments.
    unwilling = objectors(workspace_id).where(kinds.CUSTOMER.version.c.id == owner).exists()
    return [
        answers.c.complete,
        answers.c.voided.is_(False),
        answers.c.case_id.is_not(None),
        owner.is_not(None),
        ~unwilling,
    ]


def comments_between(
    workspace_id: UUID, since: datetime, until: datetime, after: UUID | None, limit: int
) -> Select[Any]:
    """Select the next comments stored from one moment up to another, in the order in which they were stored."""
    stored = responses.c.stored_at
    statement = comments(workspace_id).where(stored >= since, stored <= until)
    if after is not None:
        passed = responses.alias("passed")
        at = select(passed.c.stored_at).where(passed.c.workspace_id == workspace_id, passed.c.id == after)
        # One that was erased meanwhile: from the beginning again, which suggests nothing twice.
        reached = func.coalesce(at.scalar_subquery(), literal(since, UTCDateTime()))
        further = or_(stored > reached, and_(stored == reached, responses.c.id > after))
        statement = statement.where(stored >= reached, further)
    return statement.order_by(stored, responses.c.id).limit(limit)


async def is_any_response_stored(session: AsyncSession, workspace_id: UUID, since: datetime, until: datetime) -> bool:
    """Return whether a response was stored in a time."""
    stored = (responses.c.stored_at >= since, responses.c.stored_at <= until)
    return bool(await session.scalar(select(exists().where(responses.c.workspace_id == workspace_id, *stored))))


async def is_anything_decided(session: AsyncSession, workspace_id: UUID, since: datetime, until: datetime) -> bool:
    """Return whether people decided on a suggestion in a time."""
    made = (decisions.c.recorded_at >= since, decisions.c.recorded_at <= until)
    return bool(await session.scalar(select(exists().where(decisions.c.workspace_id == workspace_id, *made))))


async def catalogue(session: AsyncSession, workspace_id: UUID) -> list[RowMapping]:
    """Return the conditions there are, by code."""
    version = kinds.CONDITION.version
    statement = queries.current_conditions(workspace_id).where(version.c.voided.is_(False))
    return list((await session.execute(statement.order_by(conditions.c.reference))).mappings().all())


def standing(workspace_id: UUID) -> Select[Any]:
    """Select the suggestions whose comment stands, each with its comment, its names and its last decision."""
    comment = comments(workspace_id).subquery("comments")
    case, of = kinds.CASE.head, suggestions
    last = and_(
        decisions.c.workspace_id == of.c.workspace_id, decisions.c.id == of.c.id, decisions.c.number == of.c.version
    )
    return (
        select(
            of,
            of.c.stored_at.label("changed_at"),
            conditions.c.reference.label("condition"),
            case.c.reference.label("case"),
            decisions.c.note,
            decisions.c.actor,
            decisions.c.recorded_at.label("decided_at"),
            *(comment.c[name] for name in ("survey_id", "survey_version", "answers", "customer_id", "case_id")),
            *(comment.c[name] for name in ("language", "answered_at")),
        )
        .join(comment, comment.c.id == of.c.response_id)
        .join(case, and_(case.c.workspace_id == of.c.workspace_id, case.c.id == comment.c.case_id))
        .join(conditions, and_(conditions.c.workspace_id == of.c.workspace_id, conditions.c.id == of.c.condition_id))
        .outerjoin(decisions, last)
        .where(of.c.workspace_id == workspace_id)
    )


async def hold(session: AsyncSession, workspace_id: UUID, suggestion_id: UUID) -> None:
    """Let nobody else decide on a suggestion until this work is done."""
    mine = (suggestions.c.workspace_id == workspace_id, suggestions.c.id == suggestion_id)
    await session.execute(select(suggestions.c.id).where(*mine).with_for_update())


async def hold_responses(session: AsyncSession, workspace_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Return which of some responses are there, and keep them from being erased meanwhile."""
    there: set[UUID] = set()
    for some in in_portions(ids):
        mine = select(responses.c.id).where(responses.c.workspace_id == workspace_id, responses.c.id.in_(some))
        there.update(await session.scalars(mine.order_by(responses.c.id).with_for_update(read=True, key_share=True)))
    return there


async def add(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> int:
    """Add suggestions; of a comment and a condition the first stays. Return how many are new."""
    if not rows:
        return 0
    dialect = session.get_bind().dialect.name
    into = postgresql.insert(suggestions) if dialect == "postgresql" else sqlite.insert(suggestions)
    new = into.on_conflict_do_nothing().returning(suggestions.c.id)
    return len((await session.scalars(new, list(rows))).all())


async def fared(session: AsyncSession, workspace_id: UUID) -> list[Any]:
    """Return how many suggestions whose comment stands there are by condition, basis, state and customer."""
    of = standing(workspace_id).subquery("standing")
    columns = (of.c.condition, of.c.basis, of.c.state, of.c.customer_id)
    return list((await session.execute(select(*columns, func.count().label("many")).group_by(*columns))).all())


async def of_responses(session: AsyncSession, workspace_id: UUID, ids: Sequence[UUID]) -> list[RowMapping]:
    """Return the suggestions of some responses."""
    rows: list[RowMapping] = []
    for some in in_portions(ids):
        mine = (suggestions.c.workspace_id == workspace_id, suggestions.c.response_id.in_(some))
        rows += (await session.execute(select(suggestions).where(*mine))).mappings().all()
    return rows


async def take(session: AsyncSession, workspace_id: UUID, ids: Sequence[UUID]) -> None:
    """Delete suggestions, and what was decided on them."""
    for some in in_portions(ids):
        for table in (decisions, suggestions):
            await session.execute(delete(table).where(table.c.workspace_id == workspace_id, table.c.id.in_(some)))


def decided_comments(workspace_id: UUID, *, decided: bool, limit: int) -> Select[Any]:
    """Select the newest comments that people decided something on, or nothing yet."""
    any_ = exists().where(
        suggestions.c.workspace_id == workspace_id,
        suggestions.c.response_id == responses.c.id,
        suggestions.c.version > 0,
    )
    statement = comments(workspace_id).where(any_ if decided else ~any_)
    return statement.order_by(answers.c.answered_at.desc(), responses.c.id).limit(limit)


def newest_model(workspace_id: UUID) -> Select[Any]:
    """Select what was learnt last."""
    of = comment_models
    return select(of).where(of.c.workspace_id == workspace_id).order_by(of.c.created_at.desc(), of.c.id.desc()).limit(1)
