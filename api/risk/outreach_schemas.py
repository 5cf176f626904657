"""What is answered of the effect of outreach."""

from pydantic import Field

from api.bodies import Answer, Moment


class ArmAnswer(Answer):
    """What followed for those drawn into one arm, as drawn, whoever was reached."""

    customers: int
    draws: int
    departures: int
    contacted: int = Field(description="Draws followed by a contact of outreach within the horizon.")
    share: float | None
    low: float
    high: float


class EffectAnswer(Answer):
    """Whether outreach was followed by fewer departures than holding it out; said only when the interval allows."""

    known: str
    uplift: float | None = Field(description="Share that left held out, less share that left offered outreach.")
    low: float | None
    high: float | None
    level: float
    offered: ArmAnswer | None
    held_out: ArmAnswer | None
    helps: float = Field(description="Chance that a contact helps, as flags reckon with it.")
    helps_alpha: float
    helps_beta: float
    median_value: int | None = Field(description="What is at stake with a customer whose value is unknown.")
    currency: str | None
    computed_at: Moment | None
