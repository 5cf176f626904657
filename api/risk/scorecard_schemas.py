"""What is said and answered about a workspace's scorecard."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.bodies import Answer, Body, LongText, Moment, ShortText

Weight = Annotated[float, Field(strict=True, ge=-10, le=10, allow_inf_nan=False)]
Sd = Annotated[float, Field(strict=True, gt=0, le=10, allow_inf_nan=False)]
Scale = Annotated[float, Field(strict=True, gt=0, le=1e12, allow_inf_nan=False)]
Loss = Annotated[float, Field(strict=True, gt=0, lt=1)]


class BeliefBody(Body):
    """What differs from the published scorecard in one term."""

    feature: ShortText = Field(
        description="Its name in `GET /v1/scorecards/current`; or an attribute of customers, `attribute:seats` by its "
        "number, `attribute:plan=gold` by one of its levels, which to name is to declare."
    )
    weight: Weight | None = Field(
        default=None, description="Log-odds per unit of the transformed feature. Absent: as published."
    )
    sd: Sd | None = Field(
        default=None,
        description="How far departures may move the weight: its standard deviation. Absent: as published.",
    )
    scale: Scale | None = Field(
        default=None, description="Of an attribute that is read by its number: how much of it counts as one."
    )


class ScorecardBody(Body):
    """A version of the scorecard, whole: what it does not name is as published."""

    terms: Annotated[list[BeliefBody], Field(max_length=2000)] = Field(default=[])
    yearly_loss: Loss | None = Field(
        default=None,
        description="The share of customers that leaves in a year, in place of the workspace's own.",
    )
    reason: LongText = Field(description="Why; it is kept with the version.")


class BeliefAnswer(Answer):
    """What differs from the published scorecard in one term; null is as published."""

    feature: str
    weight: float | None
    sd: float | None
    scale: float | None


class ScorecardAnswer(Answer):
    """A version of the scorecard; it counts from `recorded_at` until the next."""

    id: UUID
    number: int
    terms: list[BeliefAnswer]
    yearly_loss: float | None
    reason: str
    actor: str
    recorded_at: Moment


class TermInForce(Answer):
    """A term as it counts now, beside the published one."""

    feature: str
    weight: float
    sd: float
    published_weight: float | None = Field(description="Null of an attribute: nothing is published of those.")
    published_sd: float | None
    scale: float | None = Field(description="Of an attribute that is read by its number: how much of it counts as one.")


class ScorecardInForce(Answer):
    """The scorecard that counts now: what serves before customers have left, and what is learnt from."""

    id: UUID | None = Field(description="Of the version; null while the published scorecard counts.")
    number: int = Field(description="Of the version; 0 is the published scorecard.")
    yearly_loss: float
    yearly_loss_from: str = Field(description="`scorecard`, `workspace`, or `assumed` where nobody declared one.")
    horizon_days: int
    intercept: float = Field(description="Log-odds of a customer of whom nothing is known.")
    terms: list[TermInForce]
