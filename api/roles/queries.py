"""Every statement about role proposals, their supporters and their answers, by name."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, Table, and_, exists, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from api import kinds
from api.listing import Asked
from api.paging import page_by
from models.ids import uuid7
from models.measure_in_use import MeasureEvidence
from models.recording import ROWS_A_QUESTION, current_rows
from models.role import SupportAnswer, Supporter
from models.rules.support import ProposalStatus

proposals = kinds.ROLE_PROPOSAL.head
versions = kinds.ROLE_PROPOSAL.version
first = versions.alias("first")
requests = kinds.SUPPORT_REQUEST.head
request_versions = kinds.SUPPORT_REQUEST.version
supporters = Supporter.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
evidence = MeasureEvidence.__table__  # type: ignore[attr-defined] # same
answers = SupportAnswer.__table__  # type: ignore[attr-defined] # same


def current_proposals(workspace_id: UUID) -> Select[Any]:
    """Select role proposals as they stand, each with the moment it was first offered."""
    offered = and_(first.c.workspace_id == versions.c.workspace_id, first.c.id == versions.c.id, first.c.number == 1)
    return (
        current_rows(kinds.ROLE_PROPOSAL, workspace_id)
        .join(first, offered)
        .add_columns(first.c.occurred_at.label("offered_at"), proposals.c.stored_at.label("changed_at"))
    )


def owed(workspace_id: UUID, statuses: Sequence[str], asked: Asked) -> Select[Any]:
    """Select a page of proposals in some statuses, oldest due first."""
    statement = current_proposals(workspace_id).where(versions.c.status.in_(statuses))
    return _oldest_due_first(statement, proposals, versions, asked)


def _oldest_due_first(statement: Select[Any], head: Table, version: Table, asked: Asked) -> Select[Any]:
    if asked.updated_since is not None:
        statement = statement.where(head.c.stored_at >= asked.updated_since)
    return page_by(statement, (version.c.due_at, version.c.id), asked.cursor, asked.limit)


def owed_by(supporter: Collection[str], below: Collection[str], above: Collection[str]) -> ColumnElement[bool]:
    """Return whether somebody owes a proposal its answer.

    Parameters
    ----------
    supporter
        The names they go by.
    below
        The teams they support.
    above
        The teams they support as one of those above, to whom a proposal is taken that names nobody.
    """
    taken_up = and_(versions.c.status == ProposalStatus.TAKEN_TO, versions.c.taken_to.is_(None))
    here = and_(versions.c.taken_to.is_(None), versions.c.status != ProposalStatus.TAKEN_TO)
    return or_(
        versions.c.taken_to.in_(sorted(supporter)),
        and_(taken_up, versions.c.team.in_(sorted(above))),
        and_(here, versions.c.team.in_(sorted(below))),
    )


def current_requests(workspace_id: UUID) -> Select[Any]:
    """Select support requests as they stand."""
    return current_rows(kinds.SUPPORT_REQUEST, workspace_id).add_columns(requests.c.stored_at.label("changed_at"))


def requests_owed(workspace_id: UUID, asked: Asked) -> Select[Any]:
    """Select a page of support requests that wait to be met, oldest due first."""
    version = request_versions
    statement = current_requests(workspace_id).where(version.c.met_at.is_(None), version.c.voided.is_(False))
    return _oldest_due_first(statement, requests, version, asked)


def requests_overdue(workspace_id: UUID, now: datetime) -> Select[Any]:
    """Select support requests that were not met by their date."""
    version = request_versions
    waiting = (version.c.met_at.is_(None), version.c.voided.is_(False), version.c.due_at < now)
    return current_requests(workspace_id).where(*waiting)


def current_heard(workspace_id: UUID) -> Select[Any]:
    """Select what was heard, each with its case's reference."""
    version, cases = kinds.HEARD.version, kinds.CASE.head
    same = and_(cases.c.workspace_id == version.c.workspace_id, cases.c.id == version.c.case_id)
    return (
        current_rows(kinds.HEARD, workspace_id)
        .outerjoin(cases, same)
        .add_columns(cases.c.reference.label("case"), kinds.HEARD.head.c.stored_at.label("changed_at"))
    )


