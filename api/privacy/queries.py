"""Every statement about the audit, by name."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from api.audit import entries
from api.paging import read_cursor


def audit_entries(
    workspace_id: UUID,
    cursor: str | None,
    limit: int,
    *,
    actor: str | None,
    action: str | None,
    about: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Select[Any]:
    """Select a page of the audit, oldest first, one row longer than asked so that the end is seen."""
    statement = select(entries, entries.c.recorded_at.label("changed_at")).where(entries.c.workspace_id == workspace_id)
    if actor is not None:
        statement = statement.where(entries.c.actor == actor)
    if action is not None:
        statement = statement.where(entries.c.action == action)
    if about is not None:
        statement = statement.where(entries.c.subject.contains(about, autoescape=True))
    if since is not None:
        statement = statement.where(entries.c.recorded_at >= since)
    if until is not None:
        statement = statement.where(entries.c.recorded_at < until)
    if cursor is not None:
        statement = statement.where(tuple_(entries.c.recorded_at, entries.c.id) > read_cursor(cursor))
    return statement.order_by(entries.c.recorded_at, entries.c.id).limit(limit + 1)
