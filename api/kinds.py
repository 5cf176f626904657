"""The kinds of record there are: each glossary word with its two tables."""

from typing import Any

from models.assessment import RiskFeedback, RiskFeedbackVersion
from models.case import Case, CaseVersion, Promise, PromiseVersion
from models.customer import Customer, CustomerVersion, Departure, DepartureVersion
from models.failure import Condition, ConditionVersion, Observation, ObservationVersion
from models.feedback import Response, ResponseVersion
from models.recording import RecordKind
from models.role import RoleProposal, RoleProposalVersion
from models.rules.promises import complete_promise
from models.rules.versions import Complete


def _kind(name: str, head: Any, version: Any, *known_by: str, complete: Complete | None = None) -> RecordKind:
    return RecordKind(name, head.__table__, version.__table__, (*known_by, "reference"), complete)


CUSTOMER = _kind("customer", Customer, CustomerVersion)
CASE = _kind("case", Case, CaseVersion)
PROMISE = _kind("promise", Promise, PromiseVersion, "case_id", complete=complete_promise)
DEPARTURE = _kind("departure", Departure, DepartureVersion)
CONDITION = _kind("condition", Condition, ConditionVersion)
OBSERVATION = _kind("observation", Observation, ObservationVersion)
RESPONSE = _kind("response", Response, ResponseVersion)
ROLE_PROPOSAL = _kind("role proposal", RoleProposal, RoleProposalVersion)
RISK_FEEDBACK = _kind("risk feedback", RiskFeedback, RiskFeedbackVersion, "customer_id")
