"""What can be said of customers and their departures, one or many at a time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from api import kinds, tombstones
from api.bodies import Money
from api.customers import queries
from api.customers.schemas import CustomerAnswer, CustomerRow, DepartureAnswer, DepartureBody
from api.dependencies import Work
from api.errors import NoSuchThing, UnknownReference
from api.paging import next_cursor, page_of
from api.recorded import Stored, by_row, impossible, when
from models.ids import uuid7
from models.recording import Change, Recorded, RecordKind, record
from models.tombstone import Buried

BURIED = {kind.value: kind for kind in Buried}
TIMES = frozenset({"occurred_at", "recorded_at", "reference"})


async def store_customers(work: Work, rows: Sequence[CustomerRow]) -> list[Stored]:
    """Record what was said of customers."""
    erased = await tombstones.erased_among(work, Buried.CUSTOMER, (row.reference for row in rows))

    def prepare(row: CustomerRow) -> Change:
        if row.reference in erased:
            raise tombstones.refused("customer", row.reference)
        occurred, recorded = when(row, work.now)
        return Change((row.reference,), _customer_fields(row), occurred, recorded)

    return await by_row(rows, prepare, lambda changes: keep(work, kinds.CUSTOMER, changes))


def _customer_fields(row: CustomerRow) -> dict[str, Any]:
    given = row.model_dump(exclude_unset=True, exclude=set(TIMES))
    if "value" in given:
        value = given.pop("value") or {"amount": None, "currency": None}
        given |= {"value_amount": value["amount"], "value_currency": value["currency"]}
    return given


async def store_departures(work: Work, rows: Sequence[DepartureBody]) -> list[Stored]:
    """Record that customers left."""
    known = await customer_ids(work, (row.customer for row in rows))

    def prepare(row: DepartureBody) -> Change:
        customer = known_customer(known, row.customer)
        if row.at > work.now:
            raise impossible("at", "in_the_future", "A departure is reported when it has happened.")
        occurred, recorded = when(row, work.now, happened=("at", row.at))
        identity = uuid7()
        given = {"customer_id": customer, "kind": row.kind.value, "left_at": row.at}
        return Change((row.reference or str(identity),), given, occurred, recorded, identity=identity)

    return await by_row(rows, prepare, lambda changes: keep(work, kinds.DEPARTURE, changes))


async def keep(work: Work, kind: RecordKind, changes: Sequence[Change]) -> list[Recorded]:
    """Record changes of one kind in the work's workspace."""
    return await record(work.session, kind, work.workspace_id, changes, work.now)


async def ids_of(work: Work, kind: RecordKind, references: Iterable[str | None]) -> dict[str, UUID]:
    """Return the ids of those records of a kind that are known."""
    wanted = [reference for reference in references if reference is not None]
    found = await queries.ids_by_reference(work.session, kind, work.workspace_id, wanted)
    known = tombstones.KnownIds(found)
    missing = set(wanted) - found.keys()
    if missing and kind.name in BURIED:
        known.erased = await tombstones.erased_among(work, BURIED[kind.name], missing)
    return known


async def customer_ids(work: Work, references: Iterable[str | None]) -> dict[str, UUID]:
    """Return the ids of those customers that are known."""
    return await ids_of(work, kinds.CUSTOMER, references)


async def case_ids(work: Work, references: Iterable[str | None]) -> dict[str, UUID]:
    """Return the ids of those cases that are known."""
    return await ids_of(work, kinds.CASE, references)


async def refusing_contact(work: Work, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return those customers nobody may ask for an answer, each with the wish that says so, as known now."""
    return await queries.contact_wishes(work.session, work.workspace_id, ids)


async def cases_opened_at(work: Work, ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """Return when each case was opened."""
    return await queries.opened_at(work.session, work.workspace_id, ids)


def known_customer(known: Mapping[str, UUID], reference: str) -> UUID:
    """Return a customer's id, or refuse the row that names one nobody reported."""
    return _known(known, "customer", reference)


def known_case(known: Mapping[str, UUID], reference: str) -> UUID:
    """Return a case's id, or refuse the row that names one nobody reported."""
    return _known(known, "case", reference)


def _known(known: Mapping[str, UUID], noun: str, reference: str) -> UUID:
    if reference in known:
        return known[reference]
    if isinstance(known, tombstones.KnownIds) and reference in known.erased:
        raise tombstones.refused(noun, reference)
    detail = f"There is no {noun} {reference} yet."
    errors = [{"pointer": f"/{noun}", "code": UnknownReference.code, "detail": detail}]
    raise UnknownReference(f"{detail} Report it first, then send this again.", errors=errors)


async def read_customer(work: Work, reference: str) -> CustomerAnswer:
    """Return a customer as known now."""
    statement = queries.current_customers(work.workspace_id).where(queries.customers.c.reference == reference)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no customer {reference}.")
    return _customer_answer(row)


async def list_customers(
    work: Work, limit: int, cursor: str | None, updated_since: datetime | None
) -> tuple[list[CustomerAnswer], str | None]:
    """Return a page of customers, oldest change first."""
    statement = queries.current_customers(work.workspace_id)
    statement = page_of(statement, kinds.CUSTOMER.head, cursor, limit, updated_since)
    rows = (await work.session.execute(statement)).mappings().all()
    return [_customer_answer(row) for row in rows[:limit]], next_cursor(rows, limit)


async def read_departure(work: Work, reference: str) -> DepartureAnswer:
    """Return a departure as known now."""
    statement = queries.current_departures(work.workspace_id)
    statement = statement.where(kinds.DEPARTURE.head.c.reference == reference)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no departure {reference}.")
    return _departure_answer(row)


async def list_departures(
    work: Work, limit: int, cursor: str | None, updated_since: datetime | None
) -> tuple[list[DepartureAnswer], str | None]:
    """Return a page of departures, oldest change first."""
    statement = queries.current_departures(work.workspace_id)
    statement = page_of(statement, kinds.DEPARTURE.head, cursor, limit, updated_since)
    rows = (await work.session.execute(statement)).mappings().all()
    return [_departure_answer(row) for row in rows[:limit]], next_cursor(rows, limit)


def _customer_answer(row: Mapping[Any, Any]) -> CustomerAnswer:
    amount = row["value_amount"]
    value = None if amount is None else Money(amount=amount, currency=row["value_currency"])
    fields = {name: row[name] for name in CustomerAnswer.model_fields if name not in {"value", "version", "stored_at"}}
    return CustomerAnswer(**fields, value=value, version=row["number"], stored_at=row["changed_at"])


def _departure_answer(row: Mapping[Any, Any]) -> DepartureAnswer:
    return DepartureAnswer(
        id=row["id"],
        reference=row["reference"],
        version=row["number"],
        customer=row["customer"],
        kind=row["kind"],
        at=row["left_at"],
        recorded_at=row["recorded_at"],
        stored_at=row["changed_at"],
    )
