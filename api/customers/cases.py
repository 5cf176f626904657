"""What can be said of cases and the promises made in them, one or many at a time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from api import kinds, tombstones
from api.customers import queries
from api.customers.schemas import CaseAnswer, CaseRow, PromiseAnswer, PromiseRow
from api.customers.service import TIMES, case_ids, known_as, parents
from api.dependencies import Work
from api.errors import NoSuchThing
from api.events import is_news
from api.failures import derivation, telling
from api.lateness import Judging
from api.listing import Asked, narrowed, rows_of
from api.recorded import Stored, by_row, check_happened, impossible, in_order, in_time, missing, not_ahead, when
from api.voiding import void
from api.workspaces import service as workspaces
from models.base import from_us
from models.recording import Change, Recorded, current
from models.rules.stubs import STUB
from models.rules.values import day_span
from models.tombstone import Buried

MILESTONES = ("done_at", "confirmed_at", "restored_at")
NEEDED = ("customer_id", "need", "opened_at")
PROMISE_NEEDED = ("what", "made_at", "due_at")


async def store_cases(work: Work, rows: Sequence[CaseRow], *, stub: bool = False) -> list[Stored]:
    """Record what was said of cases, and what conditions their rules see in them."""
    causes = {row.caused_by_case for row in rows if row.caused_by_case is not None}
    if causes:
        await tombstones.hold_off(work)
    customers = await parents(work, ((row.customer, None) for row in rows), stub=stub)
    known = await current(work.session, kinds.CASE, work.workspace_id, ((row.reference,) for row in rows))
    new = {row.reference for row in rows} - {reference for (reference,) in known}
    erased = await tombstones.erased_among(work, Buried.CASE, new | causes)
    zone = (await workspaces.of(work)).zone

    judging = Judging(work, kinds.CASE, known, lambda _, state: _check_case(state, work.now))

    def prepare(row: CaseRow) -> Change:
        if row.reference in erased:
            raise tombstones.refused("case", row.reference)
        if row.caused_by_case in erased:
            raise tombstones.refused("case", row.caused_by_case, "caused_by_case")
        occurred, recorded = when(row, work.now)
        given = _days_ended(row.model_dump(exclude_unset=True, exclude=set(TIMES)), zone)
        if "customer" in given:
            customer = given.pop("customer")
            given["customer_id"] = None if customer is None else customers.customer(customer)
        given = not_ahead(given, ("opened_at", *MILESTONES), work.now)
        change = Change((row.reference,), given, occurred, recorded)
        _check_needed(judging.judge(change), NEEDED)
        return change

    async def keep(changes: Sequence[Change]) -> Sequence[Stored]:
        return await judging.keep(changes, lambda some: customers.keep(work, kinds.CASE, some))

    stored = await by_row(rows, prepare, keep, in_time(work.now))
    changed = [item for item in stored if isinstance(item, Recorded) and not item.unchanged]
    await derivation.derive(work, [item.id for item in changed], derivation.Source.CASE)
    await telling.tell_failing(work, [item.id for item in changed if is_news(item.recorded_at, work.now)])
    return stored


def _check_needed(state: Mapping[str, Any] | None, needed: Sequence[str]) -> None:
    """Refuse a newest state without what every record of its kind has; the past may have known less."""
    lacking = [] if state is None else [name for name in needed if state.get(name) is None]
    if lacking:
        raise missing(*(name.removesuffix("_id") for name in lacking))


def _check_case(state: Mapping[str, Any], now: datetime) -> None:
    check_happened(state, ("opened_at", *MILESTONES), now)
    for name in ("done_at", "confirmed_at", "restored_at", "needed_by"):
        in_order(state, "opened_at", name)


async def void_case(work: Work, reference: str, reason: str) -> Recorded:
    """Withdraw a case: its rules see nothing in it any more."""
    stored = await void(work, kinds.CASE, (reference,), reason)
    await derivation.derive(work, [stored.id], derivation.Source.CASE)
    return stored


async def store_promises(work: Work, rows: Sequence[PromiseRow], *, stub: bool = False) -> list[Stored]:
    """Record what was promised, and what conditions that makes in the cases."""
    cases = await parents(work, ((row.customer, row.case) for row in rows), stub=stub)
    keys = [(case.id, row.promise) for row in rows if (case := cases.known(row.case)) is not None]
    known = await current(work.session, kinds.PROMISE, work.workspace_id, keys)
    zone = (await workspaces.of(work)).zone

    opened = {case.id: case.opened_at for row in rows if (case := cases.known(row.case)) is not None}

    def check(change: Change, state: Mapping[str, Any]) -> None:
        _check_promise(state, opened.get(change.key[0]), work.now)

    judging = Judging(work, kinds.PROMISE, known, check)

    def prepare(row: PromiseRow) -> Change:
        case = cases.case(row.case, row.customer)
        occurred, recorded = when(row, work.now)
        given = _days_ended(row.model_dump(exclude_unset=True, exclude={*TIMES, "case", "customer", "promise"}), zone)
        given = not_ahead({**given, "case_id": case.id}, ("made_at", "kept_at"), work.now)
        change = Change((case.id, row.promise), given, occurred, recorded)
        _check_needed(judging.judge(change), PROMISE_NEEDED)
        return change

    async def keep(changes: Sequence[Change]) -> Sequence[Stored]:
        return await judging.keep(changes, lambda some: cases.keep(work, kinds.PROMISE, some))

    stored = await by_row(rows, prepare, keep, in_time(work.now))
    changed = [item for item in stored if isinstance(item, Recorded) and not item.unchanged]
    await derivation.derive(work, [item.key[0] for item in changed], derivation.Source.PROMISE)
    await telling.tell_failing(work, [item.key[0] for item in changed if is_news(item.recorded_at, work.now)])
    return stored


async def void_promise(work: Work, case: str, promise: str, reason: str) -> Recorded:
    """Withdraw a promise: nobody is held to it any more."""
    found = await case_ids(work, [case])
    if case not in found:
        raise NoSuchThing(f"There is no promise {promise} in a case {case}.")
    stored = await void(work, kinds.PROMISE, (found[case], promise), reason)
    await derivation.derive(work, [found[case]], derivation.Source.PROMISE)
    return stored


def _check_promise(state: Mapping[str, Any], opened: datetime | None, now: datetime) -> None:
    if opened is not None and state.get("made_at") is not None and state["made_at"] < opened:
        raise impossible("made_at", "before_opened_at", "The promise lies before its case was opened.")
    check_happened(state, ("made_at", "kept_at"), now)
    in_order(state, "made_at", "due_at")
    in_order(state, "made_at", "kept_at")


def _days_ended(given: dict[str, Any], zone: str) -> dict[str, Any]:
    """Take a day as its end in the workspace's zone: what is due on a day is due until midnight."""
    for name, value in given.items():
        if isinstance(value, date) and not isinstance(value, datetime):
            given[name] = from_us(day_span(value, zone)[1])
    return given


