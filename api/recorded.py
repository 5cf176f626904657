"""From a checked body to a recorded change: the three times, rows that are refused one by one, and bulk answers."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import Body as FromBody
from fastapi import Query, Response
from pydantic import BaseModel, JsonValue, ValidationError

from api.bodies import Answer, Moment, Times
from api.dependencies import Work
from api.errors import Conflict, Malformed, Refusal, field_error
from api.etags import etag
from models.recording import Recorded

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours a caller's clock may run."""
MOST_ROWS = 1000
BulkBody = Annotated[list[JsonValue], FromBody(max_length=MOST_ROWS, description="Rows, or NDJSON: one row a line.")]
Stub = Annotated[
    bool, Query(description="Make a customer or case that is not known yet as a stub, until it is reported itself.")
]
AGAIN: dict[int | str, dict[str, Any]] = {200: {"description": "The next state of the record of this reference."}}
"""What the route of a posted record says in the API description."""

R = TypeVar("R", bound=BaseModel)
Stored = Recorded | Refusal
"""What became of one row."""
Store = Callable[[Work, Sequence[R]], Awaitable[list[Stored]]]


class RecordAnswer(Answer):
    """What became of a record."""

    id: UUID
    reference: str
    version: int
    unchanged: bool
    voided: bool
    occurred_at: Moment
    recorded_at: Moment


class Problem(Answer):
    """Why one row was refused."""

    code: str
    detail: str
    retryable: bool
    errors: list[dict[str, str]]


class BulkRow(Answer):
    """What became of one row of a bulk request."""

    index: int
    status: Literal["accepted", "unchanged", "rejected"]
    reference: str | None
    id: UUID | None
    problem: Problem | None


class BulkAnswer(Answer):
    """What became of a bulk request, row by row."""

    results: list[BulkRow]
    accepted: int
    unchanged: int
    rejected: int


def when(times: Times, now: datetime, *, happened: tuple[str, datetime] | None = None) -> tuple[datetime, datetime]:
    """Return (occurred_at, recorded_at) of a body, or refuse times that cannot be.

    Parameters
    ----------
    times
        The body.
    now
        Our clock.
    happened
        The field in which the record itself says when it happened (`observed_at`, `at`), and that moment. It can be
        corrected in either direction, so it does not decide which state of the record is the current one.
    """
    recorded = times.recorded_at or now
    occurred = times.occurred_at or recorded
    for name, moment in (("recorded_at", recorded), happened or ("occurred_at", occurred), ("occurred_at", occurred)):
        if moment > now + CLOCK_SKEW:
            raise impossible(name, "in_the_future", f"{moment.isoformat()} has not come yet.")
        if moment > recorded and times.recorded_at is not None:
            raise impossible("recorded_at", "known_before", "Nothing is known before it happened.")
    # Within the skew a caller's clock may run ahead: ours is the limit of what can be known.
    return min(occurred, now), max(min(recorded, now), min(occurred, now))


def not_ahead(given: Mapping[str, Any], names: Collection[str], now: datetime) -> dict[str, Any]:
    """Return what was said, with what happened held back to our clock where the caller's runs ahead within the skew."""
    ahead = {name for name in names if given.get(name) is not None and now < given[name] <= now + CLOCK_SKEW}
    return {**given, **dict.fromkeys(ahead, now)}


def check_happened(state: Mapping[str, Any], names: Iterable[str], now: datetime) -> None:
    """Refuse a state that says of what is to come that it happened."""
    for name in names:
        if state.get(name) is not None and state[name] > now + CLOCK_SKEW:
            raise impossible(name, "in_the_future", "This has not happened yet.")


def impossible(field: str, code: str, detail: str) -> Malformed:
    """Return the refusal of one field's value."""
    return Malformed(
        f"Correct {field}: {detail}", code=code, errors=[{"pointer": f"/{field}", "code": code, "detail": detail}]
    )


def in_order(state: Mapping[str, Any], first: str, then: str) -> None:
    """Refuse a state in which `then` comes before `first`."""
    if state.get(first) is not None and state.get(then) is not None and state[then] < state[first]:
        raise impossible(then, "before_" + first, f"{then} lies before {first}.")


def missing(*fields: str) -> Malformed:
    """Return the refusal of a new record that lacks what every such record needs."""
    errors = [{"pointer": f"/{name}", "code": "missing", "detail": "A new record needs this."} for name in fields]
    return Malformed(f"A new record needs {', '.join(fields)}.", errors=errors)


