"""What is answered about the cost of failure: money in whole minor units, null for what is not known."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from api.bodies import Answer, Moment


class CostBy(StrEnum):
    """What the cost of failure is told apart by."""

    CONDITION_SET = "condition_set"
    CONDITION = "condition"
    TEAM = "team"
    NEED = "need"


class CostPart(Answer):
    """A component of the cost, with its category in the prevention-appraisal-failure model and its basis."""

    component: str
    category: Literal["prevention", "appraisal", "internal_failure", "external_failure"]
    basis: Literal["measured", "assumed"]
    amount: int


class SourcedPart(CostPart):
    """A component of the whole cost, the cases it is known of, and where the figures come from."""

    cases: int
    sources: list[str] = Field(description="Those that several customers' cases have in common.")


class NotCounted(Answer):
    """What was told of and is in no sum."""

    reason: Literal["other_currency", "no_rate", "told_twice", "lost_value_counted"]
    currency: str | None
    entries: int
    amount: int | None


class Needed(Answer):
    """From how many on the excess departure is measured: customers failed, and departures in each arm."""

    failed_customers: int
    departures: int


class ExcessDeparture(Answer):
    """How much likelier customers left within the horizon for having been failed, and what that rests on."""

    value: float | None
    low: float | None
    high: float | None
    basis: Literal["measured", "assumed"] | None
    failed_customers: int
    controls: int
    departures_failed: int
    departures_ok: int
    unmatched: int
    needed: Needed


class CustomerTime(Answer):
    """The customers' own time in hours, never in money: what they said they spent, and how long they were without."""

    spent_hours: float | None
    spent_cases: int
    elapsed_hours: float | None
    elapsed_cases: int


class CostTerms(Answer):
    """What the workspace said that the costs were reckoned by."""

    repeat_within_days: int
    horizon_days: int
    value_years: float
    referral_share: float | None


class SetCost(Answer):
    """What the failures that a condition set is credited with cost, as its analysis reckoned it."""

    currency: str
    cases: int
    customers: int
    known: int = Field(description="Of the cases, those of which any component is known.")
    coverage: float | None
    amount: int | None
    low: int | None
    high: int | None
    avoidable: int | None = Field(description="What would not have been spent had the set never come together.")
    avoidable_low: int | None
    avoidable_high: int | None
    components: list[CostPart]
    customer_time: CustomerTime


class CostLine(Answer):
    """The cost of failure of one condition set, of no known set (`leak`), of a condition, a need or a team.

    Condition sets and the leak add up to the total, as the conditions' `share` and the leak do, and the needs, and the
    teams. `others` are needs or teams of under five customers, together; a null `group` is not known.
    """

    kind: Literal["condition_set", "leak", "condition", "need", "team", "others"]
    group: str | None
    condition_set: UUID | None
    conditions: list[str]
    status: str | None
    cases: int | None
    customers: int | None
    known: int | None
    coverage: float | None
    amount: int | None
    low: int | None
    high: int | None
    share: int | None
    share_low: int | None
    share_high: int | None
    avoidable: int | None
    avoidable_low: int | None
    avoidable_high: int | None
    components: list[CostPart] | None
    customer_time: CustomerTime | None


class CostOfFailure(Answer):
    """What the failing cases of the analysis in force cost the company, credited to the conditions that conspired.

    Association: cost is credited in the proportion in which sets have a part in failures. `known` of the failing
    `cases` have any known component; the others are in no sum.
    """

    by: CostBy
    analysis: UUID
    recorded_at: Moment
    currency: str
    cases: int
    customers: int
    known: int
    coverage: float | None
    amount: int | None
    low: int | None
    high: int | None
    components: list[SourcedPart]
    beside: list[SourcedPart] = Field(description="Appraisal and prevention on these cases: in no sum of failure.")
    categories: dict[str, int | None]
    not_counted: list[NotCounted]
    excess_departure: ExcessDeparture
    customer_time: CustomerTime
    terms: CostTerms
    items: list[CostLine]