async def read_case(work: Work, reference: str) -> CaseAnswer:
    """Return a case as known now."""
    statement = queries.current_cases(work.workspace_id).where(queries.cases.c.reference == reference)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no case {reference}.")
    return _case_answer(row)


async def list_cases(
    work: Work,
    asked: Asked,
    *,
    voided: bool = False,
    customer: str | None = None,
    stub: bool | None = None,
    **own: Any,
) -> tuple[list[CaseAnswer], str | None]:
    """Return a page of cases, oldest change first; `own` names columns of theirs and what must stand there."""
    version = kinds.CASE.version
    known = None if customer is None else await known_as(work, customer)
    narrow = [(queries.customers.c.reference, known), *((version.c[name], value) for name, value in own.items())]
    statement = narrowed(queries.current_cases(work.workspace_id), version, narrow, voided=voided)
    if stub is not None:
        statement = statement.where(version.c.stub.is_(True) if stub else version.c.stub.is_(None))
    return await rows_of(work, asked, statement, kinds.CASE.head, _case_answer)


async def read_promise(work: Work, case: str, promise: str) -> PromiseAnswer:
    """Return a promise as known now."""
    statement = queries.current_promises(work.workspace_id).where(
        queries.cases.c.reference == case, kinds.PROMISE.head.c.reference == promise
    )
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no promise {promise} in a case {case}.")
    return _promise_answer(row)


async def list_promises(
    work: Work, asked: Asked, *, voided: bool, case: str | None = None
) -> tuple[list[PromiseAnswer], str | None]:
    """Return a page of promises, oldest change first."""
    narrow = [(queries.cases.c.reference, case)]
    statement = narrowed(queries.current_promises(work.workspace_id), kinds.PROMISE.version, narrow, voided=voided)
    return await rows_of(work, asked, statement, kinds.PROMISE.head, _promise_answer)


def _case_answer(row: Mapping[Any, Any]) -> CaseAnswer:
    taken = {"version", "stored_at", STUB}
    fields = {name: row[name] for name in CaseAnswer.model_fields if name not in taken}
    return CaseAnswer(**fields, version=row["number"], stored_at=row["changed_at"], stub=bool(row[STUB]))


def _promise_answer(row: Mapping[Any, Any]) -> PromiseAnswer:
    taken = {"version", "stored_at", "promise"}
    fields = {name: row[name] for name in PromiseAnswer.model_fields if name not in taken}
    return PromiseAnswer(**fields, promise=row["reference"], version=row["number"], stored_at=row["changed_at"])