def only(stored: list[Stored]) -> Recorded:
    """Return what became of the one row of a single request, raising its refusal."""
    result = stored[0]
    if isinstance(result, Refusal):
        raise result
    return result


def say_stored(response: Response, stored: Recorded) -> None:
    """Say whether a record is new, and its version."""
    response.status_code = 201 if stored.created else 200
    response.headers["ETag"] = etag(stored.version)


def record_answer(response: Response, stored: Recorded) -> RecordAnswer:
    """Answer what became of a record."""
    say_stored(response, stored)
    return RecordAnswer(
        id=stored.id,
        reference=str(stored.key[-1]),
        version=stored.version,
        unchanged=stored.unchanged,
        voided=stored.voided,
        occurred_at=stored.occurred_at,
        recorded_at=stored.recorded_at,
    )


def in_time(now: datetime) -> Callable[[Times], tuple[datetime, datetime]]:
    """Return when a row says that it happened and was known: rows of one record are laid in that order.

    Laid newest first, each row would come late, and all that follows it would have to be told again for each.
    """
    return lambda row: (row.occurred_at or row.recorded_at or now, row.recorded_at or now)


async def by_row(
    rows: Sequence[R],
    prepare: Callable[[R], Any],
    keep: Callable[[list[Any]], Any],
    order: Callable[[R], Any] | None = None,
) -> list[Stored]:
    """Prepare each row, keep those that can be, and return what became of each in the order given.

    Parameters
    ----------
    rows
        What was said.
    prepare
        Makes of a row what is kept, or refuses it.
    keep
        Keeps what was prepared.
    order
        What the rows are taken by, if not as they were given.
    """
    outcome: list[Stored | None] = [None] * len(rows)
    prepared, places = [], []
    taken = range(len(rows)) if order is None else sorted(range(len(rows)), key=lambda place: order(rows[place]))
    for place in taken:
        try:
            prepared.append(prepare(rows[place]))
            places.append(place)
        except Refusal as refusal:
            outcome[place] = refusal
    for place, recorded in zip(places, await keep(prepared), strict=True):
        outcome[place] = recorded
    return [result for result in outcome if result is not None]


async def in_bulk(
    work: Work, rows: Sequence[JsonValue], model: type[R], store: Store[R], *, atomic: bool
) -> BulkAnswer:
    """Take rows one by one: a bad row never fails its neighbours, unless all or nothing was asked for."""
    checked: list[R] = []
    places: list[int] = []
    outcome: dict[int, Stored] = {}
    for index, row in enumerate(rows):
        try:
            checked.append(model.model_validate(row))
            places.append(index)
        except ValidationError as error:
            outcome[index] = malformed_row(error)
    if checked:
        outcome |= dict(zip(places, await store(work, checked), strict=True))
    results = [bulk_row(index, outcome[index], row) for index, row in enumerate(rows)]
    counts = {
        status: sum(result.status == status for result in results) for status in ("accepted", "unchanged", "rejected")
    }
    if atomic and counts["rejected"]:
        raise _all_refused(results)
    return BulkAnswer(results=results, **counts)


def malformed_row(error: ValidationError) -> Malformed:
    """Return the refusal of a row that is not of the documented shape."""
    errors = [field_error(item, base=()) for item in error.errors(include_url=False, include_input=False)]
    errors = [{**item, "pointer": item["pointer"] or ""} for item in errors]
    named = ", ".join(item["pointer"] or "the row" for item in errors[:5])
    return Malformed(f"Correct {named}.", errors=errors)


def bulk_row(index: int, stored: Stored, row: JsonValue) -> BulkRow:
    """Return the answer for one row."""
    if isinstance(stored, Refusal):
        given = row.get("reference") if isinstance(row, dict) else None
        reference = given if isinstance(given, str) else None
        problem = Problem(
            code=stored.code,
            detail=stored.detail,
            retryable=stored.retryable,
            errors=[dict(error) for error in stored.errors],
        )
        return BulkRow(index=index, status="rejected", reference=reference, id=None, problem=problem)
    status: Literal["accepted", "unchanged"] = "unchanged" if stored.unchanged else "accepted"
    return BulkRow(index=index, status=status, reference=str(stored.key[-1]), id=stored.id, problem=None)


def _all_refused(results: Sequence[BulkRow]) -> Conflict | Malformed:
    errors = [
        {"pointer": f"/{result.index}", "code": result.problem.code, "detail": result.problem.detail}
        for result in results
        if result.problem is not None
    ]
    return Malformed(
        f"{len(errors)} rows cannot be taken, and all or nothing was asked for: nothing was stored.",
        code="bulk_rejected",
        errors=errors,
    )
