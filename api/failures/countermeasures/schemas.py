"""What is said and answered about countermeasures."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.bodies import LARGEST_INTEGER, Answer, Body, Code, Currency, Moment, Reference, ShortText, Times, Words
from api.failures.covered import CoverageWord, StandingWord
from models.countermeasure import CountermeasureKind

Probability = Annotated[float, Field(strict=True, ge=0, le=1)]


class Price(Body):
    """What something costs, in the currency's minor unit."""

    amount: Annotated[int, Field(strict=True, ge=0, le=LARGEST_INTEGER)]
    currency: Currency


class CountermeasureChange(Times):
    """What is done about conditions: absent keeps, `null` clears."""

    title: Words | None = None
    kind: CountermeasureKind | None = None
    conditions: Annotated[list[Code], Field(min_length=1, max_length=50)] | None = None
    effectiveness: Probability | None = Field(
        default=None, description="How probably a condition is removed when it would occur. Absent: not known."
    )
    cost: Price | None = Field(default=None, description="Spent once.")
    running_cost: Price | None = Field(default=None, description="Spent each year, in the same currency.")
    owner: Words | None = Field(default=None, description="Who cares for it.")
    team: ShortText | None = Field(default=None, description="The one team that has it. Absent: all teams.")
    live_from: Moment | None = Field(default=None, description="From when on it works; in the future it is planned.")
    retired_at: Moment | None = Field(default=None, description="From when on it works no more.")

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if self.cost is not None and self.running_cost is not None and self.cost.currency != self.running_cost.currency:
            raise PydanticCustomError("two_currencies", "cost and running_cost in one currency")
        return self


class CountermeasureBody(CountermeasureChange):
    """What is done about conditions. A new one needs title, kind, conditions and owner."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")


class CountermeasureAnswer(Answer):
    """A countermeasure as known now. `status` is reckoned; `verified` is said by tests, never by a person."""

    id: UUID
    reference: str
    version: int
    title: str
    kind: str
    conditions: list[str]
    effectiveness: float | None
    cost: Price | None
    running_cost: Price | None
    owner: str
    team: str | None
    live_from: Moment | None
    retired_at: Moment | None
    status: StandingWord
    verified_at: Moment | None
    confirmed_at: Moment | None
    voided: bool
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class CountermeasureStored(CountermeasureAnswer):
    """A countermeasure just told."""

    unchanged: bool


class Proposed(Body):
    """A countermeasure that is not recorded."""

    reference: Reference = Field(description="What it is called in the answer.")
    conditions: Annotated[list[Code], Field(min_length=1, max_length=50)]
    effectiveness: Probability


class WhatIfBody(Body):
    """Which countermeasures are supposed. Without any: all that are planned or live."""

    countermeasures: Annotated[list[Reference], Field(max_length=100)] = Field(
        default=[], description="Recorded ones, by reference."
    )
    proposed: Annotated[list[Proposed], Field(max_length=100)] = Field(default=[], description="Others.")


class AvoidedAnswer(Answer):
    """Expected failures that stay away, with a 95 % interval for how surely completions are known."""

    value: float
    low: float
    high: float


class Supposed(Answer):
    """A countermeasure that was reckoned with."""

    reference: str
    conditions: list[str]
    effectiveness: float


class LeftOut(Answer):
    """A countermeasure that could not be reckoned with, and why."""

    reference: str
    why: Literal["effectiveness_unknown", "one_team_only", "retired", "withdrawn"]


class WhatIfAnswer(Answer):
    """Expected failures avoided among the cases an analysis looked at: the model's figure, not a promise."""

    analysis: UUID
    cases: int
    expected_failures: float
    all_hold: AvoidedAnswer
    best_slips: AvoidedAnswer
    all_slip: AvoidedAnswer
    best: str | None = Field(description="The one whose slipping costs most.")
    interval_kind: Literal["model"]
    level: float
    supposed: list[Supposed]
    left_out: list[LeftOut]
    unconcerned: list[str] = Field(description="Conditions of them that belong to no set reckoned with.")


class ConditionCover(Answer):
    """A condition of a set, and what is done about it."""

    code: str
    status: Literal["none", "planned", "live", "verified"]
    countermeasures: list[str]


class PortfolioItem(Answer):
    """A condition set with every condition of it to be covered, and what that would avoid and cost."""

    condition_set: UUID
    conditions: list[ConditionCover]
    coverage: CoverageWord
    redundancy: int
    safe_if_one_slips: bool
    uncovered: list[str] = Field(description="Conditions about which nothing is planned or live.")
    root_cost: int | None = Field(description="What failures of known cost are credited to it with.")
    avoidable_cost: int | None = Field(
        description="What would stay away if it never came together, failures of unknown cost at the mean of the known."
    )
    currency: str | None
    failures_if_never_complete: AvoidedAnswer = Field(description="Avoided if the set never came together.")
    all_hold: AvoidedAnswer = Field(description="Avoided by what is planned and live on its conditions.")
    best_slips: AvoidedAnswer
    all_slip: AvoidedAnswer
    left_out: list[LeftOut] = Field(description="Countermeasures on it that these figures could not reckon with.")
    avoided_cost: float | None = Field(
        description="Of the set's avoidable cost, if all hold; null where its cost is not known."
    )
    cost: int | None = Field(description="Of the countermeasures on it, a year's running included; null: not known.")
    cost_currency: str | None
    worth: float | None = Field(description="What it is ranked by, of one unit of cost where cost is known.")


class PointCover(Answer):
    """The fewest conditions that have a member of every set: a single point of failure for each."""

    label: Literal["point"]
    conditions: list[str]
    says: str
    exposed: list[str]


class PortfolioAnswer(Answer):
    """Full cover of the dearest sets first."""

    analysis: UUID | None
    ranked_by: Literal["avoided_cost_per_cost", "avoided_failures_per_cost", "avoided_cost", "avoided_failures"]
    sets_in_all: int
    items: list[PortfolioItem]
    point: PointCover | None
