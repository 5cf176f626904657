"""Every statement about models and assessments, by name."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    RowMapping,
    ScalarSelect,
    Select,
    and_,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from api.listing import Asked
from api.paging import cursor_after, page_by, read_cursor
from ml.features.asof import known_at
from models.assessment import Assessment, ModelState, RiskModelVersion
from models.base import from_us, to_us
from models.recording import current_rows
from models.turns import hold_name
from models.workspace import Workspace

models = RiskModelVersion.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
assessments = Assessment.__table__  # type: ignore[attr-defined] # same
workspaces = Workspace.__table__  # type: ignore[attr-defined] # same
said = kinds.RISK_FEEDBACK.head
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class ByWorth:
    """Those first with whom a contact is expected to save most beyond its cost.

    Parameters
    ----------
    most
        How many are listed; None for all.
    resting_since
        Leave out whoever waits for a follow-up, or was contacted after this; None leaves out nobody.
    """

    most: int | None = None
    resting_since: datetime | None = None


def is_somebody() -> ColumnElement[bool]:
    """Say that a customer can be assessed: neither merged into another nor erased, who has no version."""
    customers = kinds.CUSTOMER.head
    return and_(customers.c.merged_into.is_(None), customers.c.version > 0)


def champion(workspace_id: UUID) -> Select[Any]:
    """Select the model that serves."""
    return (
        all_models(workspace_id)
        .where(models.c.state == ModelState.CHAMPION)
        .order_by(models.c.created_at.desc(), models.c.id.desc())
        .limit(1)
    )


def all_models(workspace_id: UUID) -> Select[Any]:
    """Select every model version; of one that only a worker can score with, that it is `apart`, and not its bytes."""
    own = [column for column in models.columns if column is not models.c.artefact]
    apart = models.c.artefact.is_not(None).label("apart")
    return select(*own, apart).where(models.c.workspace_id == workspace_id)


def model_of(workspace_id: UUID, model_id: UUID) -> Select[Any]:
    """Select one model version."""
    return all_models(workspace_id).where(models.c.id == model_id)


async def hold_models(session: AsyncSession, workspace_id: UUID) -> None:
    """Let nobody else promote or retire a workspace's models until this transaction ends."""
    # FOR NO KEY UPDATE: rows that merely point at the workspace are written meanwhile.
    statement = select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(key_share=True)
    await session.execute(statement)


async def hold_assessing(session: AsyncSession, workspace_id: UUID) -> None:
    """Let nobody else store a workspace's assessments until this transaction ends: no change is told twice."""
    await hold_name(session, f"assessing/{workspace_id}")


async def last_assessments(
    session: AsyncSession, workspace_id: UUID, customer_ids: Collection[UUID], until: datetime | None
) -> dict[UUID, RowMapping]:
    """Return what was last said of each customer, by a moment where one is named."""
    rank = func.row_number().over(
        partition_by=assessments.c.customer_id, order_by=(assessments.c.as_of.desc(), assessments.c.id.desc())
    )
    said_of = (
        select(assessments, rank.label("place"))
        .where(assessments.c.workspace_id == workspace_id, assessments.c.customer_id.in_(customer_ids))
        .where(assessments.c.recorded_at <= until if until is not None else true())
    )
    ranked = said_of.subquery()
    rows = (await session.execute(select(ranked).where(ranked.c.place == 1))).mappings()
    return {row["customer_id"]: row for row in rows}


def current_assessments(workspace_id: UUID) -> Select[Any]:
    """Select what was last said of each customer, with the customer's reference, wish and team of the latest case."""
    customers, version = kinds.CUSTOMER.head, kinds.CUSTOMER.version
    known = and_(
        version.c.workspace_id == customers.c.workspace_id,
        version.c.id == customers.c.id,
        version.c.number == customers.c.version,
    )
    return (
        _with_customer(select(assessments))
        .join(version, known)
        .add_columns(version.c.objects_to_scoring, latest_team().label("team"))
        .where(assessments.c.workspace_id == workspace_id, is_somebody(), ~_superseded())
    )


