"""The whole schema in one place: importing this module registers every table on `metadata`."""

from models import (
    access,
    assessment,
    case,
    company,
    cost,
    customer,
    failure,
    feedback,
    heard,
    hook,
    interaction,
    invitation,
    mark,
    outbox,
    revenue,
    role,
    schedule,
    support_request,
    tombstone,
    workspace,
)
from models.base import metadata

DIRECTORY_TABLES = frozenset({"workspaces", "access_routes", "job_claims", "outbox_claims", "marks", "schedules"})
"""The only tables read before a workspace is known; all others are behind row-level security."""

TOPICS = (
    access,
    assessment,
    case,
    company,
    cost,
    customer,
    failure,
    feedback,
    heard,
    hook,
    interaction,
    invitation,
    mark,
    outbox,
    revenue,
    role,
    schedule,
    support_request,
    tombstone,
    workspace,
)

__all__ = ["DIRECTORY_TABLES", "TOPICS", "metadata"]
