"""Events: what happened, written in the transaction of its cause, to be told later, at least once."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue
from sqlalchemy import insert

from api.dependencies import Work
from models.ids import uuid7
from models.outbox import Event

events = Event.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


@dataclass(frozen=True)
class NewEvent:
    """Something that just happened, in the past tense."""

    type: str
    payload: dict[str, JsonValue]


async def emit_all(work: Work, happened: Sequence[NewEvent]) -> None:
    """Write events beside their cause."""
    if not happened:
        return
    rows = [
        {
            "workspace_id": work.workspace_id,
            "id": uuid7(),
            "type": event.type,
            "payload": event.payload,
            "recorded_at": work.now,
        }
        for event in happened
    ]
    await work.session.execute(insert(events), rows)
    work.happened += [event.type for event in happened]
