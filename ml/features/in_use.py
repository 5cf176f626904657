"""What measures in use are weighed on: histories of cases, and what customers answered about them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select

from ml.features.asof import known_now, table_of, us
from models.case import Case, CaseVersion
from models.feedback import Response, ResponseVersion, SurveyVersion
from models.interaction import InteractionVersion
from models.rules.stubs import STUB

case_heads = table_of(Case)
case_versions = table_of(CaseVersion)
interaction_versions = table_of(InteractionVersion)
response_heads = table_of(Response)
response_versions = table_of(ResponseVersion)
survey_versions = table_of(SurveyVersion)

MOMENTS = ("opened_at", "done_at")


def case_histories(workspace_id: UUID, fields: Collection[str]) -> Select[Any]:
    """Select every version of every case that is one now, of each the one that holds last.

    Parameters
    ----------
    workspace_id : UUID
    fields : Collection[str]
        Columns of the versions beside the moments.

    Returns
    -------
    Select
        `id`, `customer_id` as known now, `recorded_us`, `voided`, the moments and the fields.
    """
    told, now = case_versions, case_versions.alias("now")
    current = and_(
        now.c.workspace_id == case_heads.c.workspace_id,
        now.c.id == case_heads.c.id,
        now.c.number == case_heads.c.version,
    )
    own = and_(told.c.workspace_id == case_heads.c.workspace_id, told.c.id == case_heads.c.id)
    named = sorted(fields)
    return (
        select(
            told.c.id,
            now.c.customer_id.label("whose"),
            us(told.c.recorded_at).label("recorded_us"),
            told.c.voided,
            *(us(told.c[name]).label(name) for name in MOMENTS),
            *(told.c[name] for name in named),
        )
        .select_from(case_heads.join(now, current).join(told, own))
        .where(case_heads.c.workspace_id == workspace_id, now.c.voided.is_(False), now.c[STUB].is_not(True))
        .order_by(told.c.id, told.c.occurred_at, told.c.recorded_at, told.c.number)
    )


def contacts_recorded(workspace_id: UUID) -> Select[Any]:
    """Select the minutes that contacts took, as they stand, each with when it was recorded."""
    told = interaction_versions
    mine = (told.c.workspace_id == workspace_id, known_now(told), told.c.handling_minutes.is_not(None))
    return select(told.c.case_id, us(told.c.recorded_at).label("recorded_us"), told.c.handling_minutes).where(*mine)


def answers_to_weigh(workspace_id: UUID) -> Select[Any]:
    """Select every whole answer about a case as it stands, with when it was asked for and when it was known."""
    said, head = response_versions, response_heads
    same = and_(head.c.workspace_id == said.c.workspace_id, head.c.id == said.c.id)
    moments = {"asked": func.coalesce(said.c.asked_at, said.c.answered_at), "answered": said.c.answered_at}
    return (
        select(
            said.c.case_id,
            head.c.survey_id,
            said.c.survey_version,
            *(us(column).label(f"{name}_us") for name, column in moments.items()),
            us(said.c.recorded_at).label("recorded_us"),
            said.c.answers,
        )
        .join(head, same)
        .where(said.c.workspace_id == workspace_id, known_now(said), said.c.complete.is_(True))
        .where(said.c.case_id.is_not(None))
    )


def published_questions(workspace_id: UUID) -> Select[Any]:
    """Select the questions of every published version of every survey, the first published first."""
    asked = survey_versions
    return (
        select(asked.c.id, asked.c.number, asked.c.questions)
        .where(asked.c.workspace_id == workspace_id, asked.c.published_at.is_not(None))
        .order_by(asked.c.published_at, asked.c.id, asked.c.number)
    )
