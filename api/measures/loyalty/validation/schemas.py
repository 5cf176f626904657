"""What is answered about the validation of the facts: correlations with their intervals, and Earned Growth."""

from pydantic import Field

from api.bodies import Answer, Moment
from api.measures.loyalty.asking import By
from models.rules.loyalty.validation import Agreement, Outcome
from models.rules.periods import Interval


class CorrelationAnswer(Answer):
    """How an index and an outcome rank groups and periods alike."""

    index: str = Field(description="`facts`: the one number; or a dimension of it.")
    outcome: Outcome
    rho: float | None = Field(description="Spearman's. null: there is too little to say.")
    low: float
    high: float
    level: float
    cells: int = Field(description="Groups in periods in which both are known.")
    groups: int
    expected: int = Field(description="The sign it has where the facts tell the truth.")
    agreement: Agreement
    says: str


class EarnedGrowthAnswer(Answer):
    """Growth that customers earned the company, in one period and group: an outcome, never part of the facts."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    group: str | None
    value: float | None = Field(description="(retained + referred)/before - 1; null where nothing was paid before.")
    low: float | None
    high: float | None
    net_revenue_retention: float | None = Field(description="Paid by those who were customers before, of `before`.")
    earned_new: float | None = Field(description="Paid by those whom a customer sent, of `before`.")
    before: int = Field(description="Paid in the period before, in minor units.")
    retained: int
    referred: int
    new: int = Field(description="Paid by customers who are new and whom nobody is known to have sent.")
    customers: int = Field(description="Who paid in either period.")
    coverage: float | None = Field(
        description="Of those who paid, the share of whom it is known whether they were customers before or were sent."
    )


class EarnedGrowths(Answer):
    """Earned Growth by period, and what revenue it leaves out."""

    currency: str
    over_a_bound: int = Field(description="Revenues left out: they run over a bound between periods.")
    other_currency: int = Field(description="Revenues left out: they are in another currency.")
    points: list[EarnedGrowthAnswer]


class ValidationAnswer(Answer):
    """Whether the facts of loyalty go with Felt, departures and Earned Growth, which are never part of them."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    zone: str
    by: By | None
    interval: Interval
    horizon_days: int = Field(description="Within so many days after a period a customer counts as having left.")
    fewest_cells: int
    fewest_customers: int = Field(description="Groups and periods of fewer customers are left out.")
    correlations: list[CorrelationAnswer]
    earned_growth: EarnedGrowths
