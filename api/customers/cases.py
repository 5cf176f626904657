"""What can be said of cases and the promises made in them, one or many at a time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from api import kinds, tombstones
from api.customers import queries
from api.customers.schemas import CaseAnswer, CaseRow, PromiseAnswer, PromiseRow
from api.customers.service import TIMES, case_ids, customer_ids, keep, known_case, known_customer
from api.dependencies import Work
from api.errors import NoSuchThing
from api.failures import derivation
from api.paging import next_cursor, page_of
from api.recorded import Stored, by_row, impossible, in_order, missing, when
from api.workspaces import service as workspaces
from models.base import MICROSECOND
from models.recording import Change, Recorded, current
from models.rules.versions import laid_over
from models.tombstone import Buried

MILESTONES = ("done_at", "confirmed_at", "restored_at")
NEEDED = ("customer_id", "need", "opened_at")


async def store_cases(work: Work, rows: Sequence[CaseRow]) -> list[Stored]:
    """Record what was said of cases, and what conditions their rules see in them."""
    customers = await customer_ids(work, (row.customer for row in rows))
    known = await current(work.session, kinds.CASE, work.workspace_id, ((row.reference,) for row in rows))
    new = {row.reference for row in rows} - {reference for (reference,) in known}
    erased = await tombstones.erased_among(work, Buried.CASE, new)
    zone = ZoneInfo((await workspaces.of(work)).zone)

    def prepare(row: CaseRow) -> Change:
        if row.reference in erased:
            raise tombstones.refused("case", row.reference)
        occurred, recorded = when(row, work.now)
        given = _days_ended(row.model_dump(exclude_unset=True, exclude=set(TIMES)), zone)
        if "customer" in given:
            customer = given.pop("customer")
            given["customer_id"] = None if customer is None else known_customer(customers, customer)
        state = laid_over(known.get((row.reference,), {}), given)
        _check_case(state, work.now)
        known[(row.reference,)] = state  # the next row of the same case stands on this one
        return Change((row.reference,), given, occurred, recorded)

    stored = await by_row(rows, prepare, lambda changes: keep(work, kinds.CASE, changes))
    await derivation.derive(work, [item.id for item in stored if isinstance(item, Recorded) and not item.unchanged])
    return stored


def _check_case(state: Mapping[str, Any], now: datetime) -> None:
    lacking = [name for name in NEEDED if state.get(name) is None]
    if lacking:
        raise missing(*(name.removesuffix("_id") for name in lacking))
    for name in ("opened_at", *MILESTONES):
        if state.get(name) is not None and state[name] > now:
            raise impossible(name, "in_the_future", "This has not happened yet.")
    for name in ("done_at", "confirmed_at", "restored_at", "needed_by"):
        in_order(state, "opened_at", name)


async def store_promises(work: Work, rows: Sequence[PromiseRow]) -> list[Stored]:
    """Record what was promised, and what conditions that makes in the cases."""
    cases = await case_ids(work, (row.case for row in rows))
    keys = [(cases[row.case], row.promise) for row in rows if row.case in cases]
    known = await current(work.session, kinds.PROMISE, work.workspace_id, keys)
    opened = await queries.opened_at(work.session, work.workspace_id, cases.values())
    zone = ZoneInfo((await workspaces.of(work)).zone)

    def prepare(row: PromiseRow) -> Change:
        case_id = known_case(cases, row.case)
        occurred, recorded = when(row, work.now)
        given = _days_ended(row.model_dump(exclude_unset=True, exclude={*TIMES, "case", "promise"}), zone)
        given["case_id"] = case_id
        state = laid_over(known.get((case_id, row.promise), {}), given)
        _check_promise(state, opened[case_id], work.now)
        known[(case_id, row.promise)] = state  # the next row of the same promise stands on this one
        return Change((case_id, row.promise), given, occurred, recorded)

    stored = await by_row(rows, prepare, lambda changes: keep(work, kinds.PROMISE, changes))
    touched = [item.key[0] for item in stored if isinstance(item, Recorded) and not item.unchanged]
    await derivation.derive(work, touched)
    return stored


def _check_promise(state: Mapping[str, Any], opened: datetime, now: datetime) -> None:
    lacking = [name for name in ("what", "made_at", "due_at") if state.get(name) is None]
    if lacking:
        raise missing(*lacking)
    if state["made_at"] < opened:
        raise impossible("made_at", "before_opened_at", "The promise lies before its case was opened.")
    for name in ("made_at", "kept_at"):
        if state.get(name) is not None and state[name] > now:
            raise impossible(name, "in_the_future", "This has not happened yet.")
    in_order(state, "made_at", "due_at")
    in_order(state, "made_at", "kept_at")


def _days_ended(given: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Take a day as its end in the workspace's zone: what is due on a day is due until midnight."""
    for name, value in given.items():
        if isinstance(value, date) and not isinstance(value, datetime):
            given[name] = datetime.combine(value + timedelta(days=1), time(), zone) - MICROSECOND
    return given


async def read_case(work: Work, reference: str) -> CaseAnswer:
    """Return a case as known now."""
    statement = queries.current_cases(work.workspace_id).where(queries.cases.c.reference == reference)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no case {reference}.")
    return _case_answer(row)


async def list_cases(
    work: Work, limit: int, cursor: str | None, updated_since: datetime | None, *, customer: str | None = None
) -> tuple[list[CaseAnswer], str | None]:
    """Return a page of cases, of one customer where named, oldest change first."""
    statement = queries.current_cases(work.workspace_id)
    if customer is not None:
        statement = statement.where(queries.customers.c.reference == customer)
    statement = page_of(statement, kinds.CASE.head, cursor, limit, updated_since)
    rows = (await work.session.execute(statement)).mappings().all()
    return [_case_answer(row) for row in rows[:limit]], next_cursor(rows, limit)


async def read_promise(work: Work, case: str, promise: str) -> PromiseAnswer:
    """Return a promise as known now."""
    statement = queries.current_promises(work.workspace_id).where(
        queries.cases.c.reference == case, kinds.PROMISE.head.c.reference == promise
    )
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no promise {promise} in a case {case}.")
    return promise_answer(row)


async def list_promises(work: Work, case: str) -> list[PromiseAnswer]:
    """Return the promises made in a case."""
    statement = queries.current_promises(work.workspace_id).where(queries.cases.c.reference == case)
    rows = (await work.session.execute(statement.order_by(kinds.PROMISE.head.c.reference))).mappings().all()
    return [promise_answer(row) for row in rows]


def _case_answer(row: Mapping[Any, Any]) -> CaseAnswer:
    fields = {name: row[name] for name in CaseAnswer.model_fields if name not in {"version", "stored_at"}}
    return CaseAnswer(**fields, version=row["number"], stored_at=row["changed_at"])


def promise_answer(row: Mapping[Any, Any]) -> PromiseAnswer:
    """Return a promise as the contract shows it."""
    taken = {"version", "stored_at", "promise"}
    fields = {name: row[name] for name in PromiseAnswer.model_fields if name not in taken}
    return PromiseAnswer(**fields, promise=row["reference"], version=row["number"], stored_at=row["changed_at"])
