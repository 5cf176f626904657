"""What is said and answered about measures in use: figures the company steers by, and whether each matters."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.bodies import Answer, Moment, Reference, ShortText, Text, Times, Words
from models.rules.bearing import Lacking, Matters

MetricKey = Annotated[
    Text,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,99}(\.[A-Za-z0-9][A-Za-z0-9_-]{0,99})?$",
        description="Which answers it is: a key of `GET /v1/metrics/keys` whose answers are numbers.",
    ),
]


class MeasureInUseBody(Times):
    """A figure the company steers by: absent keeps, `null` clears. A new one needs a name.

    Evidence is looked for where it is said what the figure is: `field` or `metric_key`, not both.
    """

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")
    name: Words | None = Field(default=None, description="As the company calls it.")
    used_by: ShortText | None = Field(default=None, description="Who steers by it.")
    field: ShortText | None = Field(
        default=None,
        description="What it is of a case: contacts, handovers, reopened, waiting_for_customer_minutes, "
        "permission_asked, told_first, put_back, hours_open, handling_minutes, or `attributes.` and a name.",
    )
    metric_key: MetricKey | None = None
    used_since: Moment | None = Field(default=None, description="Default: when it is told.")


class Estimate(Answer):
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


class Share(Estimate):
    """The share of some cases in which it happened."""

    n: int = Field(description="Cases.")


class AssociationAnswer(Answer):
    """How a figure went with what happened to customers: an association, not a cause."""

    cases: int = Field(description="Of a need that was met: answers about cases.")
    customers: int
    happened: int = Field(description="Customers to whom it happened in some case.")
    did_not_happen: int = Field(description="Customers to whom it did not in some case.")
    not_known: int = Field(description="Cases left out, because the figure's value was not known in time.")
    lacking: Lacking | None = Field(description="Why no more is said; null where it is.")
    cut: float | None = Field(description="Low is at most this, high is more.")
    when_low: Share | None
    when_high: Share | None
    difference: Estimate | None = Field(description="When high less when low.")
    rank: Estimate | None = Field(
        description="How often the higher value belongs to the case in which it happened, of two of which it happened "
        "in one; .5 is chance. The area under the ROC curve, customers as clusters."
    )
    probability: float | None = Field(description="Of a rank so far from .5 by chance alone.")


class EvidenceAnswer(Answer):
    """Whether a figure matters to the customer, as far as it can be told from what is recorded."""

    matters: Matters = Field(
        description="`yes`: it goes with needs met or with departures. `no_sign`: it does not, and a sign would have "
        "been seen. `not_known`: too little to say."
    )
    says: str
    computed_at: Moment | None = Field(description="null: nothing was looked at yet.")
    horizon_days: int | None = Field(description="Within so many days after a case a customer counts as having left.")
    needs_met: AssociationAnswer | None = Field(description="Whether the customer said the need was met in full.")
    departures: AssociationAnswer | None = Field(description="Whether the customer left after the case was done.")


class MeasureInUseAnswer(Answer):
    """A figure the company steers by, as known now, and the evidence whether it matters to the customer."""

    id: UUID
    reference: str
    version: int
    name: str
    used_by: str | None
    field: str | None
    metric_key: str | None
    used_since: Moment
    evidence: EvidenceAnswer
    voided: bool
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class MeasureInUseStored(MeasureInUseAnswer):
    """A figure the company steers by, just told."""

    unchanged: bool