def _superseded() -> ColumnElement[bool]:
    """Say that more was said of an assessment's customer later."""
    later = assessments.alias("later")
    return (
        select(later.c.id)
        .where(
            later.c.workspace_id == assessments.c.workspace_id,
            later.c.customer_id == assessments.c.customer_id,
            tuple_(later.c.as_of, later.c.id) > tuple_(assessments.c.as_of, assessments.c.id),
        )
        .exists()
    )


def latest_team() -> ScalarSelect[Any]:
    """Return the team of the latest case of an assessment's customer, as a column."""
    cases, version = kinds.CASE.head, kinds.CASE.version
    now = and_(
        cases.c.workspace_id == version.c.workspace_id,
        cases.c.id == version.c.id,
        cases.c.version == version.c.number,
    )
    return (
        select(version.c.team)
        .join(cases, now)
        .where(
            version.c.workspace_id == assessments.c.workspace_id,
            version.c.customer_id == assessments.c.customer_id,
            version.c.voided.is_(False),
        )
        .order_by(version.c.opened_at.desc(), version.c.id.desc())
        .limit(1)
        .correlate(assessments)
        .scalar_subquery()
    )


def all_assessments(workspace_id: UUID) -> Select[Any]:
    """Select everything that was said of anybody."""
    return _with_customer(select(assessments)).where(assessments.c.workspace_id == workspace_id)


def assessments_of(workspace_id: UUID, customer_id: UUID) -> Select[Any]:
    """Select everything that was said of a customer."""
    return all_assessments(workspace_id).where(assessments.c.customer_id == customer_id)


def _with_customer(statement: Select[Any]) -> Select[Any]:
    customers = kinds.CUSTOMER.head
    same = and_(customers.c.workspace_id == assessments.c.workspace_id, customers.c.id == assessments.c.customer_id)
    return statement.join(customers, same).add_columns(
        customers.c.reference.label("customer"), assessments.c.recorded_at.label("changed_at")
    )


def page_of_assessments(statement: Select[Any], asked: Asked) -> Select[Any]:
    """Return one page in the order of storing, one row longer than asked so that the end is seen."""
    if asked.updated_since is not None:
        statement = statement.where(assessments.c.recorded_at >= asked.updated_since)
    return page_by(statement, (assessments.c.recorded_at, assessments.c.id), asked.cursor, asked.limit)


def page_by_worth(statement: Select[Any], asked: Asked, most: int | None) -> Select[Any]:
    """Return one page of those whose outreach has a worth, the most first; of so many where that is limited."""
    order = (assessments.c.outreach_worth, assessments.c.id)
    statement = statement.where(assessments.c.outreach_worth.is_not(None))
    if asked.updated_since is not None:
        statement = statement.where(assessments.c.recorded_at >= asked.updated_since)
    if most is not None:
        first = statement.with_only_columns(assessments.c.id).order_by(*(column.desc() for column in order))
        statement = statement.where(assessments.c.id.in_(first.limit(most).scalar_subquery()))
    if asked.cursor is not None:
        worth, identity = read_cursor(asked.cursor)
        statement = statement.where(tuple_(*order) < (to_us(worth), identity))
    return statement.order_by(*(column.desc() for column in order)).limit(asked.limit + 1)


def next_by_worth(rows: Sequence[Any], limit: int) -> str | None:
    """Return the cursor of the page after: a worth stands where others have a moment."""
    return (
        None if len(rows) <= limit else cursor_after(from_us(rows[limit - 1]["outreach_worth"]), rows[limit - 1]["id"])
    )


