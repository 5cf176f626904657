"""What can be said of costs, one or many at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from api import kinds
from api.bodies import Times
from api.customers import service as customers
from api.dependencies import Work
from api.errors import NoSuchThing
from api.failures import queries
from api.failures.schemas import CostAnswer, CostBody
from api.listing import Asked, narrowed, rows_of
from api.recorded import Stored, by_row, impossible, when
from api.voiding import void
from api.workspaces import service as workspaces
from models.ids import uuid7
from models.recording import Change, Recorded


async def store_costs(work: Work, rows: Sequence[CostBody], *, stub: bool = False) -> list[Stored]:
    """Record what cases cost."""
    known = await customers.parents(work, ((row.customer, row.case) for row in rows), stub=stub)
    currency = (await workspaces.of(work)).currency

    def prepare(row: CostBody) -> Change:
        case = known.case(row.case, row.customer)
        # When it arose can be corrected in either direction: it does not decide which state is the current one.
        arose = None if row.occurred_at is None else ("occurred_at", row.occurred_at)
        occurred, recorded = when(Times(recorded_at=row.recorded_at), work.now, happened=arose)
        if row.occurred_at is not None and case.opened_at is not None and row.occurred_at < case.opened_at:
            raise impossible("occurred_at", "before_opened_at", "The cost lies before its case was opened.")
        identity = uuid7()
        given: dict[str, Any] = {
            "case_id": case.id,
            "kind": row.kind,
            "amount": row.amount,
            "currency": None if row.amount is None else row.currency or currency,
            "minutes": row.minutes,
            "basis": row.basis.value,
            "source": row.source,
        }
        if "occurred_at" in row.model_fields_set:
            given["happened_at"] = row.occurred_at and min(row.occurred_at, work.now)
        return Change((row.reference or str(identity),), given, occurred, recorded, identity=identity)

    return await by_row(
        rows,
        prepare,
        lambda changes: known.keep(work, kinds.COST_ENTRY, changes),
        lambda row: row.recorded_at or work.now,
    )


async def void_cost(work: Work, reference: str, reason: str) -> Recorded:
    """Withdraw a cost."""
    return await void(work, kinds.COST_ENTRY, (reference,), reason)


async def read_cost(work: Work, reference: str) -> CostAnswer:
    """Return a cost as known now."""
    statement = queries.current_costs(work.workspace_id).where(kinds.COST_ENTRY.head.c.reference == reference)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no cost {reference}.")
    return _cost_answer(row)


async def list_costs(
    work: Work, asked: Asked, *, voided: bool, case: str | None, **own: Any
) -> tuple[list[CostAnswer], str | None]:
    """Return a page of costs, oldest change first; `own` names columns of theirs and what must stand there."""
    version = kinds.COST_ENTRY.version
    narrow = [(kinds.CASE.head.c.reference, case), *((version.c[name], value) for name, value in own.items())]
    statement = narrowed(queries.current_costs(work.workspace_id), version, narrow, voided=voided)
    return await rows_of(work, asked, statement, kinds.COST_ENTRY.head, _cost_answer)


def _cost_answer(row: Mapping[Any, Any]) -> CostAnswer:
    taken = {"version", "occurred_at", "stored_at"}
    fields = {name: row[name] for name in CostAnswer.model_fields if name not in taken}
    said = {"version": row["number"], "occurred_at": row["happened_at"], "stored_at": row["changed_at"]}
    return CostAnswer(**fields, **said)
