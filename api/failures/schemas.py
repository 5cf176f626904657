"""What is said and answered about conditions, observations and condition sets."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from api.bodies import (
    Answer,
    Body,
    Code,
    Currency,
    LongText,
    MinorUnits,
    Minutes,
    Moment,
    Priced,
    Reference,
    ShortText,
    Text,
    Times,
)
from api.failures.covered import CoverageWord, CoveringAnswer
from models.cost import CostBasis
from models.failure import ConditionKind, ObservedState
from models.rules.phrases import MOST_PHRASES, fault_of


def _phrase(text: str) -> str:
    fault = fault_of(text)
    if fault is not None:
        raise PydanticCustomError("phrase_form", "a phrase: {fault}", {"fault": fault})
    return text


Phrase = Annotated[str, Field(strict=True), AfterValidator(_phrase)]


class ConditionBody(Times):
    """A circumstance that can help a failure to happen. The same code again is its next wording.

    What is left out stays as it was; `null` takes a rule or a description away.
    """

    code: Code
    name: ShortText
    kind: ConditionKind
    rule: dict[str, JsonValue] | None = Field(
        default=None, description="How to see it in a case's facts; null takes it away."
    )
    description: Annotated[Text, Field(max_length=2000)] | None = None
    phrases: Annotated[list[Phrase], Field(max_length=MOST_PHRASES)] | None = Field(
        default=None,
        description="Words and short phrases, in any language, that customers say of it; `*` where a word may go on: "
        "`verspät*`. Comments that hold one are suggested to people.",
    )


class ConditionAnswer(Answer):
    """A catalogued condition."""

    id: UUID
    code: str
    version: int
    name: str
    kind: str
    rule: dict[str, JsonValue] | None
    description: str | None
    phrases: list[str]
    stored_at: Moment


class ConditionStored(ConditionAnswer):
    """A condition just catalogued, and whether its rule has looked at all past cases."""

    unchanged: bool
    past_cases: Literal["no_rule", "evaluated", "queued"]


class ObservationBody(Times):
    """A condition seen in a case."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")
    case: Reference
    customer: Reference | None = Field(default=None, description="Whose case it is; needed to make it as a stub.")
    condition: Code
    state: ObservedState
    source: Literal["system", "customer", "staff"]
    observed_at: Moment


class ObservationAnswer(Answer):
    """A condition seen present, absent or unknown in a case."""

    id: UUID
    reference: str
    version: int
    case: str
    condition: str
    state: str
    source: str
    observed_at: Moment
    voided: bool
    recorded_at: Moment
    derived_at: Moment | None
    stored_at: Moment


