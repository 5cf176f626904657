"""Every statement about surveys and responses, by name."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from models.feedback import Survey, SurveyVersion
from models.recording import ROWS_A_QUESTION, current_rows

surveys = Survey.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
survey_versions = SurveyVersion.__table__  # type: ignore[attr-defined] # same
responses = kinds.RESPONSE.head


def published(workspace_id: UUID, key: str, version: int | None) -> Select[Any]:
    """Select a survey's version: the one asked for, else the newest published."""
    statement = (
        select(surveys.c.id, surveys.c.key, survey_versions.c.number, survey_versions.c.questions)
        .add_columns(survey_versions.c.published_at)
        .join(
            survey_versions,
            and_(survey_versions.c.workspace_id == surveys.c.workspace_id, survey_versions.c.id == surveys.c.id),
        )
        .where(
            surveys.c.workspace_id == workspace_id,
            surveys.c.key == key,
            survey_versions.c.published_at.is_not(None),
        )
        .order_by(survey_versions.c.number.desc())
        .limit(1)
    )
    return statement if version is None else statement.where(survey_versions.c.number == version)


def current_responses(workspace_id: UUID) -> Select[Any]:
    """Select responses as they stand, with the references of what they are about."""
    version = kinds.RESPONSE.version
    customers, cases = kinds.CUSTOMER.head, kinds.CASE.head
    of_customer = and_(customers.c.workspace_id == version.c.workspace_id, customers.c.id == version.c.customer_id)
    of_case = and_(cases.c.workspace_id == version.c.workspace_id, cases.c.id == version.c.case_id)
    of_survey = and_(surveys.c.workspace_id == version.c.workspace_id, surveys.c.id == responses.c.survey_id)
    return (
        current_rows(kinds.RESPONSE, workspace_id)
        .join(surveys, of_survey)
        .outerjoin(customers, of_customer)
        .outerjoin(cases, of_case)
        .add_columns(
            customers.c.reference.label("customer"),
            cases.c.reference.label("case"),
            surveys.c.key.label("survey"),
            responses.c.stored_at.label("changed_at"),
        )
    )


async def body_hashes(session: AsyncSession, workspace_id: UUID, references: Iterable[str]) -> dict[str, str]:
    """Return what is stored of the bodies of those responses that exist."""
    wanted = sorted(set(references))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        statement = select(responses.c.reference, responses.c.body_hash).where(
            responses.c.workspace_id == workspace_id,
            responses.c.reference.in_(wanted[start : start + ROWS_A_QUESTION]),
        )
        found |= {row.reference: row.body_hash for row in await session.execute(statement)}
    return found