def page_of_models(workspace_id: UUID, asked: Asked) -> Select[Any]:
    """Select a page of model versions, newest first; one was changed when it was last promoted or retired."""
    statement = all_models(workspace_id)
    if asked.updated_since is not None:
        changed = func.coalesce(models.c.changed_at, models.c.created_at, type_=models.c.created_at.type)
        statement = statement.where(changed >= asked.updated_since)
    order = (models.c.created_at, models.c.id)
    return page_by(statement, order, asked.cursor, asked.limit, newest_first=True)


def current_feedback(workspace_id: UUID) -> Select[Any]:
    """Select what people say of assessments now, with the customer's reference and the assessment's figures."""
    customers, version = kinds.CUSTOMER.head, kinds.RISK_FEEDBACK.version
    same = and_(customers.c.workspace_id == said.c.workspace_id, customers.c.id == said.c.customer_id)
    about = and_(assessments.c.workspace_id == version.c.workspace_id, assessments.c.id == version.c.assessment_id)
    return (
        current_rows(kinds.RISK_FEEDBACK, workspace_id)
        .join(customers, same)
        .join(assessments, about)
        .add_columns(
            customers.c.reference.label("customer"),
            assessments.c.as_of.label("assessed_at"),
            assessments.c.model_id,
            said.c.stored_at.label("changed_at"),
        )
    )


async def values_of(session: AsyncSession, workspace_id: UUID, customer_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return what those customers are worth of whom it is known, in minor units."""
    version = kinds.CUSTOMER.version
    known = current_rows(kinds.CUSTOMER, workspace_id).with_only_columns(version.c.id, version.c.value_amount)
    rows = await session.execute(known.where(version.c.id.in_(customer_ids), version.c.value_amount.is_not(None)))
    return {row.id: row.value_amount for row in rows}


async def not_to_contact(session: AsyncSession, workspace_id: UUID, customer_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of some customers who do not want to be contacted, as known now."""
    version = kinds.CUSTOMER.version
    known = current_rows(kinds.CUSTOMER, workspace_id).with_only_columns(version.c.id)
    wanted = known.where(version.c.id.in_(customer_ids), version.c.do_not_contact.is_(True))
    return frozenset(await session.scalars(wanted))


async def is_any_flagged(session: AsyncSession, workspace_id: UUID, since: datetime, until: datetime) -> bool:
    """Return whether an assessment that flags somebody was stored after one moment and up to another."""
    mine = (assessments.c.workspace_id == workspace_id, assessments.c.flagged.is_(True))
    told = (assessments.c.recorded_at > since, assessments.c.recorded_at <= until)
    return await session.scalar(select(assessments.c.id).where(*mine, *told).limit(1)) is not None


async def most_at_risk(session: AsyncSession, workspace_id: UUID) -> str:
    """Return the reference of the customer whose last assessment shows the highest risk."""
    mine = (assessments.c.workspace_id == workspace_id, assessments.c.state == "active", is_somebody())
    last = _with_customer(select(assessments.c.risk)).where(*mine, ~_superseded())
    found = (await session.execute(last.order_by(assessments.c.risk.desc(), assessments.c.id).limit(1))).first()
    return "" if found is None else str(found.customer)


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
    """Return the next customers who can be assessed, in the order of their ids."""
    customers = kinds.CUSTOMER.head
    statement = select(customers.c.id, customers.c.reference).where(customers.c.workspace_id == workspace_id)
    statement = statement.where(is_somebody())
    if after is not None:
        statement = statement.where(customers.c.id > after)
    rows = await session.execute(statement.order_by(customers.c.id).limit(limit))
    return [(row.id, row.reference) for row in rows]


async def somebody_of(
    session: AsyncSession, workspace_id: UUID, customer_ids: Collection[UUID]
) -> list[tuple[UUID, str]]:
    """Return those of some customers who can be assessed."""
    customers = kinds.CUSTOMER.head
    statement = select(customers.c.id, customers.c.reference).where(customers.c.workspace_id == workspace_id)
    rows = await session.execute(statement.where(customers.c.id.in_(customer_ids), is_somebody()))
    return [(row.id, row.reference) for row in rows]
