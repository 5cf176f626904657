"""From what stands in a file to what it means: moments, days, numbers, flags, texts."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from api.cli.importing.maps import Format
from api.cli.importing.targets import ValueKind

PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
EPOCHS = {"unix": 1, "unix_ms": 1000}
TIME_DIRECTIVES = re.compile(r"%[HIMSpfXcT]")
SHOWN = 60
REMEMBERED = 65_536
"""Texts of one column kept with their meaning: the same times and numbers come again and again."""

Convert = Callable[[Any], Any]


class UnreadableError(ValueError):
    """A value that is not what its column should hold.

    Parameters
    ----------
    code
        Stable, as a report gives it.
    detail
        A sentence for a person.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def converter(kind: ValueKind, form: Format, zone: str) -> Convert:
    """Return what reads values of a kind.

    Parameters
    ----------
    kind
        What the value is to be.
    form
        The formats to read texts by.
    zone
        The zone of times that name none, where the formats name none either.

    Examples
    --------
    >>> read = converter(ValueKind.NUMBER, Format(decimal=",", thousands="."), "UTC")
    >>> read("1.234,56"), read(7)
    (1234.56, 7)
    >>> day_first = Format(datetime=["%d/%m/%Y %H:%M"], zone="America/Sao_Paulo")
    >>> converter(ValueKind.MOMENT, day_first, "UTC")("3/2/2016 09:30").isoformat()
    '2016-02-03T09:30:00-02:00'
    """
    local = ZoneInfo(form.zone or zone)
    readers: dict[ValueKind, Convert] = {
        ValueKind.TEXT: _text,
        ValueKind.NUMBER: lambda value: _number(value, form),
        ValueKind.INTEGER: lambda value: _integer(value, form),
        ValueKind.FLAG: _flags(form),
        ValueKind.MOMENT: lambda value: _moment(value, form, local),
        ValueKind.DAY: lambda value: _day(value, form, local),
        ValueKind.DAY_OR_MOMENT: lambda value: _day_or_moment(value, form, local),
        ValueKind.JSON: lambda value: value,
    }
    return _remembering(readers[kind])


def _remembering(convert: Convert) -> Convert:
    """Read each text once."""
    of_text = lru_cache(maxsize=REMEMBERED)(convert)
    return lambda value: of_text(value) if type(value) is str else convert(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | date):
        raise UnreadableError("wrong_type", f"{_shown(value)} is no text")
    return value.isoformat() if isinstance(value, date) else str(value)


def _decimal(value: Any, form: Format) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise UnreadableError("wrong_type", f"{_shown(value)} is no number")
    if not isinstance(value, str):
        return Decimal(repr(value) if isinstance(value, float) else value)
    text = value.strip()
    if form.thousands and form.thousands in text:
        # Taken to one spelling, so that misplaced separators are seen and not just removed.
        swap = {form.thousands: ",", form.decimal: "."}
        text = "".join(swap.get(sign, sign) for sign in text)
        text = text.replace(",", "") if GROUPED.fullmatch(text) else ""
    elif form.decimal != ".":
        text = "" if "." in text else text.replace(form.decimal, ".")
    if not PLAIN_NUMBER.fullmatch(text):
        raise UnreadableError("number_form", f"{_shown(value)} is no number")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise UnreadableError("number_form", f"{_shown(value)} is no number") from None


def _number(value: Any, form: Format) -> int | float:
    if type(value) is int:
        return value
    found = float(_decimal(value, form))
    if found in {float("inf"), float("-inf")} or found != found:  # noqa: PLR0124 - not-a-number differs from itself
        raise UnreadableError("number_form", f"{_shown(value)} is no finite number")
    return found


def _integer(value: Any, form: Format) -> int:
    if type(value) is int:
        return value
    found = _decimal(value, form)
    if not found.is_finite() or abs(found.adjusted()) > REMEMBERED or found != found.to_integral_value():
        raise UnreadableError("integer_form", f"{_shown(value)} is no whole number")
    return int(found)


def _flags(form: Format) -> Convert:
    meaning = dict.fromkeys((text.casefold() for text in form.true), True)
    meaning |= dict.fromkeys((text.casefold() for text in form.false), False)

    def flag(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        found = meaning.get(str(value).strip().casefold())
        if found is None:
            allowed = ", ".join([*form.true, *form.false])
            raise UnreadableError("flag_form", f"{_shown(value)} is neither true nor false; known are {allowed}")
        return found

    return flag


def _moment(value: Any, form: Format, zone: ZoneInfo) -> datetime:
    found = value if isinstance(value, date) else _parsed(value, form.datetime)
    if not isinstance(found, datetime):
        found = datetime.combine(found, datetime.min.time())
    # A time the clocks skip counts as after the change, one they repeat as the first of the two.
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _day(value: Any, form: Format, zone: ZoneInfo) -> date:
    found = value if isinstance(value, date) else _parsed(value, form.day or form.datetime)
    if isinstance(found, datetime):
        return (found if found.tzinfo is None else found.astimezone(zone)).date()
    return found


def _day_or_moment(value: Any, form: Format, zone: ZoneInfo) -> date | datetime:
    found = value if isinstance(value, date) else _parsed(value, form.datetime)
    return _moment(found, form, zone) if isinstance(found, datetime) else found


def _parsed(value: Any, patterns: list[str]) -> date | datetime:
    """Read a text by the first pattern that fits; without patterns, by ISO 8601."""
    text = str(value).strip()
    for pattern in patterns or ["iso"]:
        try:
            return _by_pattern(text, pattern)
        except (ValueError, OverflowError):
            continue
    wanted = " or ".join(patterns) if patterns else "ISO 8601, like 2026-05-04 09:30:00"
    raise UnreadableError("moment_form", f"{_shown(value)} is no time of the form {wanted}")


def _by_pattern(text: str, pattern: str) -> date | datetime:
    if pattern == "iso":
        day = date.fromisoformat(text) if len(text) <= len("2026-05-04") else None
        return day or datetime.fromisoformat(text)
    if pattern in EPOCHS:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=1) * float(text) / EPOCHS[pattern]
    found = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is the map's to say
    return found if TIME_DIRECTIVES.search(pattern) else found.date()


def _shown(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
