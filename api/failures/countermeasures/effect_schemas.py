"""What is answered of a countermeasure's effect."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from api.bodies import Answer, Moment
from api.failures.covered import StandingWord


class ShareAnswer(Answer):
    """A share with its 95 % interval, customers as clusters; no value where there are no rows or too few."""

    value: float | None
    low: float
    high: float
    n: int
    customers: int


class EstimateAnswer(Answer):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class ChangeAnswer(Answer):
    """A share before and after. `p_fall`: how probable so low a share were, had nothing changed (one-sided)."""

    before: ShareAnswer
    after: ShareAnswer
    p_fall: float | None


class ChartPoint(Answer):
    """A week against its limits."""

    week: int
    k: int
    n: int
    low: float
    high: float
    outside: bool
    run: bool


class ChartStretch(Answer):
    """A stretch of a p' chart with limits of its own."""

    centre: float
    spread: float
    made_of: int
    provisional: bool
    points: list[ChartPoint]


class TrendAnswer(Answer):
    """Segmented regression of the weekly share: the step, and the change of slope."""

    level: EstimateAnswer
    slope: EstimateAnswer
    points: int
    lags: int


class ElsewhereAnswer(EstimateAnswer):
    """The change here less the change in teams without a countermeasure."""

    rows: int
    rows_elsewhere: int
    teams: list[str]


class ConditionEffect(ChangeAnswer):
    """A condition's prevalence before and after."""

    code: str
    chart: list[ChartStretch]
    trend: TrendAnswer | None
    elsewhere: ElsewhereAnswer | None


class Prevalence(ChangeAnswer):
    """A condition's prevalence, the baseline beginning after the set was found."""

    code: str


class SetEffect(Answer):
    """A set with a condition that the countermeasure answers."""

    id: UUID
    conditions: list[str]
    covered_since: Moment | None
    baseline_from: Moment
    points_before: int
    points_after: int
    prevalence: list[Prevalence]
    together: ChangeAnswer = Field(description="The share of cases in which the whole set was complete.")
    completion_before: ShareAnswer
    completion_after: ShareAnswer
    failing: ChangeAnswer = Field(description="The share of cases in which it was complete and the failure followed.")
    credited_to: Literal["countermeasure", "something_else", "no_fall_in_failures", "too_few_to_say"]
    lacking: list[
        Literal[
            "conditions_uncovered",
            "covered_too_short",
            "no_baseline_after_discovery",
            "too_few_points",
            "no_fall_in_prevalence",
            "set_returned",
        ]
    ] = Field(description="What keeps it from being verified for this set.")


class CusumPoint(Answer):
    """The CUSUM at the end of a week."""

    week: int
    value: float


class CusumAnswer(Answer):
    """Risk-adjusted CUSUM of failures since going live: it climbs while cases fail less often than their risk."""

    limit: float
    signal_week: int | None
    cases: int
    failures: int
    expected: float
    path: list[CusumPoint]


class EffectFigures(Answer):
    """What went with a countermeasure, week 0 being the first after it went live."""

    cases_before: int
    cases_after: int
    weeks_after: int
    followed_to: Moment
    conditions: list[ConditionEffect]
    sets: list[SetEffect]
    unknown_conditions: list[str]
    cusum: CusumAnswer | None


class EffectAnswer(Answer):
    """Whether a countermeasure went with a change. Association in time: nothing here says what brought it about."""

    countermeasure: str
    status: StandingWord
    live_from: Moment | None
    judged_at: Moment | None
    verified_at: Moment | None
    confirmed_at: Moment | None
    returned: bool
    says: str
    figures: EffectFigures | None
