"""What is answered of one condition set in full: every figure with its interval, and what it rests on."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from api.bodies import Answer, Moment
from api.failures.cost_schemas import SetCost
from api.failures.schemas import ConditionSetAnswer


class EstimateAnswer(Answer):
    """A figure and its 95 % interval. A limit is null where too few customers stand behind it, or it has no end."""

    value: float
    low: float | None
    high: float | None


class WindowFigures(Answer):
    """A set in one period."""

    rows: int
    customers: int
    failures: int
    rate: float | None
    rate_low: float
    rate_high: float
    completion: float
    low: float
    high: float


class EveryoneAnswer(Answer):
    """How often a set was complete in all that an analysis looked at."""

    rows: int
    customers: int
    failures: int


class SynergyAnswer(Answer):
    """Whether the set explains more than all its parts together, and the one-sided p."""

    ratio: float = Field(description="The likelihood ratio beside all proper subsets, deflated for customers.")
    p_value: float


class VocabularyAnswer(Answer):
    """The set in the words of reliability engineering, and of qualitative comparative analysis."""

    minimal_cut_set: bool = Field(description="No other set that was found lies within it.")
    birnbaum: float = Field(description="The chance that it makes the difference whether the set completes.")
    birnbaum_of: dict[str, float] = Field(description="By member: what its presence adds by this set, mean of all.")
    fussell_vesely: float = Field(description="Of the failures expected, the share in which the set completed.")
    consistency: float = Field(description="Of the cases with the set, the share that failed.")
    raw_coverage: float = Field(description="Of the failures, the share with the set.")
    unique_coverage: float = Field(description="Of the failures, the share with this set and no other.")


class SetMeasures(Answer):
    """What else is said of a set. The headline is of the confirmation window, of all cases where there is none."""

    window: Literal["confirmation", "all"]
    discovery: WindowFigures | None = Field(description="The figures where the set was found; null without a window.")
    everyone: EveryoneAnswer
    p_value: float | None
    essentiality: dict[str, float | None] = Field(
        description="By member c: l_S / (l_S + l_S without c); 1 where the others alone do nothing."
    )
    synergy: SynergyAnswer | None
    excess_risk: EstimateAnswer | None = Field(description="RERI, of pairs; null if no case failed with neither.")
    synergy_index: EstimateAnswer | None
    crude: EstimateAnswer = Field(description="The completion without strata; the headline's is adjusted for them.")
    avoidable: float = Field(description="Failures expected to stay away if the set never came together.")
    attributable: float = Field(description="The same as a share of all failures. Over all sets it may pass 1.")
    risk_ratio: EstimateAnswer | None
    e_value: float | None = Field(description="1 where the set may do nothing; null where it has no end.")
    aliases: list[list[str]] = Field(description="Sets that the data cannot tell from this one.")
    ascertainment: bool | None = Field(description="A member is looked for more readily when a case failed.")
    vocabulary: VocabularyAnswer


class ConditionSetDetail(ConditionSetAnswer):
    """A condition set with all that is known of it."""

    wording: str = Field(description="The set in a sentence: by association, and no more.")
    measures: SetMeasures | None = Field(description="Null where no analysis looked at it since these are kept.")
    evidence: list[str] = Field(description="Some of the newest failures with the whole set, by their case.")
    root_cost: SetCost | None = Field(
        description="Of a set that people drew, as if it stood beside those found: it is then in no sum."
    )


class ComparedSet(Answer):
    """What became of a set: `stronger` and `weaker` only where a test of the completions says so."""

    id: UUID
    conditions: list[str]
    became: Literal["returned", "new", "stronger", "weaker", "gone", "unchanged"]
    p_value: float | None = Field(description="Two-sided, of the two completions; null where they cannot be compared.")
    status: str | None
    completion: float | None
    low: float | None
    high: float | None
    status_before: str | None
    completion_before: float | None
    low_before: float | None
    high_before: float | None


class ComparisonAnswer(Answer):
    """Two analyses beside each other: what became of the sets from the one it is compared `with` to this one."""

    analysis: UUID
    with_: UUID | None = Field(alias="with", description="Null where none was in force before: all sets are new.")
    created_at: Moment
    with_created_at: Moment | None
    leak: float | None = Field(description="The share of the failures with no known set.")
    leak_before: float | None
    sets: list[ComparedSet]
