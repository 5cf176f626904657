"""What can be said of countermeasures: told, corrected, withdrawn, listed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from api import audit, jobs, kinds
from api.customers import service as customers
from api.dependencies import Work
from api.errors import NoSuchThing, UnknownReference
from api.etags import check_if_match
from api.failures import queries as failures
from api.failures.countermeasures import queries
from api.failures.countermeasures.covering import Row, is_of, standing_of
from api.failures.countermeasures.schemas import (
    CountermeasureAnswer,
    CountermeasureBody,
    CountermeasureChange,
    CountermeasureStored,
    Price,
)
from api.listing import Asked, narrowed
from api.paging import next_cursor, page_of
from api.recorded import impossible, in_order, missing, when
from api.voiding import void
from models.ids import uuid7
from models.recording import Change, current
from models.rules.coverage import WORKING
from models.rules.versions import laid_over

KIND = kinds.COUNTERMEASURE
NEEDED = ("title", "kind", "conditions", "owner")
PLAIN = ("title", "effectiveness", "owner", "team", "live_from", "retired_at")
RESERVED = frozenset({"portfolio", "what-if"})
"""No countermeasure is called so: these have addresses of their own, and it could not be read by what it is called."""
OWN = ("reference", "title", "kind", "conditions", "effectiveness", "owner", "team", "live_from", "retired_at")


async def store(work: Work, body: CountermeasureBody) -> tuple[CountermeasureStored, bool]:
    """Take a countermeasure or its next state; return it, and whether it is new."""
    identity = uuid7()
    return await _keep(work, body.reference or str(identity), body, identity)


async def change(work: Work, reference: str, body: CountermeasureChange, if_match: str | None) -> CountermeasureStored:
    """Change a countermeasure that was read before."""
    reference = await named(work, reference)
    await queries.hold(work.session, work.workspace_id, reference)
    check_if_match(if_match, (await read(work, reference)).version)
    return (await _keep(work, reference, body, uuid7()))[0]


async def _keep(
    work: Work, reference: str, body: CountermeasureChange, identity: UUID
) -> tuple[CountermeasureStored, bool]:
    known = (await current(work.session, KIND, work.workspace_id, [(reference,)])).get((reference,), {})
    if reference in RESERVED and not known:
        raise impossible("reference", "reserved_reference", f"{reference} has an address of its own. Choose another.")
    given = await _given(work, body, known)
    occurred, recorded = when(body, work.now)
    state = laid_over(known, given)
    lacking = [name for name in NEEDED if state.get(name) is None]
    if lacking:
        raise missing(*lacking)
    in_order(state, "live_from", "retired_at")
    recorded_change = Change((reference,), given, occurred, recorded, identity=identity)
    stored = (await customers.keep(work, KIND, [recorded_change]))[0]
    found = await read(work, reference)
    if not stored.unchanged:
        await audit.note(work, "countermeasure.stored", f"/v1/countermeasures/{reference}", {"version": stored.version})
        if found.status in WORKING:
            await jobs.enqueue(work, jobs.JUDGE, {})
    return CountermeasureStored(**dict(found), unchanged=stored.unchanged), stored.created


async def _given(work: Work, body: CountermeasureChange, known: Row) -> dict[str, Any]:
    """Return the fields a body gives, as they are kept."""
    fields = body.model_fields_set
    given: dict[str, Any] = {name: getattr(body, name) for name in PLAIN if name in fields}
    if "kind" in fields:
        given["kind"] = None if body.kind is None else body.kind.value
    if "conditions" in fields:
        given["conditions"] = None if body.conditions is None else sorted(set(body.conditions))
        await _check_conditions(work, given["conditions"] or [])
    prices = {name: getattr(body, name) for name in ("cost", "running_cost") if name in fields}
    given |= {name: None if price is None else price.amount for name, price in prices.items()}
    for name, price in prices.items():
        if price is not None:
            other = "running_cost" if name == "cost" else "cost"
            kept = None if other in prices else known.get(other)
            if kept is not None and known["currency"] != price.currency:
                raise impossible(name, "two_currencies", f"{other} is in {known['currency']}.")
            given["currency"] = price.currency
    return given


async def _check_conditions(work: Work, codes: Sequence[str]) -> None:
    known = set(await failures.codes(work.session, work.workspace_id))
    for place, code in enumerate(codes):
        if code not in known:
            detail = f"There is no condition {code} in the catalogue."
            errors = [{"pointer": f"/conditions/{place}", "code": UnknownReference.code, "detail": detail}]
            raise UnknownReference(f"{detail} Post it to /v1/conditions first.", errors=errors)


async def withdraw(work: Work, reference: str, reason: str) -> CountermeasureStored:
    """Withdraw a countermeasure that was told by mistake; one that ended is retired instead."""
    reference = await named(work, reference)
    stored = await void(work, KIND, (reference,), reason)
    return CountermeasureStored(**dict(await read(work, reference)), unchanged=stored.unchanged)


async def named(work: Work, reference: str) -> str:
    """Return the reference of a countermeasure that is named by it, or by its id."""
    known = select_by(work, queries.heads.c.reference == reference)
    found = (await work.session.execute(known)).mappings().one_or_none()
    if found is None and (identity := _uuid(reference)) is not None:
        found = (await work.session.execute(select_by(work, queries.heads.c.id == identity))).mappings().one_or_none()
    if found is None:
        raise NoSuchThing(f"There is no countermeasure {reference}.")
    return str(found["reference"])


def select_by(work: Work, wanted: Any) -> Any:
    """Return the statement for the countermeasures of a head that is as wanted."""
    return queries.current(work.workspace_id).where(wanted)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def read(work: Work, reference: str) -> CountermeasureAnswer:
    """Return a countermeasure as known now."""
    wanted = queries.heads.c.reference == await named(work, reference)
    rows = (await work.session.execute(select_by(work, wanted))).mappings().all()
    return (await shown(work, rows))[0]


async def list_all(
    work: Work, asked: Asked, *, voided: bool = False, team: str | None = None, kind: str | None = None
) -> tuple[list[CountermeasureAnswer], str | None]:
    """Return a page of countermeasures, oldest change first."""
    version = KIND.version
    narrow = [(version.c.team, team), (version.c.kind, kind)]
    statement = narrowed(queries.current(work.workspace_id), version, narrow, voided=voided)
    page = page_of(statement, KIND.head, asked.cursor, asked.limit, asked.updated_since)
    rows = (await work.session.execute(page)).mappings().all()
    return await shown(work, rows[: asked.limit]), next_cursor(rows, asked.limit)


async def shown(work: Work, rows: Sequence[Row]) -> list[CountermeasureAnswer]:
    """Return rows as they are answered, each with where it stands."""
    last = await queries.last_effects(work.session, work.workspace_id, [row["id"] for row in rows], work.now)
    answers = []
    for row in rows:
        judged = last.get(row["id"])
        judged = judged if judged is not None and is_of(judged, row) else None
        prices = {name: _price(row[name], row["currency"]) for name in ("cost", "running_cost")}
        answers.append(
            CountermeasureAnswer(
                **{name: row[name] for name in (*OWN, "id", "voided", "occurred_at", "recorded_at")},
                **prices,
                version=row["number"],
                status=standing_of(row, judged, work.now).value,
                verified_at=None if judged is None else judged["verified_at"],
                confirmed_at=None if judged is None else judged["confirmed_at"],
                stored_at=row["changed_at"],
            )
        )
    return answers


def _price(amount: int | None, currency: str) -> Price | None:
    return None if amount is None else Price(amount=amount, currency=currency)
