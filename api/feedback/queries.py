"""Every statement about surveys and responses, by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from models.feedback import QuotaPlace, ResponseSource, Survey, SurveyQuota, SurveyVersion
from models.ids import in_order
from models.invitation import Completion, Invitation, InvitedResponse, LinkSecret
from models.recording import ROWS_A_QUESTION, current_rows
from models.workspace import AccessRoute, RouteKind

surveys = Survey.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
survey_versions = SurveyVersion.__table__  # type: ignore[attr-defined] # same
invitations = Invitation.__table__  # type: ignore[attr-defined] # same
invited_responses = InvitedResponse.__table__  # type: ignore[attr-defined] # same
completions = Completion.__table__  # type: ignore[attr-defined] # same
survey_quotas = SurveyQuota.__table__  # type: ignore[attr-defined] # same
quota_places = QuotaPlace.__table__  # type: ignore[attr-defined] # same
link_secrets = LinkSecret.__table__  # type: ignore[attr-defined] # same
response_sources = ResponseSource.__table__  # type: ignore[attr-defined] # same
routes = AccessRoute.__table__  # type: ignore[attr-defined] # same
responses = kinds.RESPONSE.head


@dataclass(frozen=True)
class StoredResponse:
    """What a response is known by, and what is stored of the body it came with."""

    id: UUID
    reference: str
    body_hash: str


def published(workspace_id: UUID, key: str, version: int | None) -> Select[Any]:
    """Select a survey's version: the one asked for, else the newest published."""
    statement = (
        select(surveys.c.id, surveys.c.key, survey_versions.c.number, survey_versions.c.questions)
        .add_columns(survey_versions.c.published_at, survey_versions.c.details)
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


def survey_id(workspace_id: UUID, key: str) -> Select[Any]:
    """Select the id of the survey of a key."""
    return select(surveys.c.id).where(surveys.c.workspace_id == workspace_id, surveys.c.key == key)


def newest_number(workspace_id: UUID, survey_id: UUID, *, published: bool = False) -> Select[Any]:
    """Select the number of a survey's newest version, or of its newest published one."""
    version = survey_versions.c
    statement = select(func.max(version.number)).where(version.workspace_id == workspace_id, version.id == survey_id)
    return statement.where(version.published_at.is_not(None)) if published else statement


def versions_of(workspace_id: UUID, keys: Sequence[str]) -> Select[Any]:
    """Select all versions of some surveys, oldest first."""
    return (
        select(survey_versions, surveys.c.key)
        .join(surveys, _of_survey(survey_versions))
        .where(surveys.c.workspace_id == workspace_id, surveys.c.key.in_(keys))
        .order_by(surveys.c.key, survey_versions.c.number)
    )


def changed_surveys(workspace_id: UUID, *, published: bool) -> Select[Any]:
    """Select every survey with the moment it last changed: drafted or published."""
    version = survey_versions.c
    drafted, out = func.max(version.created_at), func.max(version.published_at)
    last = out if published else case((out > drafted, out), else_=drafted)
    statement = (
        select(surveys.c.id, surveys.c.key, last.label("stored_at"))
        .join(survey_versions, _of_survey(survey_versions))
        .where(surveys.c.workspace_id == workspace_id)
        .group_by(surveys.c.workspace_id, surveys.c.id, surveys.c.key)
    )
    return statement.where(version.published_at.is_not(None)) if published else statement


def keys_of(changed: FromClause) -> Select[Any]:
    """Select the keys of surveys, each with the moment it last changed."""
    return select(changed.c.id, changed.c.key, changed.c.stored_at.label("changed_at"))


def _of_survey(table: Table) -> ColumnElement[bool]:
    return and_(table.c.workspace_id == surveys.c.workspace_id, table.c.id == surveys.c.id)


def current_responses(workspace_id: UUID) -> Select[Any]:
    """Select responses as they stand, with the references of what they are about."""
    version = kinds.RESPONSE.version
    customers, cases = kinds.CUSTOMER.head, kinds.CASE.head
    of_customer = and_(customers.c.workspace_id == version.c.workspace_id, customers.c.id == version.c.customer_id)
    of_case = and_(cases.c.workspace_id == version.c.workspace_id, cases.c.id == version.c.case_id)
    of_survey = and_(surveys.c.workspace_id == version.c.workspace_id, surveys.c.id == responses.c.survey_id)
    sources = response_sources.c
    of_source = and_(sources.workspace_id == version.c.workspace_id, sources.id == version.c.id)
    return (
        current_rows(kinds.RESPONSE, workspace_id)
        .join(surveys, of_survey)
        .outerjoin(response_sources, of_source)
        .outerjoin(customers, of_customer)
        .outerjoin(cases, of_case)
        .add_columns(
            customers.c.reference.label("customer"),
            cases.c.reference.label("case"),
            surveys.c.key.label("survey"),
            sources.source,
            responses.c.stored_at.label("changed_at"),
        )
    )


async def stored_responses(
    session: AsyncSession, workspace_id: UUID, ids: Iterable[UUID], references: Iterable[str]
) -> list[StoredResponse]:
    """Return those responses that exist under one of some ids or references."""
    found: dict[UUID, StoredResponse] = {}
    for column, wanted in ((responses.c.id, in_order(ids)), (responses.c.reference, sorted(set(references)))):
        for start in range(0, len(wanted), ROWS_A_QUESTION):
            statement = select(responses.c.id, responses.c.reference, responses.c.body_hash).where(
                responses.c.workspace_id == workspace_id, column.in_(wanted[start : start + ROWS_A_QUESTION])
            )
            found |= {row.id: StoredResponse(*row) for row in await session.execute(statement)}
    return list(found.values())


def link_turns(workspace_id: UUID) -> Select[Any]:
    """Select the turns of the secret links are signed with, newest first."""
    turn = link_secrets.c
    return (
        select(link_secrets).where(turn.workspace_id == workspace_id).order_by(turn.created_at.desc(), turn.id.desc())
    )


async def workspace_of(session: AsyncSession, kind: RouteKind, lookup: str) -> UUID | None:
    """Return the workspace that a token or a slug leads to."""
    statement = select(routes.c.workspace_id).where(routes.c.kind == kind, routes.c.lookup == lookup)
    found: UUID | None = await session.scalar(statement)
    return found


async def lock_invitations(session: AsyncSession, workspace_id: UUID, ids: Iterable[UUID]) -> None:
    """Let nobody else begin, complete or revoke these meanwhile; always in one order, so that none waits in a ring."""
    wanted = in_order(ids)
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        some = wanted[start : start + ROWS_A_QUESTION]
        statement = select(invitations.c.id).where(
            invitations.c.workspace_id == workspace_id, invitations.c.id.in_(some)
        )
        await session.execute(statement.order_by(invitations.c.id).with_for_update())


async def invitation_ids(
    session: AsyncSession, workspace_id: UUID, column: str, values: Iterable[Any]
) -> dict[Any, UUID]:
    """Return the ids of invitations by their `token_hash` or `reference`."""
    wanted = sorted(set(values))
    found: dict[Any, UUID] = {}
    named = invitations.c[column]
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        some = wanted[start : start + ROWS_A_QUESTION]
        statement = select(named.label("named"), invitations.c.id).where(
            invitations.c.workspace_id == workspace_id, named.in_(some)
        )
        found |= {row.named: row.id for row in await session.execute(statement)}
    return found


async def invitation_of_response(session: AsyncSession, workspace_id: UUID, response_id: UUID) -> UUID | None:
    """Return the invitation by right of which a response was begun."""
    statement = select(invited_responses.c.invitation_id).where(
        invited_responses.c.workspace_id == workspace_id, invited_responses.c.id == response_id
    )
    found: UUID | None = await session.scalar(statement)
    return found


async def invitation_of_link(session: AsyncSession, workspace_id: UUID, survey_id: UUID, case: str) -> UUID | None:
    """Return the invitation that the first use of a signed link made."""
    statement = select(invitations.c.id).where(
        invitations.c.workspace_id == workspace_id,
        invitations.c.survey_id == survey_id,
        invitations.c.link_case == case,
    )
    found: UUID | None = await session.scalar(statement)
    return found


def invitations_now(workspace_id: UUID) -> Select[Any]:
    """Select invitations, each with what it names, the newest response begun by it that stands, and its completion."""
    customers, cases = kinds.CUSTOMER.head, kinds.CASE.head
    begun = _begun().scalar_subquery()
    of_survey = and_(surveys.c.workspace_id == invitations.c.workspace_id, surveys.c.id == invitations.c.survey_id)
    of_customer = and_(
        customers.c.workspace_id == invitations.c.workspace_id, customers.c.id == invitations.c.customer_id
    )
    of_case = and_(cases.c.workspace_id == invitations.c.workspace_id, cases.c.id == invitations.c.case_id)
    of_completion = and_(completions.c.workspace_id == invitations.c.workspace_id, completions.c.id == invitations.c.id)
    return (
        select(invitations, surveys.c.key.label("survey"), begun.label("begun"))
        .add_columns(customers.c.reference.label("customer"), cases.c.reference.label("case"))
        .add_columns(completions.c.response_id, completions.c.completed_at, invitations.c.stored_at.label("changed_at"))
        .join(surveys, of_survey)
        .outerjoin(customers, of_customer)
        .outerjoin(cases, of_case)
        .outerjoin(completions, of_completion)
        .where(invitations.c.workspace_id == workspace_id)
    )


def _begun() -> Select[Any]:
    """Select the newest response begun by an invitation; one that was withdrawn is not gone on with."""
    version = kinds.RESPONSE.version
    head = and_(responses.c.workspace_id == invited_responses.c.workspace_id, responses.c.id == invited_responses.c.id)
    current = and_(
        version.c.workspace_id == responses.c.workspace_id,
        version.c.id == responses.c.id,
        version.c.number == responses.c.version,
    )
    return (
        select(invited_responses.c.id)
        .join(responses, head)
        .join(version, current)
        .where(
            invited_responses.c.workspace_id == invitations.c.workspace_id,
            invited_responses.c.invitation_id == invitations.c.id,
            version.c.voided.is_(False),
        )
        .order_by(invited_responses.c.id.desc())
        .limit(1)
    )


async def completed_by(session: AsyncSession, workspace_id: UUID, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return of each completed invitation the response that completed it."""
    statement = select(completions.c.id, completions.c.response_id).where(
        completions.c.workspace_id == workspace_id, completions.c.id.in_(in_order(ids))
    )
    return {row.id: row.response_id for row in await session.execute(statement)}


async def wishes_of(session: AsyncSession, workspace_id: UUID, customer_ids: Iterable[UUID]) -> dict[UUID, Any]:
    """Return of each customer whether they want to be asked, as known now."""
    heads, version = kinds.CUSTOMER.head, kinds.CUSTOMER.version
    wanted = in_order(customer_ids)
    found: dict[UUID, Any] = {}
    for start in range(0, len(wanted), ROWS_A_QUESTION):
        same = and_(
            heads.c.workspace_id == version.c.workspace_id,
            heads.c.id == version.c.id,
            heads.c.version == version.c.number,
        )
        statement = (
            select(version.c.id, version.c.do_not_contact, version.c.survey_opt_out)
            .join(heads, same)
            .where(heads.c.workspace_id == workspace_id, heads.c.id.in_(wanted[start : start + ROWS_A_QUESTION]))
        )
        found |= {row.id: row for row in await session.execute(statement)}
    return found


async def some_invitations(session: AsyncSession, workspace_id: UUID, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return some invitations as they stand, each with the customer and the opening of its case as known now."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(ids), ROWS_A_QUESTION):
        some = ids[start : start + ROWS_A_QUESTION]
        statement = _with_case(invitations_now(workspace_id).where(invitations.c.id.in_(some)))
        for row in (await session.execute(statement)).mappings():
            of_case = {"customer_id": row["owner_id"], "customer": row["owner"]}
            found.append({**row, **(of_case if row["owner_id"] is not None else {})})
    return found


def _with_case(invited: Select[Any]) -> Select[Any]:
    """Add to invitations what is known now of the case each names: when it was opened, and whose it is."""
    cases, version, owners = kinds.CASE.head, kinds.CASE.version, kinds.CUSTOMER.head.alias("owners")
    as_known = and_(
        version.c.workspace_id == cases.c.workspace_id,
        version.c.id == cases.c.id,
        version.c.number == cases.c.version,
    )
    of_owner = and_(owners.c.workspace_id == version.c.workspace_id, owners.c.id == version.c.customer_id)
    return (
        invited.outerjoin(version, as_known)
        .outerjoin(owners, of_owner)
        .add_columns(version.c.opened_at, owners.c.id.label("owner_id"), owners.c.reference.label("owner"))
    )


def invitations_about(workspace_id: UUID, customer: str | None, case: str | None) -> Select[Any]:
    """Select invitations as they stand, of one customer or about one case where named."""
    statement = invitations_now(workspace_id)
    if customer is not None:
        statement = statement.where(kinds.CUSTOMER.head.c.reference == customer)
    return statement if case is None else statement.where(kinds.CASE.head.c.reference == case)


def response_lock(workspace_id: UUID, response_id: UUID) -> Select[Any]:
    """Select a response's head so that nobody else changes it meanwhile."""
    mine = (responses.c.workspace_id == workspace_id, responses.c.id == response_id)
    return select(responses.c.id).where(*mine).with_for_update()