class CostBody(Priced):
    """One component of what a case cost: an amount of money, or minutes of work. What is unknown is not sent."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")
    case: Reference
    customer: Reference | None = Field(default=None, description="Whose case it is; needed to make it as a stub.")
    kind: ShortText = Field(description="What it was spent on, like `travel`, `spare part`, `handling`.")
    amount: Annotated[MinorUnits, Field(ge=0, description="In minor units.")] | None = None
    currency: Currency | None = Field(default=None, description="Default: the workspace's.")
    minutes: Minutes | None = Field(default=None, description="Work, priced by the workspace's cost rates.")
    basis: CostBasis
    source: ShortText = Field(description="Where the figure comes from.")
    occurred_at: Moment | None = Field(default=None, description="When it arose, where that is known.")
    recorded_at: Moment | None = Field(default=None, description="When the company knew. Default: now.")

    @model_validator(mode="after")
    def _amount_or_minutes(self) -> Self:
        if (self.amount is None) == (self.minutes is None):
            raise PydanticCustomError("amount_or_minutes", "either an amount or minutes, and not both")
        if self.currency is not None and self.amount is None:
            raise PydanticCustomError("currency_of_nothing", "a currency goes with an amount")
        return self


class CostAnswer(Answer):
    """A cost as known now; what is unknown is null, never 0."""

    id: UUID
    reference: str
    version: int
    case: str
    kind: str
    amount: int | None
    currency: str | None
    minutes: int | None
    basis: str
    source: str
    voided: bool
    occurred_at: Moment | None
    recorded_at: Moment
    stored_at: Moment


class ConditionSetAnswer(Answer):
    """A set of conditions found, or proposed, to conspire: association, with its numbers where it was looked at.

    `status` is what the newest analysis says; `proposed` where none has looked at it yet.
    """

    id: UUID
    outcome: str
    conditions: list[str]
    status: str
    rows: int | None
    customers: int | None
    failures: int | None
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    rate_without_any: float | None
    rate_without_any_low: float | None
    rate_without_any_high: float | None
    rate_without: dict[str, float | None]
    completion: float | None
    low: float | None
    high: float | None
    credited: float | None = Field(description="Failures credited to it; with the leak's these are all failures.")
    near: int | None = Field(description="Customers with all its members but one, when the analysis looked.")
    analysis: UUID | None
    recorded_at: Moment
    coverage: CoverageWord = Field(description="By live countermeasures that every team has.")
    redundancy: int = Field(description="Live countermeasures that would have to fail together.")
    countermeasures: list[CoveringAnswer]
    proposed: bool
    verdict: Literal["accepted", "doubted", "set_aside"] | None
    version: int


class RateRow(Answer):
    """How often cases failed their customers under one combination of conditions."""

    conditions: dict[str, bool]
    cases: int
    customers: int
    failures: int
    rate: float | None
    low: float | None
    high: float | None


class RatesAnswer(Answer):
    """Failure rates by combination of conditions, with intervals that count customers."""

    outcome: str
    cases: int
    failures: int
    rows: list[RateRow]


class Window(Body):
    """From when to when cases are looked at: by when the customer was asked, or the case opened."""

    start: Moment | None = Field(default=None, alias="from", description="From this moment on.")
    end: Moment | None = Field(default=None, alias="to", description="Before this moment.")


class AnalysisBody(Body):
    """What is to be looked for."""

    outcome: Literal["failure"] = Field(default="failure", description="The outcome whose conditions are looked for.")
    window: Window | None = Field(default=None, description="Only cases of this time. Default: all.")
    strata: Annotated[str, Field(strict=True, pattern=r"^(need|channel|team|attributes\.[^\x00/]{1,100})$")] | None = (
        Field(
            default=None,
            description="A confounder: `need`, `channel`, `team` or `attributes.NAME`. Values with under 20 cases "
            "count as one; at most 100 others are taken (`too_many_strata`).",
        )
    )


class WindowAnswer(Answer):
    """From when to when cases were looked at."""

    start: Moment | None = Field(alias="from")
    end: Moment | None = Field(alias="to")


class AnalysisProblem(Answer):
    """Why an analysis has no result."""

    code: str
    detail: str


class AnalysisAnswer(Answer):
    """A search for condition sets: how far it is, and what it found."""

    id: UUID
    outcome: str
    window: WindowAnswer | None
    strata: str | None
    state: Literal["queued", "running", "done", "failed", "canceled"]
    progress: float
    phase: str | None
    summary: dict[str, JsonValue] | None
    problem: AnalysisProblem | None
    in_force: bool = Field(description="Whether the condition sets are its: the newest done that looked at all cases.")
    created_at: Moment
    finished_at: Moment | None


class UnexplainedCase(Answer):
    """A failure in which no condition set was complete: what was there, for people to name what is missing."""

    case: str
    need: str
    channel: str | None
    team: str | None
    opened_at: Moment
    done_at: Moment | None
    facts: dict[str, bool | int | float]
    conditions: list[str]


class UnexplainedAnswer(Answer):
    """Some failures with no known set, the same whenever asked."""

    analysis: UUID
    failures: int
    items: list[UnexplainedCase]


class ConditionSetBody(Body):
    """A set that people draw from what they have seen."""

    conditions: Annotated[list[Code], Field(min_length=1, max_length=6)]
    cases: Annotated[list[Reference], Field(max_length=100)] = Field(
        default=[], description="Where it was seen. An analysis does not count these customers as support."
    )
    note: LongText = Field(description="Why these belong together.")
    outcome: Literal["failure"] = "failure"


class VerdictBody(Body):
    """What somebody thinks of a condition set."""

    verdict: Literal["accepted", "doubted", "set_aside"]
    note: LongText | None = None


class VerdictAnswer(Answer):
    """What somebody said of a condition set, and when."""

    verdict: str
    note: str | None
    cases: list[str]
    actor: str
    recorded_at: Moment


class ExposedCustomer(Answer):
    """A customer with a case in which the whole set is present now, or all of it but one member."""

    customer: str
    cases: list[str]
    missing: dict[str, str] = Field(description="By case the member that is absent; empty where the whole set is.")
