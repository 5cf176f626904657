"""The whole schema in one place: importing this module registers every table on `metadata`."""

from models import (
    access,
    assessment,
    case,
    company,
    cost,
    countermeasure,
    customer,
    failure,
    feedback,
    felt,
    follow_up,
    heard,
    hook,
    interaction,
    invitation,
    mark,
    measure_in_use,
    median,
    outbox,
    registry,
    revenue,
    role,
    root_cost,
    schedule,
    suggestion,
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
    countermeasure,
    customer,
    failure,
    feedback,
    felt,
    follow_up,
    heard,
    hook,
    interaction,
    invitation,
    mark,
    measure_in_use,
    median,
    outbox,
    registry,
    revenue,
    role,
    root_cost,
    schedule,
    suggestion,
    support_request,
    tombstone,
    workspace,
)

__all__ = ["DIRECTORY_TABLES", "TOPICS", "metadata"]
