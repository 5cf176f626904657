"""What is answered about the company's loyalty: no number without its n, its interval and its coverage."""

from typing import Literal

from pydantic import Field

from api.bodies import Answer, Moment
from api.measures.loyalty.asking import By
from api.measures.loyalty.felt.schemas import FeltAnswer, GapItem
from models.rules.loyalty.dimensions import Dimension, Part
from models.rules.loyalty.reaches import IntervalBy
from models.rules.periods import Interval


class Connect(Answer):
    """What has to be reported for a share to be known, and where CRM systems usually have it."""

    part: Part
    field: str
    known: float | None = Field(description="The share of rows of which it is known; null without rows.")
    source: str


class PartAnswer(Answer):
    """A share that a dimension is made of."""

    key: Part
    value: float | None = Field(description="0-100; null where nothing is known.")
    k: float | None = Field(description="Rows that hold; of `learnt` minor units or failures answered.")
    n: int = Field(description="Rows of which it is known.")
    rows: int
    customers: int
    coverage: float | None
    numerator: str
    denominator: str


class DimensionAnswer(Answer):
    """One dimension of loyalty, 0-100."""

    key: Dimension
    value: float | None
    low: float | None = Field(description="The 95 % interval; null where not measured, or where it is no sample.")
    high: float | None
    n: int = Field(description="Customers the known rows are of.")
    known: int
    coverage: float | None = Field(description="Known rows of all, the lowest of its shares; null without rows.")
    status: Literal["measured", "not_measured"]
    numerator: str
    denominator: str
    parts: list[PartAnswer]
    connect: list[Connect] = Field(description="What is missing where it is not measured.")


class FactsAnswer(Answer):
    """The profile, and after it the one number: a weighted geometric mean of what is measured.

    There is a number with five dimensions or more, keep, flow and no needless contact among them. Numbers of different
    sets are not compared.
    """

    dimensions: list[DimensionAnswer]
    value: float | None
    low: float | None
    high: float | None
    interval_by: IntervalBy | None = Field(
        description="`mover` where a share is below .05 or above .95: made of the shares' own intervals."
    )
    coverage: float | None = Field(description="The lowest of the set.")
    set: list[Dimension]
    lowest: float | None = Field(description="The central 95 % under 1 000 other weightings: from here.")
    highest: float | None
    weights: dict[Dimension, float]


class ShrunkAnswer(Answer):
    """A share of a small group beside the raw one: drawn towards what all groups have in common, with its interval."""

    key: Dimension
    k: int
    n: int
    raw: float | None
    value: float
    low: float
    high: float


class GroupAnswer(FactsAnswer):
    """The facts of one group."""

    group: str | None = Field(description="null: not known.")
    shrunk: list[ShrunkAnswer]


class PointAnswer(Answer):
    """The dimensions in one period."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    group: str | None
    provisional: bool = Field(description="The period is not over, or what became of its cases is still waited for.")
    dimensions: list[DimensionAnswer]


class ShareAnswer(Answer):
    """A share beside the dimensions, 0-100."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    customers: int


class CapabilityAnswer(Answer):
    """How long it took from the first contact until done for the customer, and how often the need was fully met."""

    group: str | None
    n: int
    customers: int
    median_hours: float | None
    ninetieth_hours: float | None
    needs_met: ShareAnswer


class TimeAnswer(Answer):
    """What the time of the cases done was made of, as shares of it, 0-100. All of it counts as the company's."""

    cases: int
    nights: float | None = Field(description="From eight in the evening to eight in the morning, workspace's clock.")
    waiting_for_customer: float | None = Field(description="Of the cases of which it is known.")
    waiting_known: int


class DemandAnswer(Answer):
    """Who says that contacts were failure demand, and how far the two agree (Cohen's kappa)."""

    by_customer: ShareAnswer
    by_staff: ShareAnswer
    kappa: float | None
    kappa_low: float
    kappa_high: float
    judged_twice: int


class LinkAnswer(Answer):
    """Cases that an earlier case caused: why the fix was needed at all."""

    need: str
    caused_by_need: str | None = Field(description="null: the earlier case is not known.")
    cases: int
    customers: int


class BesideAnswer(Answer):
    """What is shown beside the dimensions."""

    flow_confirmed: ShareAnswer = Field(description="FLOW of the cases alone that customers confirmed or denied.")
    unchallenged: ShareAnswer = Field(description="Of the cases done: nobody confirmed, nobody said no for 14 days.")
    time: TimeAnswer
    capability: list[CapabilityAnswer] = Field(description="By need, or by what is told apart.")
    failure_demand: DemandAnswer
    caused: ShareAnswer = Field(description="Of the cases opened: an earlier case caused them.")
    links: list[LinkAnswer]


class LoyaltyAnswer(Answer):
    """How loyal the company is to its customers."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    zone: str
    by: By | None
    interval: Interval | None
    as_known_at: Moment
    facts: FactsAnswer
    groups: list[GroupAnswer]
    points: list[PointAnswer]
    beside: BesideAnswer
    felt: FeltAnswer | None = Field(description="What customers feel of it; null where nobody computed it yet.")
    gap: list[GapItem] = Field(description="How facts and feeling drew apart; empty where nobody computed it yet.")
