"""Every statement about models and assessments, by name."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, RowMapping, Select, and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from ml.features.asof import known_at
from models.assessment import Assessment, ModelState, RiskModelVersion
from models.base import to_us

models = RiskModelVersion.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
assessments = Assessment.__table__  # type: ignore[attr-defined] # same


def champion(workspace_id: UUID) -> Select[Any]:
    """Select the model that serves."""
    return (
        select(models)
        .where(models.c.workspace_id == workspace_id, models.c.state == ModelState.CHAMPION)
        .order_by(models.c.created_at.desc(), models.c.id.desc())
        .limit(1)
    )


def all_models(workspace_id: UUID) -> Select[Any]:
    """Select every model version, newest first."""
    return select(models).where(models.c.workspace_id == workspace_id).order_by(models.c.created_at.desc())


async def last_assessments(
    session: AsyncSession, workspace_id: UUID, customer_ids: Collection[UUID], until: datetime
) -> dict[UUID, RowMapping]:
    """Return what was last said of each customer by a moment."""
    rank = func.row_number().over(
        partition_by=assessments.c.customer_id, order_by=(assessments.c.as_of.desc(), assessments.c.id.desc())
    )
    ranked = (
        select(assessments, rank.label("place"))
        .where(assessments.c.workspace_id == workspace_id, assessments.c.customer_id.in_(customer_ids))
        .where(assessments.c.recorded_at <= until)
        .subquery()
    )
    rows = (await session.execute(select(ranked).where(ranked.c.place == 1))).mappings()
    return {row["customer_id"]: row for row in rows}


async def most_at_risk(session: AsyncSession, workspace_id: UUID) -> str:
    """Return the reference of the customer with the highest risk last assessed."""
    customers = kinds.CUSTOMER.head
    statement = (
        select(customers.c.reference)
        .join(
            assessments,
            and_(assessments.c.workspace_id == customers.c.workspace_id, assessments.c.customer_id == customers.c.id),
        )
        .where(customers.c.workspace_id == workspace_id, assessments.c.state == "active")
        .where(customers.c.merged_into.is_(None))
        .order_by(assessments.c.as_of.desc(), assessments.c.risk.desc())
        .limit(1)
    )
    found: str | None = await session.scalar(statement)
    return found or ""


async def references(
    session: AsyncSession, workspace_id: UUID, case_ids: Collection[UUID], until: datetime
) -> tuple[dict[UUID, str], dict[UUID, list[UUID]]]:
    """Return each case's reference and the responses about it known at a moment: the evidence of what was seen."""
    cases = kinds.CASE.head
    version = kinds.RESPONSE.version
    names = select(cases.c.id, cases.c.reference).where(cases.c.workspace_id == workspace_id, cases.c.id.in_(case_ids))
    about = (
        select(version.c.case_id, version.c.id)
        .where(version.c.workspace_id == workspace_id, version.c.case_id.in_(case_ids))
        .where(known_at(version, literal(to_us(until), BigInteger)))
        .order_by(version.c.id)
    )
    responses: dict[UUID, list[UUID]] = {}
    for row in await session.execute(about):
        responses.setdefault(row.case_id, []).append(row.id)
    return {row.id: row.reference for row in await session.execute(names)}, responses


async def customers_after(
    session: AsyncSession, workspace_id: UUID, after: UUID | None, limit: int
) -> list[tuple[UUID, str]]:
    """Return the next customers in the order of their ids; whoever was merged into another is not one."""
    customers = kinds.CUSTOMER.head
    statement = select(customers.c.id, customers.c.reference).where(customers.c.workspace_id == workspace_id)
    statement = statement.where(customers.c.merged_into.is_(None))
    if after is not None:
        statement = statement.where(customers.c.id > after)
    rows = await session.execute(statement.order_by(customers.c.id).limit(limit))
    return [(row.id, row.reference) for row in rows]
