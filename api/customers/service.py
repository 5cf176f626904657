"""Customers, and what every record stands on: the customer and the case it names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from api import kinds, tombstones
from api.bodies import Money
from api.customers import queries, survivors
from api.customers.queries import KnownCase
from api.customers.schemas import CustomerAnswer, CustomerRow
from api.dependencies import Work
from api.errors import NoSuchThing, UnknownReference
from api.listing import Asked, narrowed
from api.paging import next_cursor, page_of
from api.recorded import Stored, by_row, impossible, in_time, when
from models.base import to_us
from models.first_telling import FirstTelling, record_first
from models.ids import uuid7
from models.recording import Change, Recorded, RecordKind, record
from models.rules.stubs import STUB
from models.rules.versions import ATTRIBUTES
from models.tombstone import Buried

TIMES = frozenset({"occurred_at", "recorded_at", "reference"})


async def store_customers(work: Work, rows: Sequence[CustomerRow]) -> list[Stored]:
    """Record what was said of customers."""
    referrers = {row.referred_by for row in rows if row.referred_by is not None}
    if referrers:
        await tombstones.hold_off(work)
    erased = await tombstones.erased_among(work, Buried.CUSTOMER, referrers | {row.reference for row in rows})

    def prepare(row: CustomerRow) -> Change:
        if row.reference in erased:
            raise tombstones.refused("customer", row.reference)
        if row.referred_by in erased:
            raise tombstones.refused("customer", row.referred_by, "referred_by")
        occurred, recorded = when(row, work.now)
        return Change((row.reference,), _customer_fields(row), occurred, recorded)

    return await by_row(rows, prepare, lambda changes: keep(work, kinds.CUSTOMER, changes), in_time(work.now))


def _customer_fields(row: CustomerRow) -> dict[str, Any]:
    given = row.model_dump(exclude_unset=True, exclude=set(TIMES))
    if "value" in given:
        value = given.pop("value") or {"amount": None, "currency": None}
        given |= {"value_amount": value["amount"], "value_currency": value["currency"]}
    return given


async def keep(work: Work, kind: RecordKind, changes: Sequence[Change]) -> list[Recorded]:
    """Record changes of one kind in the work's workspace."""
    changes = await survivors.of_survivors(work, kind, changes)
    recorded = await record(work.session, kind, work.workspace_id, changes, work.now)
    await tombstones.refuse_erased_meanwhile(work, kind.name, (item.key[0] for item in recorded if item.created))
    return recorded


async def ids_of(work: Work, kind: RecordKind, references: Iterable[str | None]) -> dict[str, UUID]:
    """Return the ids of those records of a kind that are known."""
    wanted = [reference for reference in references if reference is not None]
    return await queries.ids_by_reference(work.session, kind, work.workspace_id, wanted)


async def customer_ids(work: Work, references: Iterable[str | None]) -> dict[str, UUID]:
    """Return the ids of those customers that are known."""
    return await ids_of(work, kinds.CUSTOMER, references)


async def case_ids(work: Work, references: Iterable[str | None]) -> dict[str, UUID]:
    """Return the ids of those cases that are known."""
    return await ids_of(work, kinds.CASE, references)


class Parents:
    """The customers and cases that some rows name, and with `stub` those that are made for the rows taken.

    Parameters
    ----------
    customers, cases
        Those that are known, by reference.
    stub
        Whether an unknown one is made as a stub: a customer by its reference alone, a case where its customer is named.
    erased
        References of those who are not known because they were erased: a row that names one is refused for good.
    """

    def __init__(
        self,
        customers: Mapping[str, UUID],
        cases: Mapping[str, KnownCase],
        *,
        stub: bool,
        erased: Mapping[Buried, frozenset[str]],
    ) -> None:
        self._erased = erased
        self._customers = dict(customers)
        self._cases = dict(cases)
        self._stub = stub
        self._new_customers: dict[UUID, str] = {}
        self._new_cases: dict[UUID, str] = {}

    def customer(self, reference: str) -> UUID:
        """Return a customer's id, or refuse the row that names one nobody reported."""
        if reference not in self._customers:
            self._refuse_erased(Buried.CUSTOMER, reference)
            if not self._stub:
                raise _unknown("customer", reference)
            self._customers[reference] = identity = uuid7()
            self._new_customers[identity] = reference
        return self._customers[reference]

    def customer_ids(self) -> set[UUID]:
        """Return every customer that rows name, and those of the cases they name."""
        return {*self._customers.values(), *(case.customer_id for case in self._cases.values())}

    def known(self, case: str) -> KnownCase | None:
        """Return a case if it is known."""
        return self._cases.get(case)

    def case(self, reference: str, customer: str | None = None) -> KnownCase:
        """Return a case, or refuse the row that names one nobody reported, or another customer than the case's."""
        named = None if customer is None else self.customer(customer)
        found = self._cases.get(reference)
        if found is None:
            self._refuse_erased(Buried.CASE, reference)
            if not self._stub or named is None:
                raise _unknown("case", reference)
            self._cases[reference] = found = KnownCase(uuid7(), named, None)
            self._new_cases[found.id] = reference
        elif named is not None and named != found.customer_id:
            raise impossible("customer", "customer_mismatch", f"The case {reference} is another customer's.")
        return found

    def _refuse_erased(self, kind: Buried, reference: str) -> None:
        if reference in self._erased[kind]:
            raise tombstones.refused(kind, reference)

    async def keep(self, work: Work, kind: RecordKind, changes: Sequence[Change]) -> list[Recorded]:
        """Record changes of one kind, and before them the stubs they stand on."""
        if self._new_customers or self._new_cases:
            changes = await self._on_stubs(work, changes)
        return await keep(work, kind, changes)

    async def _on_stubs(self, work: Work, changes: Sequence[Change]) -> list[Change]:
        theirs = {case.id: case.customer_id for case in self._cases.values()}
        since: dict[Any, datetime] = {}
        for change in changes:
            case_id = change.given.get("case_id")
            for named in (change.given.get("customer_id"), case_id, case_id and theirs[case_id]):
                since[named] = min(since.get(named, change.recorded_at), change.recorded_at)
        stored: dict[UUID, UUID] = {}
        stubs = [_Stub(id_, name, since[id_], {}) for id_, name in self._new_customers.items() if id_ in since]
        stored |= await _make_stubs(work, kinds.CUSTOMER, stubs)
        stubs = [
            _Stub(id_, name, since[id_], {"customer_id": stored.get(theirs[id_], theirs[id_])})
            for id_, name in self._new_cases.items()
            if id_ in since
        ]
        stored |= await _make_stubs(work, kinds.CASE, stubs)
        return [_standing_on(change, stored) for change in changes]


