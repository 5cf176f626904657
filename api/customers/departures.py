"""What can be said of departures, one or many at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from api import kinds
from api.customers import queries
from api.customers.schemas import DepartureAnswer, DepartureBody
from api.customers.service import known_as, parents
from api.dependencies import Work
from api.errors import NoSuchThing
from api.listing import Asked, narrowed, rows_of
from api.recorded import Stored, by_row, in_time, when
from api.voiding import void
from models.ids import uuid7
from models.recording import Change, Recorded


async def store_departures(work: Work, rows: Sequence[DepartureBody], *, stub: bool = False) -> list[Stored]:
    """Record that customers left."""
    known = await parents(work, ((row.customer, None) for row in rows), stub=stub)

    def prepare(row: DepartureBody) -> Change:
        customer = known.customer(row.customer)
        occurred, recorded = when(row, work.now, happened=("at", row.at))
        identity = uuid7()
        given = {"customer_id": customer, "kind": row.kind.value, "left_at": min(row.at, work.now)}
        return Change((row.reference or str(identity),), given, occurred, recorded, identity=identity)

    return await by_row(rows, prepare, lambda changes: known.keep(work, kinds.DEPARTURE, changes), in_time(work.now))


async def void_departure(work: Work, reference: str, reason: str) -> Recorded:
    """Withdraw a departure."""
    return await void(work, kinds.DEPARTURE, (reference,), reason)


async def read_departure(work: Work, reference: str) -> DepartureAnswer:
    """Return a departure as known now."""
    statement = queries.current_departures(work.workspace_id)
    statement = statement.where(kinds.DEPARTURE.head.c.reference == reference)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no departure {reference}.")
    return _departure_answer(row)


async def list_departures(
    work: Work, asked: Asked, *, voided: bool, customer: str | None = None, kind: str | None = None
) -> tuple[list[DepartureAnswer], str | None]:
    """Return a page of departures, oldest change first."""
    version = kinds.DEPARTURE.version
    known = None if customer is None else await known_as(work, customer)
    narrow = [(queries.customers.c.reference, known), (version.c.kind, kind)]
    statement = narrowed(queries.current_departures(work.workspace_id), version, narrow, voided=voided)
    return await rows_of(work, asked, statement, kinds.DEPARTURE.head, _departure_answer)


def _departure_answer(row: Mapping[Any, Any]) -> DepartureAnswer:
    return DepartureAnswer(
        id=row["id"],
        reference=row["reference"],
        version=row["number"],
        customer=row["customer"],
        kind=row["kind"],
        at=row["left_at"],
        voided=row["voided"],
        recorded_at=row["recorded_at"],
        stored_at=row["changed_at"],
    )
