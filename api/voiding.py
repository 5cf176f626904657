"""Withdrawing a mistake: a version that says the record was recorded by mistake, and in the audit why.

Nothing is deleted. What is told of the record afterwards is its next state, and it lives again.
"""

from typing import Annotated

from pydantic import Field

from api import audit
from api.bodies import Body
from api.dependencies import Work
from api.errors import NoSuchThing
from models.recording import Change, Key, Recorded, RecordKind, current, record
from models.rules.stubs import STUB

ADDRESSED = {"cost_entries": "costs"}
"""What an address calls the records of a table, where it is not the table's own name."""


class VoidBody(Body):
    """Why a record is withdrawn."""

    reason: Annotated[str, Field(strict=True, min_length=1, max_length=2000)]


async def void(work: Work, kind: RecordKind, key: Key, reason: str, *, addressed: str | None = None) -> Recorded:
    """Withdraw a record; the second time nothing is stored.

    Parameters
    ----------
    addressed
        What stands for the record in its address, where that is not its reference.
    """
    row = (await current(work.session, kind, work.workspace_id, [key])).get(key)
    if row is None:
        raise NoSuchThing(f"There is no {kind.name} {key[-1]}.")
    given = {STUB: True} if row.get(STUB) else {}
    # Whatever its times, the record ends here: a clock that went back must not put its withdrawal before it.
    occurred, recorded = max(work.now, row["occurred_at"]), max(work.now, row["recorded_at"])
    change = Change(key, given, occurred, recorded, voided=True)
    stored = (await record(work.session, kind, work.workspace_id, [change], work.now))[0]
    if not stored.unchanged:
        action = f"{kind.name.replace(' ', '_')}.voided"
        noun = ADDRESSED.get(kind.head.name, kind.head.name)
        subject = audit.about(work, noun, addressed or str(key[-1]))
        await audit.note(work, action, subject, {"id": str(stored.id), "reason": reason})
    return stored
