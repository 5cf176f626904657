"""The audit: who did what, appended in the transaction of the deed."""

from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy import insert

from api.dependencies import Work
from models.ids import uuid7
from models.outbox import AuditEntry

entries = AuditEntry.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes


async def note(work: Work, action: str, subject: str, details: Mapping[str, JsonValue]) -> None:
    """Append to the audit who did what."""
    await work.session.execute(
        insert(entries).values(
            workspace_id=work.workspace_id,
            id=uuid7(),
            actor=work.caller.actor,
            action=action,
            subject=subject,
            details=dict(details),
            recorded_at=work.now,
        )
    )
