"""What can be exported: each kind a line, with the shape its rows have and the service that lists them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, JsonValue
from sqlalchemy import and_, select, tuple_

from api import kinds
from api.bodies import Answer, Moment
from api.customers import cases
from api.customers import queries as customer_queries
from api.customers import service as customers
from api.customers.schemas import CaseAnswer, CustomerAnswer, DepartureAnswer, PromiseAnswer
from api.dependencies import Work
from api.failures import service as failures
from api.failures.schemas import ConditionAnswer, ObservationAnswer
from api.feedback import service as feedback
from api.feedback.schemas import ResponseAnswer
from api.paging import next_cursor, page_of, read_cursor
from api.risk import queries as risk
from api.roles import service as roles
from api.roles.schemas import ProposalAnswer
from ml.features import objectors

List = Callable[[Work, int, str | None, datetime | None], Awaitable[tuple[Sequence[BaseModel], str | None]]]


class AssessmentAnswer(Answer):
    """What was said of a customer's risk at a moment."""

    id: UUID
    customer: str
    as_of: Moment
    recorded_at: Moment
    state: str
    risk: float | None
    low: float | None
    high: float | None
    basis: str
    flagged: bool
    expected_loss: int | None
    model_id: UUID | None
    explanation: dict[str, JsonValue]


@dataclass(frozen=True)
class Exported:
    """One kind: the shape of its rows, and what lists them a page at a time."""

    shape: type[BaseModel]
    list: List


async def _promises(
    work: Work, limit: int, cursor: str | None, updated_since: datetime | None
) -> tuple[Sequence[PromiseAnswer], str | None]:
    statement = customer_queries.current_promises(work.workspace_id)
    statement = page_of(statement, kinds.PROMISE.head, cursor, limit, updated_since)
    rows = (await work.session.execute(statement)).mappings().all()
    return [cases.promise_answer(row) for row in rows[:limit]], next_cursor(rows, limit)


async def _assessments(
    work: Work, limit: int, cursor: str | None, _updated_since: datetime | None
) -> tuple[Sequence[AssessmentAnswer], str | None]:
    """List every assessment kept, but for those of customers who object to being scored."""
    said, people = risk.assessments, kinds.CUSTOMER.head
    theirs = and_(people.c.workspace_id == said.c.workspace_id, people.c.id == said.c.customer_id)
    statement = (
        select(said, people.c.reference.label("customer"), said.c.recorded_at.label("changed_at"))
        .join(people, theirs)
        .where(said.c.workspace_id == work.workspace_id, said.c.customer_id.not_in(objectors(work.workspace_id)))
    )
    if cursor is not None:
        statement = statement.where(tuple_(said.c.recorded_at, said.c.id) > read_cursor(cursor))
    statement = statement.order_by(said.c.recorded_at, said.c.id).limit(limit + 1)
    rows: Sequence[Any] = (await work.session.execute(statement)).mappings().all()
    fields = AssessmentAnswer.model_fields
    return [AssessmentAnswer(**{name: row[name] for name in fields}) for row in rows[:limit]], next_cursor(rows, limit)


class ExportKind(StrEnum):
    """What a file is to hold."""

    CUSTOMERS = "customers"
    CASES = "cases"
    PROMISES = "promises"
    OBSERVATIONS = "observations"
    DEPARTURES = "departures"
    RESPONSES = "responses"
    CONDITIONS = "conditions"
    ROLE_PROPOSALS = "role-proposals"
    ASSESSMENTS = "assessments"


EXPORTED: dict[ExportKind, Exported] = {
    ExportKind.CUSTOMERS: Exported(CustomerAnswer, customers.list_customers),
    ExportKind.CASES: Exported(CaseAnswer, cases.list_cases),
    ExportKind.PROMISES: Exported(PromiseAnswer, _promises),
    ExportKind.OBSERVATIONS: Exported(ObservationAnswer, failures.list_observations),
    ExportKind.DEPARTURES: Exported(DepartureAnswer, customers.list_departures),
    ExportKind.RESPONSES: Exported(ResponseAnswer, feedback.list_responses),
    ExportKind.CONDITIONS: Exported(ConditionAnswer, failures.list_conditions),
    ExportKind.ROLE_PROPOSALS: Exported(ProposalAnswer, roles.list_proposals),
    ExportKind.ASSESSMENTS: Exported(AssessmentAnswer, _assessments),
}
