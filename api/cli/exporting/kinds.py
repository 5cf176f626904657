"""What can be exported: each kind a line, with the shape its rows have and the service that lists them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel, JsonValue

from api.bodies import Answer, Moment
from api.company import service as company
from api.company.schemas import ChangeAnswer, NeedAnswer, TeamAnswer
from api.customers import cases, departures, interactions, revenues
from api.customers import service as customers
from api.customers.schemas import (
    CaseAnswer,
    CustomerAnswer,
    DepartureAnswer,
    InteractionAnswer,
    PromiseAnswer,
    RevenueAnswer,
)
from api.dependencies import Work
from api.failures import costs, observations
from api.failures import service as failures
from api.failures.countermeasures import service as countermeasures
from api.failures.countermeasures.schemas import CountermeasureAnswer
from api.failures.schemas import ConditionAnswer, CostAnswer, ObservationAnswer
from api.feedback import invitations
from api.feedback import service as feedback
from api.feedback.schemas import InvitationAnswer, ResponseAnswer
from api.listing import Asked, answers_of
from api.risk import queries as risk
from api.risk import verdicts
from api.risk.follow_ups import service as follow_ups
from api.risk.follow_ups.schemas import FollowUpAnswer
from api.risk.schemas import FeedbackAnswer
from api.roles import heard, in_use, requests
from api.roles import service as roles
from api.roles.in_use_schemas import MeasureInUseAnswer
from api.roles.schemas import ProposalAnswer
from api.roles.support_schemas import HeardAnswer, SupportRequestAnswer
from ml.features import objectors

List = Callable[[Work, Asked], Awaitable[tuple[Sequence[BaseModel], str | None]]]


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
    outreach_worth: int | None
    model_id: UUID | None
    explanation: dict[str, JsonValue]


@dataclass(frozen=True)
class Exported:
    """One kind: the shape of its rows, and what lists them a page at a time."""

    shape: type[BaseModel]
    list: List


async def _assessments(work: Work, asked: Asked) -> tuple[Sequence[AssessmentAnswer], str | None]:
    """List every assessment kept, but for those of customers who object to being scored."""
    scored = risk.assessments.c.customer_id.not_in(objectors(work.workspace_id))
    page = risk.page_of_assessments(risk.all_assessments(work.workspace_id).where(scored), asked)
    return await answers_of(work, asked, page, _assessment)


def _assessment(row: Mapping[Any, Any]) -> AssessmentAnswer:
    return AssessmentAnswer(**{name: row[name] for name in AssessmentAnswer.model_fields})


class ExportKind(StrEnum):
    """What a file is to hold."""

    CUSTOMERS = "customers"
    CASES = "cases"
    PROMISES = "promises"
    INTERACTIONS = "interactions"
    OBSERVATIONS = "observations"
    COSTS = "costs"
    DEPARTURES = "departures"
    REVENUES = "revenues"
    RESPONSES = "responses"
    INVITATIONS = "invitations"
    CONDITIONS = "conditions"
    COUNTERMEASURES = "countermeasures"
    NEEDS = "needs"
    TEAMS = "teams"
    CHANGES = "changes"
    HEARD = "heard"
    ROLE_PROPOSALS = "role-proposals"
    SUPPORT_REQUESTS = "support-requests"
    ASSESSMENTS = "assessments"
    RISK_FEEDBACK = "risk-feedback"
    FEATURES = "features"
    FOLLOW_UPS = "follow-ups"
    MEASURES_IN_USE = "measures-in-use"


ALL: dict[str, Any] = {"voided": True}
"""What was withdrawn is exported too, marked as such."""
UNNAMED: dict[str, Any] = {"customer": None, "case": None}

EXPORTED: dict[ExportKind, Exported] = {
    ExportKind.CUSTOMERS: Exported(CustomerAnswer, customers.list_customers),
    ExportKind.CASES: Exported(CaseAnswer, partial(cases.list_cases, **ALL)),
    ExportKind.PROMISES: Exported(PromiseAnswer, partial(cases.list_promises, **ALL)),
    ExportKind.INTERACTIONS: Exported(InteractionAnswer, partial(interactions.list_interactions, **ALL, **UNNAMED)),
    ExportKind.OBSERVATIONS: Exported(ObservationAnswer, partial(observations.list_observations, **ALL)),
    ExportKind.COSTS: Exported(CostAnswer, partial(costs.list_costs, **ALL, case=None)),
    ExportKind.DEPARTURES: Exported(DepartureAnswer, partial(departures.list_departures, **ALL)),
    ExportKind.REVENUES: Exported(RevenueAnswer, partial(revenues.list_revenues, **ALL, customer=None, kind=None)),
    ExportKind.RESPONSES: Exported(ResponseAnswer, partial(feedback.list_responses, **ALL, **UNNAMED, survey_key=None)),
    ExportKind.INVITATIONS: Exported(InvitationAnswer, invitations.list_all),
    ExportKind.CONDITIONS: Exported(ConditionAnswer, failures.list_conditions),
    ExportKind.COUNTERMEASURES: Exported(CountermeasureAnswer, partial(countermeasures.list_all, **ALL)),
    ExportKind.NEEDS: Exported(NeedAnswer, company.list_needs),
    ExportKind.TEAMS: Exported(TeamAnswer, company.list_teams),
    ExportKind.CHANGES: Exported(ChangeAnswer, company.list_changes),
    ExportKind.HEARD: Exported(HeardAnswer, heard.list_heard),
    ExportKind.ROLE_PROPOSALS: Exported(ProposalAnswer, roles.list_proposals),
    ExportKind.SUPPORT_REQUESTS: Exported(SupportRequestAnswer, requests.list_requests),
    ExportKind.ASSESSMENTS: Exported(AssessmentAnswer, _assessments),
    ExportKind.RISK_FEEDBACK: Exported(FeedbackAnswer, verdicts.list_feedback),
    ExportKind.FOLLOW_UPS: Exported(FollowUpAnswer, partial(follow_ups.list_follow_ups, **ALL)),
    ExportKind.MEASURES_IN_USE: Exported(MeasureInUseAnswer, in_use.list_measures),
}
