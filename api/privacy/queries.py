"""Every statement about the audit, by name."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from api.audit import entries
from api.listing import Asked
from api.paging import page_by


def audit_entries(
    workspace_id: UUID,
    asked: Asked,
    *,
    actor: str | None,
    action: str | None,
    about: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Select[Any]:
    """Select a page of the audit, oldest first, one row longer than asked so that the end is seen."""
    statement = select(entries).where(entries.c.workspace_id == workspace_id)
    if actor is not None:
        statement = statement.where(entries.c.actor == actor)
    if action is not None:
        statement = statement.where(entries.c.action == action)
    if about is not None:
        statement = statement.where(entries.c.subject.contains(about, autoescape=True))
    for earliest in filter(None, (since, asked.updated_since)):
        statement = statement.where(entries.c.recorded_at >= earliest)
    if until is not None:
        statement = statement.where(entries.c.recorded_at < until)
    return page_by(statement, (entries.c.recorded_at, entries.c.id), asked.cursor, asked.limit)
