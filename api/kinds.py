"""The kinds of record there are: each glossary word with its two tables."""

from typing import Any

from models.assessment import RiskFeedback, RiskFeedbackVersion
from models.case import Case, CaseVersion, Promise, PromiseVersion
from models.company import CompanyChange, CompanyChangeVersion, Need, NeedVersion, Team, TeamVersion
from models.cost import CostEntry, CostEntryVersion
from models.countermeasure import Countermeasure, CountermeasureVersion
from models.customer import Customer, CustomerVersion, Departure, DepartureVersion
from models.failure import Condition, ConditionVersion, Observation, ObservationVersion
from models.feedback import Response, ResponseVersion
from models.follow_up import FollowUp, FollowUpVersion
from models.heard import Heard, HeardVersion
from models.interaction import Interaction, InteractionVersion
from models.measure_in_use import MeasureInUse, MeasureInUseVersion
from models.recording import RecordKind
from models.revenue import Revenue, RevenueVersion
from models.role import RoleProposal, RoleProposalVersion
from models.rules.promises import complete_promise
from models.rules.stubs import complete_stub
from models.rules.versions import Complete
from models.support_request import SupportRequest, SupportRequestVersion


def _kind(name: str, head: Any, version: Any, *known_by: str, complete: Complete | None = None) -> RecordKind:
    return RecordKind(name, head.__table__, version.__table__, (*known_by, "reference"), complete)


CUSTOMER = _kind("customer", Customer, CustomerVersion, complete=complete_stub)
CASE = _kind("case", Case, CaseVersion, complete=complete_stub)
PROMISE = _kind("promise", Promise, PromiseVersion, "case_id", complete=complete_promise)
INTERACTION = _kind("interaction", Interaction, InteractionVersion)
DEPARTURE = _kind("departure", Departure, DepartureVersion)
REVENUE = _kind("revenue", Revenue, RevenueVersion)
COST_ENTRY = _kind("cost entry", CostEntry, CostEntryVersion)
CONDITION = _kind("condition", Condition, ConditionVersion)
COUNTERMEASURE = _kind("countermeasure", Countermeasure, CountermeasureVersion)
OBSERVATION = _kind("observation", Observation, ObservationVersion)
RESPONSE = _kind("response", Response, ResponseVersion)
ROLE_PROPOSAL = _kind("role proposal", RoleProposal, RoleProposalVersion)
NEED = _kind("need", Need, NeedVersion)
TEAM = _kind("team", Team, TeamVersion)
CHANGE = _kind("change", CompanyChange, CompanyChangeVersion)
HEARD = _kind("heard", Heard, HeardVersion)
SUPPORT_REQUEST = _kind("support request", SupportRequest, SupportRequestVersion)
RISK_FEEDBACK = _kind("risk feedback", RiskFeedback, RiskFeedbackVersion, "customer_id")
MEASURE_IN_USE = _kind("measure in use", MeasureInUse, MeasureInUseVersion)
FOLLOW_UP = _kind("follow-up", FollowUp, FollowUpVersion)