@dataclass(frozen=True)
class _Stub:
    """A parent to be made: the id its children know it by until then, and since when it is known."""

    id: UUID
    reference: str
    since: datetime
    given: Mapping[str, Any]


async def _make_stubs(work: Work, kind: RecordKind, stubs: Sequence[_Stub]) -> dict[UUID, UUID]:
    """Make stubs; return by the id they were planned with the one that is stored.

    A stub tells what was so before anybody reported anything: whatever is reported, of whatever day, comes after. One
    that another writer reported a moment ago is taken as it is, and not locked: writers who then go on to the same
    cases would wait for each other in a ring.
    """
    blank = dict.fromkeys(kind.fields) | {ATTRIBUTES: {}, STUB: True}
    told = [FirstTelling((stub.reference,), [(0, {**blank, **stub.given})], to_us(stub.since)) for stub in stubs]
    await record_first(work.session, kind, work.workspace_id, told, work.now, given=sorted({STUB, *_named(stubs)}))
    await tombstones.refuse_erased_meanwhile(work, kind.name, (stub.reference for stub in stubs))
    found = await ids_of(work, kind, (stub.reference for stub in stubs))
    return {stub.id: found[stub.reference] for stub in stubs}


def _named(stubs: Sequence[_Stub]) -> set[str]:
    return {name for stub in stubs for name in stub.given}


def _standing_on(change: Change, stored: Mapping[UUID, UUID]) -> Change:
    given = {
        name: stored.get(value, value) if isinstance(value, UUID) else value for name, value in change.given.items()
    }
    key = tuple(stored.get(part, part) if isinstance(part, UUID) else part for part in change.key)
    return replace(change, given=given, key=key)


async def parents(work: Work, named: Iterable[tuple[str | None, str | None]], *, stub: bool = False) -> Parents:
    """Look up the customers and cases that rows name, each row as (customer, case)."""
    pairs = list(named)
    found = await customer_ids(work, (customer for customer, _ in pairs))
    references = {case for _, case in pairs if case is not None}
    cases = await queries.known_cases(work.session, work.workspace_id, references) if references else {}
    unknown = {customer for customer, _ in pairs if customer not in found}
    erased = await tombstones.erased_names(work, unknown, references - cases.keys())
    return Parents(found, cases, stub=stub, erased=erased)


def _unknown(noun: str, reference: str) -> UnknownReference:
    detail = f"There is no {noun} {reference} yet."
    errors = [{"pointer": f"/{noun}", "code": UnknownReference.code, "detail": detail}]
    return UnknownReference(f"{detail} Report it first, then send this again.", errors=errors)


async def read_customer(work: Work, reference: str) -> CustomerAnswer:
    """Return a customer as known now."""
    known = await known_as(work, reference)
    statement = queries.current_customers(work.workspace_id).where(queries.customers.c.reference == known)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no customer {reference}.")
    return (await _with_aliases(work, [row]))[0]


async def known_as(work: Work, reference: str) -> str:
    """Return the reference of the customer a reference leads to: itself unless it is an alias."""
    return await survivors.known_as(work, reference)


async def _with_aliases(work: Work, rows: Sequence[Mapping[Any, Any]]) -> list[CustomerAnswer]:
    aliases = await survivors.aliases_of(work, (row["id"] for row in rows))
    return [_customer_answer(row, aliases.get(row["id"], [])) for row in rows]


async def list_customers(
    work: Work, asked: Asked, *, segment: str | None = None, stub: bool | None = None
) -> tuple[list[CustomerAnswer], str | None]:
    """Return a page of customers, oldest change first."""
    version = kinds.CUSTOMER.version
    living = queries.current_customers(work.workspace_id).where(queries.customers.c.merged_into.is_(None))
    statement = narrowed(living, version, [(version.c.segment, segment)], voided=True)
    if stub is not None:
        statement = statement.where(version.c.stub.is_(True) if stub else version.c.stub.is_(None))
    page = page_of(statement, kinds.CUSTOMER.head, asked.cursor, asked.limit, asked.updated_since)
    rows = (await work.session.execute(page)).mappings().all()
    return await _with_aliases(work, rows[: asked.limit]), next_cursor(rows, asked.limit)


def _customer_answer(row: Mapping[Any, Any], aliases: list[str]) -> CustomerAnswer:
    amount = row["value_amount"]
    value = None if amount is None else Money(amount=amount, currency=row["value_currency"])
    taken = {"value", "version", "stored_at", "aliases", STUB}
    fields = {name: row[name] for name in CustomerAnswer.model_fields if name not in taken}
    said = {"version": row["number"], "stored_at": row["changed_at"], STUB: bool(row[STUB])}
    return CustomerAnswer(**fields, **said, aliases=aliases, value=value)
