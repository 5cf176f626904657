"""What staff tell in versions of their own: how one is kept, found, listed and withdrawn."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from api import audit
from api.bodies import Times
from api.customers import service as customers
from api.dependencies import Work
from api.errors import NoSuchThing
from api.recorded import missing, when
from models.recording import Change, Recorded, RecordKind, current
from models.rules.versions import laid_over

Row = Mapping[Any, Any]


async def before(work: Work, kind: RecordKind, reference: str) -> Row:
    """Return what is known of a record; empty for a new one."""
    found = await current(work.session, kind, work.workspace_id, [(reference,)])
    return found.get((reference,), {})


async def tell(
    work: Work,
    kind: RecordKind,
    reference: str,
    given: Mapping[str, Any],
    times: Times,
    *,
    known: Row,
    needed: Collection[str],
    happened: str,
    identity: UUID,
) -> Recorded:
    """Record what was said of one thing; a new one has what each needs.

    Parameters
    ----------
    known
        What was known of it before.
    happened
        The field that says when it happened; a new record says it, if only by being told.
    """
    named = (happened, given[happened]) if given.get(happened) is not None else None
    occurred, recorded = when(times, work.now, happened=named)
    if not known or happened in given:
        # Within the skew a caller's clock may run ahead: ours is the limit of what can have happened.
        given = {**given, happened: min(given.get(happened) or known.get(happened) or occurred, work.now)}
    state = laid_over(known, given)
    lacking = [name for name in needed if state.get(name) is None]
    if lacking:
        raise missing(*lacking)
    change = Change((reference,), given, occurred, recorded, identity=identity)
    stored = (await customers.keep(work, kind, [change]))[0]
    if not stored.unchanged:
        await audit.note(work, f"{_noun(kind)}.stored", reference, {"version": stored.version})
    return stored


async def withdraw(work: Work, kind: RecordKind, reference: str, reason: str) -> bool:
    """Withdraw a record told by mistake; return whether it was withdrawn already. Told again, it is there again."""
    known = await before(work, kind, reference)
    if not known:
        raise NoSuchThing(f"There is no {kind.name} {reference}.")
    occurred, recorded = max(work.now, known["occurred_at"]), max(work.now, known["recorded_at"])
    change = Change((reference,), {}, occurred, recorded, voided=True)
    stored = (await customers.keep(work, kind, [change]))[0]
    if not stored.unchanged:
        await audit.note(work, f"{_noun(kind)}.voided", reference, {"reason": reason})
    return stored.unchanged


async def find(work: Work, kind: RecordKind, statement: Select[Any], reference: str) -> Row:
    """Return the record of a reference."""
    row: Row | None = (
        (await work.session.execute(statement.where(kind.head.c.reference == reference))).mappings().one_or_none()
    )
    if row is None:
        raise NoSuchThing(f"There is no {kind.name} {reference}.")
    return row


def _noun(kind: RecordKind) -> str:
    return kind.name.replace(" ", "_")
