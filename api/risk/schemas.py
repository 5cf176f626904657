"""What is asked and answered about a customer's risk."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from api.bodies import Answer, Body, Code, Flag, LongText, Moment, Reference
from models.assessment import Verdict


class ConditionAnswer(Answer):
    """A condition on record, and the model's risk for a customer like this one without it: not a promise."""

    code: str
    seen: int
    last_seen: Moment
    risk_without: float
    countermeasure: str
    evidence: list[str]


class DepartedAnswer(Answer):
    """How many customers left, of those who had a whole condition set and of those who lacked one member.

    Reckoned with the model, from the snapshots it was learnt from: a customer counts once, and left where a departure
    followed within the horizon. Association: customers with the set may differ in other ways too.
    """

    customers: int = Field(description="Who had the whole set in one case.")
    rate: float | None = Field(description="The share of them that left.")
    low: float
    high: float
    customers_without_one: int = Field(description="Who had all of it but one member, and never the whole.")
    rate_without_one: float | None
    low_without_one: float
    high_without_one: float


class SetAnswer(Answer):
    """A confirmed condition set that was complete: these act together."""

    id: UUID
    conditions: list[str] = Field(description="The one whose absence lowers the risk most comes first.")
    status: str
    risk_without: float = Field(description="The model's risk with no member of it present.")
    risk_broken: float = Field(description="The same with the set broken and its members otherwise still there.")
    rate_with: float | None = Field(description="The share of *cases* with the whole set that failed.")
    rate_low: float | None
    rate_high: float | None
    rate_without_any: float | None = Field(description="The share of cases that failed where one member was missing.")
    rate_without_any_low: float | None
    rate_without_any_high: float | None
    cases: int | None = Field(description="How many cases with the whole set `rate_with` is of.")
    customers: int | None = Field(description="Whose cases these are.")
    departures: DepartedAnswer | None = Field(
        description="Which share of *customers* left; null until a model learnt it."
    )
    coverage: str


class NearSetAnswer(Answer):
    """A confirmed condition set of which one case has all but one member."""

    id: UUID
    conditions: list[str] = Field(description="All of its members.")
    missing: str


class FollowUpBrief(Answer):
    """The open follow-up that comes first: redress before outreach, then what is due first."""

    id: UUID
    reference: str
    kind: str
    case: str | None
    team: str | None
    owner: str | None
    promise: str | None
    owed_at: Moment
    due_at: Moment
    overdue: bool


class ContributionAnswer(Answer):
    """What a feature adds to the log-odds of leaving, by the model: exact, since the model adds."""

    feature: str
    log_odds: float


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
    flagged: bool = Field(description="Whether discretionary outreach is offered. Redress never asks it.")
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
    follow_up: FollowUpBrief | None = Field(description="The open one that comes first: redress before outreach.")
    uncertain: bool = Field(description="Whether the interval straddles the threshold.")
    flag_rule: str | None = Field(
        description="Which rule the flag comes from: `undeclared`, `base_rate`, `cost`, `never_pays`, `value_unknown` "
        "or `do_not_contact`."
    )
    outreach_worth: int | None = Field(
        description="What a contact is expected to save beyond its cost, in the workspace's currency; null where no "
        "cost of a contact is declared."
    )
    base_log_odds: float | None = Field(description="Of a customer of whom nothing is known, by this model.")
    contributions: list[ContributionAnswer] = Field(
        description="The largest first. With `base_log_odds` they sum to the log-odds of `risk`."
    )


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
    outreach_worth: int | None
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


class PromoteBody(Body):
    """Why a model is to serve; needed where it did worse than what serves."""

    anyway: Flag = Field(default=False, description="Although it did worse in the forward test. Needs a `reason`.")
    reason: LongText | None = Field(default=None, description="Why; it stands on the model's card.")

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if self.anyway and self.reason is None:
            raise PydanticCustomError("reason_needed", "a reason, where a model is to serve anyway")
        return self


class DecisionAnswer(Answer):
    """What was decided about a model: by whom, why, and which model served before."""

    decision: str
    was: str
    before_id: UUID | None
    anyway: bool = Field(description="It was promoted although it did worse than what served.")
    reason: str | None
    actor: str
    recorded_at: Moment


class ReportAnswer(Answer):
    """What watching a model came to; without a report where there is too little to say, and `detail` says why."""

    model: UUID
    report: dict[str, JsonValue] | None
    detail: str
    computed_at: Moment | None


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
    purpose: str
    label: str
    horizon_days: int | None
    threshold: float | None
    intercept: float | None
    weights: list[WeightAnswer]
    decisions: list[DecisionAnswer]
    drift: ReportAnswer
    fairness: ReportAnswer
    comparison: ReportAnswer
    card: dict[str, JsonValue]


class ModelChanged(Answer):
    """Where a model stands now, and what serves from now on."""

    id: UUID
    state: str
    serves: str = Field(description="The model that serves: its id, or `prior` for the scorecard.")
    before: str = Field(description="What served before.")
    unchanged: bool
    detail: str
