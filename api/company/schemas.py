"""What is said and answered about needs, teams and changes."""

import re
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.bodies import Answer, LongText, Moment, Reference, ShortText, Times

DURATION = re.compile(r"^P(?=.)(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,7})M)?)?$", re.ASCII)
MINUTES = (7 * 24 * 60, 24 * 60, 60, 1)
LONGEST_MINUTES = 10 * 366 * 24 * 60


def _minutes(value: Any) -> int:
    if isinstance(value, str) and (parts := DURATION.match(value)):
        value = sum(int(part or 0) * minutes for part, minutes in zip(parts.groups(), MINUTES, strict=True))
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("duration_form", "an ISO 8601 duration like P3D or PT90M, or whole minutes")
    if not 1 <= value <= LONGEST_MINUTES:
        raise PydanticCustomError("duration_range", "a time between a minute and ten years")
    return value


def duration(minutes: int) -> str:
    """Return minutes as an ISO 8601 duration.

    >>> duration(90), duration(3 * 24 * 60)
    ('PT1H30M', 'P3D')
    """
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    return "P" + (f"{days}D" if days else "") + (f"T{time}" if time else "")


def _distinct(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


Duration = Annotated[
    int,
    PlainValidator(_minutes),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1, "maximum": LONGEST_MINUTES}],
            "description": "An ISO 8601 duration of weeks, days, hours and minutes (`P3D`, `PT90M`), or whole minutes.",
        }
    ),
]
Names = Annotated[list[ShortText], Field(max_length=100), AfterValidator(_distinct)]
References = Annotated[list[Reference], Field(max_length=100), AfterValidator(_distinct)]
PastCases = Literal["evaluated", "queued", "no_rule"]


class NeedBody(Times):
    """A need: absent keeps, `null` clears. A new one needs a name."""

    name: ShortText | None = None
    purpose: LongText | None = Field(default=None, description="Why customers want it, in their own words.")
    customer_time: Duration | None = None


class NeedAnswer(Answer):
    """A need as known now. One that cases name and nobody described has its key alone."""

    key: str
    described: bool
    id: UUID | None
    version: int | None
    name: str | None
    purpose: str | None
    customer_time: str | None
    occurred_at: Moment | None
    recorded_at: Moment | None
    stored_at: Moment | None


class NeedStored(NeedAnswer):
    """A need just described."""

    unchanged: bool


class TeamBody(Times):
    """A team: absent keeps, `null` clears. A new one needs a name."""

    name: ShortText | None = None
    former_names: Names | None = Field(default=None, description="What it was called before, as older records do.")
    supported_by: References | None = Field(
        default=None, description="Who owes it support: teams by reference, or people by name. Nobody in a circle."
    )


class TeamAnswer(Answer):
    """A team as known now. One that cases or proposals name and nobody described has its reference alone."""

    reference: str
    described: bool
    id: UUID | None
    version: int | None
    name: str | None
    former_names: list[str]
    supported_by: list[str]
    occurred_at: Moment | None
    recorded_at: Moment | None
    stored_at: Moment | None


class TeamStored(TeamAnswer):
    """A team just described."""

    unchanged: bool


class ChangeBody(Times):
    """A release, a price or a policy that changed. A new one needs what and at; the same reference again corrects."""

    reference: Reference | None = Field(default=None, description="The caller's own id, by which rules name it.")
    what: LongText | None = None
    at: Moment | None = Field(default=None, description="When it came.")
    needs: Names | None = Field(default=None, description="Which needs it touches; all where none is named.")
    teams: Names | None = Field(default=None, description="Which teams it touches; all where none is named.")


class ChangeAnswer(Answer):
    """A change as known now."""

    id: UUID
    reference: str
    version: int
    what: str
    at: Moment
    needs: list[str]
    teams: list[str]
    voided: bool
    occurred_at: Moment
    recorded_at: Moment
    stored_at: Moment


class ChangeStored(ChangeAnswer):
    """A change just reported, and whether rules that ask about it have looked at the past cases."""

    unchanged: bool
    past_cases: PastCases
