"""What can be said of interactions, one or many at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from api import kinds
from api.bodies import Times
from api.customers import queries
from api.customers.schemas import InteractionAnswer, InteractionBody
from api.customers.service import known_as, parents
from api.dependencies import Work
from api.errors import NoSuchThing
from api.listing import Asked, narrowed, rows_of
from api.recorded import Stored, by_row, impossible, when
from api.voiding import void
from models.ids import uuid7
from models.recording import Change, Recorded

OWN = frozenset({"handling_minutes", "demand", "handed_over", "team"})


async def store_interactions(work: Work, rows: Sequence[InteractionBody], *, stub: bool = False) -> list[Stored]:
    """Record contacts within cases."""
    known = await parents(work, ((row.customer, row.case) for row in rows), stub=stub)

    def prepare(row: InteractionBody) -> Change:
        case = known.case(row.case, row.customer)
        # When it took place can be corrected in either direction: it does not decide which state is the current one.
        occurred, recorded = when(
            Times(recorded_at=row.recorded_at), work.now, happened=("occurred_at", row.occurred_at)
        )
        happened = min(row.occurred_at, work.now)
        if case.opened_at is not None and happened < case.opened_at:
            raise impossible("occurred_at", "before_opened_at", "The interaction lies before its case was opened.")
        identity = uuid7()
        given = {
            **row.model_dump(exclude_unset=True, include=set(OWN)),
            "case_id": case.id,
            "customer_id": case.customer_id,
            "channel": row.channel,
            "happened_at": happened,
        }
        return Change((row.reference or str(identity),), given, occurred, recorded, identity=identity)

    return await by_row(
        rows,
        prepare,
        lambda changes: known.keep(work, kinds.INTERACTION, changes),
        lambda row: row.recorded_at or work.now,
    )


async def void_interaction(work: Work, reference: str, reason: str) -> Recorded:
    """Withdraw an interaction."""
    return await void(work, kinds.INTERACTION, (reference,), reason)


async def read_interaction(work: Work, reference: str) -> InteractionAnswer:
    """Return an interaction as known now."""
    statement = queries.current_interactions(work.workspace_id)
    statement = statement.where(kinds.INTERACTION.head.c.reference == reference)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no interaction {reference}.")
    return _interaction_answer(row)


async def list_interactions(
    work: Work, asked: Asked, *, voided: bool, case: str | None, customer: str | None, **own: Any
) -> tuple[list[InteractionAnswer], str | None]:
    """Return a page of interactions, oldest change first; `own` names columns of theirs and what must stand there."""
    version = kinds.INTERACTION.version
    known = None if customer is None else await known_as(work, customer)
    narrow = [(queries.cases.c.reference, case), (queries.customers.c.reference, known)]
    narrow += [(version.c[name], value) for name, value in own.items()]
    statement = narrowed(queries.current_interactions(work.workspace_id), version, narrow, voided=voided)
    return await rows_of(work, asked, statement, kinds.INTERACTION.head, _interaction_answer)


def _interaction_answer(row: Mapping[Any, Any]) -> InteractionAnswer:
    taken = {"version", "occurred_at", "stored_at"}
    fields = {name: row[name] for name in InteractionAnswer.model_fields if name not in taken}
    said = {"version": row["number"], "occurred_at": row["happened_at"], "stored_at": row["changed_at"]}
    return InteractionAnswer(**fields, **said)
