"""What is said and answered about role proposals and the support owed to them."""

from datetime import date, datetime
from typing import Annotated, Literal, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.bodies import (
    LARGEST_INTEGER,
    Answer,
    Body,
    Code,
    Currency,
    DayOrMoment,
    Flag,
    LongText,
    Moment,
    Reference,
    ShortText,
)
from models.role import ProposalKind
from models.rules.support import Verdict

T = TypeVar("T")
Dimension = Literal["keep", "flow", "first", "no_needless_contact", "restore", "learn", "fair", "enable"]
Wanted = Literal["support", "permission", "budget", "stop_something"]
Reach = Literal["me", "team", "all"]


def _distinct(items: list[T]) -> list[T]:
    return list(dict.fromkeys(items))


Several = Annotated[list[T], Field(max_length=50), AfterValidator(_distinct)]
"""A list in which naming a thing twice says no more than naming it once."""


PersonName = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200)]


class DecisionRight(Body):
    """What the author wants to be free to decide."""

    action: ShortText
    limit: Annotated[int, Field(strict=True, ge=0, le=LARGEST_INTEGER)] | None = Field(
        default=None, description="Up to which amount, in the currency's minor unit."
    )
    currency: Currency | None = Field(default=None, description="Default with a limit: the workspace's.")


class Evidence(Body):
    """What shows the need: cases and responses by reference, condition sets by id."""

    cases: Several[Reference] = Field(default_factory=list)
    responses: Several[Reference] = Field(default_factory=list)
    condition_sets: Several[UUID] = Field(default_factory=list)


class Experiment(Body):
    """How the proposal would be tried, and what would be looked at."""

    start: DayOrMoment
    end: DayOrMoment
    measure: ShortText
    baseline: ShortText | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if _day(self.end) < _day(self.start):
            raise PydanticCustomError("before_start", "the experiment ends before it starts")
        return self


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


class ProposalBody(Body):
    """How somebody would design their role. The same reference again is its next wording."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again rewords.")
    author: PersonName | None = Field(default=None, description="Who proposes, if they want it known.")
    role: ShortText
    team: ShortText | None = None
    kind: ProposalKind
    customer_need: Annotated[str, Field(strict=True, min_length=1, max_length=2000)]
    situation: LongText | None = None
    stops_me_now: Several[Code] = Field(default_factory=list, description="Conditions of the catalogue.")
    proposed_change: LongText
    decision_right: DecisionRight | None = None
    knowledge_needed: Several[ShortText] = Field(default_factory=list)
    tools_needed: Several[ShortText] = Field(default_factory=list)
    evidence: Evidence = Field(default_factory=Evidence)
    expected_effect: Several[Dimension] = Field(default_factory=list)
    wanted: Several[Wanted] = Field(default_factory=list)
    scope: Reach = Field(default="me", description="For whom the role would change.")
    reversible: Flag | None = None
    experiment: Experiment | None = None


class SupporterBody(Body):
    """A colleague who stands behind a proposal."""

    name: PersonName


class AnswerBody(Body):
    """What a manager answers."""

    verdict: Verdict
    reason: LongText | None = Field(default=None, description="Needed to set a proposal aside.")
    by_when: DayOrMoment | None = Field(
        default=None,
        description="Until when; needed to take it to somebody. A day ends at midnight in the workspace's zone.",
    )
    answered_by: PersonName | None = None
    taken_to: PersonName | None = Field(
        default=None,
        description="With `taken_to`: to whom. Default: to those who support the team's supporters.",
    )

    @model_validator(mode="after")
    def _named_where_taken(self) -> Self:
        if self.taken_to is not None and self.verdict is not Verdict.TAKEN_TO:
            raise PydanticCustomError("not_taken", "only an answer `taken_to` names to whom it is taken")
        return self


class StepBody(Body):
    """Why the author goes on like this."""

    reason: LongText | None = None


class ReplyBody(Body):
    """The author's reply to what was asked."""

    reply: LongText


class DecisionRightAnswer(Answer):
    """What the author wants to be free to decide."""

    action: str
    limit: int | None
    currency: str | None


class EvidenceAnswer(Answer):
    """What shows the need."""

    cases: list[str]
    responses: list[str]
    condition_sets: list[UUID]


class ExperimentAnswer(Answer):
    """How the proposal would be tried: days or moments as they were given."""

    start: str
    end: str
    measure: str
    baseline: str | None


class SupportAnswerShown(Answer):
    """What a manager answered."""

    id: UUID
    verdict: str
    reason: str | None
    by_when: Moment | None
    answered_by: str | None
    taken_to: str | None
    recorded_at: Moment


class StepShown(Answer):
    """What the author did after an answer."""

    step: str
    said: str | None
    at: Moment


class ProposalAnswer(Answer):
    """A role proposal as it stands; an answer overdue is a promise not kept."""

    id: UUID
    reference: str
    version: int
    status: str
    author: str | None
    role: str
    team: str | None
    kind: str
    customer_need: str
    situation: str | None
    stops_me_now: list[str]
    proposed_change: str
    decision_right: DecisionRightAnswer | None
    knowledge_needed: list[str]
    tools_needed: list[str]
    evidence: EvidenceAnswer
    expected_effect: list[str]
    wanted: list[str]
    scope: str
    reversible: bool | None
    experiment: ExperimentAnswer | None
    due_at: Moment
    owed_since: Moment | None
    owed_by: list[str]
    overdue: bool
    supporters: list[str]
    answers: list[SupportAnswerShown]
    steps: list[StepShown]
    offered_at: Moment
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class ProposalStored(ProposalAnswer):
    """A role proposal just offered or reworded."""

    unchanged: bool