def current_measures(workspace_id: UUID) -> Select[Any]:
    """Select the measures in use as they stand."""
    return current_rows(kinds.MEASURE_IN_USE, workspace_id).add_columns(
        kinds.MEASURE_IN_USE.head.c.stored_at.label("changed_at")
    )


async def newest_evidence(
    session: AsyncSession, workspace_id: UUID, ids: Sequence[UUID], now: datetime
) -> dict[UUID, RowMapping]:
    """Return what was last found of each of some measures by a moment."""
    later = evidence.alias("later")
    superseded = exists().where(
        later.c.workspace_id == evidence.c.workspace_id,
        later.c.measure_id == evidence.c.measure_id,
        later.c.computed_at <= now,
        tuple_(later.c.computed_at, later.c.id) > tuple_(evidence.c.computed_at, evidence.c.id),
    )
    found: dict[UUID, RowMapping] = {}
    for start in range(0, len(ids), ROWS_A_QUESTION):
        statement = select(evidence).where(
            evidence.c.workspace_id == workspace_id,
            evidence.c.measure_id.in_(ids[start : start + ROWS_A_QUESTION]),
            evidence.c.computed_at <= now,
            ~superseded,
        )
        found |= {row["measure_id"]: row for row in (await session.execute(statement)).mappings()}
    return found


async def append_evidence(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Append what was found of measures."""
    await session.execute(insert(evidence), rows)


def overdue(workspace_id: UUID, statuses: Sequence[str], now: datetime) -> Select[Any]:
    """Select proposals in some statuses whose date has passed."""
    return current_rows(kinds.ROLE_PROPOSAL, workspace_id).where(
        versions.c.status.in_(statuses), versions.c.due_at < now, versions.c.voided.is_(False)
    )


async def hold(session: AsyncSession, workspace_id: UUID, reference: str) -> None:
    """Keep a proposal from every other writer until this transaction ends."""
    statement = select(proposals.c.id).where(
        proposals.c.workspace_id == workspace_id, proposals.c.reference == reference
    )
    await session.execute(statement.with_for_update())


async def touch(session: AsyncSession, workspace_id: UUID, proposal_id: UUID, now: datetime) -> None:
    """Let `updated_since` find a proposal to which something was added."""
    mine = and_(proposals.c.workspace_id == workspace_id, proposals.c.id == proposal_id)
    await session.execute(update(proposals).where(mine).values(stored_at=now))


async def add_supporter(session: AsyncSession, workspace_id: UUID, proposal_id: UUID, name: str, now: datetime) -> bool:
    """Add a colleague to those who stand behind a proposal; return whether the name is new."""
    row = {"workspace_id": workspace_id, "id": proposal_id, "name": name, "recorded_at": now}
    into = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = into(supporters).values(row).on_conflict_do_nothing().returning(supporters.c.name)
    return await session.scalar(statement) is not None


async def add_answer(session: AsyncSession, workspace_id: UUID, answer: dict[str, Any]) -> None:
    """Append what a manager answered."""
    await session.execute(insert(answers).values(workspace_id=workspace_id, id=uuid7(), **answer))


async def supporters_of(session: AsyncSession, workspace_id: UUID, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return who stands behind some proposals, in the order they came."""
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    for start in range(0, len(ids), ROWS_A_QUESTION):
        mine = and_(
            supporters.c.workspace_id == workspace_id, supporters.c.id.in_(ids[start : start + ROWS_A_QUESTION])
        )
        statement = select(supporters).where(mine).order_by(supporters.c.recorded_at, supporters.c.name)
        for row in await session.execute(statement):
            found[row.id].append(row.name)
    return found


async def answers_to(session: AsyncSession, workspace_id: UUID, ids: Sequence[UUID]) -> dict[UUID, list[RowMapping]]:
    """Return what was answered to some proposals, oldest first."""
    found: defaultdict[UUID, list[RowMapping]] = defaultdict(list)
    for start in range(0, len(ids), ROWS_A_QUESTION):
        mine = and_(
            answers.c.workspace_id == workspace_id,
            answers.c.proposal_id.in_(ids[start : start + ROWS_A_QUESTION]),
        )
        statement = select(answers).where(mine).order_by(answers.c.recorded_at, answers.c.id)
        for row in (await session.execute(statement)).mappings():
            found[row["proposal_id"]].append(row)
    return found
