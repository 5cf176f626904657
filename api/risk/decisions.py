"""What people decided about models: appended with every change of state, and read for the card and for going back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, insert, select

from api.dependencies import Work
from api.risk import queries
from models.assessment import ModelState
from models.ids import uuid7
from models.registry import Decision, ModelDecision

decisions = ModelDecision.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
FARTHEST = 10
"""So many models back something is looked for that serves in place of one that cannot."""


async def note(
    work: Work,
    model_id: UUID,
    decision: Decision,
    *,
    was: str,
    before_id: UUID | None,
    anyway: bool = False,
    reason: str | None = None,
) -> None:
    """Append a decision, in the transaction of what it changes."""
    row = {
        "workspace_id": work.workspace_id,
        "id": uuid7(),
        "model_id": model_id,
        "decision": decision,
        "was": was,
        "before_id": before_id,
        "anyway": anyway,
        "reason": reason,
        "actor": work.caller.actor,
        "recorded_at": work.now,
    }
    await work.session.execute(insert(decisions).values(row))


async def decisions_on(work: Work, model_id: UUID) -> list[RowMapping]:
    """Return what was decided about a model, in the order decided."""
    mine = (decisions.c.workspace_id == work.workspace_id, decisions.c.model_id == model_id)
    statement = select(decisions).where(*mine).order_by(decisions.c.recorded_at, decisions.c.id)
    return list((await work.session.execute(statement)).mappings())


async def served_before(work: Work, model_id: UUID) -> list[Mapping[Any, Any]]:
    """Return the models that served before one, newest first, but for those that somebody put out of service."""
    found: list[Mapping[Any, Any]] = []
    at, seen = model_id, {model_id}
    for _ in range(FARTHEST):
        promoted = [row for row in await decisions_on(work, at) if row["decision"] == Decision.PROMOTED]
        before: UUID | None = promoted[-1]["before_id"] if promoted else None
        if before is None or before in seen:
            break
        at = before
        seen.add(at)
        row = (await work.session.execute(queries.model_of(work.workspace_id, at))).mappings().one()
        last = (await decisions_on(work, at))[-1:]
        if row["state"] == ModelState.RETIRED and not (last and last[0]["decision"] == Decision.RETIRED):
            found.append(row)
    return found
