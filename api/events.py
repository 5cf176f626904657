"""Every event there is, and what each tells: the one place where payloads are described.

A payload is flat, names things by the references their reporter gave them, and holds nobody's name, words or address.
`version` rises when a field changes its meaning or goes; new fields may come without it.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.bodies import Moment
from api.outbox import NewEvent

NEWS = timedelta(days=7)
"""What was known for longer is history: an import of past years rings nobody's bell."""


def is_news(recorded_at: datetime, now: datetime) -> bool:
    """Return whether others are to be told of what was recorded at a moment."""
    return recorded_at > now - NEWS


class Payload(BaseModel):
    """What an event of one type tells."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ClassVar[str]
    sample: ClassVar[dict[str, JsonValue]]

    version: Literal[1] = 1

    def event(self, once: str | None = None) -> NewEvent:
        """Return it as an event that just happened; `once` names what may be told only once."""
        return NewEvent(self.type, self.model_dump(mode="json"), None if once is None else f"{self.type}/{once}")


class ResponseReceived(Payload):
    """Somebody answered a survey; `status` says how far. Who only claims to be a customer is named by nothing."""

    type = "response.received"
    sample = {
        "response": "01998f6e-2c1b-7a55-9f0e-5d1f3f0d7a10",
        "survey": "post_interaction",
        "customer": "C-1",
        "case": "K-1",
        "status": "complete",
        "claimed": False,
        "failure": True,
    }

    response: str
    survey: str
    customer: str | None
    case: str | None
    status: Literal["partial", "complete"]
    claimed: bool
    failure: bool | None


class CaseFailed(Payload):
    """A case failed its customer, by the customer's answer or by its facts. Told once a case.

    Of a stub, `need` and `opened_at` are not known.
    """

    type = "case.failed"
    sample = {
        "case": "K-1",
        "customer": "C-1",
        "need": "repair",
        "team": "north",
        "channel": "phone",
        "opened_at": "2026-03-02T08:00:00Z",
        "by": "answer",
        "response": "01998f6e-2c1b-7a55-9f0e-5d1f3f0d7a10",
    }

    case: str
    customer: str
    need: str | None
    team: str | None
    channel: str | None
    opened_at: Moment | None
    by: Literal["answer", "facts"]
    response: str | None


class _RiskChanged(Payload):
    sample = {
        "customer": "C-1",
        "risk": 0.41,
        "low": 0.33,
        "high": 0.5,
        "level": 0.9,
        "threshold": 0.22,
        "horizon_days": 90,
        "basis": "blended",
        "model": "01998f6e-2c1b-7a55-9f0e-5d1f3f0d7a11",
        "top_set": "late_engineer + wrong_part",
        "reason_text": "Risk .41 [.33, .50] within 90 days; without late_engineer .19.",
        "as_of": "2026-03-04T17:00:00Z",
    }

    customer: str
    risk: float
    low: float
    high: float
    level: float
    threshold: float | None
    horizon_days: int
    basis: str
    model: str
    top_set: str | None
    reason_text: str | None
    as_of: Moment


class CustomerAtRisk(_RiskChanged):
    """A customer's assessment crossed the threshold upwards."""

    type = "customer.at_risk"


class CustomerRecovered(_RiskChanged):
    """A flagged customer's assessment fell below the threshold. Who left or objects has not recovered."""

    type = "customer.recovered"


class _SetFound(Payload):
    sample = {
        "condition_set": "6f1c2b8e-9a3d-5c1e-8e7a-2d9b1c4a5f60",
        "outcome": "failure",
        "conditions": "late_engineer + no_callback + wrong_part",
        "customers": 489,
        "rate": 0.51,
        "rate_without_any": 0.13,
        "analysis": "01998f6e-2c1b-7a55-9f0e-5d1f3f0d7a12",
    }

    condition_set: str
    outcome: str
    conditions: str = Field(description="The codes, joined by ` + `.")
    customers: int
    rate: float | None
    rate_without_any: float | None
    analysis: str


class ConditionSetConfirmed(_SetFound):
    """An analysis confirmed a condition set for the first time."""

    type = "condition_set.confirmed"


class ConditionSetReturned(_SetFound):
    """A condition set is back: confirmed again by an analysis, or complete again after a verified countermeasure."""

    type = "condition_set.returned"


class CountermeasureVerified(Payload):
    """A countermeasure's conditions became rarer since it went live, by a test over customers, in a covered set."""

    type = "countermeasure.verified"
    sample = {
        "countermeasure": "parts-list",
        "kind": "knowledge",
        "conditions": "wrong_part",
        "condition_sets": ["6f1c2b8e-9a3d-5c1e-8e7a-2d9b1c4a5f60"],
        "team": None,
        "live_from": "2026-03-02T08:00:00Z",
    }

    countermeasure: str
    kind: str
    conditions: str = Field(description="The codes, joined by ` + `.")
    condition_sets: list[str] = Field(description="The ids of those it is verified for.")
    team: str | None
    live_from: Moment


class RoleProposalOffered(Payload):
    """A role proposal waits for its answer: offered, or replied to a question."""

    type = "role_proposal.offered"
    sample = {
        "role_proposal": "rebuild-list",
        "role": "field engineer",
        "team": "north",
        "kind": "knowledge",
        "status": "offered",
        "due_at": "2026-03-16T22:59:59.999999Z",
    }

    role_proposal: str
    role: str
    team: str | None
    kind: str
    status: str
    due_at: Moment


class RoleProposalAnswered(RoleProposalOffered):
    """A role proposal was answered."""

    type = "role_proposal.answered"
    sample = {**RoleProposalOffered.sample, "status": "supported", "verdict": "support"}

    verdict: str


class SupportOverdue(Payload):
    """Support owed was not given in time: a promise not kept. Told once for each date."""

    type = "support.overdue"
    sample = {
        "owed": "role_proposal",
        "reference": "rebuild-list",
        "team": "north",
        "kind": "knowledge",
        "due_at": "2026-03-16T22:59:59.999999Z",
    }

    owed: Literal["role_proposal", "support_request"]
    reference: str
    team: str | None
    kind: str
    due_at: Moment


class FollowUpOverdue(Payload):
    """A follow-up owed to a customer was not closed in time: a promise not kept. Told once for each date."""

    type = "follow_up.overdue"
    sample = {
        "follow_up": "redress-01998f6e2c1b7a559f0e5d1f3f0d7a13",
        "kind": "redress",
        "customer": "C-1",
        "case": "K-1",
        "team": "north",
        "owed_at": "2026-03-04T17:00:00Z",
        "due_at": "2026-03-06T22:59:59.999999Z",
    }

    follow_up: str
    kind: Literal["redress", "outreach"]
    customer: str
    case: str | None
    team: str | None
    owed_at: Moment
    due_at: Moment


CATALOGUE: dict[str, type[Payload]] = {
    payload.type: payload
    for payload in (
        ResponseReceived,
        CaseFailed,
        CustomerAtRisk,
        CustomerRecovered,
        ConditionSetConfirmed,
        ConditionSetReturned,
        CountermeasureVerified,
        RoleProposalOffered,
        RoleProposalAnswered,
        SupportOverdue,
        FollowUpOverdue,
    )
}
EVENT_TYPES = tuple(CATALOGUE)


def sample_of(kind: str) -> dict[str, Any]:
    """Return a payload of a type as it would be told."""
    return CATALOGUE[kind].model_validate(CATALOGUE[kind].sample).model_dump(mode="json")
