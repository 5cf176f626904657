"""What is said and answered about conditions, observations and condition sets."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from api.bodies import Answer, Code, Moment, Reference, ShortText, Text, Times
from models.failure import ConditionKind, ObservedState


class ConditionBody(Times):
    """A circumstance that can help a failure to happen. The same code again is its next wording."""

    code: Code
    name: ShortText
    kind: ConditionKind
    rule: dict[str, JsonValue] | None = Field(default=None, description="How to see it in a case's facts.")
    description: Annotated[Text, Field(max_length=2000)] | None = None


class ConditionAnswer(Answer):
    """A catalogued condition."""

    id: UUID
    code: str
    version: int
    name: str
    kind: str
    rule: dict[str, JsonValue] | None
    description: str | None
    stored_at: Moment


class ConditionStored(ConditionAnswer):
    """A condition just catalogued, and whether its rule has looked at all past cases."""

    unchanged: bool
    past_cases: Literal["no_rule", "evaluated", "queued"]


class ObservationBody(Times):
    """A condition seen in a case."""

    reference: Reference | None = Field(default=None, description="The caller's own id: the same again corrects.")
    case: Reference
    condition: Code
    state: ObservedState
    source: Literal["system", "customer", "staff"]
    observed_at: Moment


class ObservationAnswer(Answer):
    """A condition seen present, absent or unknown in a case."""

    id: UUID
    reference: str
    version: int
    case: str
    condition: str
    state: str
    source: str
    observed_at: Moment
    recorded_at: Moment
    derived_at: Moment | None
    stored_at: Moment


class ConditionSetAnswer(Answer):
    """A set of conditions found to conspire: association, with its numbers."""

    id: UUID
    outcome: str
    conditions: list[str]
    status: str
    rows: int
    customers: int
    failures: int
    rate: float | None
    rate_without_any: float | None
    rate_without: dict[str, float | None]
    completion: float
    low: float
    high: float
    analysis: UUID
    recorded_at: Moment


class RateRow(Answer):
    """How often cases failed their customers under one combination of conditions."""

    conditions: dict[str, bool]
    cases: int
    customers: int
    failures: int
    rate: float | None
    low: float | None
    high: float | None


class RatesAnswer(Answer):
    """Failure rates by combination of conditions, with intervals that count customers."""

    outcome: str
    cases: int
    failures: int
    rows: list[RateRow]
