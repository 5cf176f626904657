"""What is asked and answered about a customer's risk."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from api.bodies import Answer, Body, Code, LongText, Moment, Reference
from models.assessment import Verdict


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


class AssessmentAnswer(Answer):
    """An assessment as it was stored; its figures are null where nobody was scored, or who objects now."""

    id: UUID
    customer: str
    state: str
    risk: float | None
    low: float | None
    high: float | None
    level: float | None
    horizon_days: int | None
    basis: str
    flagged: bool
    threshold: float | None
    expected_loss: int | None
    currency: str | None
    model: str
    top_set: str | None
    reason_text: str | None
    as_of: Moment
    recorded_at: Moment


class ListedAssessment(AssessmentAnswer):
    """What was last stored of a customer, and the team of the customer's latest case."""

    team: str | None


class PastAssessment(AssessmentAnswer):
    """What was stored of a customer at a moment, with its conditions and sets of that time."""

    conditions: list[dict[str, JsonValue]]
    condition_sets: list[dict[str, JsonValue]]


class FeedbackBody(Body):
    """What somebody who knows the customer says of the assessment."""

    reference: Reference | None = Field(
        default=None, description="Yours, unique with the customer: the same again is the next state of the same word."
    )
    verdict: Verdict
    conditions: Annotated[list[Code], Field(max_length=50)] = Field(
        default=[], description="The conditions that are meant: with `wrong_reason` those that are the reason."
    )
    note: LongText | None = None


class FeedbackAnswer(Answer):
    """What somebody said of an assessment; figures stand in the risk history."""

    id: UUID
    reference: str
    version: int
    customer: str
    assessment: UUID
    assessed_at: Moment
    model: str
    verdict: str
    conditions: list[str]
    note: str | None
    recorded_at: Moment
    stored_at: Moment


class FeedbackStored(FeedbackAnswer):
    """A word on an assessment just stored."""

    unchanged: bool


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


class WeightAnswer(Answer):
    """What one term of a model adds to the log-odds, per unit."""

    feature: str
    weight: float


class CardAnswer(Answer):
    """A model's card: what it is for, what it was learnt from, how it did, and what it weighs."""

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
    usable: bool
    refused: str | None
    horizon_days: int | None
    threshold: float | None
    intercept: float | None
    weights: list[WeightAnswer]
    card: dict[str, JsonValue]


class ModelChanged(Answer):
    """Where a model stands now, and what serves from now on."""

    id: UUID
    state: str
    serves: str = Field(description="The model that serves: its id, or `prior` for the scorecard.")
    before: str = Field(description="What served before.")
    unchanged: bool
    detail: str
