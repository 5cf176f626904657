"""What is asked and answered about a customer's risk."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from api.bodies import Answer, Body, Moment, Reference


class ConditionAnswer(Answer):
    """A condition on record, and the model's risk for a customer like this one without it: not a promise."""

    code: str
    seen: int
    last_seen: Moment
    risk_without: float
    countermeasure: str
    evidence: list[str]


class SetAnswer(Answer):
    """A confirmed condition set that was complete."""

    id: UUID
    conditions: list[str]
    status: str
    risk_without: float
    rate_with: float | None
    rate_without_any: float | None
    customers: int | None
    coverage: str


class NearSetAnswer(Answer):
    """A confirmed condition set of which all but one member is present."""

    id: UUID
    missing: str


class RiskAnswer(Answer):
    """The probability that a customer leaves within the horizon, with interval, basis, conditions and evidence."""

    customer: str
    state: str
    risk: float | None
    low: float | None
    high: float | None
    level: float
    interval_kind: str
    horizon_days: int
    basis: str
    n_customers: int
    n_departures: int
    flagged: bool
    threshold: float | None
    expected_loss: int | None
    currency: str
    as_of: Moment
    model: str
    top_set: str | None
    reason_text: str | None
    conditions: list[ConditionAnswer]
    condition_sets: list[SetAnswer]
    near_sets: list[NearSetAnswer]
    follow_up: dict[str, JsonValue] | None


class LookupBody(Body):
    """Whose risk is asked for."""

    customers: Annotated[list[Reference], Field(min_length=1, max_length=200)]


class LookupAnswer(Answer):
    """The risk of each customer that is known, and the references that are not."""

    items: list[RiskAnswer]
    unknown: list[str]


class ModelAnswer(Answer):
    """A version of the risk model."""

    id: UUID
    name: str
    state: str
    basis: str
    n_customers: int
    n_departures: int
    sha256: str
    trained_from: Moment | None
    trained_to: Moment | None
    created_at: Moment
    card: dict[str, JsonValue]
