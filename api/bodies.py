"""The shapes every request shares: references, moments, money, and models that refuse what they do not know.

Numbers are strict (`false` is not 0, `"3"` is not 3) and moments are RFC 3339 with a zone.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

RFC3339 = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$")
DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MOMENTS = TypeAdapter(AwareDatetime)
PLAIN = frozenset({str, int, float, bool, type(None)})
JSON_VALUES: TypeAdapter[Any] = TypeAdapter(JsonValue)
LARGEST_INTEGER = 2**53 - 1
"""What JSON readers agree on (RFC 8259, section 6)."""


def _reference(text: str) -> str:
    if not text.isprintable() or "/" in text or text != text.strip() or text in {".", ".."}:
        raise PydanticCustomError("reference_form", "1 to 200 visible characters without '/'")
    return text


def _without_nul(text: str) -> str:
    """Refuse in an address what the body guard refuses in a body: no database keeps it."""
    if "\0" in text:
        raise PydanticCustomError("nul_character", "a text without the character NUL")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "a text that says something, not only spaces")
    return text


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not RFC3339.match(value):
        raise PydanticCustomError("moment_form", "a moment as RFC 3339 with a zone, like 2026-05-04T09:30:00Z")
    return value


def _within_reason(value: datetime) -> datetime:
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment_range", "a moment between 1970 and 2200") from None
    if not EARLIEST <= value < LATEST:
        raise PydanticCustomError("moment_range", "a moment between 1970 and 2200")
    return value


def _day_or_moment(value: Any) -> date | datetime:
    if isinstance(value, datetime):
        return _within_reason(value)
    if isinstance(value, date):
        return value
    if isinstance(value, str) and DAY.match(value):
        return _within_reason_day(value)
    return _within_reason(MOMENTS.validate_python(_moment(value)))


def _within_reason_day(value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("day_form", "a day that exists, like 2026-05-04") from None
    if not EARLIEST.date() <= day < LATEST.date():
        raise PydanticCustomError("moment_range", "a day between 1970 and 2200")
    return day


def rfc3339(value: datetime) -> str:
    """Return a moment as the API writes it."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _as_given(value: date | datetime) -> str:
    return rfc3339(value) if isinstance(value, datetime) else value.isoformat()


def _json_value(value: Any) -> Any:
    if type(value) not in PLAIN:
        JSON_VALUES.validate_python(value)
    return value


Text = Annotated[str, Field(strict=True)]
ShortText = Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(_without_nul)]
Words = Annotated[ShortText, AfterValidator(_not_blank)]
LongText = Annotated[str, Field(strict=True, min_length=1, max_length=4000)]
Reference = Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(_reference)]
Code = Annotated[
    str, Field(strict=True, pattern=r"^[a-z][a-z0-9_]{0,99}$", description="Lower-case letters, digits and `_`.")
]
Flag = Annotated[bool, Field(strict=True)]
Minutes = Annotated[int, Field(strict=True, ge=0, le=100_000_000)]
Days = Annotated[int, Field(strict=True, ge=1, le=36_500)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
MinorUnits = Annotated[int, Field(strict=True, ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]
Currency = Annotated[str, Field(strict=True, pattern=r"^[A-Z]{3}$")]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    AfterValidator(_within_reason),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
]
DayOrMoment = Annotated[
    date | datetime,
    PlainValidator(_day_or_moment),
    PlainSerializer(_as_given, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "description": "A day (2026-05-04) or a moment as RFC 3339."}),
]
AttributeName = Annotated[str, Field(min_length=1, max_length=100)]
Attributes = dict[AttributeName, Annotated[Any, PlainValidator(_json_value), WithJsonSchema({})]]
"""What of JSON may stand in an attribute: checked by type, which for plain values is one look."""


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """An answer: every field always present."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Money(Body):
    """An amount in the currency's minor unit."""

    amount: MinorUnits
    currency: Currency


class Priced(Body):
    """A body with `amount` and `currency` side by side; also taken as one object, as a customer's `value` is."""

    @model_validator(mode="before")
    @classmethod
    def _taken_apart(cls, body: Any) -> Any:
        if isinstance(body, dict) and isinstance(body.get("amount"), dict) and "currency" not in body:
            together: dict[str, Any] = body["amount"]
            if together.keys() == {"amount", "currency"}:
                return {**body, **together}
        return body


class Times(Body):
    """When what a record says happened, and when the company knew."""

    occurred_at: Moment | None = Field(default=None, description="When it happened. Default: now.")
    recorded_at: Moment | None = Field(default=None, description="When the company knew. Default: now.")
