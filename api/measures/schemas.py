"""What is answered about metrics: every figure with its n and its interval."""

from pydantic import Field

from api.bodies import Answer, Moment
from api.measures.answers import Claims, Grouping
from models.rules.metrics import Statistic
from models.rules.periods import Interval


class AskedIn(Answer):
    """Where a metric is asked: a question in some published versions of a survey."""

    survey: str
    versions: list[int]
    question: str


class CountedAnswer(Answer):
    """One figure of the answers on a scale, in words."""

    kind: Statistic
    share_of: str | None
    meaning: str


class ScaleAnswer(Answer):
    """What can be answered. Answers on another scale are never added to these."""

    scale: int = Field(description="Points name it by this number.")
    kind: str
    low: int | None
    high: int | None
    choices: list[str]
    counted: list[CountedAnswer]
    asked: list[AskedIn]


class MetricPoint(Answer):
    """One figure of one period and group."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    group: str | None = Field(description="null: not known, or nothing is told apart.")
    scale: int
    kind: Statistic
    share_of: str | None = Field(description="Of a share: `top_two`, `easy`, `yes` or the key of a choice.")
    value: float
    low: float | None = Field(description="The interval; null where there is no telling.")
    high: float | None
    level: float
    n: int = Field(description="Answers.")
    customers: int = Field(description="An answer whose customer is not known counts as a customer of its own.")
    unproved: int = Field(description="Of n, answers whose customer or case was only claimed.")
    provisional: bool = Field(description="The period is not over, or its answers are still waited for.")
    late: int = Field(description="Of n, answers recorded when they were no longer waited for.")
    changed: bool | None = Field(
        description="Whether a test says that this differs from the period before; null where there is too little to "
        "say, or the period is not over."
    )


class ChangeTest(Answer):
    """When `changed` is true."""

    name: str
    level: float
    correction: str
    tests: int = Field(description="So many tests were made for this answer.")
    fewest_customers: int


class MetricAnswer(Answer):
    """A metric over time."""

    metric: str
    by: Grouping | None
    interval: Interval
    zone: str
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    claims: Claims
    as_known_at: Moment
    settling_days: int
    change: ChangeTest
    scales: list[ScaleAnswer]
    points: list[MetricPoint]


class MetricKey(Answer):
    """A metric that can be asked for."""

    metric: str
    kinds: list[str]
    surveys: list[str]
    n: int = Field(description="Answers in complete responses that were not withdrawn.")
    first_answer_at: Moment | None
    last_answer_at: Moment | None


class MetricKeys(Answer):
    """The metrics that can be asked for."""

    items: list[MetricKey]
